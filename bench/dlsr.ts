/**
 * The acceptance criteria of direct least-squares reconstruction on simulated scans, each with its figure, and a
 * problem of the size of TOPAS 8's bundled example.
 *
 * `npm run bench -- dlsr [accuracy | geometry | standard | equivalence | topas]`; without a part all but equivalence,
 * whose dense solver takes minutes.
 */
import { builtInStructure } from "../src/crystal/index.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { findAxisOffset } from "../src/stages/dlsr/axis-offset.ts";
import { SOLVER_DEFAULTS, solveDlsr } from "../src/stages/dlsr/gauss-newton.ts";
import { compareDepthSigns } from "../src/stages/dlsr/geometry-search.ts";
import { divideByStandard, standardShift } from "../src/stages/dlsr/internal-standard.ts";
import { serialRunner } from "../src/stages/dlsr/runner.ts";
import { estimateUncertainty } from "../src/stages/dlsr/uncertainty.ts";
import { compareSolvers } from "../tests/dlsr/equivalence.ts";
import { cachedRays } from "../tests/dlsr/phantom-cache.ts";
import type { PhantomName, PhantomOptions } from "../tests/dlsr/phantoms.ts";
import { SPATIAL } from "../tests/dlsr/phantoms.ts";
import { mapError, type ReducedPhantom, reducePhantom } from "../tests/dlsr/reduced-phantom.ts";
import { type CaseOptions, type CaseResult, runCase } from "../tests/dlsr/run-case.ts";
import { runDirect } from "../tests/dlsr/run-direct.ts";
import { stateMaps, type WiredPhase, wireProblem } from "../tests/dlsr/wired-problem.ts";
import { report } from "./common.ts";

const kernels = loadKernels();
const runner = serialRunner(kernels);
const A = { size: 137, angles: 200 };
const B = { size: 101, angles: 150 };

/** One criterion: met where the value is at most the bound. */
function judge(criterion: string, what: string, value: number, bound: number): void {
  report({ bench: "dlsr", criterion, what, value, bound, verdict: value <= bound ? "PASS" : "FAIL" });
}

/** Runs a case and gives back the arena when it has been looked at. */
async function withCase(
  phantom: PhantomName,
  scan: PhantomOptions,
  options: CaseOptions,
  look: (result: CaseResult) => void | Promise<void>,
): Promise<void> {
  const mark = kernels.arena.mark();
  const rays = cachedRays(phantom, scan);
  await look(await runCase(kernels, runner, rays.scan, rays.data, options));
  kernels.arena.release(mark);
}

async function accuracy(): Promise<void> {
  await withCase("jelly-roll", A, {}, ({ conventional, direct, reduced, cpuSeconds }) => {
    for (const { parameter, share } of reduced.reduction.retained) {
      judge("12.3", `precision lost by ${parameter}, K = 32`, 1 - share, 0.04);
    }
    judge("12.5", "c rms, angstrom", direct.c.rms, 0.003);
    judge("12.5", "c median error, angstrom", direct.c.median, 0.002);
    judge("12.5", "c |bias|, angstrom", Math.abs(direct.c.bias), 2e-4);
    judge("12.5", "a rms, angstrom", direct.a.rms, 4.5e-4);
    judge("12.5", "c |slope - 1|", Math.abs(direct.c.slope - 1), 0.01);
    judge("12.5", "c rms over the conventional one", direct.c.rms / conventional.c.rms, 0.5);
    report({ bench: "dlsr", what: "137 x 137 x 200", conventionalRms: conventional.c.rms, cpuSeconds });
  });
  await withCase("grain", B, {}, ({ conventional, direct, problem }) => {
    const expected = (-2 * 4 * 14.42) / (Math.PI * problem.geometry.distanceMm);
    judge(
      "12.5",
      "grain: conventional bias of c over -2x/(pi L), less 1",
      Math.abs(conventional.c.bulkBias / expected - 1),
      0.05,
    );
    judge("12.5", "grain: c |bias|, angstrom", Math.abs(direct.c.bias), 5e-4);
  });
  const chi2: number[] = [];
  for (const start of [undefined, [2.845, 14.4], [2.83, 14.5]] as const) {
    const solver = { steps: 8 };
    await withCase("jelly-roll", B, { solver, ...(start && { start }) }, ({ solution }) => {
      chi2.push(solution.chi2);
    });
  }
  judge(
    "12.9",
    "chi2 of constant starts over that of the conventional one, less 1",
    Math.max(Math.abs(chi2[1]! / chi2[0]! - 1), Math.abs(chi2[2]! / chi2[0]! - 1)),
    0.005,
  );
}

