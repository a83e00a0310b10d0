/** Figures and films of a series of maps. */
import { encodeGif } from "../../files/gif.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  composedFigure,
  type MapFigure,
  mapPanel,
  percentileLimits,
  weightedLimits,
} from "../../stages/figure/index.ts";
import { isKnown } from "../../stages/series/index.ts";
import type { ParameterSeries, SliceSeries } from "./gather-maps.ts";
import type { Series } from "./series-config.ts";
import {
  type AlignedRecord,
  curveFigure,
  type TimeCurve,
  timeCurvesFigure,
  timeLimits,
  voltageFigure,
  withUnit,
} from "./time-curves.ts";

/** Weight fractions are shown in wt%. */
const shownIn = ({ name, unit }: ParameterSeries) =>
  name.endsWith("/weight_fraction") ? { factor: 100, unit: "wt%" } : { factor: 1, unit };
const quantityOf = (name: string): string => name.split("/").at(-1)!.replaceAll("_", " ");
const titleOf = (name: string): string => name.replaceAll("/", " ").replaceAll("_", " ");

function curveOf(parameter: ParameterSeries): TimeCurve {
  const { factor, unit } = shownIn(parameter);
  const { common } = parameter.means;
  return {
    title: titleOf(parameter.name),
    quantity: unit === "Å" ? quantityOf(parameter.name) : `mean ${quantityOf(parameter.name)}`,
    unit,
    timeH: parameter.timeH,
    values: common.map(({ mean }) => factor * mean),
    esds: common.map(({ esd }) => factor * esd),
  };
}

/** Mean of every parameter over time, with the voltage. */
export function meansFigure({ config }: Series, slice: SliceSeries, echem: AlignedRecord | undefined): string {
  // scales and figures of merit are in the tables
  const parameters = slice.parameters.filter(
    ({ name, means }) =>
      !/(^|\/)(scale|rwp|gof|residual)$/.test(name) && means.common.some(({ mean }) => Number.isFinite(mean)),
  );
  const voxels = parameters.map(({ means }) => means.common[0]!.voxels);
  const [fewest, most] = [Math.min(...voxels), Math.max(...voxels)];
  return timeCurvesFigure(parameters.map(curveOf), echem, {
    title: `${config.title || "series"}${slice.heightMm === 0 ? "" : `, ${slice.heightMm} mm`}`,
    note: `means over the voxels that every step knows (${fewest === most ? most : `${fewest} to ${most}`}), bars: their esd`,
    timeH: slice.timeH,
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
  const range = timeLimits(timeH);
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
          figure: echem ? voltageFigure(echem, range, now) : curveFigure(curveOf(parameter), range, now),
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
