import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../kernels/index.ts";
import { createProjectorGeometry, project } from "../../projector/index.ts";
import { sinogramRows, sortRows, voxelTrace } from "./sinogram-rows.ts";

describe("rows of a sinogram", () => {
  it("go by rising angle, and know whether their spacing is even", () => {
    const rows = sinogramRows([120, 0, 60]);
    expect(rows).toEqual({ order: [1, 2, 0], omegaDeg: [0, 60, 120], stepDeg: 60 });
    expect([...sortRows([1, 2, 3, 4, 5, 6], 2, rows)]).toEqual([3, 4, 5, 6, 1, 2]);
    expect(sinogramRows([0, 10, 30]).stepDeg).toBeUndefined();
    expect(sinogramRows([5]).stepDeg).toBeUndefined();
  });
});

it("a voxel's path through the sinogram is where the projector puts the voxel", () => {
  const omegaDeg = [0, 30, 77, 90, 145, 180, 263];
  const [size, rotationAxis, x, y] = [21, 10, 14, 5];
  const geometry = createProjectorGeometry({ omegaDeg, translations: size, rotationAxis });
  const image = new Float32Array(size * size);
  image[y * size + x] = 1;
  const rays = new Float32Array(omegaDeg.length * size);
  project(createReferenceKernels(), geometry, image, 1, rays);
  voxelTrace([x, y], [size, size], omegaDeg).forEach((s, row) => {
    const line = rays.subarray(row * size, (row + 1) * size);
    const total = line.reduce((sum, value) => sum + value, 0);
    const centre = line.reduce((sum, value, i) => sum + value * (i - rotationAxis), 0) / total;
    // a voxel sampled in steps: its middle is found to a fifth of one
    expect(Math.abs(s - centre)).toBeLessThan(0.2);
  });
});
