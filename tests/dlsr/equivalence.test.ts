/** dlsr.md 12.4: the reduced-order solution is the dense one, which has all channels and shares no code with it. */
import { expect, it } from "vitest";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { compareSolvers } from "./equivalence.ts";
import { createPhantom, simulateRays } from "./phantoms.ts";

it("reduced and dense solutions agree within a fraction of the posterior deviation", async () => {
  const scan = createPhantom("jelly-roll", { size: 22, angles: 16, bins: 400, subVoxels: 2 });
  const { dense, comparisons, voxels } = await compareSolvers(loadKernels(), scan, simulateRays(scan), {
    terms: [32, 48],
    least: 0.05,
    refinesScale: true,
    denseSteps: 1,
  });
  expect(voxels).toBeGreaterThan(250);
  // the dense solver, started there, stays there
  expect(dense.largestStep[0]).toBeLessThan(0.1);
  expect(Math.abs(dense.objective[1]! / dense.objective[0]! - 1)).toBeLessThan(2e-5);
  const [with32, with48] = comparisons;
  expect(Math.max(with32!.aInSigma, with32!.cInSigma)).toBeLessThan(0.5);
  expect(Math.max(with48!.aInSigma, with48!.cInSigma)).toBeLessThan(0.3);
  expect(with32!.retained).toBeGreaterThan(0.96);
});
