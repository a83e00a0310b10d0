/** Figures of what the cycler wrote: (3) charge and discharge, (10) lithium counted in the slice against it. */
import {
  barChartBlock,
  CELL_COLOURS,
  curvesBlock,
  inRows,
  legendBlock,
  letterAt,
  lettered,
  printFigure,
  stack,
} from "../../../stages/figure/index.ts";
import { echemCurves } from "../echem-figures.ts";
import { trueRatesText } from "../echem-tables.ts";
import type { EchemCell } from "../read-echem.ts";
import type { StudyOutcome } from "../study-outcome.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** The cells that were cycled, called as figures call them, with the C-rate that the measured capacity makes. */
export function cycledCells({ cells }: Pick<StudyOutcome, "cells">): EchemCell[] {
  return cells.flatMap(({ label, cycling }) => {
    if (!cycling) return [];
    const rates = trueRatesText(cycling.description);
    return [{ ...cycling, name: rates ? `${label} (true ${rates})` : label }];
  });
}

const HEADINGS: Readonly<Record<string, string>> = {
  "voltage-time": "voltage over time",
  "voltage-capacity": "charge and discharge, each from its own beginning",
  "dq-dv": "dQ/dV",
  "dv-dq": "dV/dQ",
};

/** (3) Voltage over time and over capacity, dQ/dV and dV/dQ: a colour for each cell. */
export function cyclingFigure(study: StudyOutcome): StudyFigure[] {
  const cells = cycledCells(study);
  if (cells.length === 0) return [];
  const curves = echemCurves(cells);
  const panels = curves.map(([name, figure], i) =>
    lettered(letterAt(i), HEADINGS[name]!, curvesBlock({ ...figure, title: "", hasNames: cells.length === 1 }, 200)),
  );
  const legend = cells.map(({ name }, i) => ({ label: name, colour: CELL_COLOURS[i % CELL_COLOURS.length]! }));
  const block = stack([legendBlock(legend), inRows(panels, Math.min(2, panels.length))]);
  const derived = curves.flatMap(([name, { title }], i) => (/^d/.test(name) ? [`${letterAt(i)}: ${title}`] : []));
  const coinciding = cells.length > 1 ? ["of cells that were cycled alike one line lies inside the other"] : [];
  const note = `${[...derived, ...coinciding].join("; ")}.`;
  const title = "What the cycler measured";
  return [{ name: "cycling", title, svg: printFigure({ ...PRINT, title, note }, block) }];
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
