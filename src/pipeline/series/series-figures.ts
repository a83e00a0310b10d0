/** Figures and films of a series. */
import type { CyclerRecord } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import { encodeGif } from "../../files/gif.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  type ComposedPanel,
  type CurvesFigure,
  composedFigure,
  type MapFigure,
  mapPanel,
  percentileLimits,
  weightedLimits,
} from "../../stages/figure/index.ts";
import { isKnown } from "../../stages/series/index.ts";
import type { ParameterSeries, SliceSeries } from "./gather-maps.ts";
import type { Series } from "./series-config.ts";

/** The cycler's record on the clock of the steps. */
export interface AlignedRecord {
  readonly timeH: Float64Array;
  readonly record: CyclerRecord;
}

const BLUE = "#2166ac";
const RED = "#b2182b";

/** Weight fractions are shown in wt%. */
const shownIn = ({ name, unit }: ParameterSeries) =>
  name.endsWith("/weight_fraction") ? { factor: 100, unit: "wt%" } : { factor: 1, unit };
const quantityOf = (name: string): string => name.split("/").at(-1)!.replaceAll("_", " ");
const titleOf = (name: string): string => name.replaceAll("/", " ").replaceAll("_", " ");
const withUnit = (name: string, unit: string): string => (unit ? `${name} (${unit})` : name);

/** Lengths change in their third digit or later: they are drawn as what has changed since the first step. */
function meanCurve(parameter: ParameterSeries, limits: readonly [number, number], now?: number): CurvesFigure {
  const { factor, unit } = shownIn(parameter);
  const { common } = parameter.means;
  const quantity = quantityOf(parameter.name);
  const isLength = unit === "Å";
  const [from, by] = isLength ? [firstMean(parameter), 1000] : [0, factor];
  return {
    title: "",
    x: parameter.timeH,
    xLabel: "time (h)",
    yLabel: isLength ? `change of ${quantity} (10⁻³ Å)` : withUnit(`mean ${quantity}`, unit),
    xLimits: limits,
    ...(now !== undefined && { range: marker(now, limits) }),
    curves: [
      {
        name: parameter.name,
        values: common.map(({ mean }) => by * (mean - from)),
        errors: common.map(({ esd }) => by * esd),
        colour: BLUE,
      },
    ],
  };
}

const firstMean = ({ means }: ParameterSeries): number =>
  means.common.find(({ mean }) => Number.isFinite(mean))?.mean ?? Number.NaN;

/** "NMC532 c, 14.5053(1) Å at first" */
function titleOfCurve(parameter: ParameterSeries): string {
  const first = parameter.means.common.find(({ mean }) => Number.isFinite(mean));
  if (parameter.unit !== "Å" || !first) return titleOf(parameter.name);
  return `${titleOf(parameter.name)}, ${withEsd(first.mean, first.esd)} Å at first`;
}

const voltageCurve = (
  { timeH, record }: AlignedRecord,
  limits: readonly [number, number],
  now?: number,
): CurvesFigure => ({
  title: "",
  x: timeH,
  xLabel: "time (h)",
  yLabel: "voltage (V)",
  xLimits: limits,
  ...(now !== undefined && { range: marker(now, limits) }),
  curves: [{ name: "voltage", values: record.voltageV, colour: RED }],
});

/** A line that is seen from the last row. */
const marker = (now: number, [from, to]: readonly [number, number]): readonly [number, number] => [
  now - 0.006 * (to - from),
  now + 0.006 * (to - from),
];

/** From the first step to the last, with room for the marks at either end. */
function timeLimits({ timeH }: SliceSeries): readonly [number, number] {
  const [first, last] = [timeH[0]!, timeH.at(-1)!];
  const margin = last > first ? 0.03 * (last - first) : 0.5;
  return [first - margin, last + margin];
}