async function geometry(): Promise<void> {
  // maps start from what back-projection with the same axis gives; solved for with them the axis hardly moves
  const chi2: number[] = [];
  for (const axisError of [-0.3, 0, 0.3]) {
    await withCase("jelly-roll", B, { axisError: 0.1 + axisError }, ({ solution }) => {
      chi2.push(solution.chi2);
    });
  }
  const [below, middle, above] = chi2 as [number, number, number];
  const found = 0.1 + (0.3 * (below - above)) / (2 * (below - 2 * middle + above));
  judge("12.7", "axis by a parabola through chi2 at -0.2, 0.1, 0.4, error in steps", Math.abs(found), 0.05);
  await withCase("jelly-roll", B, { axisError: 0.4, solver: { steps: 0 } }, async ({ problem }) => {
    const { offset, esd } = (await findAxisOffset(runner, kernels, problem, SOLVER_DEFAULTS))!;
    report({ bench: "dlsr", what: "axis 0.4 steps off, by centres of mass", offset, esd });
    judge("12.7", "axis by centres of mass, error in steps", Math.abs(offset + 0.4), 0.05);
  });
  const free = { geometry: { rotationAxis: false, distance: true }, steps: 8 };
  await withCase("jelly-roll", A, { distanceMm: 1020, refinesWidth: true, solver: free }, ({ solution, reduced }) => {
    const { distanceMm } = solution.state;
    judge("12.7", "distance from 2 % off, relative error", Math.abs(distanceMm / reduced.scan.distanceMm - 1), 0.005);
  });
  await withCase("jelly-roll", A, { depthSign: -1, solver: { steps: 1 } }, async ({ problem }) => {
    const verdict = await compareDepthSigns(runner, kernels, problem, { ...SOLVER_DEFAULTS, steps: 3, innerSteps: 10 });
    report({ bench: "dlsr", what: "depth given the wrong way", ...verdict.chi2, sign: verdict.sign });
    judge("12.7", "depth given the wrong way is not noticed", verdict.isReversed ? 0 : 1, 0);
  });
  const { scan, data } = cachedRays("jelly-roll", B);
  const right = await runDirect(kernels, runner, scan, data, { config: { esd: "diagonal" } });
  const texture = { NMC532: 0.9, graphite: 0.9 };
  const wrong = await runDirect(kernels, runner, scan, data, { model: { texture }, config: { esd: "diagonal" } });
  judge("12.7", "c rms after 15 % wrong intensities over the baseline's", wrong.direct.c.rms / right.direct.c.rms, 1.2);
}

async function standard(): Promise<void> {
  const names = ["Cu", "Al", "Fe"];
  await withCase(
    "jelly-roll",
    { ...B, depthOffsetMm: 0.5 },
    { global: names, solver: { steps: 8 } },
    async (result) => {
      const { problem, solution, maps, reduced } = result;
      const uncertainty = await estimateUncertainty(runner, kernels, problem, SOLVER_DEFAULTS, solution.state, {
        method: "diagonal",
        probes: 2,
        seed: 1,
      });
      const { fraction, c } = reduced.scan.truth[SPATIAL]!;
      report({ bench: "dlsr", what: "axis 0.5 mm along the beam: c bias before", value: result.direct.c.bias });
      names.forEach((name) => {
        const p = problem.phases.findIndex((phase) => phase.name === name);
        const truth = [builtInStructure(name).cell.a];
        const shift = standardShift(solution.state.phases[p]!.cells, uncertainty.phases[p]!.cells, truth)!;
        judge("12.8", `shift of ${name} less 0.05 %`, Math.abs(shift.shift - 5e-4), 2e-5);
        const corrected = divideByStandard(maps.c, maps.c, shift).cells;
        judge("12.8", `c |bias| by ${name}, angstrom`, Math.abs(mapError(corrected, c, fraction).bias), 5e-4);
      });
    },
  );
}

