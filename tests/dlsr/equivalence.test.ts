/** The reduced-order solution is the dense one, which has all channels and shares no code with it. */
import { expect, it } from "vitest";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { compareSolvers } from "./equivalence.ts";
import { createPhantom, simulateRays } from "./phantoms.ts";

it("reduced and dense solutions agree within a fraction of the posterior deviation", async () => {
  const scan = createPhantom("jelly-roll", { size: 22, angles: 16, bins: 400, subVoxels: 2 });
  const { dense, comparisons, voxels } = await compareSolvers(loadKernels(), scan, simulateRays(scan), {
    terms: [48],
    least: 0.05,
    refinesScale: true,
    denseSteps: 1,
  });
  expect(voxels).toBeGreaterThan(250);
  // the dense solver, started there, stays there
  expect(Math.abs(dense.objective[1]! / dense.objective[0]! - 1)).toBeLessThan(1e-4);
  const { aInSigma, cInSigma, retained } = comparisons[0]!;
  expect(aInSigma).toBeLessThan(0.3);
  expect(cInSigma).toBeLessThan(0.3);
  expect(retained).toBeGreaterThan(0.96);
}, 120_000);
