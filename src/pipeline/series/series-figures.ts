/** Figures of a series of maps. */
import { type MapFigure, mapPanel } from "../../stages/figure/index.ts";
import type { ParameterSeries, SliceSeries } from "./gather-maps.ts";
import type { Series } from "./series-config.ts";
import { type AlignedRecord, type TimeCurve, timeCurvesFigure, withUnit } from "./time-curves.ts";

/** Weight fractions are shown in wt%. */
export const shownIn = ({ name, unit }: Pick<ParameterSeries, "name" | "unit">) =>
  name.endsWith("/weight_fraction") ? { factor: 100, unit: "wt%" } : { factor: 1, unit };
export const quantityOf = (name: string): string => name.split("/").at(-1)!.replaceAll("_", " ");
export const titleOf = (name: string): string => name.replaceAll("/", " ").replaceAll("_", " ");

export function curveOf(parameter: ParameterSeries): TimeCurve {
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
