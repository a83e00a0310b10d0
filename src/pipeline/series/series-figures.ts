/** Figures and films of a series. */
import type { CyclerRecord } from "../../data/index.ts";
import { encodeGif } from "../../files/gif.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  type ComposedPanel,
  type CurvesFigure,
  composedFigure,
  type MapFigure,
  mapPanel,
  percentileLimits,
} from "../../stages/figure/index.ts";
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

/** Curves of the means over time; nothing where there is nothing to draw. */
function meanCurve(parameter: ParameterSeries, limits: readonly [number, number], now?: number): CurvesFigure {
  const { factor, unit } = shownIn(parameter);
  const { common } = parameter.means;
  return {
    title: "",
    x: parameter.timeH,
    xLabel: "time (h)",
    yLabel: withUnit(`mean ${quantityOf(parameter.name)}`, unit),
    xLimits: limits,
    ...(now !== undefined && { range: [now, now] as const }),
    curves: [
      {
        name: parameter.name,
        values: common.map(({ mean }) => factor * mean),
        errors: common.map(({ esd }) => factor * esd),
        colour: BLUE,
      },
    ],
  };
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
  ...(now !== undefined && { range: [now, now] as const }),
  curves: [{ name: "voltage", values: record.voltageV, colour: RED }],
});

/** From the first step to the last, with room for the marks at either end. */
function timeLimits({ timeH }: SliceSeries): readonly [number, number] {
  const [first, last] = [timeH[0]!, timeH.at(-1)!];
  const margin = last > first ? 0.03 * (last - first) : 0.5;
  return [first - margin, last + margin];
}

/** Mean of every parameter over time, below each other, with the voltage on top. */
export function meansFigure({ config }: Series, slice: SliceSeries, echem: AlignedRecord | undefined): string {
  const limits = timeLimits(slice);
  const parameters = slice.parameters.filter(({ means }) => means.common.some(({ mean }) => Number.isFinite(mean)));
  const panels: ComposedPanel[] = [
    ...(echem ? [{ kind: "curves" as const, title: "cell voltage", figure: voltageCurve(echem, limits) }] : []),
    ...parameters.map((parameter) => ({
      kind: "curves" as const,
      title: titleOf(parameter.name),
      figure: meanCurve(parameter, limits),
    })),
  ];
  const [fewest, most] = [
    Math.min(...parameters.map(({ means }) => means.common[0]!.voxels)),
    Math.max(...parameters.map(({ means }) => means.common[0]!.voxels)),
  ];
  return composedFigure({
    panels,
    columns: panels.length > 1 ? 2 : 1,
    widthMm: panels.length > 1 ? 180 : 90,
    fontPt: 7,
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

/** The map of each step beside its curve, all on one colour scale: an SVG a step. */
export function filmFrames(slice: SliceSeries, parameter: ParameterSeries, echem: AlignedRecord | undefined): string[] {
  const { factor, unit } = shownIn(parameter);
  const { name, ny, nx, steps, timeH } = parameter;
  const shown = steps.map((map) => map && Float64Array.from(map.values, (value) => factor * value));
  const limits = percentileLimits(Float64Array.from(shown.flatMap((values) => (values ? [...values] : []))));
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
