import { expect, it } from "vitest";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { addLaplacian, createNeighbourGraph, degrees, reweighted, roughness } from "./regularisation.ts";
import { createVoxelList } from "./voxel-list.ts";

const SIZE = 11;
const random = seededRandom(2);
/** A mask with a hole, and a voxel on its own in a corner. */
const mask = Uint8Array.from({ length: SIZE * SIZE }, (_, at) =>
  at === 0 || (at % SIZE > 2 && !(at % SIZE === 5 && Math.floor(at / SIZE) === 6)) ? 1 : 0,
);
const voxels = createVoxelList(createReferenceKernels(), mask, SIZE);
const graph = createNeighbourGraph(voxels, SIZE);
const map = Float64Array.from({ length: voxels.count }, () => normal(random));

it("lists the voxels of a mask once, in squares of 8, with their places from the axis", () => {
  expect([...voxels.index].sort((a, b) => a - b)).toEqual([...mask.keys()].filter((at) => mask[at]));
  const square = (at: number): number => Math.floor(at / SIZE / 8) * 100 + Math.floor((at % SIZE) / 8);
  const squares = Array.from(voxels.index, square);
  expect(squares).toEqual([...squares].sort((a, b) => a - b));
  voxels.index.forEach((at, v) => {
    expect([voxels.places[2 * v], voxels.places[2 * v + 1]]).toEqual([(at % SIZE) - 5, Math.floor(at / SIZE) - 5]);
  });
});

it("joins every pair of neighbours inside the mask once", () => {
  let expected = 0;
  for (let i = 0; i < voxels.count; i++) {
    for (let j = 0; j < i; j++) {
      const [dx, dy] = [0, 1].map((k) => Math.abs(voxels.places[2 * i + k]! - voxels.places[2 * j + k]!));
      if (Math.max(dx!, dy!) === 1) expected += (map[i]! - map[j]!) ** 2 / (dx! + dy! === 2 ? Math.SQRT2 : 1);
    }
  }
  expect(roughness(graph, map)).toBeCloseTo(expected, 9);
  expect(
    roughness(
      graph,
      map.map(() => 7),
    ),
  ).toBe(0);
});

it.each([undefined, 0.5])("has half its slope in the Laplacian (Huber's limit %s)", (huber) => {
  const weights = reweighted(graph, map, huber);
  const half = new Float64Array(voxels.count);
  addLaplacian(graph, weights, map, 1, half);
  const direction = Float64Array.from(map, () => normal(random));
  const at = (h: number): number =>
    roughness(
      graph,
      map.map((x, v) => x + h * direction[v]!),
      huber,
    );
  const slope = direction.reduce((sum, d, v) => sum + 2 * d * half[v]!, 0);
  expect((at(1e-5) - at(-1e-5)) / 2e-5).toBeCloseTo(slope, 5);
});

it("knows the Laplacian's diagonal", () => {
  const diagonal = degrees(graph, graph.weights, voxels.count);
  for (const v of [0, 5, voxels.count - 1]) {
    const unit = new Float64Array(voxels.count);
    unit[v] = 1;
    const column = new Float64Array(voxels.count);
    addLaplacian(graph, graph.weights, unit, 1, column);
    expect(diagonal[v]).toBeCloseTo(column[v]!, 12);
  }
});

it("counts a step between two grains in proportion where Huber's limit is below it", () => {
  const step = Float64Array.from({ length: voxels.count }, (_, v) => (voxels.places[2 * v]! > 1 ? 4 : 0));
  const ratio = (huber?: number): number =>
    roughness(
      graph,
      step.map((x) => 2 * x),
      huber,
    ) / roughness(graph, step, huber);
  expect(ratio()).toBeCloseTo(4, 9);
  expect(ratio(0.1)).toBeCloseTo(2, 1);
});
