/** Films of a series of maps: frames as SVG, and what encodes them. */
import { encodeGif } from "../../files/gif.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import { type CurvesFigure, composedFigure, percentileLimits, weightedLimits } from "../../stages/figure/index.ts";
import { isKnown } from "../../stages/series/index.ts";
import type { ParameterSeries, SliceSeries } from "./gather-maps.ts";
import { curveOf, quantityOf, shownIn, titleOf } from "./series-figures.ts";
import { type Cut, cutThrough, type VolumeSeries } from "./stack-slices.ts";
import {
  type AlignedRecord,
  curveFigure,
  curvesOfHeights,
  timeLimits,
  voltageFigure,
  withUnit,
} from "./time-curves.ts";

/** [step] how much of the map's phase there is, where that is known */
function amountsOf({ parameters }: SliceSeries, name: string): (ArrayLike<number> | undefined)[] | undefined {
  const phase = name.slice(0, name.lastIndexOf("/"));
  const amount = parameters.find((other) => other.name === `${phase}/weight_fraction`);
  return name.endsWith("/weight_fraction") ? undefined : amount?.steps.map((map) => map?.values);
}

/** One colour scale for all steps, of the voxels that hold much of the phase. */
function commonLimits(
  shown: readonly (Float64Array | undefined)[],
  amounts: (ArrayLike<number> | undefined)[] | undefined,
): [number, number] {
  const all = Float64Array.from(shown.flatMap((values) => (values ? [...values] : [])));
  const weights =
    amounts && Float64Array.from(shown.flatMap((values, k) => (values ? Array.from(amounts[k] ?? []) : [])));
  const weighted = weights?.length === all.length ? weightedLimits(all, weights) : undefined;
  return weighted ?? percentileLimits(all);
}

/** What a frame shows: a map on the scale of the whole film, beside curves on which its time is marked. */
interface Frame {
  readonly title: string;
  readonly label: string;
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
  readonly voxelMm: number;
  readonly limits: readonly [number, number];
  readonly now: string;
  readonly curves: CurvesFigure;
  readonly note?: string;
}

const frameOf = ({ title, label, rows, cols, values, voxelMm, limits, now, curves, note = "" }: Frame): string =>
  composedFigure({
    panels: [
      {
        kind: "map",
        title,
        label,
        group: title,
        rows,
        cols,
        values,
        voxelMm,
        scale: { colourMap: "viridis", limits, transform: "linear" },
      },
      { kind: "curves", title: now, figure: curves },
    ],
    columns: 2,
    widthMm: 170,
    fontPt: 8,
    letters: "none",
    scaleBars: "each",
    colourBars: "right",
    note,
  });

/** The map of each step beside its curve, all on one colour scale: an SVG a step. */
export function filmFrames(slice: SliceSeries, parameter: ParameterSeries, echem: AlignedRecord | undefined): string[] {
  const { factor, unit } = shownIn(parameter);
  const { name, ny, nx, steps, timeH } = parameter;
  const shown = steps.map(
    (map) => map && Float64Array.from(map.values, (value, i) => (isKnown(map, i) ? factor * value : Number.NaN)),
  );
  const limits = commonLimits(shown, amountsOf(slice, name));
  const range = timeLimits(timeH);
  return shown.flatMap((values, k) => {
    if (!values) return [];
    const now = timeH[k]!;
    return frameOf({
      title: titleOf(name),
      label: withUnit(quantityOf(name), unit),
      rows: ny,
      cols: nx,
      values,
      voxelMm: slice.voxelMm,
      limits,
      now: `t = ${now.toFixed(2)} h`,
      curves: echem ? voltageFigure(echem, range, now) : curveFigure(curveOf(parameter), range, now),
    });
  });
}

/** A plane through all heights, round by round: an SVG each. */
export function cutFrames(
  volume: VolumeSeries,
  { name, unit: ownUnit }: VolumeSeries["parameters"][number],
  at: { x: number } | { y: number },
  echem: AlignedRecord | undefined,
): string[] {
  const { factor, unit } = shownIn({ name, unit: ownUnit });
  const cuts = volume.rounds.map((_, round): Cut => {
    const { values, ...cut } = cutThrough(volume, name, round, at);
    return { ...cut, values: values.map((value) => factor * value) };
  });
  const limits = percentileLimits(Float64Array.from(cuts.flatMap(({ values }) => [...values])));
  const timesH = volume.slices.flatMap(({ timeH }) => [...timeH]).sort((a, b) => a - b);
  const range = timeLimits(timesH);
  const curves = volume.slices.flatMap(({ parameters, heightMm }) => {
    const parameter = parameters.find((one) => one.name === name);
    return parameter ? [{ ...curveOf(parameter), title: `${heightMm} mm` }] : [];
  });
  const plane = "x" in at ? `y across, z up, at x = ${at.x} mm` : `x across, z up, at y = ${at.y} mm`;
  return cuts.map(({ rows, cols, pixelMm, stretch, values }, round) => {
    const now = volume.timeH[round]!;
    const own = volume.rounds[round]!.steps.flatMap((step, z) =>
      step === undefined ? [] : [volume.slices[z]!.timeH[step]!],
    );
    const [first, last] = [Math.min(...own), Math.max(...own)].map((hours) => hours.toFixed(2));
    return frameOf({
      title: titleOf(name),
      note: `${plane}${stretch > 1 ? `; z is drawn ${stretch} times larger than across` : ""}`,
      label: withUnit(quantityOf(name), unit),
      rows,
      cols,
      values,
      voxelMm: pixelMm,
      limits,
      now: first === last ? `t = ${first} h` : `t = ${first} to ${last} h`,
      curves: echem ? voltageFigure(echem, range, now) : curvesOfHeights(curves, range, now),
    });
  });
}

/** @returns GIF */
export async function encodeFilm(frames: readonly string[], frameMs: number): Promise<Uint8Array> {
  const pngs: Uint8Array[] = [];
  for (const frame of frames) pngs.push(await svgToPng(frame, 1.5));
  return encodeGif(pngs, { delayMs: frameMs, lastDelayMs: 3 * frameMs });
}
