import { patternFigure } from "../stages/figure/index.ts";
import type { RefinementResult } from "../stages/refine/index.ts";

/** Observed points, calculated curve, ticks of each phase, difference. */
export function refinementFigure({ title, statistics, pattern, phases }: RefinementResult, name: string): string {
  return patternFigure({
    title: `${title || name}: Rwp ${(100 * statistics.rwp).toFixed(2)} %, GoF ${statistics.gof.toFixed(2)}`,
    axis: { unit: "two-theta", values: Float64Array.from(pattern.twoThetaDeg) },
    observed: pattern.observed,
    calculated: pattern.calculated,
    ticks: phases.map((phase) => ({
      name: phase.name,
      positions: phase.reflections.map(({ twoThetaDeg }) => twoThetaDeg),
    })),
    ordinate: "sqrt",
  });
}
