import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { createReferenceKernels, type Kernels } from "../kernels/index.ts";
import { createProjectorGeometry, type ProjectorOptions } from "./geometry.ts";
import {
  backprojectShifted,
  lagrangeTaps,
  largestDepth,
  type Parallax,
  placeShifted,
  projectShifted,
  shiftedWindow,
  shiftReach,
} from "./parallax.ts";
import { project } from "./project.ts";

const noise = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed) * Math.cos(i * 0.731 + 3 * seed));

function setUp(kernels: Kernels, options: ProjectorOptions, parallax: Parallax, rowBins: number) {
  const geometry = createProjectorGeometry(options);
  const reach = shiftReach(largestDepth(geometry, parallax.depthStep), parallax.binsPerUnit);
  const window = shiftedWindow(reach, rowBins);
  const shift = placeShifted(kernels, geometry, parallax, window);
  const image = kernels.arena.f32(geometry.size ** 2 * window.imageBins);
  const rows = kernels.arena.f32(geometry.angles * geometry.rowLength * window.rowStride);
  return { geometry, window, shift, image, rows, reach };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

describe.each(kernelBuilds)("shifted projector pair, $name", ({ create }) => {
  const irregular = [3, -42, 63, 217.3, 90, 0, 180, 359.9, 12.34, 271, 45];
  it.each<[string, ProjectorOptions, Parallax, number]>([
    [
      "odd grid",
      { omegaDeg: irregular, translations: 15, rotationAxis: 7 },
      { depthStep: 5e-4, binsPerUnit: 1200 },
      20,
    ],
    [
      "axis off the centre, depth away from the detector",
      { omegaDeg: irregular, translations: 18, rotationAxis: 6.37, size: 12 },
      { depthStep: -3e-3, binsPerUnit: 700 },
      17,
    ],
    ["deep", { omegaDeg: irregular, translations: 10, rotationAxis: 4.5 }, { depthStep: 0.02, binsPerUnit: 500 }, 33],
  ])("is an adjoint pair to 1e-6: %s", (_, options, parallax, rowBins) => {
    const kernels = create();
    const { shift, image, rows } = setUp(kernels, options, parallax, rowBins);
    const someImage = noise(image.length, 1);
    const someRows = noise(rows.length, 2);
    image.set(someImage);
    projectShifted(kernels, shift, image, rows);
    const projected = rows.slice();
    rows.set(someRows);
    image.fill(0);
    backprojectShifted(kernels, shift, rows, image);
    const forward = dot(projected, someRows);
    const backward = dot(someImage, image);
    const scale = Math.sqrt(dot(projected, projected) * dot(someRows, someRows));
    expect(scale).toBeGreaterThan(1);
    expect(Math.abs(forward - backward) / scale).toBeLessThan(1e-6);
  });

  it("without depth projects as the plain projector does", () => {
    const kernels = create();
    const options = { omegaDeg: irregular, translations: 15, rotationAxis: 7.2 };
    const { geometry, window, shift, image, rows } = setUp(kernels, options, { depthStep: 0, binsPerUnit: 900 }, 16);
    image.set(noise(image.length, 5));
    projectShifted(kernels, shift, image, rows);
    const plain = new Float32Array(geometry.size ** 2 * 16);
    for (let v = 0; v < geometry.size ** 2; v++)
      plain.set(image.subarray(v * window.imageBins + window.offset).subarray(0, 16), 16 * v);
    const want = new Float32Array(geometry.angles * geometry.translations * 16);
    project(kernels, geometry, plain, 16, want);
    for (let angle = 0; angle < geometry.angles; angle++) {
      const row = rows.subarray((angle * geometry.rowLength + geometry.pad) * 16).subarray(0, 15 * 16);
      row.forEach((value, i) => expect(value).toBeCloseTo(want[angle * 15 * 16 + i]!, 4));
    }
  });
});

describe("a peak at a depth", () => {
  const kernels = createReferenceKernels();
  const parallax = { depthStep: 1e-3, binsPerUnit: 800 };
  const omegaDeg = [0, 90, 180, 270, 33, -77];
  const { geometry, window, shift, image, rows } = setUp(
    kernels,
    { omegaDeg, translations: 25, rotationAxis: 12 },
    parallax,
    64,
  );
  const [x, y] = [7, -3];
  const sigma = 1.27; // 3 bins FWHM
  const voxel = ((12 + y) * 25 + (12 + x)) * window.imageBins;
  for (let b = 0; b < window.imageBins; b++)
    image[voxel + b] = Math.exp(-((b - window.offset - 31.3) ** 2) / (2 * sigma ** 2));
  projectShifted(kernels, shift, image, rows);

  it.each(omegaDeg.map((deg, angle) => [deg, angle]))("lies where the detector has it: omega %d", (deg, angle) => {
    const omega = (deg * Math.PI) / 180;
    const tau = 1e-3 * (-x * Math.sin(omega) + y * Math.cos(omega));
    const pattern = new Float64Array(64);
    for (let element = 0; element < geometry.rowLength; element++)
      for (let r = 0; r < 64; r++) pattern[r]! += rows[(angle * geometry.rowLength + element) * window.rowStride + r]!;
    const area = pattern.reduce((sum, value) => sum + value);
    const centroid = pattern.reduce((sum, value, r) => sum + value * r, 0) / area;
    const variance = pattern.reduce((sum, value, r) => sum + value * (r - centroid) ** 2, 0) / area;
    // within the sixteenth of a bin that shifts are rounded to
    expect(Math.abs(centroid - (31.3 + 800 * Math.log(1 - tau)))).toBeLessThan(1 / 32 + 1e-4);
    // the taps keep the second moment, so shifting does not broaden
    expect(variance).toBeCloseTo(sigma ** 2, 3);
    const footprint = projectFlat(geometry.directions, angle, x, y);
    expect(area).toBeCloseTo((footprint * sigma * Math.sqrt(2 * Math.PI)) / (1 - tau) ** 2, 3);
  });
});

/** Sum of a voxel's weights on the elements of a row. */
function projectFlat(directions: Float64Array, angle: number, x: number, y: number): number {
  const [c, s] = [directions[2 * angle]!, directions[2 * angle + 1]!];
  const width = Math.max(Math.abs(c), Math.abs(s));
  const share = 12 + x * c + y * s - Math.floor(12 + x * c + y * s);
  return (Math.max(0, width - share) + Math.max(0, share - (1 - width))) / width ** 2;
}

describe("lagrangeTaps", () => {
  it.each([0, 0.25, 0.5, 0.9375])("give polynomials up to the fifth degree exactly (delay %d)", (delay) => {
    const taps = lagrangeTaps(delay);
    for (let degree = 0; degree <= 5; degree++) {
      const value = taps.reduce((sum, tap, i) => sum + tap * (i - 3) ** degree, 0);
      expect(value).toBeCloseTo((-delay) ** degree, 10);
    }
  });
});

it("refuses a slice as deep as the distance allows no series for", () => {
  const geometry = createProjectorGeometry({ omegaDeg: [0], translations: 101, rotationAxis: 50 });
  expect(() => largestDepth(geometry, 0.003)).toThrow(expect.objectContaining({ code: "parallax-too-deep" }));
  expect(largestDepth(geometry, 0.001)).toBeCloseTo(0.05, 10);
});
