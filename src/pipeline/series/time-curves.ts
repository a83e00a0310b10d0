/** Quantities over time as panels, with the cell's voltage on top. */
import type { CyclerRecord } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import { type ComposedPanel, type CurvesFigure, composedFigure } from "../../stages/figure/index.ts";

/** The cycler's record on the clock of the steps. */
export interface AlignedRecord {
  readonly timeH: Float64Array;
  readonly record: CyclerRecord;
}

/** One quantity over time, as it is to be shown. */
export interface TimeCurve {
  /** "NMC532 c" */
  readonly title: string;
  /** "c" */
  readonly quantity: string;
  readonly unit: string;
  readonly timeH: ArrayLike<number>;
  /** NaN: left out */
  readonly values: readonly number[];
  readonly esds: readonly number[];
}

export type TimeLimits = readonly [number, number];

const BLUE = "#2166ac";
const RED = "#b2182b";

export const withUnit = (name: string, unit: string): string => (unit ? `${name} (${unit})` : name);

/** From the first time to the last, with room for the marks at either end. */
export function timeLimits(timeH: ArrayLike<number>): TimeLimits {
  const [first, last] = [timeH[0]!, timeH[timeH.length - 1]!];
  const margin = last > first ? 0.03 * (last - first) : 0.5;
  return [first - margin, last + margin];
}

/** A line that is seen from the last row. */
const marker = (now: number, [from, to]: TimeLimits): TimeLimits => [
  now - 0.006 * (to - from),
  now + 0.006 * (to - from),
];

/** Lengths change in their third digit or later: they are drawn as what has changed since the first step. */
export function curveFigure(curve: TimeCurve, limits: TimeLimits, now?: number): CurvesFigure {
  const { quantity, unit, values, esds, timeH } = curve;
  const isLength = unit === "Å";
  const [from, by] = isLength ? [values.find(Number.isFinite) ?? Number.NaN, 1000] : [0, 1];
  const shown = values.map((value) => by * (value - from));
  const errors = esds.map((esd) => by * esd);
  return {
    title: "",
    x: timeH,
    xLabel: "time (h)",
    yLabel: isLength ? `change of ${quantity} (10⁻³ Å)` : withUnit(quantity, unit),
    xLimits: limits,
    yLimits: rangeWithErrors(shown, errors),
    ...(now !== undefined && { range: marker(now, limits) }),
    hasNames: false,
    curves: [
      { name: curve.title, values: shown, errors, colour: BLUE },
      { name: curve.title, values: shown, colour: BLUE, style: "points" },
    ],
  };
}

/** One quantity at several heights; lengths as what has changed since the first step of each. */
export function curvesOfHeights(curves: readonly TimeCurve[], limits: TimeLimits, now: number): CurvesFigure {
  const figures = curves.map((curve) => curveFigure(curve, limits, now));
  const [first] = figures;
  const hasNames = curves.length <= HEIGHT_COLOURS.length;
  return {
    ...first!,
    hasNames,
    yLimits: [
      Math.min(...figures.map(({ yLimits }) => yLimits![0])),
      Math.max(...figures.map(({ yLimits }) => yLimits![1])),
    ],
    // names are those of the lines: points, one under the other, would be named again
    curves: figures.map(({ x, curves: [line] }, k) => {
      const colour = hasNames ? HEIGHT_COLOURS[k]! : BLUE;
      return { name: curves[k]!.title, values: line!.values, errors: line!.errors!, x, colour };
    }),
  };
}
const HEIGHT_COLOURS = [BLUE, RED, "#4d9221", "#762a83", "#e08214", "#01665e"];

function rangeWithErrors(values: readonly number[], errors: readonly number[]): TimeLimits {
  const ends = values
    .flatMap((value, i) => [value - (errors[i] || 0), value + (errors[i] || 0)])
    .filter(Number.isFinite);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = high > low ? 0.05 * (high - low) : Math.abs(low) * 0.05 || 1;
  return ends.length > 0 ? [low - margin, high + margin] : [0, 1];
}

export const voltageFigure = ({ timeH, record }: AlignedRecord, limits: TimeLimits, now?: number): CurvesFigure => ({
  title: "",
  x: timeH,
  xLabel: "time (h)",
  yLabel: "voltage (V)",
  xLimits: limits,
  yLimits: rangeWithErrors(shownVoltages(timeH, record.voltageV, limits), []),
  ...(now !== undefined && { range: marker(now, limits) }),
  curves: [{ name: "voltage", values: record.voltageV, colour: RED }],
});

/** With the readings on either side of the limits, which the line comes from and goes to. */
function shownVoltages(timeH: ArrayLike<number>, voltageV: ArrayLike<number>, [from, to]: TimeLimits): number[] {
  const all = Array.from(timeH);
  const first = Math.max(0, all.findIndex((hours) => hours >= from) - 1);
  const beyond = all.findIndex((hours) => hours > to);
  return Array.from(voltageV).slice(first, beyond < 0 ? undefined : beyond + 1);
}

/** "NMC532 c, 14.5053(1) Å at first" */
function titleOf({ title, unit, values, esds }: TimeCurve): string {
  const first = values.findIndex(Number.isFinite);
  if (unit !== "Å" || first < 0) return title;
  return `${title}, ${withEsd(values[first]!, Number.isFinite(esds[first]!) ? esds[first]! : null)} Å at first`;
}

/** All curves, three in a row. */
export function timeCurvesFigure(
  curves: readonly TimeCurve[],
  echem: AlignedRecord | undefined,
  { title, note, timeH }: { readonly title: string; readonly note: string; readonly timeH: ArrayLike<number> },
): string {
  const limits = timeLimits(timeH);
  const panels: ComposedPanel[] = [
    ...(echem ? [{ kind: "curves" as const, title: "cell voltage", figure: voltageFigure(echem, limits) }] : []),
    ...curves.map((curve) => ({ kind: "curves" as const, title: titleOf(curve), figure: curveFigure(curve, limits) })),
  ];
  const columns = Math.min(3, panels.length);
  return composedFigure({
    panels,
    columns,
    widthMm: columns * 65,
    fontPt: 6,
    letters: panels.length > 1 ? "lower" : "none",
    scaleBars: "none",
    colourBars: "none",
    title,
    note,
  });
}