async function equivalence(): Promise<void> {
  const { scan, data } = cachedRays("jelly-roll", { size: 40, angles: 30 });
  const options = { terms: [16, 24, 32, 48, 96], least: 0.03, refinesScale: true, denseSteps: 2 };
  const { dense, comparisons, voxels } = await compareSolvers(kernels, scan, data, options);
  report({
    bench: "dlsr",
    what: "dense solver",
    voxels,
    chi2: dense.chi2,
    largestStep: dense.largestStep.join(" "),
    objective: dense.objective.join(" "),
  });
  for (const { terms, aInSigma, cInSigma, a, c } of comparisons) {
    report({ bench: "dlsr", what: `from the dense solution, K = ${terms}`, a, c, aInSigma, cInSigma });
    if (terms === 32) judge("12.4", "K = 32, posterior deviations", Math.max(aInSigma, cInSigma), 0.5);
    if (terms === 48) judge("12.4", "K = 48, posterior deviations", Math.max(aInSigma, cInSigma), 0.3);
  }
}

/**
 * About 1,000 voxels of three phases, scale and cell of each, from 2,009 patterns; 20 outer steps at most. Everything
 * starts from one value for all voxels.
 */
async function topas(): Promise<void> {
  const { scan, data } = cachedRays("powders", { size: 41, angles: 49, subVoxels: 2 });
  const names = Object.keys(scan.truth);
  const wall = performance.now();
  const cpu = process.cpuUsage();
  const reduced = reducePhantom(kernels, scan, data, {
    roles: Object.fromEntries(names.map((name) => [name, "spatial" as const])),
  });
  const flat = (value: number): Float64Array => new Float64Array(scan.translations ** 2).fill(value);
  const mask = scan.truth[names[0]!]!.fraction.map((value) => (value > 0.01 ? 1 : 0));
  const phases: Record<string, WiredPhase> = {};
  for (const name of names) {
    const [a, c = 0] = reduced.lines[name]!.cell;
    phases[name] = {
      cell: "spatial",
      start: { scale: flat(startScale(reduced, name, mask)), a: flat(a!), c: flat(c), mask },
    };
  }
  const problem = wireProblem(kernels, reduced, { phases });
  const prepared = performance.now() - wall;
  const solution = await solveDlsr(runner, kernels, problem, { ...SOLVER_DEFAULTS, rayScale: false, steps: 20 });
  const seconds = (performance.now() - wall) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  report({
    bench: "dlsr",
    what: "three phases, scale and cell of each voxel",
    voxels: mask.reduce((sum, inside) => sum + inside, 0),
    unknowns: problem.phases.reduce(
      (sum, { voxels, response }) => sum + voxels.count * (1 + response.cellNames.length),
      0,
    ),
    patterns: scan.omegaDeg.length * scan.translations,
    steps: solution.history.length,
    innerSteps: solution.history.reduce((sum, { cgIterations }) => sum + cgIterations, 0),
    startChi2: solution.startChi2,
    chi2: solution.chi2,
    status: solution.status,
    preparedSeconds: prepared / 1e3,
    seconds,
    cpuSeconds,
    peakMB: process.resourceUsage().maxRSS / 1024,
  });
  for (const name of names) {
    const { fraction, a, c } = scan.truth[name]!;
    const maps = stateMaps(problem, solution.state, name);
    const { rms, bias, slope } = mapError(maps.a, a, fraction);
    report({ bench: "dlsr", what: `${name}, a`, rms, bias, slope });
    if (reduced.lines[name]!.cellNames.includes("c")) {
      report({ bench: "dlsr", what: `${name}, c`, ...mapError(maps.c, c, fraction) });
    }
  }
  judge("TOPAS size", "CPU seconds on one thread, all", cpuSeconds, 5);
}

/** What a voxel has on average, from the sum of all reduced rays. */
function startScale({ lines, reduction, rays, scan }: ReducedPhantom, phase: string, mask: ArrayLike<number>): number {
  const { terms, exact } = reduction;
  const own = lines[phase]!;
  const pattern = new Float64Array(scan.twoThetaDeg.length);
  own.addPattern(own.cell, 0, 1, pattern);
  let [cross, square] = [0, 0];
  const psi = new Float64Array(terms);
  for (let j = 0; j < pattern.length; j++)
    for (let k = 0; k < terms; k++) psi[k]! += pattern[j]! * exact[j * terms + k]!;
  for (let k = 0; k < terms; k++) {
    let sum = 0;
    for (let ray = 0; ray < rays.length; ray += terms) sum += rays[ray + k]!;
    cross += psi[k]! * sum;
    square += psi[k]! ** 2;
  }
  const voxels = Array.from(mask).reduce((sum, inside) => sum + inside, 0);
  return cross / square / voxels / scan.omegaDeg.length;
}

const PARTS = { accuracy, geometry, standard, topas, equivalence };
const wanted = process.argv[3];
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted === name || (wanted === undefined && name !== "equivalence")) await part();
}
