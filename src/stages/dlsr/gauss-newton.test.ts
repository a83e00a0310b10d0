import { beforeAll, describe, expect, it } from "vitest";
import {
  CUBIC,
  createGaussianLevels,
  inDisc,
  LAYERED,
  type MadePart,
  type MadeScan,
  makeData,
  makeProblem,
  type PhaseChoice,
  SCAN,
} from "../../../tests/dlsr/gaussian-problem.ts";
import { STATUS } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { type DlsrSolution, SOLVER_DEFAULTS, type SolverOptions, solveDlsr } from "./gauss-newton.ts";
import { compareDepthSigns } from "./geometry-search.ts";
import { coarsenProblem, refineState } from "./levels.ts";
import { measureResiduals } from "./residual-map.ts";
import { type ProductRunner, runProduct, serialRunner } from "./runner.ts";
import type { DlsrProblem } from "./types.ts";
import { estimateUncertainty } from "./uncertainty.ts";
import { type SolverState, startState } from "./unknowns.ts";
import { phaseMaps } from "./voxel-status.ts";

const mask = inDisc(SCAN.size);
const OPTIONS: SolverOptions = {
  ...SOLVER_DEFAULTS,
  rayScale: false,
  smoothness: { cell: 0.003, scale: 0.003 },
  steps: 8,
};
const layered: MadePart = {
  made: LAYERED,
  scale: (x, y) => 1 + 0.03 * x + 0.02 * y,
  cell: (x, y) => [2.84 * (1 + 2e-4 * x), 14.4 * (1 - 3e-4 * y)],
};
const cubic: MadePart = { made: CUBIC, scale: (x) => 0.8 + 0.02 * x, cell: () => [3.6 * 1.001] };
const both = [layered, cubic];
const choices: PhaseChoice[] = [{ made: LAYERED }, { made: CUBIC, cell: "global" }];

let kernels: Kernels;
beforeAll(() => {
  kernels = loadKernels({ build: "simd" });
});

const problemOf = (parts: MadePart[], of: PhaseChoice[], scan: MadeScan = SCAN, inMask = mask): DlsrProblem =>
  makeProblem(kernels, scan, makeData(scan, parts, inMask), inMask, of);
const solve = (
  problem: DlsrProblem,
  options: Partial<SolverOptions> = {},
  hooks = {},
  runner = serialRunner(kernels),
) => solveDlsr(runner, kernels, problem, { ...OPTIONS, ...options }, hooks);

/** Root mean square relative error of a phase's cells, and of its scale. */
function errors(problem: DlsrProblem, state: SolverState, part: MadePart, phase = 0): number[] {
  const { voxels } = problem.phases[phase]!;
  const { cells, scale, lnScale } = state.phases[phase]!;
  const n = part.made.cell0.length;
  const sums = new Array<number>(n + 1).fill(0);
  for (let v = 0; v < voxels.count; v++) {
    const [x, y] = [voxels.places[2 * v]!, voxels.places[2 * v + 1]!];
    part.cell(x, y).forEach((truth, i) => {
      const found = cells.length === n ? cells[i]! : cells[v * n + i]!;
      sums[i] = sums[i]! + (found / truth - 1) ** 2 / voxels.count;
    });
    sums[n] = sums[n]! + ((Math.exp(lnScale) * scale[v]!) / part.scale(x, y) - 1) ** 2 / voxels.count;
  }
  return sums.map(Math.sqrt);
}

