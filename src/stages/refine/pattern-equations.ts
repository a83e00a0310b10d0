/** Normal equations of one pattern at given values: what a refinement over many patterns sums. */
import type { Pattern } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { patternNormalScratch } from "../../kernels/reference/normal-equations.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import { applySettings, type ModelConfig, type ModelFiles, resolveModel, selectData } from "../../refinement/index.ts";
import { settleWidths } from "./start-values.ts";

export interface PatternEquations {
  readonly points: number;
  /** NaN where the model makes no sense at these values */
  readonly chi2: number;
  /** [m, m] J^T W J and [m] J^T W (observed - calculated), over `moving` */
  readonly matrix: Float64Array;
  readonly vector: Float64Array;
  /** [m] bounds of `moving` */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * Takes memory of the arena; the caller gives it back.
 *
 * @param moving names of the parameters that the equations are over
 * @param at     values by name; those left out are the model's
 */
export function openPatternEquations(
  kernels: Kernels,
  config: ModelConfig,
  files: ModelFiles,
  pattern: Pattern,
  name: string,
  moving: readonly string[],
  at: ReadonlyMap<string, number>,
): PatternEquations {
  const { arena, run } = kernels;
  const data = selectData(pattern, name, config);
  const resolved = settleWidths(resolveModel(config, files), data);
  const calculator = createPatternCalculator(kernels, resolved.model, resolved.wavelengthA, data.twoThetaDeg);
  const bounds = applySettings(calculator, resolved);
  const of = (all: Float64Array): Float64Array => Float64Array.from(moving, (one) => all[calculator.indexOf(one)]!);
  calculator.parameters.forEach((parameter, i) => {
    calculator.values[i] = at.get(parameter.name) ?? calculator.values[i]!;
  });
  const n = data.observed.length;
  const m = moving.length;
  calculator.prepare(moving.map((one) => calculator.indexOf(one)));
  const [matrix, vector] = [arena.f64(m * m), arena.f64(m)];
  const [observed, weight] = [arena.f64(n), arena.f64(n)];
  observed.set(data.observed);
  weight.set(data.weight);
  let chi2 = Number.NaN;
  if (calculator.evaluate(true)) {
    const { columns, stride, supports, calculated } = calculator;
    const scratch = arena.f64(patternNormalScratch(n));
    chi2 = run.normalEquations(matrix, vector, columns, stride, supports, observed, calculated, weight, n, m, scratch);
  }
  return {
    points: n,
    chi2,
    matrix: matrix.slice(),
    vector: vector.slice(),
    lower: of(bounds.lower),
    upper: of(bounds.upper),
  };
}
