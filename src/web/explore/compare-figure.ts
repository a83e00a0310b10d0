/** The whole comparison as one figure: `xrdct compare` draws its pages with the same code. */
import { comparisonFigure, type MapFigure, percentileLimits } from "../../stages/figure/index.ts";
import { formatValue, withUnit } from "../core/format.ts";
import { statisticsOf } from "./compare-statistics.ts";
import { type Comparison, differenceUnit, shownValues, titlesOf, usedOnly } from "./comparison.ts";
import { labelled } from "./loaded-map.ts";

/** An SVG document: both maps, the difference, the difference over its esd, distributions and numbers. */
export function comparisonSvg(comparison: Comparison): string {
  const { first, second, difference, limits, info, colours, isStrict } = comparison;
  const { rows, cols } = first;
  const { isUsed } = difference;
  const [titleA, titleB] = titlesOf(comparison);
  const unit = differenceUnit(comparison);
  const size = { rows, cols, ...(info.voxelMm !== undefined && { voxelMm: info.voxelMm }) };
  const [a, b] = [usedOnly(first.values, isUsed), usedOnly(second.values, isUsed)];
  const over = usedOnly(difference.overEsd, isUsed);
  const difference1 = usedOnly(difference.difference, isUsed);
  const same = { limits, colourMap: colours.colourMap, transform: colours.transform };
  const maps: MapFigure[] = [
    {
      ...size,
      title: titleA,
      label: labelled(first.info.title, first.info.unit),
      values: shownValues(first, isStrict),
      ...same,
    },
    {
      ...size,
      title: titleB,
      label: labelled(second.info.title, second.info.unit),
      values: shownValues(second, isStrict),
      ...same,
    },
    { ...size, title: "b − a", label: labelled("difference", unit), values: difference1, colourMap: "difference" },
  ];
  if (over.some(Number.isFinite))
    maps.push({ ...size, title: "(b − a) / esd", label: "difference / esd", values: over, colourMap: "difference" });
  const { count, mean, rms, median } = statisticsOf(difference1);
  const said = (value: number): string => withUnit(formatValue(value, 5), unit);
  return comparisonFigure({
    title: `${titleA} and ${titleB}`,
    maps,
    histogram: {
      label: labelled(first.info.title, first.info.unit),
      series: [
        { name: titleA, values: a },
        { name: titleB, values: b },
      ],
      limits: percentileLimits([...a, ...b], 0.5, 99.5),
    },
    lines: [
      `${count} voxels that converged in both; b − a: mean ${said(mean)}, median ${said(median)}, rms ${said(rms)}`,
    ],
  });
}
