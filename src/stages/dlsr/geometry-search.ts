/** Which way depth runs in a scan. */
import type { Kernels } from "../../kernels/index.ts";
import { type SolverOptions, solveDlsr } from "./gauss-newton.ts";
import type { ProductRunner } from "./runner.ts";
import type { DlsrProblem } from "./types.ts";
import { startState } from "./unknowns.ts";

export interface DepthSignVerdict {
  readonly sign: 1 | -1;
  /** chi^2 with the problem's sign and with the other */
  readonly chi2: { readonly asGiven: number; readonly reversed: number };
  /** the other sign fits better by more than `margin` */
  readonly isReversed: boolean;
  /** neither fits better by more than `margin`: too little parallax to tell */
  readonly isUndecided: boolean;
}

/** A worse fit than this, in relative chi^2, is no accident. */
const MARGIN = 0.02;

/**
 * Short solutions with depth running either way. The axis must be about right, and the distance is not refined: a wrong
 * sign would drive it to infinity.
 */
export async function compareDepthSigns(
  runner: ProductRunner,
  kernels: Kernels,
  problem: DlsrProblem,
  options: SolverOptions,
  isCancelled?: () => boolean,
): Promise<DepthSignVerdict> {
  // a solution leaves its width in the tables: the second one is not to start from where the first ended
  const start = startState(problem, options.damping);
  const chi2Of = async (depthSign: 1 | -1): Promise<number> => {
    const solution = await solveDlsr(
      runner,
      kernels,
      { ...problem, geometry: { ...problem.geometry, depthSign } },
      { ...options, geometry: { ...options.geometry, distance: false } },
      { start, ...(isCancelled && { isCancelled }) },
    );
    return solution.chi2;
  };
  const given = problem.geometry.depthSign;
  const asGiven = await chi2Of(given);
  const reversed = await chi2Of(given === 1 ? -1 : 1);
  const isReversed = asGiven > reversed * (1 + MARGIN);
  return {
    sign: isReversed === (given === 1) ? -1 : 1,
    chi2: { asGiven, reversed },
    isReversed,
    isUndecided: !isReversed && reversed <= asGiven * (1 + MARGIN),
  };
}
