/**
 * Direct least-squares reconstruction: Levenberg and Marquardt's steps, each found by conjugate gradients on
 * matrix-free products. What stops it is the decrease that a step promises, for products in f32 hide what lies below
 * about 1e-6 of the objective.
 *
 * Sources: Levenberg, Q. Appl. Math. 2 (1944) 164-168; Marquardt, J. SIAM 11 (1963) 431-441; for the truncated inner
 * solution, Dembo, Eisenstat & Steihaug, SIAM J. Numer. Anal. 19 (1982) 400-408.
 */
import type { Kernels } from "../../kernels/index.ts";
import { checkGeometry } from "./check-geometry.ts";
import { conjugateGradients, dot } from "./conjugate-gradients.ts";
import { measureMisfit, placeState, projectModel, totalRoughness } from "./forward-model.ts";
import { applyNormal, type Linearisation, linearise, type SmoothnessOptions } from "./linearisation.ts";
import { createPreconditioner } from "./preconditioner.ts";
import type { ProductRunner } from "./runner.ts";
import { createSolverWorkspace, type ModelOptions, type SolverWorkspace } from "./solver-workspace.ts";
import type { DlsrProblem } from "./types.ts";
import { afterStep, cappedStep, type SolverState, startState } from "./unknowns.ts";

export interface SolverOptions extends ModelOptions {
  readonly smoothness: SmoothnessOptions;
  /** outer steps at most */
  readonly steps: number;
  /** conjugate gradient iterations in each, at most */
  readonly innerSteps: number;
  /** share of the first residual at which conjugate gradients end */
  readonly innerTolerance: number;
  /** Levenberg and Marquardt's mu at the start, in mean diagonals */
  readonly damping: number;
  /** a step that promises less than this share of the objective is the last */
  readonly tolerance: number;
  /** a step that gained less than this share of the objective was the last: about a tenth of an esd is left */
  readonly plateau: number;
}

/** What the method was validated with; a scan.yaml says otherwise (config.ts). */
export const SOLVER_DEFAULTS: SolverOptions = {
  side: 1 / 24,
  rayScale: true,
  geometry: { rotationAxis: false, distance: false },
  smoothness: { cell: "auto", scale: 0.03 },
  steps: 5,
  innerSteps: 20,
  innerTolerance: 0.05,
  damping: 1e-3,
  tolerance: 2e-6,
  plateau: 1e-4,
};

export interface StepReport {
  readonly step: number;
  readonly objective: number;
  /** |z - m|^2 / variance by number that was fitted */
  readonly chi2: number;
  readonly cgIterations: number;
}

export interface DlsrSolution {
  readonly state: SolverState;
  /** converged: no step promises anything; steps: their limit was reached; stalled: no step made it better */
  readonly status: "converged" | "steps" | "stalled" | "cancelled";
  readonly objective: number;
  readonly chi2: number;
  /** the start's, with the model that it gives */
  readonly startChi2: number;
  readonly history: readonly StepReport[];
}

export interface SolveHooks {
  /** goes on from here instead of the problem's start */
  readonly start?: SolverState;
  /** after every outer step; the state may be kept and gone on from */
  readonly onStep?: (report: StepReport, state: SolverState) => void | Promise<void>;
  readonly isCancelled?: () => boolean;
}

/** Times that a step which made it worse is made shorter, and times that it is then found anew with more damping. */
const CUTS = 3;
const ATTEMPTS = 3;
/** A promise of so small a share of the objective may be broken by rounding. */
const NEARLY_NOTHING = 1e-5;
const DAMPING_DOWN = 4;
const DAMPING_UP = 10;
/** Share of its promise that a step keeps where the model is good enough for less damping. */
const KEPT = 0.5;

/**
 * @throws InputError "dlsr-axis" | "dlsr-depth" | "dlsr-no-signal"
 */
export async function solveDlsr(
  runner: ProductRunner,
  kernels: Kernels,
  problem: DlsrProblem,
  options: SolverOptions,
  hooks: SolveHooks = {},
): Promise<DlsrSolution> {
  checkGeometry(problem);
  const mark = kernels.arena.mark();
  try {
    const w = createSolverWorkspace(kernels, runner, problem, options);
    return await iterate(w, options, hooks);
  } finally {
    kernels.arena.release(mark);
  }
}

