import { expect, it } from "vitest";
import {
  CUBIC,
  createGaussianLevels,
  geometryOf,
  LAYERED,
  makeProblem,
  SCAN,
  TERMS,
} from "../../../tests/dlsr/gaussian-problem.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { coarsenProblem, coarseReach, refineState } from "./levels.ts";
import { startState } from "./unknowns.ts";

const kernels = createReferenceKernels();
const scan = { ...SCAN, size: 9, translations: 11, angles: 4, rotationAxis: 4.7 };
const mask = Uint8Array.from({ length: 81 }, (_, at) => (at % 9 > 0 ? 1 : 0));

function createFine() {
  const rays = scan.angles * scan.translations;
  const data = Float32Array.from({ length: rays * TERMS }, (_, i) => Math.floor(i / TERMS) % scan.translations);
  const problem = makeProblem(kernels, scan, data, mask, [{ made: LAYERED }, { made: CUBIC, cell: "global" }]);
  problem.phases[0]!.scale.forEach((_, v, scale) => {
    scale[v] = 2 + 0.1 * problem.phases[0]!.voxels.places[2 * v]!;
  });
  return problem;
}

it("keeps what is at a place at its place, whatever the parity of the grid", () => {
  const fine = createFine();
  const coarse = coarsenProblem(kernels, fine, { factor: 2, angleStep: 2, respond: createGaussianLevels(kernels) });
  expect(coarse.geometry).toMatchObject({ size: 5, translations: 6, rotationAxis: 2.1, stepMm: 0.5 });
  expect([...coarse.geometry.omegaDeg]).toEqual([0, 2].map((a) => geometryOf(scan).omegaDeg[a]));
  const { voxels, scale } = coarse.phases[0]!;
  voxels.index.forEach((_, v) => {
    const [x, y] = [2 * voxels.places[2 * v]!, voxels.places[2 * v + 1]!];
    // inside: the mean of a linear map is its value at the middle
    if (Math.abs(x) < 4 && Math.abs(y) < 2) expect(scale[v]).toBeCloseTo(2 + 0.1 * x, 6);
  });
  // the ramp along the translations, halved by the mean over a longer voxel; the last bin is not whole
  expect(coarse.data[3 * TERMS]).toBeCloseTo(6.5 / 2, 6);
  expect(coarse.rayVariance[3]! * 2 ** 3).toBeCloseTo(fine.rayVariance[6]!, 4);
  expect(coarse.rayVariance[5]).toBe(Number.POSITIVE_INFINITY);
});

it("hands a coarse solution up: cells between voxels, scales by what has changed", () => {
  const fine = createFine();
  const coarse = coarsenProblem(kernels, fine, { factor: 2, angleStep: 1, respond: createGaussianLevels(kernels) });
  const solved = structuredClone(startState(coarse, 1e-3));
  const { places } = coarse.phases[0]!.voxels;
  const [layered, cubic] = [solved.phases[0]!, solved.phases[1]!];
  for (let v = 0; v < layered.scale.length; v++) {
    layered.cells[2 * v] = 2.84 + 1e-3 * places[2 * v]!;
    layered.scale[v] = layered.scale[v]! + 0.25;
  }
  cubic.cells[0] = 3.61;
  const up = refineState(fine, coarse, solved, 2, 1e-3);
  expect(up.rotationAxis).toBeCloseTo(4.7, 9);
  expect(up.phases[1]!.cells[0]).toBe(3.61);
  const { voxels, scale } = fine.phases[0]!;
  let inside = 0;
  for (let v = 0; v < voxels.count; v++) {
    expect(up.phases[0]!.scale[v]).toBeCloseTo(scale[v]! + 0.25, 6);
    const [x, y] = [voxels.places[2 * v]!, voxels.places[2 * v + 1]!];
    if (Math.abs(x) > 2 || Math.abs(y) > 2) continue;
    inside++;
    // nearly: neighbours are weighted by their scales
    expect(up.phases[0]!.cells[2 * v]).toBeCloseTo(2.84 + 5e-4 * x, 4);
  }
  expect(inside).toBe(25);
});

it.each([2, 4, 8])("lies no further out than coarseReach says, %i voxels in one", (factor) => {
  const fine = createFine();
  const coarse = coarsenProblem(kernels, fine, { factor, angleStep: 1, respond: createGaussianLevels(kernels) });
  const farthest = ({ places }: { places: Float32Array }, by: number): number =>
    by *
    Math.max(...Array.from({ length: places.length / 2 }, (_, v) => Math.hypot(places[2 * v]!, places[2 * v + 1]!)));
  const [before, after] = [fine, coarse].map(({ phases }, i) => farthest(phases[0]!.voxels, i === 0 ? 1 : factor));
  expect(after!).toBeLessThanOrEqual(before! + coarseReach(factor));
});
