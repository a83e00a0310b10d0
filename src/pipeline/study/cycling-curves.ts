/** What the cycler recorded as curves to be looked at: points of what the figure "cycling" draws, for the app. */
import * as z from "zod";
import { echemCurves } from "./echem-figures.ts";
import { cycledCells } from "./figures/cycling-figures.ts";
import type { StudyOutcome } from "./study-outcome.ts";

const numbers = z.array(z.number().nullable());

export const CyclingCurves = z.object({
  plots: z.array(
    z.object({
      /** "voltage-time", "voltage-capacity", "dq-dv", "dv-dq" */
      name: z.string(),
      title: z.string(),
      xLabel: z.string(),
      yLabel: z.string(),
      yLimits: z.tuple([z.number(), z.number()]).optional(),
      curves: z.array(
        z.object({
          /** the cell with its true C-rates; of one cell alone: charge, discharge */
          label: z.string(),
          /** null where a half cycle ends */
          x: numbers,
          y: numbers,
        }),
      ),
    }),
  ),
});
export type CyclingCurves = z.output<typeof CyclingCurves>;

/** @returns undefined where no cell has a record */
export function cyclingCurves(study: Pick<StudyOutcome, "cells">): CyclingCurves | undefined {
  const cells = cycledCells(study);
  if (cells.length === 0) return undefined;
  const plots = echemCurves(cells).map(([name, { title, xLabel, yLabel, yLimits, curves }]) => ({
    ...{ name, title, xLabel, yLabel },
    ...(yLimits && { yLimits: [...yLimits] as [number, number] }),
    curves: curves.map(({ name: label, x, values }) => ({ label, x: rounded(x!), y: rounded(values) })),
  }));
  return { plots };
}

/** As many digits as a cycler has. */
const rounded = (values: ArrayLike<number>): (number | null)[] =>
  Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : null));