/** Mean of every parameter over time, below each other, with the voltage on top. */
export function meansFigure({ config }: Series, slice: SliceSeries, echem: AlignedRecord | undefined): string {
  const limits = timeLimits(slice);
  // scales and figures of merit are in the tables
  const parameters = slice.parameters.filter(
    ({ name, means }) =>
      !/(^|\/)(scale|rwp|gof|residual)$/.test(name) && means.common.some(({ mean }) => Number.isFinite(mean)),
  );
  const panels: ComposedPanel[] = [
    ...(echem ? [{ kind: "curves" as const, title: "cell voltage", figure: voltageCurve(echem, limits) }] : []),
    ...parameters.map((parameter) => ({
      kind: "curves" as const,
      title: titleOfCurve(parameter),
      figure: meanCurve(parameter, limits),
    })),
  ];
  const [fewest, most] = [
    Math.min(...parameters.map(({ means }) => means.common[0]!.voxels)),
    Math.max(...parameters.map(({ means }) => means.common[0]!.voxels)),
  ];
  return composedFigure({
    panels,
    columns: Math.min(3, panels.length),
    widthMm: Math.min(3, panels.length) * 65,
    fontPt: 6,
    letters: panels.length > 1 ? "lower" : "none",
    scaleBars: "none",
    colourBars: "none",
    title: `${config.title || "series"}${slice.heightMm === 0 ? "" : `, ${slice.heightMm} mm`}`,
    note: `means over the voxels that every step knows (${fewest === most ? most : `${fewest} to ${most}`}), bars: their esd`,
  });
}

/** What changed, how fast, and when. */
export function changeFigure(slice: SliceSeries, parameter: ParameterSeries): string {
  const { factor, unit } = shownIn(parameter);
  const { ny: rows, nx: cols, change, name } = parameter;
  const quantity = quantityOf(name);
  const map = (title: string, label: string, values: ArrayLike<number>, by: number): MapFigure => ({
    rows,
    cols,
    voxelMm: slice.voxelMm,
    title,
    label,
    values: Float64Array.from(values, (value) => by * value),
  });
  return mapPanel(
    [
      {
        ...map("last − first", withUnit(`Δ${quantity}`, unit), change.difference.values, factor),
        colourMap: "difference",
      },
      {
        ...map(
          "slope of a straight line",
          withUnit(`d${quantity}/dt`, unit ? `${unit}/h` : "1/h"),
          change.slope.values,
          factor,
        ),
        colourMap: "difference",
      },
      map("time of the fastest change", "time (h)", change.largestAt.values, 1),
    ],
    3,
    `${titleOf(name)}: change from ${slice.timeH[0]!.toFixed(2)} to ${slice.timeH.at(-1)!.toFixed(2)} h`,
  );
}

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

/** The map of each step beside its curve, all on one colour scale: an SVG a step. */
export function filmFrames(slice: SliceSeries, parameter: ParameterSeries, echem: AlignedRecord | undefined): string[] {
  const { factor, unit } = shownIn(parameter);
  const { name, ny, nx, steps, timeH } = parameter;
  const shown = steps.map(
    (map) => map && Float64Array.from(map.values, (value, i) => (isKnown(map, i) ? factor * value : Number.NaN)),
  );
  const limits = commonLimits(shown, amountsOf(slice, name));
  const range = timeLimits(slice);
  return shown.flatMap((values, k) => {
    if (!values) return [];
    const now = timeH[k]!;
    return composedFigure({
      panels: [
        {
          kind: "map",
          title: titleOf(name),
          label: withUnit(quantityOf(name), unit),
          group: name,
          rows: ny,
          cols: nx,
          values,
          voxelMm: slice.voxelMm,
          scale: { colourMap: "viridis", limits, transform: "linear" },
        },
        {
          kind: "curves",
          title: `t = ${now.toFixed(2)} h`,
          figure: echem ? voltageCurve(echem, range, now) : meanCurve(parameter, range, now),
        },
      ],
      columns: 2,
      widthMm: 170,
      fontPt: 8,
      letters: "none",
      scaleBars: "each",
      colourBars: "right",
    });
  });
}

/** @returns GIF */
export async function encodeFilm(frames: readonly string[], frameMs: number): Promise<Uint8Array> {
  const pngs: Uint8Array[] = [];
  for (const frame of frames) pngs.push(await svgToPng(frame, 1.5));
  return encodeGif(pngs, { delayMs: frameMs, lastDelayMs: 3 * frameMs });
}
