import { expect, it } from "vitest";
import { inDisc, LAYERED, makeProblem, SCAN, TERMS } from "../../../tests/dlsr/gaussian-problem.ts";
import { STATUS } from "../../data/index.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import type { DlsrUncertainty } from "./uncertainty.ts";
import { startState } from "./unknowns.ts";
import { phaseMaps } from "./voxel-status.ts";

const data = new Float32Array(SCAN.angles * SCAN.translations * TERMS);
const problem = makeProblem(createReferenceKernels(), SCAN, data, inDisc(SCAN.size), [{ made: LAYERED }]);
const { voxels, response } = problem.phases[0]!;
const { count } = voxels;
const GEOMETRY = { rotationAxis: false, distance: false };

function judge(lastStep: Float64Array | null, status: "converged" | "steps" | "stalled") {
  const state = { ...structuredClone(startState(problem, 0)), lastStep };
  const [phase] = state.phases;
  const cells = new Float64Array(2 * count).map((_, i) => (i % 2 === 0 ? 1e-4 : 1e-3));
  const scale = new Float64Array(count).fill(0.1);
  phase!.scale[0] = 0;
  phase!.scale[1] = 0.19;
  phase!.cells[2 * 2 + 1] = response.range[1]![1];
  cells[2 * 3] = 0.02;
  cells[2 * 4 + 1] = Number.NaN;
  const uncertainty: DlsrUncertainty = {
    phases: [{ cells, scale, lnScale: 0, width: 0, factors: [] }],
    rotationAxis: 0,
    distanceMm: 0,
    chi2: 1,
    method: "diagonal",
    isGlobalSolved: false,
  };
  const maps = phaseMaps(problem, GEOMETRY, { state, status }, uncertainty)[0]!;
  return { ...maps, of: (v: number) => maps.status[voxels.index[v]!]! };
}

it("says of every voxel what its values are worth", () => {
  const { of, status, cells, cellEsd, scale } = judge(null, "converged");
  expect([0, 1, 2, 3, 4, 5].map(of)).toEqual([
    STATUS.noSignal, // nothing there
    STATUS.noSignal, // less than twice its esd
    STATUS.atBound,
    STATUS.undetermined, // the esd of knowing the table's range alone is 0.0148
    STATUS.undetermined, // no esd at all
    STATUS.converged,
  ]);
  expect(status[0]).toBe(STATUS.notFitted);
  expect(cells[0]![0]).toBeNaN();
  expect(cells[0]![voxels.index[5]!]).toBe(2.84);
  expect(cellEsd[1]![voxels.index[5]!]).toBe(1e-3);
  expect(scale[voxels.index[1]!]).toBeCloseTo(0.19, 12);
});

it("calls converged only what the last step moved by less than its esd", () => {
  const step = new Float64Array(3 * count);
  step[6] = 0.03; // 0.03 of 0.001 x 2.84 angstrom: 0.85 esd
  step[7] = 0.04;
  const { of } = judge(step, "steps");
  expect([5, 6, 7].map(of)).toEqual([STATUS.converged, STATUS.converged, STATUS.notConverged]);
  expect(judge(null, "stalled").of(5)).toBe(STATUS.notConverged);
});