describe("solveDlsr", () => {
  it("finds cells within their uncertainty, from a constant start", async () => {
    const problem = problemOf([layered], [{ made: LAYERED }]);
    const solution = await solve(problem);
    const uncertainty = await estimateUncertainty(serialRunner(kernels), kernels, problem, OPTIONS, solution.state, {
      method: "scaled",
      probes: 2,
      seed: 1,
      // ramps have no detail that smoothing takes away
      withDetail: false,
    });
    expect(solution.startChi2).toBeGreaterThan(20);
    // 8448 numbers less what 828 unknowns take, some of them held by smoothness
    expect(solution.chi2).toBeGreaterThan(0.85);
    expect(solution.chi2).toBeLessThan(1);
    const maps = phaseMaps(problem, OPTIONS.geometry, solution, uncertainty)[0]!;
    const { voxels } = problem.phases[0]!;
    for (let i = 0; i < 2; i++) {
      let sum = 0;
      voxels.index.forEach((at, v) => {
        const truth = layered.cell(voxels.places[2 * v]!, voxels.places[2 * v + 1]!)[i]!;
        sum += ((maps.cells[i]![at]! - truth) / maps.cellEsd[i]![at]!) ** 2;
      });
      const normalised = Math.sqrt(sum / voxels.count);
      expect(normalised).toBeGreaterThan(0.8);
      expect(normalised).toBeLessThan(1.25);
    }
    expect(maps.status[0]).toBe(STATUS.notFitted);
    expect(new Set(maps.status)).toEqual(new Set([STATUS.notFitted, STATUS.converged]));
  });

  it("comes to the same fit from a start far off", async () => {
    const near = problemOf(both, choices);
    const cells = Float64Array.from(near.phases[0]!.cells, (x, i) => x * (i % 2 === 0 ? 1.004 : 0.995));
    const far = { ...near, phases: [{ ...near.phases[0]!, cells }, near.phases[1]!] };
    const [one, two] = [await solve(near, { steps: 10 }), await solve(far, { steps: 10 })];
    expect(two.startChi2).toBeGreaterThan(1.1 * one.startChi2);
    expect(Math.abs(two.chi2 / one.chi2 - 1)).toBeLessThan(5e-3);
  });

  it("takes one cell for all of a phase beside maps of another", async () => {
    const problem = problemOf(both, choices);
    const { state } = await solve(problem);
    const [a, c] = errors(problem, state, layered);
    expect(a).toBeLessThan(1.2e-4);
    expect(c).toBeLessThan(1.2e-4);
    expect(errors(problem, state, cubic, 1)[0]).toBeLessThan(5e-6);
  });

  it("refines two phases with maps of cells at once", async () => {
    const varying: MadePart = { ...cubic, cell: (x, y) => [3.6 * (1 + 1e-4 * (x + y))] };
    const problem = problemOf([layered, varying], [{ made: LAYERED }, { made: CUBIC }]);
    const { state, chi2 } = await solve(problem);
    expect(chi2).toBeLessThan(1);
    for (const error of errors(problem, state, layered).slice(0, 2)) expect(error).toBeLessThan(2e-4);
    expect(errors(problem, state, varying, 1)[0]).toBeLessThan(2e-4);
  });

  it("does not mind a phase that is nowhere", async () => {
    const empty = new Float64Array(mask.reduce((sum, inside) => sum + inside, 0));
    const problem = problemOf(
      [layered],
      [
        { made: LAYERED },
        { made: CUBIC, cell: "global", scaleMap: "frozen", hasGlobalScale: true, refinesWidth: true, scale: empty },
        { made: { ...CUBIC, name: "empty" }, scaleMap: "frozen", scale: empty },
      ],
    );
    const { state, chi2 } = await solve(problem);
    expect(chi2).toBeLessThan(1);
    expect(errors(problem, state, layered)[1]).toBeLessThan(1e-4);
    expect([...state.phases[2]!.cells].every(Number.isFinite)).toBe(true);
  });

  it("solves by the published recipe: scale maps as they are, one factor a phase, one map of cells", async () => {
    const problem = problemOf(both, [
      { made: LAYERED, scaleMap: "frozen", hasGlobalScale: true },
      { made: CUBIC, cell: "global", scaleMap: "frozen", hasGlobalScale: true },
    ]);
    const given = problem.phases.map((phase, p) => {
      const { places, count } = phase.voxels;
      const scale = Float64Array.from({ length: count }, (_, v) => both[p]!.scale(places[2 * v]!, places[2 * v + 1]!));
      return { ...phase, scale: scale.map((w) => 0.7 * w) };
    });
    const { state, chi2 } = await solve({ ...problem, phases: given });
    expect(chi2).toBeLessThan(1);
    expect(Math.exp(state.phases[0]!.lnScale)).toBeCloseTo(1 / 0.7, 3);
    expect(Math.exp(state.phases[1]!.lnScale)).toBeCloseTo(1 / 0.7, 3);
    expect(errors(problem, state, layered)[1]).toBeLessThan(1e-4);
  });

  it("finds line widths that the table does not have", async () => {
    const problem = problemOf(
      [
        { ...layered, width: 1.05 },
        { ...cubic, width: 0.96 },
      ],
      choices.map((choice) => ({ ...choice, refinesWidth: true })),
    );
    const { state } = await solve(problem);
    expect(state.phases[0]!.width).toBeCloseTo(1.05, 2);
    expect(state.phases[1]!.width).toBeCloseTo(0.96, 2);
  });

  it("takes factors of rays out of the fit", async () => {
    const rayFactor = (a: number, j: number): number => 0.8 + 0.3 * Math.sin(7 * a + 3 * j);
    const frozen: PhaseChoice[] = [
      { made: LAYERED, scaleMap: "frozen" },
      { made: CUBIC, cell: "global" },
    ];
    const problem = problemOf([{ ...layered, scale: () => 1 }, cubic], frozen, { ...SCAN, rayFactor });
    const plain = await solve(problem);
    const scaled = await solve(problem, { rayScale: true });
    expect(scaled.chi2).toBeLessThan(1);
    expect(plain.chi2).toBeGreaterThan(20);
    expect(errors(problem, scaled.state, layered)[1]).toBeLessThan(1.5e-4);
  });

  it("keeps the start's scales where free factors of rays leave them open", async () => {
    // one phase: any common factor of a ray's voxels is as good as any other
    const even = { ...layered, scale: () => 1 };
    const problem = problemOf([even], [{ made: LAYERED }]);
    const { state, chi2 } = await solve(problem, { rayScale: true });
    expect(chi2).toBeLessThan(1);
    expect(errors(problem, state, even)[2]).toBeLessThan(0.03);
  });
});

