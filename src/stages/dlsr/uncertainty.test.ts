import { expect, it } from "vitest";
import { inDisc, LAYERED, type MadePart, makeData, makeProblem, SCAN } from "../../../tests/dlsr/gaussian-problem.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { measureMisfit, placeState, projectModel } from "./forward-model.ts";
import { SOLVER_DEFAULTS, type SolverOptions, solveDlsr } from "./gauss-newton.ts";
import { applyNormal, linearise } from "./linearisation.ts";
import { invertPositive } from "./preconditioner.ts";
import { serialRunner } from "./runner.ts";
import { createSolverWorkspace } from "./solver-workspace.ts";
import { estimateUncertainty } from "./uncertainty.ts";

const scan = { ...SCAN, size: 7, translations: 10, rotationAxis: 4.6, angles: 9, stepMm: 0.6 };
const mask = inDisc(scan.size);
const part: MadePart = { made: LAYERED, scale: (x) => 1 + 0.05 * x, cell: () => [2.842, 14.38] };

it.each([false, true])("probes the diagonal of the inverse of the whole matrix, rays scaled: %s", async (rayScale) => {
  const kernels = loadKernels({ build: "simd" });
  const runner = serialRunner(kernels);
  const problem = makeProblem(kernels, scan, makeData(scan, [part], mask), mask, [{ made: LAYERED }]);
  const options: SolverOptions = {
    ...SOLVER_DEFAULTS,
    rayScale,
    smoothness: { cell: 0.1, scale: 0.03 },
    geometry: { rotationAxis: true, distance: false },
  };
  const { state } = await solveDlsr(runner, kernels, problem, options);
  const estimate = (method: "probing" | "scaled", probes: number) =>
    estimateUncertainty(runner, kernels, problem, options, state, { method, probes, seed: 4 });
  const probed = await estimate("probing", 150);
  const scaled = await estimate("scaled", 2);

  const w = createSolverWorkspace(kernels, runner, problem, options);
  await placeState(w, state);
  await projectModel(w, state, w.model);
  const { chi2 } = await measureMisfit(w, w.model);
  const lin = await linearise(w, state, options.smoothness);
  const n = w.unknowns.count;
  const matrix = new Float64Array(n * n);
  const unit = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    unit.fill(0)[i] = 1;
    await applyNormal(w, lin, 0, unit, matrix.subarray(i * n, (i + 1) * n));
  }
  invertPositive(matrix, n);

  const { cellUnits, phase } = w.unknowns.phases[0]!;
  const { count } = phase.voxels;
  for (let u = 0; u < 2; u++) {
    let [exact, found, byScaling] = [0, 0, 0];
    for (let v = 0; v < count; v++) {
      const at = u * count + v;
      exact += chi2 * matrix[at * n + at]! * cellUnits[u]! ** 2;
      found += probed.phases[0]!.cells[2 * v + u]! ** 2;
      byScaling += scaled.phases[0]!.cells[2 * v + u]! ** 2;
    }
    expect(Math.abs(Math.sqrt(found / exact) - 1)).toBeLessThan(0.05);
    expect(Math.abs(Math.sqrt(byScaling / exact) - 1)).toBeLessThan(0.35);
  }
  const axis = Math.sqrt(chi2 * matrix[n * n - 1]!);
  expect(Math.abs(probed.rotationAxis / axis - 1)).toBeLessThan(0.05);
});
