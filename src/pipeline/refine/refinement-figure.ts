import { patternFigure } from "../../stages/figure/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";

/** Observed points, calculated curve, background, ticks of each phase, difference over its standard uncertainty. */
export function refinementFigure(
  { title, statistics, pattern, phases, weights }: RefinementResult,
  name: string,
  range?: readonly [number, number],
): string {
  const file = name.split("/").at(-1)!;
  return patternFigure({
    title: title ? `${title}: ${file}` : file,
    axis: { unit: "two-theta", values: Float64Array.from(pattern.twoThetaDeg) },
    observed: pattern.observed,
    calculated: pattern.calculated,
    background: pattern.background,
    ...(weights !== "uniform" && { sigma: pattern.sigma }),
    ...(range && { range }),
    notes: [`Rwp ${(100 * statistics.rwp).toFixed(2)} %`, `GoF ${statistics.gof.toFixed(2)}`],
    ticks: phases.map((phase) => ({
      name: phase.name,
      positions: phase.reflections.map(({ twoThetaDeg }) => twoThetaDeg),
    })),
    ordinate: "sqrt",
  });
}
