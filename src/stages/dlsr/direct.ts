/**
 * A direct reconstruction from beginning to end: what the conventional maps say, the reduction of the rays, which way
 * depth runs, the solution from coarse to fine with the intensities put right on the way, and its uncertainty.
 */

import { findAxisOffset } from "./axis-offset.ts";
import type { DirectInput, DirectResult, StepImages, StepReport } from "./direct-input.ts";
import {
  checkMemory,
  correctIntensities,
  createPhase,
  createSetting,
  type DirectPhase,
  type DirectSetting,
  reductionOf,
  respond,
  settleLines,
} from "./direct-problem.ts";
import { describeDirect } from "./direct-report.ts";
import { type DlsrSolution, SOLVER_DEFAULTS, type SolverOptions, solveDlsr } from "./gauss-newton.ts";
import { compareDepthSigns, type DepthSignVerdict } from "./geometry-search.ts";
import { coarsenProblem, levelFactors, refineState } from "./levels.ts";
import type { Reduction } from "./reduction.ts";
import { measureResiduals, type Residuals } from "./residual-map.ts";
import type { DlsrPhase, DlsrProblem } from "./types.ts";
import { estimateUncertainty } from "./uncertainty.ts";
import { restarted, type SolverState, startState } from "./unknowns.ts";

/** Steps to find out which way depth runs, and between two corrections of intensities. */
const FEW_STEPS = 3;
/** A distance at which depth does nothing. */
const NO_PARALLAX_MM = 1e9;

/**
 * Direct least-squares reconstruction: maps of scales and lattice parameters from the sinograms.
 *
 * @throws InputError as createSetting, reductionOf and solveDlsr do
 */
export async function reconstructDirect(input: DirectInput): Promise<DirectResult> {
  const { kernels, runner, config, isCancelled } = input;
  const setting = createSetting(input);
  checkMemory(input, setting);
  settleLines(input, setting);
  const reduction = reductionOf(input, setting);
  const { data, rayVariance } = await input.reduce(reduction.matrix, setting.sigma, reduction.terms);
  const phases = setting.kept.map((phase) =>
    corrected(input, phase, createPhase(input, phase, reduction, setting.depth)),
  );
  const whole: DlsrProblem = {
    ...{ geometry: input.geometry, depth: setting.depth, terms: reduction.terms, data, rayVariance, phases },
  };
  const work = createProgress(input, whole);

  const factors = levelFactors(config.levels, whole.geometry.translations);
  const mark = kernels.arena.mark();
  let problem = coarsened(input, setting, reduction, whole, factors[0]!);
  // before any trial, which leaves its widths in the tables: a run that is gone on with starts without them
  const untried = startState(problem, SOLVER_DEFAULTS.damping);
  const { sign, options } = await findDepthSense(input, problem, untried, solverOptions(input));
  if (input.isCancelled?.()) throw new Error("cancelled");
  work.advance("sign");
  let start = withEarlierGeometry(input, untried, factors[0]!, options);
  let solution: DlsrSolution | undefined;
  const steps: StepReport[] = [];
  for (const [level, factor] of factors.entries()) {
    if (level > 0) {
      const before = problem;
      const state = solution!.state;
      kernels.arena.release(mark);
      problem = factor === 1 ? whole : coarsened(input, setting, reduction, whole, factor);
      retabulate(setting, problem, state);
      start = refineState(problem, before, state, factors[level - 1]! / factor, options.damping);
    }
    problem = withSign(problem, sign.sign);
    // on the coarsest level, where a cycle costs next to nothing
    const cycles = level === 0 ? Math.max(1, config.intensities) : 1;
    for (let cycle = 0; cycle < cycles; cycle++) {
      const isLast = cycle === cycles - 1;
      const name = `${problem.geometry.translations} translations${cycles > 1 ? `, cycle ${cycle + 1}` : ""}`;
      // from an earlier time's cells one step is near enough to put intensities right
      const few = input.earlier ? 1 : FEW_STEPS;
      const own = isLast ? options : { ...options, steps: Math.min(few, options.steps) };
      solution = await solveKept(input, `solve-${level}-${cycle}`, problem, own, start, work);
      steps.push(
        ...solution.history.map(({ cgIterations, ...step }) => ({ ...step, level: name, innerSteps: cgIterations })),
      );
      start = restarted(solution.state, options.damping);
      if (isLast) continue;
      correctIntensities(input, setting, { problem, state: solution.state });
      retabulate(setting, problem, solution.state);
    }
  }
  // with depth running the right way, or what depth does to the rays' middles would pass for an offset
  const settled = problem;
  const axisOffset = await remembered(input)("axis-offset", () => {
    placeWidths(settled, solution!.state);
    return findAxisOffset(runner, kernels, settled, { side: BLURS[1] });
  });
  const final = { problem, options, solution: solution!, sign, axisOffset };
  const conventional = await measureConventional(input, setting, problem, options, solution!.state);
  const residuals = await measureResiduals(runner, kernels, problem, options, final.solution.state);
  const uncertainty = await remembered(input)("uncertainty", () =>
    estimateUncertainty(runner, kernels, problem, options, withOpenWidths(final.solution.state), {
      method: config.esd,
      probes: config.probes,
      seed: 1,
      ...(isCancelled && { isCancelled }),
    }),
  );
  if (input.isCancelled?.()) throw new Error("cancelled");
  input.progress?.(1);
  return describeDirect({ input, setting, reduction, ...final, steps, conventional, residuals, uncertainty });
}

