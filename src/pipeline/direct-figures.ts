/** Figures of a direct reconstruction: conventional and direct maps, what lies between them, and how sure they are. */
import { STATUS } from "../data/index.ts";
import type { Result } from "../files/result-reader.ts";
import type { DlsrReport, MapStatistics } from "../stages/dlsr/index.ts";
import { comparisonFigure, type MapFigure, percentileLimits } from "../stages/figure/index.ts";
import { asMapFigure, readImage } from "./result-figures.ts";

/** One page for each lattice parameter that was refined in voxels. */
export function directPages(result: Result): { readonly name: string; readonly svg: string }[] {
  const note = result.readNote("dlsr/report");
  if (note === undefined) return [];
  const report = JSON.parse(note) as DlsrReport;
  return report.parameters.map(({ phase, parameter, unit, conventional, direct, difference }) => ({
    name: `dlsr-${phase.replace(/[^\w.+-]+/g, "_")}-${parameter}`,
    svg: page(result, `${phase}/${parameter}`, unit, [conventional, direct], difference),
  }));
}

function page(
  result: Result,
  name: string,
  unit: string,
  [conventional, direct]: readonly [MapStatistics, MapStatistics],
  difference: number,
): string {
  const before = converged(result, `map/${name}`);
  const after = converged(result, `dlsr/${name}`);
  const both = after.values.map((value, v) => (Number.isFinite(before.values[v]!) ? value : Number.NaN));
  const limits = percentileLimits(both);
  const figure = (of: string, title: string, values: Float64Array, more: Partial<MapFigure> = {}): MapFigure => ({
    ...asMapFigure(result, of, readImage(result, of)),
    values,
    title,
    ...more,
  });
  const symbol = `${name.split("/").at(-1)} (${unit})`;
  const maps = [
    figure(`map/${name}`, `${name}: conventional`, before.values, { limits }),
    figure(`dlsr/${name}`, `${name}: direct`, after.values, { limits }),
    figure(
      `dlsr/${name}`,
      "direct minus conventional",
      after.values.map((value, v) => value - before.values[v]!),
      { colourMap: "difference", label: `Δ${symbol}` },
    ),
    figure(`dlsr/${name}`, "direct: standard uncertainty", after.esd, { label: `esd of ${symbol}` }),
  ];
  const text = ({
    weightedMean,
    weightedStandardDeviation,
    mean,
    standardDeviation,
    medianEsd,
    voxels,
  }: MapStatistics) =>
    `mean ${mean.toFixed(5)}, spread ${standardDeviation.toFixed(5)}; weighted by scale ${weightedMean.toFixed(5)}, spread ${weightedStandardDeviation.toFixed(5)}; median esd ${medianEsd.toPrecision(2)} ${unit}; ${voxels} voxels`;
  return comparisonFigure({
    title: result.title ? `${result.title}: ${name}` : name,
    maps,
    histogram: {
      label: symbol,
      series: [
        { name: "conventional", values: before.values },
        { name: "direct", values: after.values },
      ],
      ...(direct.medianEsd > 0 && { esd: direct.medianEsd }),
    },
    lines: [
      `conventional: ${text(conventional)}`,
      `direct: ${text(direct)}`,
      `root mean square difference ${difference.toPrecision(3)} ${unit}; drawn are voxels whose fit converged`,
    ],
  });
}

/** NaN where the fit did not converge. */
function converged(result: Result, name: string): { values: Float64Array; esd: Float64Array } {
  const { values, esd, status } = result.readMap(name);
  const keep = (value: number, v: number): number => (!status || status[v] === STATUS.converged ? value : Number.NaN);
  return {
    values: Float64Array.from(values, keep),
    esd: Float64Array.from(esd ?? values, (value, v) => (esd ? keep(value, v) : Number.NaN)),
  };
}