async function iterate(w: SolverWorkspace, options: SolverOptions, hooks: SolveHooks): Promise<DlsrSolution> {
  let state = hooks.start ?? startState(w.problem, options.damping);
  await placeState(w, state);
  await projectModel(w, state, w.model);
  let { squares: objective, chi2 } = await measureMisfit(w, w.model);
  const startChi2 = chi2;
  const history: StepReport[] = [];
  const finish = (status: DlsrSolution["status"]): DlsrSolution => ({
    state,
    status,
    objective,
    chi2,
    startChi2,
    history,
  });
  while (state.step < options.steps) {
    if (hooks.isCancelled?.()) return finish("cancelled");
    const lin = await linearise(w, state, options.smoothness);
    objective = lin.objective;
    state = { ...state, penalties: lin.penalties };
    const taken = await takeStep(w, lin, state, options, hooks);
    if (typeof taken === "string") return finish(taken);
    ({ state, objective, chi2 } = taken);
    const report = { step: state.step, objective, chi2, cgIterations: taken.cgIterations };
    history.push(report);
    await hooks.onStep?.(report, state);
    if (lin.objective - objective < options.plateau * lin.objective) return finish("converged");
  }
  return finish("steps");
}

interface TakenStep {
  readonly state: SolverState;
  readonly objective: number;
  readonly chi2: number;
  readonly cgIterations: number;
}

/** One outer step, as short and damped as makes it a better one; its model is then in `w.model`. */
async function takeStep(
  w: SolverWorkspace,
  lin: Linearisation,
  state: SolverState,
  options: SolverOptions,
  { isCancelled }: SolveHooks,
): Promise<TakenStep | "converged" | "stalled" | "cancelled"> {
  let { damping } = state;
  let cgIterations = 0;
  let firstPromise = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const solved = await solveStep(w, lin, damping, options, isCancelled);
    cgIterations += solved.iterations;
    if (isCancelled?.()) return "cancelled";
    const step = cappedStep(solved.x);
    const promise = dot(step, lin.push);
    if (attempt === 0) firstPromise = promise;
    if (!(promise > options.tolerance * lin.objective)) break;
    const tried = await searchAlong(w, lin, state, step, promise, options.smoothness.huber);
    if (tried) {
      [w.model, w.out] = [w.out, w.model];
      const kept = (lin.objective - tried.objective) / promise;
      const factor = kept > KEPT ? 1 / DAMPING_DOWN : tried.cuts > 0 ? DAMPING_DOWN : 1;
      const next = { ...tried.state, step: state.step + 1, damping: damping * factor };
      return { state: next, objective: tried.objective, chi2: tried.chi2, cgIterations };
    }
    damping *= DAMPING_UP;
    await placeState(w, state);
  }
  return firstPromise > NEARLY_NOTHING * lin.objective ? "stalled" : "converged";
}

interface TriedStep extends Omit<TakenStep, "cgIterations"> {
  readonly cuts: number;
}

/** The step, or a part of it by the parabola through what was tried: a product a try, where a new step costs dozens. */
async function searchAlong(
  w: SolverWorkspace,
  lin: Linearisation,
  state: SolverState,
  step: Float64Array,
  promise: number,
  huber?: number,
): Promise<TriedStep | undefined> {
  let share = 1;
  for (let cuts = 0; cuts <= CUTS; cuts++) {
    const moved = afterStep(state, w.unknowns, share === 1 ? step : step.map((x) => share * x));
    await placeState(w, moved);
    await projectModel(w, moved, w.out);
    const { squares, hold, chi2 } = await measureMisfit(w, w.out);
    const objective = squares + hold + totalRoughness(w, moved, lin.penalties, huber);
    if (objective < lin.objective) return { state: moved, objective, chi2, cuts };
    const fall = share * promise;
    share *= Math.max(0.1, Math.min(0.5, fall / (objective - lin.objective + 2 * fall)));
  }
  return undefined;
}

/** The step (J^T J + lambda L + damping D) x = push. */
export function solveStep(
  w: SolverWorkspace,
  lin: Linearisation,
  damping: number,
  { innerSteps, innerTolerance }: Pick<SolverOptions, "innerSteps" | "innerTolerance">,
  isCancelled?: () => boolean,
  push: Float64Array = lin.push,
): ReturnType<typeof conjugateGradients> {
  const { precondition } = createPreconditioner(w, lin, damping);
  const rhs = push.map((x, i) => (lin.free[i] ? x : 0));
  const apply = (x: Float64Array, out: Float64Array): Promise<void> => applyNormal(w, lin, damping, x, out);
  return conjugateGradients({ apply, precondition }, rhs, {
    maxIterations: innerSteps,
    tolerance: innerTolerance,
    ...(isCancelled && { isCancelled }),
  });
}