function solverOptions({ config, isTransmissionMeasured }: DirectInput): SolverOptions {
  const { regularisation, geometry, rayScale, recipe } = config;
  const isScaled = rayScale === "on" || (rayScale === "auto" && recipe === "reduced" && !isTransmissionMeasured);
  return {
    ...SOLVER_DEFAULTS,
    side: config.blur === "auto" ? BLURS[1] : config.blur,
    rayScale: isScaled,
    geometry: {
      rotationAxis: geometry.rotationAxis === "refined" && recipe === "reduced",
      distance: geometry.distance === "refined" && recipe === "reduced",
    },
    smoothness: {
      cell: regularisation.cell,
      scale: regularisation.scale,
      ...(regularisation.huber !== undefined && { huber: regularisation.huber }),
    },
    steps: config.steps,
    innerSteps: config.innerSteps,
  };
}

/** A width that has settled is an unknown all the same, with an esd. */
const withOpenWidths = (state: SolverState): SolverState => ({
  ...state,
  phases: state.phases.map((phase) => ({ ...phase, isWidthSettled: false })),
});

function coarsened(
  input: DirectInput,
  setting: DirectSetting,
  reduction: Reduction,
  whole: DlsrProblem,
  factor: number,
): DlsrProblem {
  if (factor === 1) return whole;
  const angleStep = Math.max(1, Math.min(factor, Math.floor(whole.geometry.omegaDeg.length / FEWEST_ANGLES)));
  return coarsenProblem(input.kernels, whole, {
    factor,
    angleStep,
    respond: ({ name }, voxels) =>
      respond(input, setting.kept.find((phase) => phase.name === name)!, reduction, setting.depth, voxels),
  });
}
/** Angles that a coarse level keeps, where there are as many. */
const FEWEST_ANGLES = 100;

const withSign = (problem: DlsrProblem, depthSign: 1 | -1): DlsrProblem => ({
  ...problem,
  geometry: { ...problem.geometry, depthSign },
});

/**
 * Cells that start from what an earlier time found: what it added to its conventional map is mostly depth, which is the
 * same now, and what the sample did since is in the conventional map of now. Where it says nothing its median is taken.
 */
function corrected({ earlier }: DirectInput, { start, role }: DirectPhase, phase: DlsrPhase): DlsrPhase {
  const own = earlier?.corrections.get(phase.name);
  if (!own || role.cell !== "spatial") return phase;
  const n = start.cells.length;
  const maps = start.cells.map(({ name }) => {
    const map = own.get(name);
    const known = map?.filter((value, v) => Number.isFinite(value) && start.mask[v] !== 0).sort();
    return { map, median: known && known.length > 0 ? known[known.length >> 1]! : 0 };
  });
  const cells = phase.cells.map((cell, i) => {
    const { map, median } = maps[i % n]!;
    const change = map?.[phase.voxels.index[Math.floor(i / n)]!];
    return cell + (change !== undefined && Number.isFinite(change) ? change : median);
  });
  return { ...phase, cells };
}