describe("geometry", () => {
  it("finds rotation axis and distance", async () => {
    const problem = problemOf(both, choices);
    const geometry = { ...problem.geometry, rotationAxis: 11.7, distanceMm: 540 };
    const options = { geometry: { rotationAxis: true, distance: true } };
    const { state } = await solve({ ...problem, geometry }, options);
    expect(Math.abs(state.rotationAxis - SCAN.rotationAxis)).toBeLessThan(2e-3);
    expect(Math.abs(state.distanceMm / SCAN.distanceMm - 1)).toBeLessThan(5e-3);
  });

  it.each([1, -1] as const)("tells which way depth runs: %d", async (depthSign) => {
    const problem = problemOf(both, choices, { ...SCAN, depthSign });
    const wrong = { ...problem, geometry: { ...problem.geometry, depthSign: depthSign === 1 ? -1 : 1 } as const };
    const options = { ...OPTIONS, steps: 3 };
    const verdict = await compareDepthSigns(serialRunner(kernels), kernels, wrong, options);
    expect(verdict).toMatchObject({ sign: depthSign, isReversed: true, isUndecided: false });
    expect(verdict.chi2.asGiven).toBeGreaterThan(3 * verdict.chi2.reversed);
  });

  it("tells the same whichever is tried first, though a solution leaves its width behind", async () => {
    const options = { ...OPTIONS, steps: 2 };
    const chi2Of = async (depthSign: 1 | -1) => {
      const problem = problemOf([{ ...layered, width: 1.05 }], [{ made: LAYERED, refinesWidth: true }]);
      const turned = { ...problem, geometry: { ...problem.geometry, depthSign } };
      return (await compareDepthSigns(serialRunner(kernels), kernels, turned, options)).chi2;
    };
    const [first, second] = [await chi2Of(1), await chi2Of(-1)];
    expect(second).toEqual({ asGiven: first.reversed, reversed: first.asGiven });
  });

  it("says that it cannot tell where there is no depth to speak of", async () => {
    const flat = { ...SCAN, distanceMm: 1e7 };
    const verdict = await compareDepthSigns(serialRunner(kernels), kernels, problemOf(both, choices, flat), {
      ...OPTIONS,
      steps: 2,
    });
    expect(verdict).toMatchObject({ sign: 1, isReversed: false, isUndecided: true });
  });

  it.each([
    ["dlsr-axis", { rotationAxis: -0.5 }, /translation -0.5, outside the scan, which has translations 0 to 23/],
    ["dlsr-depth", { stepMm: 0.5 }, /layered lie up to .* mm from the rotation axis, but .* tabulated to depths/],
  ])("refuses with %s what it cannot solve", async (code, change, message) => {
    const problem = problemOf([layered], [{ made: LAYERED }]);
    const wrong = { ...problem, geometry: { ...problem.geometry, ...change } };
    await expect(solve(wrong)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuses a problem without any phase that is anywhere", async () => {
    const problem = problemOf([layered], [{ made: LAYERED }]);
    const scale = problem.phases[0]!.scale.map(() => 0);
    const wrong = { ...problem, phases: [{ ...problem.phases[0]!, scale }] };
    await expect(solve(wrong)).rejects.toMatchObject({ code: "dlsr-no-signal" });
  });
});

describe("the way there", () => {
  const small = { ...SCAN, size: 12, translations: 16, rotationAxis: 7.6, angles: 17, stepMm: 0.4 };
  const smallProblem = (seed = 1): DlsrProblem => {
    const disc = inDisc(small.size);
    const data = makeData(small, both, disc, seed);
    return makeProblem(kernels, small, data, disc, [{ made: LAYERED, refinesWidth: true }, choices[1]!]);
  };
  const options = { geometry: { rotationAxis: true, distance: true }, steps: 4 };

  it("goes on from a kept state to the same bits", async () => {
    const states: SolverState[] = [];
    const whole = await solve(smallProblem(), options, {
      onStep: (_: unknown, state: SolverState) => void states.push(structuredClone(state)),
    });
    const resumed = await solve(smallProblem(), options, { start: states[1] });
    expect(resumed.state).toEqual(whole.state);
    expect(resumed.chi2).toBe(whole.chi2);
  });

  it("gives the same bits however products are split", async () => {
    const split: ProductRunner = async (job, items) => {
      const cuts = [0, Math.ceil(items / 7), Math.ceil(items / 2), items];
      for (let part = cuts.length - 2; part >= 0; part--) runProduct(kernels, job, cuts[part]!, cuts[part + 1]!);
    };
    const whole = await solve(smallProblem(), options);
    const parts = await solve(smallProblem(), options, {}, split);
    expect(parts.state).toEqual(whole.state);
  });

  it("reports every step, and stops when it is told to", async () => {
    const steps: number[] = [];
    let objective = Infinity;
    const solution: DlsrSolution = await solve(smallProblem(), options, {
      onStep: (report: DlsrSolution["history"][number]) => {
        expect(report.objective).toBeLessThan(objective);
        objective = report.objective;
        steps.push(report.step);
      },
      isCancelled: () => steps.length === 2,
    });
    expect(steps).toEqual([1, 2]);
    expect(solution.status).toBe("cancelled");
    expect(solution.state.step).toBe(2);
  });

  it("stops by itself where nothing is left to gain", async () => {
    const solution = await solve(smallProblem(), { ...options, steps: 40, innerSteps: 60, innerTolerance: 1e-3 });
    expect(solution.status).toBe("converged");
    expect(solution.history.length).toBeLessThan(20);
  });

  it("leaves out rays of which the variance or a number is not known", async () => {
    const problem = smallProblem();
    for (let ray = 0; ray < 30; ray++) problem.rayVariance[3 * ray] = Number.POSITIVE_INFINITY;
    problem.data[16 * 3] = Number.NaN;
    problem.data[16 * 40 + 5] = Number.NaN;
    const solution = await solve(problem, options);
    expect(solution.chi2).toBeLessThan(1);
    const residuals = await measureResiduals(serialRunner(kernels), kernels, problem, OPTIONS, solution.state);
    expect(residuals.rayChi2[3]).toBeNaN();
    expect(residuals.rayChi2[40]).toBeNaN();
    expect(residuals.rayChi2[41]).toBeGreaterThan(0);
  });

  it("probes uncertainties that are the spread of solutions of other noise", async () => {
    const cells: Float64Array[] = [];
    const [first, ...others] = Array.from({ length: 16 }, (_, seed) => smallProblem(seed + 1));
    const fitted = { ...options, smoothness: { cell: 0.03, scale: 0.03 }, steps: 7 };
    const one = await solve(first!, fitted);
    for (const problem of others) {
      const penalties = one.state.penalties;
      const { state } = await solve(problem, fitted, {
        start: { ...startState(problem, 1e-4), ...one.state, step: 3, penalties },
      });
      cells.push(state.phases[0]!.cells);
    }
    const { phases } = await estimateUncertainty(
      serialRunner(kernels),
      kernels,
      first!,
      { ...OPTIONS, ...fitted },
      one.state,
      { method: "probing", probes: 16, seed: 3, withDetail: false },
    );
    for (let i = 0; i < 2; i++) {
      let [spread, probed] = [0, 0];
      for (let at = i; at < cells[0]!.length; at += 2) {
        const mean = cells.reduce((sum, of) => sum + of[at]! / cells.length, 0);
        spread += cells.reduce((sum, of) => sum + (of[at]! - mean) ** 2, 0) / (cells.length - 1);
        probed += phases[0]!.cells[at]! ** 2;
      }
      expect(Math.sqrt(probed / spread)).toBeGreaterThan(0.85);
      expect(Math.sqrt(probed / spread)).toBeLessThan(1.15);
    }
  });

  it("shows in a map of residuals where maps are wrong", async () => {
    const problem = smallProblem();
    const { state } = await solve(problem, options);
    const at = 60;
    const wrong = structuredClone(state);
    wrong.phases[0]!.cells[2 * at] = wrong.phases[0]!.cells[2 * at]! * 1.004;
    const good = await measureResiduals(serialRunner(kernels), kernels, problem, OPTIONS, state);
    const bad = await measureResiduals(serialRunner(kernels), kernels, problem, OPTIONS, wrong);
    expect(bad.chi2).toBeGreaterThan(good.chi2);
    const rise = bad.rwp.map((value, i) => value - good.rwp[i]!);
    const highest = rise.reduce((best, value, i) => (value > (rise[best] || 0) ? i : best), 0);
    expect(highest).toBe(problem.phases[0]!.voxels.index[at]);
  });
});

describe("coarse to fine", () => {
  it("starts the fine problem near its solution", async () => {
    const scan = { ...SCAN, size: 21, translations: 25, rotationAxis: 12.2 };
    const problem = problemOf(both, choices, scan, inDisc(21, 9.5));
    const respond = createGaussianLevels(kernels);
    const coarse = coarsenProblem(kernels, problem, { factor: 2, angleStep: 1, respond });
    const geometry = { rotationAxis: true, distance: false };
    const wrongAxis = { ...coarse, geometry: { ...coarse.geometry, rotationAxis: coarse.geometry.rotationAxis + 0.2 } };
    const solved = await solve(wrongAxis, { geometry });
    expect(solved.chi2).toBeLessThan(0.02 * solved.startChi2);
    const start = refineState(problem, wrongAxis, solved.state, 2, 1e-3);
    expect(Math.abs(start.rotationAxis - 12.2)).toBeLessThan(0.02);
    expect(errors(problem, start, layered)[1]).toBeLessThan(4e-4);
    const fine = await solve(problem, { steps: 2, geometry }, { start });
    const cold = await solve(problem, { steps: 2, geometry });
    expect(fine.chi2).toBeLessThan(1.05);
    expect(fine.startChi2).toBeLessThan(0.2 * cold.startChi2);
  });
});
