/** Figures of what the cycler wrote: (3) charge and discharge, (10) lithium counted in the slice against it. */
import type { CyclerRecord } from "../../../data/index.ts";
import {
  barChartBlock,
  beside,
  CELL_COLOURS,
  curvesBlock,
  type FigureCurve,
  legendBlock,
  lettered,
  printFigure,
  stack,
} from "../../../stages/figure/index.ts";
import type { StudyOutcome } from "../study-outcome.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** Below this share of the largest current a cell rests. */
const REST = 1e-3;
/** Points of a curve that a figure shows; a cycler writes hundreds of thousands. */
const MOST_POINTS = 1500;

export interface HalfCycle {
  readonly kind: "charge" | "discharge";
  /** mAh from its beginning */
  readonly capacityMAh: Float64Array;
  readonly voltageV: Float64Array;
}

/** Runs of one sign of the current, with what passed since each began; rests in between belong to none. */
export function halfCyclesOf({ timeS, voltageV, currentA, chargeAh }: CyclerRecord): HalfCycle[] {
  if (!currentA) return [];
  const least = REST * currentA.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  const signs = Array.from(currentA, (value) => (Math.abs(value) > least ? Math.sign(value) : 0));
  const halves: HalfCycle[] = [];
  for (let from = 0; from < signs.length; ) {
    let to = from;
    // a rest inside does not end a half-cycle: pulses and titrations are one
    while (to < signs.length && (signs[to] === signs[from] || signs[to] === 0)) to++;
    if (signs[from] !== 0 && to - from > 1) {
      const capacity = new Float64Array(to - from);
      for (let i = from + 1; i < to; i++) {
        const passed = chargeAh
          ? chargeAh[i]! - chargeAh[from]!
          : capacity[i - 1 - from]! / 1e3 +
            (((currentA[i]! + currentA[i - 1]!) / 2) * (timeS[i]! - timeS[i - 1]!)) / 3600;
        capacity[i - from] = 1e3 * (chargeAh ? Math.abs(passed) : passed);
      }
      const kind = signs[from]! > 0 ? "charge" : "discharge";
      const end = lastMoving(signs, from, to);
      halves.push({
        kind,
        capacityMAh: capacity.subarray(0, end - from).map(Math.abs),
        voltageV: voltageV.slice(from, end),
      });
    }
    from = Math.max(to, from + 1);
  }
  return halves;
}

function lastMoving(signs: readonly number[], from: number, to: number): number {
  let end = to;
  while (end > from + 1 && signs[end - 1] === 0) end--;
  return end;
}

/** (3) Voltage over time and over capacity, a colour for each cell. */
export function cyclingFigure({ cells }: StudyOutcome): StudyFigure[] {
  const having = cells.flatMap(({ label, record }, i) =>
    record ? [{ label, record, colour: CELL_COLOURS[i % CELL_COLOURS.length]! }] : [],
  );
  if (having.length === 0) return [];
  const overTime = having.map(({ label, record, colour }): FigureCurve => {
    const kept = thinned(record.timeS.length);
    return {
      name: label,
      colour,
      x: kept.map((i) => (record.timeS[i]! - record.timeS[0]!) / 3600),
      values: kept.map((i) => record.voltageV[i]!),
    };
  });
  const overCapacity = having.flatMap(({ label, record, colour }) =>
    halfCyclesOf(record).map(({ capacityMAh, voltageV }): FigureCurve => {
      const kept = thinned(capacityMAh.length);
      return { name: label, colour, x: kept.map((i) => capacityMAh[i]!), values: kept.map((i) => voltageV[i]!) };
    }),
  );
  const panel = (letter: string, heading: string, xLabel: string, curves: readonly FigureCurve[]) => {
    const x = [
      0,
      Math.max(...curves.map((curve) => (curve.x as number[]).reduce((most, at) => Math.max(most, at), 0))),
    ];
    const figure = { title: "", x, xLabel, yLabel: "voltage (V)", curves, hasNames: false };
    return lettered(letter, heading, curvesBlock(figure, 220));
  };
  const panels = [
    panel("a", "voltage over time", "time (h)", overTime),
    ...(overCapacity.length ? [panel("b", "charge and discharge", "capacity (mAh)", overCapacity)] : []),
  ];
  const block = stack([legendBlock(having.map(({ label, colour }) => ({ label, colour }))), beside(panels)]);
  const title = "What the cycler measured";
  const note = "b: each charge and each discharge counted from its own beginning.";
  return [
    { name: "cycling", title, svg: printFigure({ ...PRINT, title, ...(overCapacity.length && { note }) }, block) },
  ];
}

function thinned(length: number): number[] {
  const step = Math.max(1, length / MOST_POINTS);
  const kept = Array.from({ length: Math.ceil(length / step) }, (_, i) => Math.floor(i * step));
  return kept.at(-1) === length - 1 ? kept : [...kept, length - 1];
}

/** Lithium of one cell, each as charge, with standard uncertainties; NaN where there is none. */
export interface LithiumCount {
  readonly label: string;
  readonly cathodeMAh: number;
  readonly cathodeEsd: number;
  readonly anodeMAh: number;
  readonly anodeEsd: number;
  /** what the cycler counted */
  readonly cyclerMAh: number;
  readonly cyclerEsd: number;
}

const COUNTED = [
  { label: "released by the cathode", colour: "#0072b2" },
  { label: "taken by the anode", colour: "#009e73" },
  { label: "counted by the cycler", colour: "#e69f00" },
] as const;

/** (10) Lithium that left the cathode and that the anode took, against the charge that passed. */
export function inventoryFigure(counts: readonly LithiumCount[]): StudyFigure[] {
  if (counts.length === 0) return [];
  const block = barChartBlock({
    yLabel: "charge (mAh)",
    series: COUNTED,
    height: 220,
    groups: counts.map((count) => ({
      label: count.label,
      values: [count.cathodeMAh, count.anodeMAh, count.cyclerMAh],
      esds: [count.cathodeEsd, count.anodeEsd, count.cyclerEsd],
    })),
  });
  const title = "Lithium inventory against coulometry";
  const note = "Bars: lithium as charge; whiskers: one standard uncertainty.";
  return [{ name: "inventory", title, svg: printFigure({ ...PRINT, widthMm: 120, title, note }, block) }];
}