function withEarlierGeometry(
  { earlier }: DirectInput,
  state: SolverState,
  factor: number,
  { geometry }: SolverOptions,
): SolverState {
  if (!earlier) return state;
  return {
    ...state,
    rotationAxis: state.rotationAxis + (geometry.rotationAxis ? earlier.rotationAxis / factor : 0),
    distanceMm: state.distanceMm * (geometry.distance ? earlier.distance : 1),
  };
}

/** Which way depth runs, and whether voxels blur the rays: what fits better in a few steps, or was found earlier. */
async function findDepthSense(
  input: DirectInput,
  problem: DlsrProblem,
  start: SolverState,
  options: SolverOptions,
): Promise<{ readonly sign: DepthSignVerdict; readonly options: SolverOptions }> {
  const { kernels, runner, config, isCancelled } = input;
  const few = { ...options, steps: FEW_STEPS };
  const { earlier } = input;
  const given = config.geometry.depthSign === "auto" ? (earlier?.depthSign ?? "auto") : config.geometry.depthSign;
  const none = { asGiven: Number.NaN, reversed: Number.NaN };
  const sign =
    given === "auto"
      ? await remembered(input)("depth-sign", () => compareDepthSigns(runner, kernels, problem, few, isCancelled))
      : { sign: given, chi2: none, isReversed: given === -1, isUndecided: false };
  if (config.blur !== "auto" || isCancelled?.()) return { sign, options };
  if (earlier) return { sign, options: { ...options, side: earlier.blur } };
  const side = await remembered(input)("blur", async () => {
    const chi2: number[] = [];
    for (const side of BLURS) {
      const turned = withSign(problem, sign.sign);
      const hooks = { start, ...(isCancelled && { isCancelled }) };
      chi2.push((await solveDlsr(runner, kernels, turned, { ...few, side }, hooks)).chi2);
    }
    return BLURS[chi2[1]! < chi2[0]! ? 1 : 0];
  });
  return { sign, options: { ...options, side } };
}

/** Of no voxel, and of one that fills its square evenly: a box of a step has the variance 1/12, half of it to each side. */
const BLURS = [0, 1 / 24] as const;

const remembered =
  ({ remember }: DirectInput) =>
  <T>(name: string, compute: () => Promise<T>): Promise<T> =>
    remember ? remember(name, compute) : compute();

interface KeptSolve {
  readonly state: SolverState;
  readonly history: DlsrSolution["history"];
  readonly solution?: DlsrSolution;
}

/** Keeps its state after every step, and goes on from the last one that was kept. */
async function solveKept(
  input: DirectInput,
  name: string,
  problem: DlsrProblem,
  options: SolverOptions,
  start: SolverState,
  work: Progress,
): Promise<DlsrSolution> {
  const kept = input.checkpoint?.<KeptSolve>(name);
  if (kept?.last?.solution) {
    work.advance(name);
    return kept.last.solution;
  }
  const history = [...(kept?.last?.history ?? [])];
  const solution = await solveDlsr(input.runner, input.kernels, problem, options, {
    start: kept?.last?.state ?? start,
    onStep(report, state) {
      history.push(report);
      kept?.keep({ state, history });
      work.within(name, report.step / options.steps, problem);
      input.onStep?.(imagesOf(problem, report.step, state));
    },
    ...(input.isCancelled && { isCancelled: input.isCancelled }),
  });
  if (solution.status === "cancelled") throw new Error("cancelled");
  const whole = { ...solution, history };
  kept?.keep({ state: solution.state, history, solution: whole });
  work.advance(name, problem);
  return whole;
}

