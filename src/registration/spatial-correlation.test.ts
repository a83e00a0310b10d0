import { expect, it } from "vitest";
import { correlationFactor } from "./spatial-correlation.ts";

/** Seeded, normal (Box and Muller over a linear congruential generator with shuffled bits). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

const N = 48;
/** Noise averaged over `width` x `width` voxels. */
function noise(seed: number, width: number): Float64Array {
  const normal = normals(seed);
  const white = Float64Array.from({ length: (N + width) ** 2 }, normal);
  return Float64Array.from({ length: N * N }, (_, i) => {
    let sum = 0;
    for (let dy = 0; dy < width; dy++)
      for (let dx = 0; dx < width; dx++) sum += white[(Math.floor(i / N) + dy) * (N + width) + (i % N) + dx]!;
    return sum;
  });
}

it.each([1, 2, 3])("gives the variance of means of noise over %d voxels, as many realisations show it", (width) => {
  const runs = Array.from({ length: 60 }, (_, i) => noise(1000 * width + i, width));
  const means = runs.map((values) => values.reduce((sum, v) => sum + v, 0) / values.length);
  const found = means.reduce((sum, mean) => sum + mean * mean, 0) / means.length;
  const said = runs.map((values, i) => {
    const variance = values.reduce((sum, v) => sum + (v - means[i]!) ** 2, 0) / values.length;
    return (variance * correlationFactor(values, N, N)) / values.length;
  });
  const ratio = said.reduce((sum, v) => sum + v, 0) / said.length / found;
  // the variance of 60 means is known to 18 %
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.6);
});

it("is that of the kernel for noise that hangs together over three by three voxels", () => {
  // sum over lags of the autocorrelation of a box of 3 x 3 is 9
  const taus = [1, 2, 3, 4, 5].map((seed) => correlationFactor(noise(seed, 3), N, N));
  expect(taus.reduce((sum, tau) => sum + tau, 0) / 5).toBeCloseTo(9, -0.5);
});

it("is 1 of values that are all the same, and counts only voxels that have one", () => {
  expect(correlationFactor(new Float64Array(100).fill(3), 10, 10)).toBe(1);
  const sparse = new Float64Array(100).fill(Number.NaN);
  sparse[3] = 1;
  expect(correlationFactor(sparse, 10, 10)).toBe(1);
});
