import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import { ARENA_START, Arena, createKernelMemory } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import {
  createReconstructionPlan,
  planMemory,
  type ReconstructConfigInput,
  reconstructBlock,
  type SinogramGeometry,
} from "./index.ts";

const SIZE = 61;
const AXIS = 29.4;
const half = (n: number) => Array.from({ length: n }, (_, i) => (i * 180) / n);
const scan = (omegaDeg: number[], more: Partial<SinogramGeometry> = {}): SinogramGeometry => ({
  omegaDeg,
  translations: SIZE,
  rotationAxis: AXIS,
  stepMm: 0.5,
  ...more,
});

/** Exact chords of a disc of value 3 and radius 9 at x = 8, y = -5, averaged over the beam's width of one step. */
function discSinogram(omegaDeg: ArrayLike<number>, bins = 1): Float32Array {
  const rays = new Float32Array(omegaDeg.length * SIZE * bins);
  for (let angle = 0; angle < omegaDeg.length; angle++) {
    const omega = (omegaDeg[angle]! * Math.PI) / 180;
    for (let t = 0; t < SIZE; t++) {
      let chord = 0;
      for (let sub = 0; sub < 16; sub++) {
        const s = t - AXIS + (sub + 0.5) / 16 - 0.5 - (8 * Math.cos(omega) - 5 * Math.sin(omega));
        chord += (2 * Math.sqrt(Math.max(0, 81 - s * s))) / 16;
      }
      for (let bin = 0; bin < bins; bin++) rays[(angle * SIZE + t) * bins + bin] = 3 * chord * (1 + bin);
    }
  }
  return rays;
}

/** Mean value within `radius` of (x, y), from the centre of the grid. */
function meanAround(volume: Float32Array, x: number, y: number, radius: number, bins = 1, bin = 0): number {
  let sum = 0;
  let count = 0;
  for (let row = 0; row < SIZE; row++)
    for (let col = 0; col < SIZE; col++)
      if (Math.hypot(col - 30 - x, row - 30 - y) <= radius) {
        sum += volume[(row * SIZE + col) * bins + bin]!;
        count++;
      }
  return sum / count;
}