/** Maps of what is refined in voxels, as a step has left them. */
function imagesOf({ phases, geometry }: DlsrProblem, step: number, state: SolverState): StepImages {
  const { size, translations } = geometry;
  const image = ({ voxels }: DlsrPhase, of: (v: number) => number): Float64Array => {
    const values = new Float64Array(size * size).fill(Number.NaN);
    for (let v = 0; v < voxels.count; v++) values[voxels.index[v]!] = of(v);
    return values;
  };
  const maps = phases.flatMap((phase, p) => {
    const { cells, scale } = state.phases[p]!;
    const { cellNames } = phase.response;
    const spatial = phase.cell === "spatial" ? cellNames : [];
    return [
      ...spatial.map((name, i) => ({
        name: `${phase.name}/${name}`,
        unit: /^[abc]$/.test(name) ? "Å" : "°",
        values: image(phase, (v) => cells[v * cellNames.length + i]!),
      })),
      ...(phase.scaleMap === "refined"
        ? [{ name: `${phase.name}/scale`, unit: "", values: image(phase, (v) => scale[v]!) }]
        : []),
    ];
  });
  return { level: `${translations} translations`, step, size, maps };
}

/** Widths as they were found, where a solution was remembered and the tables never had them. */
function placeWidths({ phases }: DlsrProblem, state: SolverState): void {
  phases.forEach(({ response }, p) => {
    const { width } = state.phases[p]!;
    if (response.width !== width) response.retabulate({ width });
  });
}

/** Tables with the intensities and widths as they now are. */
function retabulate({ kept }: DirectSetting, problem: DlsrProblem, state: SolverState): void {
  problem.phases.forEach(({ response, name }, p) => {
    const { intensities } = kept.find((phase) => phase.name === name)!;
    response.retabulate({ intensities, width: state.phases[p]!.width });
  });
}

/**
 * Conventional maps as they are meant, without depth unless it was undone in them; widths and axis as found, so that
 * only the maps are compared.
 */
function measureConventional(
  { kernels, runner, isParallaxUndone }: DirectInput,
  { kept }: DirectSetting,
  problem: DlsrProblem,
  options: SolverOptions,
  solved: SolverState,
): Promise<Residuals> {
  const distanceMm = isParallaxUndone ? solved.distanceMm : NO_PARALLAX_MM;
  const startOf = (name: string) => kept.find((phase) => phase.name === name)!;
  // an earlier reconstruction may have moved the cells that this one started from
  const own = problem.phases.map((phase) => ({ ...phase, cells: startCells(startOf(phase.name), phase) }));
  const meant = { ...problem, phases: own, geometry: { ...problem.geometry, distanceMm } };
  const state = startState(meant, options.damping);
  const phases = state.phases.map((phase, p) => {
    const { name, voxels } = problem.phases[p]!;
    const { start } = startOf(name);
    const scale = Float64Array.from(voxels.index, (at) => start.scale[at]!);
    return { ...phase, scale, lnScale: solved.phases[p]!.lnScale, width: solved.phases[p]!.width };
  });
  return measureResiduals(runner, kernels, meant, options, { ...state, phases, rotationAxis: solved.rotationAxis });
}

/** Of the conventional map, on the scan's own voxels. */
const startCells = ({ start, role }: DirectPhase, { cells, voxels }: DlsrPhase): Float64Array =>
  role.cell === "spatial"
    ? cells.map(
        (_, i) => start.cells[i % start.cells.length]!.values[voxels.index[Math.floor(i / start.cells.length)]!]!,
      )
    : cells;

interface Progress {
  advance(name: string, problem?: DlsrProblem): void;
  within(name: string, share: number, problem: DlsrProblem): void;
}

/** Most of the work is on the finest level. */
function createProgress({ progress }: DirectInput, whole: DlsrProblem): Progress {
  let done = 0.02;
  const shareOf = (problem: DlsrProblem | undefined): number =>
    problem ? 0.7 * (problem.geometry.translations / whole.geometry.translations) ** 3 : 0.05;
  const tell = (value: number): void => progress?.(Math.min(0.98, value));
  tell(done);
  return {
    advance(_, problem) {
      done = Math.min(0.9, done + shareOf(problem));
      tell(done);
    },
    within: (_, share, problem) => tell(done + share * shareOf(problem)),
  };
}
