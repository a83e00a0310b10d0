import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { createReferenceKernels } from "../kernels/index.ts";
import { backproject, createProjectorGeometry, type ProjectorOptions, project } from "./index.ts";

/** Uniform on -1 to 1, the same for every run (Park & Miller 1988). */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}
const dotBin = (a: Float32Array, b: Float32Array, bins: number, bin: number) => {
  let sum = 0;
  for (let i = bin; i < a.length; i += bins) sum += a[i]! * b[i]!;
  return sum;
};
const normBin = (a: Float32Array, bins: number, bin: number) => Math.sqrt(dotBin(a, a, bins, bin));

const irregular = [3, -42, 63, 217.3, 90, 0, 180, 359.9, 12.34, -1e-9, 271, 45];
const half = (n: number) => Array.from({ length: n }, (_, i) => (i * 180) / n);
const cases: [string, ProjectorOptions, number][] = [
  ["odd grid", { omegaDeg: half(7), translations: 23, rotationAxis: 11 }, 1],
  ["even grid, fractional axis", { omegaDeg: half(9), translations: 24, rotationAxis: 11.37 }, 3],
  ["any angles, axis off the centre", { omegaDeg: irregular, translations: 40, rotationAxis: 13.8 }, 5],
  ["grid larger than the scan", { omegaDeg: irregular, translations: 17, rotationAxis: 8.1, size: 41 }, 16],
  ["grid smaller than the scan", { omegaDeg: half(5), translations: 50, rotationAxis: 24.5, size: 12 }, 17],
  ["two blocks of angles and of voxels", { omegaDeg: half(70), translations: 70, rotationAxis: 34.2 }, 2],
];

describe.each(kernelBuilds)("projector pair, $name", ({ create }) => {
  const kernels = create();
  it.each(cases)("is an adjoint pair to 1e-6: %s", (_, options, bins) => {
    const geometry = createProjectorGeometry(options);
    const image = noise(geometry.size ** 2 * bins, 11);
    const rays = noise(geometry.angles * geometry.translations * bins, 12);
    const projected = new Float32Array(rays.length);
    const backprojected = new Float32Array(image.length);
    project(kernels, geometry, image, bins, projected);
    backproject(kernels, geometry, rays, bins, backprojected);
    for (let bin = 0; bin < bins; bin++) {
      const forward = dotBin(projected, rays, bins, bin);
      const backward = dotBin(image, backprojected, bins, bin);
      // Relative to the product of the norms, which the inner products of noise are far below.
      const scale = normBin(projected, bins, bin) * normBin(rays, bins, bin);
      expect(Math.abs(forward - backward) / scale).toBeLessThan(1e-6);
      expect(scale).toBeGreaterThan(1);
    }
  });
});

describe("project", () => {
  const kernels = createReferenceKernels();
  it("looks up translation rotationAxis + x cos + y sin, y up", () => {
    const omegaDeg = [0, 90, 180, 270, 30];
    const geometry = createProjectorGeometry({ omegaDeg, translations: 21, rotationAxis: 9.25 });
    const image = new Float32Array(21 * 21);
    image[(10 + 3) * 21 + (10 + 5)] = 1; // x = 5, y = 3
    const rays = new Float32Array(5 * 21);
    project(kernels, geometry, image, 1, rays);
    const expected = omegaDeg.map((deg) => {
      const omega = (deg * Math.PI) / 180;
      return 9.25 + 5 * Math.cos(omega) + 3 * Math.sin(omega);
    });
    expected.forEach((translation, angle) => {
      const row = rays.subarray(angle * 21, (angle + 1) * 21);
      // Along the axes the two weights are those of linear interpolation; elsewhere the triangle is narrower.
      if (angle < 4) {
        expect(row.reduce((sum, value) => sum + value)).toBeCloseTo(1, 6);
        expect(row.reduce((sum, value, j) => sum + value * j)).toBeCloseTo(translation, 4);
      }
      const m = Math.max(
        Math.abs(Math.cos((omegaDeg[angle]! * Math.PI) / 180)),
        Math.abs(Math.sin((omegaDeg[angle]! * Math.PI) / 180)),
      );
      row.forEach((value, j) => expect(value).toBeCloseTo(Math.max(0, m - Math.abs(translation - j)) / m ** 2, 4));
    });
  });

  it("gives the chord of a disc, in steps", () => {
    const size = 101;
    const geometry = createProjectorGeometry({ omegaDeg: [0, 17, 45, 90], translations: size, rotationAxis: 50 });
    const image = new Float32Array(size * size);
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) if ((x - 50) ** 2 + (y - 50) ** 2 <= 900) image[y * size + x] = 2;
    const rays = new Float32Array(4 * size);
    project(kernels, geometry, image, 1, rays);
    for (let angle = 0; angle < 4; angle++)
      // A disc of voxels has a ragged edge: one voxel at either end.
      for (const s of [0, 7, -15, 20])
        expect(Math.abs(rays[angle * size + 50 + s]! - 4 * Math.sqrt(900 - s * s))).toBeLessThan(3.5);
  });

  it("gives the same bits whatever bins lie beside", () => {
    const geometry = createProjectorGeometry({ omegaDeg: half(6), translations: 20, rotationAxis: 9.5 });
    const many = noise(400 * 19, 5);
    const one = Float32Array.from({ length: 400 }, (_, i) => many[i * 19 + 17]!);
    const manyRays = new Float32Array(6 * 20 * 19);
    const oneRays = new Float32Array(6 * 20);
    project(kernels, geometry, many, 19, manyRays);
    project(kernels, geometry, one, 1, oneRays);
    expect(oneRays).toEqual(Float32Array.from({ length: 120 }, (_, i) => manyRays[i * 19 + 17]!));
  });
});

describe("bad geometry", () => {
  const good = { omegaDeg: [0, 1], translations: 10, rotationAxis: 4 };
  it.each([
    ["projector-no-angles", { ...good, omegaDeg: [] }],
    ["projector-no-angles", { ...good, omegaDeg: [0, NaN] }],
    ["projector-no-translations", { ...good, translations: 1 }],
    ["projector-axis", { ...good, rotationAxis: 10 }],
    ["projector-axis", { ...good, rotationAxis: NaN }],
    ["projector-sample-shape", { ...good, sample: new Uint8Array(99) }],
  ])("is refused: %s", (code, options) => {
    expect(() => createProjectorGeometry(options)).toThrow(expect.objectContaining({ code }));
  });
});