/** Normal deviates, the same for every run (Park & Miller 1988; Box & Muller 1958). */
function normal(length: number): Float32Array {
  let state = 20261122;
  const uniform = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

const kernels = loadKernels({ build: "simd" });
const run = (config: ReconstructConfigInput, given: SinogramGeometry, sinogram: Float32Array, bins = 1) => {
  const plan = createReconstructionPlan(config, given);
  const volume = new Float32Array(plan.projector.size ** 2 * bins);
  return { plan, volume, summary: reconstructBlock(kernels, { sinogram, bins, plan }, volume) };
};

const methods: ReconstructConfigInput[] = [
  { method: "fbp" },
  { method: "fbp", filter: "shepp-logan" },
  { method: "fbp", filter: "hann", cutoff: 0.8 },
  { method: "fbp", filter: "cosine" },
  { method: "fbp", filter: "hamming" },
  { method: "sirt", iterations: 150 },
  { method: "cgls" },
  { method: "cgls", nonNegative: false, iterations: 12 },
  { method: "mlem" },
];

describe.each(methods)("$method $filter", (config) => {
  it.each([
    ["half a turn", half(90)],
    ["half a turn, both ends", Array.from({ length: 91 }, (_, i) => i * 2)],
    ["a whole turn, downwards", Array.from({ length: 90 }, (_, i) => 356 - i * 4)],
    ["uneven, in no order", half(90).map((omega, i) => (i % 2 ? omega + 0.7 : 180 + omega))],
  ])("finds the disc where it is and at its value: %s", (_, omegaDeg) => {
    const { volume } = run(config, scan(omegaDeg), discSinogram(omegaDeg));
    expect(meanAround(volume, 8, -5, 6)).toBeGreaterThan(3 * 0.98);
    expect(meanAround(volume, 8, -5, 6)).toBeLessThan(3 * 1.02);
    expect(Math.abs(meanAround(volume, -12, 10, 8))).toBeLessThan(0.03);
  });
});

describe("reconstructBlock", () => {
  const omegaDeg = half(60);

  it.each(["fbp", "sirt", "cgls", "mlem"] as const)("%s: a bin's bits do not depend on its block", (method) => {
    const config = { method, iterations: 7 };
    const many = run(config, scan(omegaDeg), discSinogram(omegaDeg, 18), 18).volume;
    const sinogram = discSinogram(omegaDeg, 18).filter((_, i) => i % 18 === 17);
    const one = run(config, scan(omegaDeg), sinogram).volume;
    expect(one).toEqual(many.filter((_, i) => i % 18 === 17));
  });

  it.each(["fbp", "cgls"] as const)("%s: a bin that is not finite is named, NaN, and alone", (method) => {
    const config = { method, iterations: 5 };
    const clean = discSinogram(omegaDeg, 3);
    const spoilt = clean.slice();
    spoilt[3 * 700 + 1] = NaN;
    const want = run(config, scan(omegaDeg), clean, 3).volume;
    const { volume, summary } = run(config, scan(omegaDeg), spoilt, 3);
    expect(summary.stopped[1]).toBe("not-finite");
    expect(summary.stopped[0]).not.toBe("not-finite");
    volume.forEach((value, i) => expect(value).toBe(i % 3 === 1 ? NaN : want[i]));
  });

  it("gives values per mm where asked", () => {
    const perVoxel = run({}, scan(omegaDeg), discSinogram(omegaDeg)).volume;
    const perMm = run({ valuesPer: "mm" }, scan(omegaDeg), discSinogram(omegaDeg)).volume;
    expect(meanAround(perMm, 8, -5, 4)).toBeCloseTo(2 * meanAround(perVoxel, 8, -5, 4), 5);
  });

  it("is 0 outside the sample, hollows too", () => {
    const sample = new Uint8Array(SIZE * SIZE).fill(1, 20 * SIZE, 40 * SIZE);
    sample[30 * SIZE + 33] = 0;
    for (const method of ["fbp", "sirt", "cgls", "mlem"] as const) {
      const { volume } = run({ method, iterations: 3 }, scan(omegaDeg, { sample }), discSinogram(omegaDeg));
      expect(volume.every((value, i) => sample[i] === 1 || value === 0)).toBe(true);
      expect(volume.some((value) => value > 1)).toBe(true);
    }
  });

  it("is never negative unless allowed", () => {
    const noisy = discSinogram(omegaDeg).map((value, i) => value + 0.5 * Math.sin(i * 12.9898));
    for (const method of ["sirt", "cgls", "mlem"] as const)
      expect(Math.min(...run({ method, iterations: 10 }, scan(omegaDeg), noisy).volume)).toBe(0);
    expect(Math.min(...run({ method: "cgls", nonNegative: false }, scan(omegaDeg), noisy).volume)).toBeLessThan(-0.01);
  });

  it.each(["sirt", "cgls"] as const)("%s stops at the noise where sigma is known", (method) => {
    const clean = discSinogram(omegaDeg);
    const sigma = new Float32Array(clean.length).fill(0.6);
    const noise = normal(clean.length);
    const sinogram = clean.map((value, i) => value + 0.6 * noise[i]!);
    // The edge of a disc of voxels adds to the noise, so a little more than its size.
    const plan = createReconstructionPlan({ method, nonNegative: method === "sirt", discrepancy: 1.2 }, scan(omegaDeg));
    const volume = new Float32Array(SIZE * SIZE);
    const { stopped, iterations } = reconstructBlock(kernels, { sinogram, sigma, bins: 1, plan }, volume);
    expect(stopped[0]).toBe("discrepancy");
    expect(iterations[0]).toBeGreaterThan(2);
    const without = run({ method, nonNegative: method === "sirt" }, scan(omegaDeg), sinogram);
    expect(iterations[0]).toBeLessThan(without.summary.iterations[0]!);
  });

  it("says that there was no signal", () => {
    const { volume, summary } = run({ method: "sirt" }, scan(omegaDeg), new Float32Array(60 * SIZE));
    expect(summary.stopped[0]).toBe("no-signal");
    expect(volume.every((value) => value === 0)).toBe(true);
  });

  it("predicts the scatter of fbp from the scatter of the rays", () => {
    // 512 bins of pure noise whose sigma grows across the scan; their spread at a voxel is the truth.
    const bins = 512;
    const angles = half(40);
    const noise = normal(40 * SIZE * bins);
    const sigma = noise.map((_, i) => 0.5 + (Math.floor(i / bins) % SIZE) / SIZE);
    const plan = createReconstructionPlan({ filter: "hamming" }, scan(angles));
    const volume = new Float32Array(SIZE * SIZE * bins);
    const predicted = new Float32Array(volume.length);
    const sinogram = noise.map((value, i) => value * sigma[i]!);
    reconstructBlock(kernels, { sinogram, sigma, bins, plan }, volume, predicted);
    const ratios: number[] = [];
    for (let voxel = 0; voxel < SIZE * SIZE; voxel += 7) {
      if (plan.reconstructable[voxel] === 0) continue;
      const values = volume.subarray(voxel * bins, (voxel + 1) * bins);
      ratios.push(Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / bins) / predicted[voxel * bins]!);
    }
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    expect(mean).toBeGreaterThan(0.98);
    expect(mean).toBeLessThan(1.02);
    // 512 draws scatter by 3 %; the rest is the averaged place between samples.
    for (const ratio of ratios) expect(Math.abs(ratio - 1)).toBeLessThan(0.25);
  });

  it.each(["fbp", "sirt", "cgls", "mlem"] as const)("%s takes no more memory than planned", (method) => {
    const plan = createReconstructionPlan({ method, iterations: 1 }, scan(omegaDeg));
    const memory = createKernelMemory();
    const arena = new Arena(memory, ARENA_START, ARENA_START + planMemory(plan).fixed);
    const small = loadKernels({ build: "simd", memory, arena });
    const sinogram = discSinogram(omegaDeg, 20);
    const sigma = sinogram.map(Math.sqrt);
    reconstructBlock(small, { sinogram, sigma, bins: 20, plan }, new Float32Array(SIZE * SIZE * 20));
    expect(arena.mark()).toBe(ARENA_START);
  });
});

describe.each(kernelBuilds)("fbp, $name", ({ exact, create }) => {
  it("gives the reference's bits", () => {
    const omegaDeg = half(9);
    const plan = createReconstructionPlan({}, scan(omegaDeg));
    const sinogram = discSinogram(omegaDeg);
    const got = new Float32Array(SIZE * SIZE);
    const want = new Float32Array(SIZE * SIZE);
    reconstructBlock(create(), { sinogram, bins: 1, plan }, got);
    reconstructBlock(kernelBuilds[0]!.create(), { sinogram, bins: 1, plan }, want);
    if (exact) expect(got).toEqual(want);
    else got.forEach((value, i) => expect(Math.abs(value - want[i]!)).toBeLessThan(1e-5));
  });
});
