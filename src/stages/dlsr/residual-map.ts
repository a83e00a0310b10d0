/** How well maps of cells and scales explain the rays: for a solution, or for the conventional maps that it started from. */
import type { Kernels } from "../../kernels/index.ts";
import { measureMisfit, placeState, projectModel } from "./forward-model.ts";
import type { ProductRunner } from "./runner.ts";
import { createSolverWorkspace, frameOf, type ModelOptions, type SolverWorkspace } from "./solver-workspace.ts";
import type { DlsrProblem } from "./types.ts";
import type { SolverState } from "./unknowns.ts";

export interface Residuals {
  readonly chi2: number;
  /** [angle, translation] chi^2 by number; NaN where a ray was left out */
  readonly rayChi2: Float32Array;
  /**
   * [y, x] square root of back-projected |z - m|^2 over back-projected |z|^2, as Rwp is for a pattern; NaN outside the
   * masks. z holds what the reduction left of the patterns, so values are not those of a full pattern's Rwp.
   */
  readonly rwp: Float32Array;
}

/** Of a state; `startState(problem, 0)` is that of the maps which the problem starts from. */
export async function measureResiduals(
  runner: ProductRunner,
  kernels: Kernels,
  problem: DlsrProblem,
  options: ModelOptions,
  state: SolverState,
): Promise<Residuals> {
  const mark = kernels.arena.mark();
  try {
    const geometry = { rotationAxis: false, distance: false };
    const w = createSolverWorkspace(kernels, runner, problem, { ...options, geometry });
    await placeState(w, state);
    await projectModel(w, state, w.model);
    const squares = new Float64Array(w.rays);
    const { chi2 } = await measureMisfit(w, w.model, squares);
    const numbers = problem.terms - (options.rayScale ? 1 : 0);
    const rayChi2 = Float32Array.from(squares, (square, ray) =>
      w.inverseVariance[ray]! > 0 ? square / numbers : Number.NaN,
    );
    return { chi2, rayChi2, rwp: backprojectShare(w, state, squares) };
  } finally {
    kernels.arena.release(mark);
  }
}

function backprojectShare(w: SolverWorkspace, state: SolverState, squares: Float64Array): Float32Array {
  const { directions, translations, angles, rotationAxis } = frameOf(w, state);
  const { size } = w.problem.geometry;
  const rwp = new Float32Array(size * size).fill(Number.NaN);
  const power = w.dataPower.map((square, ray) => square * w.inverseVariance[ray]!);
  for (const { part } of w.phases) {
    const { count, index, places } = part.phase.voxels;
    for (let v = 0; v < count; v++) {
      if (!Number.isNaN(rwp[index[v]!]!)) continue;
      let [missed, all] = [0, 0];
      for (let a = 0; a < angles; a++) {
        const lateral =
          rotationAxis + places[2 * v]! * directions[2 * a]! + places[2 * v + 1]! * directions[2 * a + 1]!;
        const j = Math.floor(lateral);
        if (j < 0 || j + 1 >= translations) continue;
        const right = lateral - j;
        const ray = a * translations + j;
        missed += (1 - right) * squares[ray]! + right * squares[ray + 1]!;
        all += (1 - right) * power[ray]! + right * power[ray + 1]!;
      }
      rwp[index[v]!] = all > 0 ? Math.sqrt(missed / all) : Number.NaN;
    }
  }
  return rwp;
}
