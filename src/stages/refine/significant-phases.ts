/** Which phases a pattern really shows: the cell of one that is not there can go anywhere, and must not. */
import type { PatternCalculator } from "../../pattern/calculator.ts";
import type { PatternFit } from "../../refinement/index.ts";

/** A scale below this many of its esds (times the goodness of fit) is not worth a cell. */
export const LEAST_SIGNIFICANCE = 5;
/** Rwp of what only rounding parts from its model. */
const NOISE_FREE = 1e-6;

/**
 * Scales over their esds, those times the goodness of fit where that is above 1, with all scales and the background
 * fitted and everything else as it is.
 *
 * @param isSigmaKnown false where the weights say nothing of sigma (uniform): then it is what the misfit makes it
 * @returns [phase] Infinity for phases without a refined scale
 */
export function phaseSignificance(fit: PatternFit, calculator: PatternCalculator, isSigmaKnown: boolean): Float64Array {
  const { parameters, model } = calculator;
  const linear = fit.refined.flatMap((parameter, j) => (parameters[parameter]!.isLinear ? [j] : []));
  const summary = fit.solve({ active: linear });
  const { esd } = fit.covariance();
  const points = calculator.twoTheta.length;
  const reduced = summary.finalCost / Math.max(1, points - summary.freeCount);
  const least = isSigmaKnown
    ? 1
    : NOISE_FREE ** 2 * fit.observed.reduce((sum, y, i) => sum + (fit.weight[i]! * y * y) / points, 0);
  const gof = Math.sqrt(Math.max(least, reduced));
  return Float64Array.from(model.phases, ({ name, kind }) => {
    if (kind !== "rietveld") return Infinity;
    const index = calculator.indexOf(`${name}/scale`);
    const j = fit.refined.indexOf(index);
    if (j < 0) return Infinity;
    // on its bound a scale has no esd, and the phase is not there
    return esd[j]! > 0 ? calculator.values[index]! / (esd[j]! * gof) : 0;
  });
}

/** Refined parameters, as indices into `refined`, of what only a phase that is there can determine. */
export function parametersHeld(
  fit: PatternFit,
  { parameters }: Pick<PatternCalculator, "parameters">,
  significance: Float64Array,
): Set<number> {
  return new Set(
    fit.refined.flatMap((parameter, j) => {
      const { phase, isLinear } = parameters[parameter]!;
      return phase !== undefined && !isLinear && significance[phase]! < LEAST_SIGNIFICANCE ? [j] : [];
    }),
  );
}
