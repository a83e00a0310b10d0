import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import {
  createProjectorGeometry,
  imageLength,
  LANES,
  nodeWeights,
  pathOut,
  placeAttenuated,
  placeProjector,
  projectPacked,
  rowsLength,
} from "./index.ts";

const SIZE = 29;
const omegaDeg = [0, 17, 45, 90, 133, 200, 301];
const geometry = createProjectorGeometry({ omegaDeg, translations: 31, rotationAxis: 14.6, size: SIZE });
const mu = Float64Array.from({ length: SIZE * SIZE }, (_, i) =>
  Math.hypot((i % SIZE) - 14, Math.floor(i / SIZE) - 14) < 11 ? 0.05 : 0,
);
const path = pathOut(mu, { omegaDeg, size: SIZE, stepMm: 1, twoThetaDeg: 25 });
const tanSquared = Array.from({ length: LANES }, (_, lane) => Math.tan((lane * Math.PI) / 180) ** 2);

describe.each(kernelBuilds)("attenuated pair, $name", ({ create }) => {
  const kernels = create();
  const pair = placeAttenuated(kernels, geometry, path);
  pair.aim(tanSquared);
  const random = seededRandom(5);
  const noise = (length: number): Float32Array => {
    const out = kernels.arena.f32(length);
    for (let i = 0; i < length; i++) out[i] = 2 * random() - 1;
    return out;
  };
  const dot = (a: Float32Array, b: Float32Array, lane: number): number => {
    let sum = 0;
    for (let i = lane; i < a.length; i += LANES) sum += a[i]! * b[i]!;
    return sum;
  };

  it("is an adjoint pair in every bin", () => {
    const image = noise(imageLength(geometry));
    const rows = noise(rowsLength(geometry));
    const projected = kernels.arena.f32(rows.length).fill(0);
    const backprojected = kernels.arena.f32(image.length).fill(0);
    pair.project(image, projected);
    pair.backproject(rows, backprojected);
    for (let lane = 0; lane < LANES; lane++) {
      const forward = dot(projected, rows, lane);
      const backward = dot(image, backprojected, lane);
      const size = Math.sqrt(dot(projected, projected, lane) * dot(rows, rows, lane));
      expect(Math.abs(forward - backward) / size).toBeLessThan(1e-6);
    }
  });

  it("is the plain projector of one voxel times its factor", () => {
    const [voxel, angle, lane] = [17 * SIZE + 9, 4, 11];
    const image = kernels.arena.f32(imageLength(geometry)).fill(0);
    image.fill(1, voxel * LANES, (voxel + 1) * LANES);
    const [plain, attenuated] = [kernels.arena.f32(rowsLength(geometry)), kernels.arena.f32(rowsLength(geometry))];
    plain.fill(0);
    attenuated.fill(0);
    projectPacked(kernels, placeProjector(kernels, geometry), image, plain);
    pair.project(image, attenuated);
    const [a, b] = nodeWeights(path.nodes, tanSquared[lane]!);
    const factor =
      1 + a * path.excess[2 * angle * path.voxels + voxel]! + b * path.excess[(2 * angle + 1) * path.voxels + voxel]!;
    expect(factor).toBeLessThan(0.999);
    for (let t = 0; t < geometry.rowLength; t++) {
      const at = (angle * geometry.rowLength + t) * LANES + lane;
      expect(attenuated[at]).toBeCloseTo(factor * plain[at]!, 6);
    }
  });

  it("is the plain projector at 2θ = 0", () => {
    const image = noise(imageLength(geometry));
    const [plain, attenuated] = [kernels.arena.f32(rowsLength(geometry)), kernels.arena.f32(rowsLength(geometry))];
    plain.fill(0);
    attenuated.fill(0);
    projectPacked(kernels, placeProjector(kernels, geometry), image, plain);
    pair.project(image, attenuated);
    for (let i = 0; i < plain.length; i += LANES) expect(attenuated[i]).toBeCloseTo(plain[i]!, 5);
  });
});
