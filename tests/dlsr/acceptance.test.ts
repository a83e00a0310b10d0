/** Accuracy, geometry, standards and starts on small scans; bench/dlsr.ts has them at full size. */
import { expect, it } from "vitest";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { SOLVER_DEFAULTS } from "../../src/stages/dlsr/gauss-newton.ts";
import { compareDepthSigns } from "../../src/stages/dlsr/geometry-search.ts";
import { divideByStandard, standardShift } from "../../src/stages/dlsr/internal-standard.ts";
import { serialRunner } from "../../src/stages/dlsr/runner.ts";
import { createPhantom, type PhantomName, type PhantomOptions, simulateRays } from "./phantoms.ts";
import { mapError } from "./reduced-phantom.ts";
import { type CaseOptions, type CaseResult, runCase } from "./run-case.ts";
import { runDirect } from "./run-direct.ts";

const kernels = loadKernels();
const runner = serialRunner(kernels);
const scanOf = (name: PhantomName, options: PhantomOptions) => {
  const scan = createPhantom(name, { bins: 500, subVoxels: 2, ...options });
  return { scan, rays: simulateRays(scan) };
};
async function solved(name: PhantomName, scanned: PhantomOptions, options: CaseOptions = {}): Promise<CaseResult> {
  const { scan, rays } = scanOf(name, scanned);
  return runCase(kernels, runner, scan, rays, options);
}

it("a grain 4 mm off the axis: conventional maps are wrong by -2x / (pi L), direct ones are right", async () => {
  const { conventional, direct } = await solved("grain", { size: 61, angles: 70 });
  const expected = (-2 * 4) / (Math.PI * 1000);
  expect(Math.abs(conventional.c.bulkBias / 14.42 / expected - 1)).toBeLessThan(0.05);
  expect(Math.abs(conventional.a.bulkBias / 2.835 / expected - 1)).toBeLessThan(0.08);
  expect(Math.abs(direct.c.bias)).toBeLessThan(5e-4);
  expect(Math.abs(direct.a.bias)).toBeLessThan(1e-4);
});

it("a slab off the axis: conventional maps are wrong by 0.01 angstrom and more, direct ones twenty times less", async () => {
  const { conventional, direct, solution } = await solved("slab", { size: 51, angles: 70 });
  expect(Math.abs(conventional.c.bias)).toBeGreaterThan(0.01);
  expect(Math.abs(direct.c.bias)).toBeLessThan(2e-4);
  expect(direct.c.rms).toBeLessThan(conventional.c.rms / 10);
  expect(Math.abs(direct.c.slope - 1)).toBeLessThan(0.06);
  expect(solution.startChi2).toBeGreaterThan(100 * solution.chi2);
});

it("a constant start comes to the same chi2 and the same maps", async () => {
  const scanned = { size: 41, angles: 40 };
  const solver = { steps: 14, innerSteps: 40 };
  const conventional = await solved("slab", scanned, { solver });
  const constant = await solved("slab", scanned, { solver, start: [2.845, 14.36] });
  expect(Math.abs(constant.solution.chi2 / conventional.solution.chi2 - 1)).toBeLessThan(0.005);
  expect(Math.abs(constant.direct.c.rms - conventional.direct.c.rms)).toBeLessThan(1e-4);
});

it("the wrong sense of depth is found out", async () => {
  const { problem } = await solved("jelly-roll", { size: 31, angles: 30 }, { depthSign: -1, solver: { steps: 1 } });
  const verdict = await compareDepthSigns(runner, kernels, problem, { ...SOLVER_DEFAULTS, steps: 3 });
  expect(verdict).toMatchObject({ sign: 1, isReversed: true, isUndecided: false });
  expect(verdict.chi2.asGiven).toBeGreaterThan(5 * verdict.chi2.reversed);
});

it("a scan whose axis is 0.5 mm nearer to the detector: copper shows it, and puts c right", async () => {
  const scanned = { size: 41, angles: 50, depthOffsetMm: 0.5 };
  const { problem, solution, maps, reduced, direct } = await solved("jelly-roll", scanned, { global: ["Cu"] });
  expect(Math.abs(direct.c.bias - 5e-4 * 14.4)).toBeLessThan(1.5e-3);
  const copper = problem.phases.findIndex(({ name }) => name === "Cu");
  const shift = standardShift(solution.state.phases[copper]!.cells, [1e-5], [3.61496])!;
  expect(Math.abs(shift.shift - 5e-4)).toBeLessThan(4e-5);
  const { fraction, c } = reduced.scan.truth["NMC532"]!;
  const corrected = divideByStandard(maps.c, maps.c, shift).cells;
  expect(Math.abs(mapError(corrected, c, fraction).bias)).toBeLessThan(1e-3);
});

it("the whole stage halves the error of conventional maps, and keeps its promises", async () => {
  const { scan, rays } = scanOf("slab", { size: 31, angles: 40 });
  const { result, conventional, direct } = await runDirect(kernels, runner, scan, rays, {
    config: { esd: "diagonal" },
  });
  expect(direct.c.rms).toBeLessThan(conventional.c.rms / 5);
  expect(Math.abs(direct.c.bias)).toBeLessThan(1e-3);
  for (const { retained } of result.report.parameters) expect(retained).toBeGreaterThan(0.96);
  expect(result.report.depthSign).toMatchObject({ value: 1, isUndecided: false });
});
