/**
 * Which statistic is right: bias and rms error of each against the pattern that ../shared/bench/gen_frames.py drew the
 * frames from (CeO2 rings, 400 Bragg spots, 300 hot pixels, Poisson counts), 16 frames. "Known" is the noiseless
 * pattern at the centre of each bin (bench README's) and its average over the bin's own pixels.
 */
import { readFileSync } from "node:fs";
import { twoThetaMap } from "../src/geometry/index.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig } from "../src/stages/integrate/index.ts";
import { benchData, report } from "./common.ts";

const BINS = 1500;
const DEG = 180 / Math.PI;
const bytes = (name: string): ArrayBuffer => {
  const file = readFileSync(benchData(name));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
};
const { shape, poni } = JSON.parse(readFileSync(benchData("frames.json"), "utf8"));
const [count, rows, cols] = shape as [number, number, number];
const mask = { rows, cols, data: new Uint8Array(bytes("mask.raw")) };
const all = new Int32Array(bytes("frames.raw"));
const frames = Array.from({ length: count }, (_, i) => all.subarray(i * rows * cols, (i + 1) * rows * cols));

/** h^2 + k^2 + l^2 to multiplicity x |F|^2, as the generator has it: h >= k >= l, all even or all odd. */
function reflections(): Map<number, number> {
  const out = new Map<number, number>();
  for (let h = 1; h < 20; h++) {
    for (let k = 0; k <= h; k++) {
      for (let l = 0; l <= k; l++) {
        if (new Set([h % 2, k % 2, l % 2]).size !== 1) continue;
        const s = h * h + k * k + l * l;
        const orders = new Set([h, k, l]).size === 3 ? 6 : new Set([h, k, l]).size === 2 ? 3 : 1;
        const multiplicity = orders * 2 ** [h, k, l].filter((x) => x !== 0).length;
        const oxygen = 16 * Math.exp(-0.02 * s);
        const sum = (h + k + l) % 4;
        const f = 58 * Math.exp(-0.012 * s) + (sum === 0 ? oxygen : sum % 2 ? 0 : -oxygen);
        out.set(s, (out.get(s) ?? 0) + multiplicity * f * f);
      }
    }
  }
  return out;
}

function knownPattern(twoThetaDeg: Float64Array): Float64Array {
  const peaks = [...reflections()].flatMap(([s, strength]) => {
    const x = ((poni.wavelength * 1e10) / 2 / 5.4113) * Math.sqrt(s);
    if (x >= 1) return [];
    const theta = Math.asin(x);
    const lp = (1 + Math.cos(2 * theta) ** 2) / (Math.sin(theta) ** 2 * Math.cos(theta));
    return [{ at: 2 * theta * DEG, height: 9e-6 * strength * lp }];
  });
  peaks.sort((a, b) => a.at - b.at);
  return twoThetaDeg.map((x) => {
    let value = 40 * Math.exp(-x / 4) + 6;
    for (const { at, height } of peaks) {
      if (Math.abs(x - at) < 8 * 0.045) value += height * Math.exp(-4 * Math.LN2 * ((x - at) / 0.045) ** 2);
    }
    return value;
  });
}

const CASES = [
  { statistic: "mean" },
  { statistic: "trimmed-mean" },
  { statistic: "trimmed-mean", trim: 0.25 },
  { statistic: "median" },
  { statistic: "sigma-clip", clip: { errorModel: "poisson", threshold: 5 } },
  { statistic: "sigma-clip", clip: { errorModel: "poisson", threshold: 3 } },
  { statistic: "sigma-clip", clip: { errorModel: "azimuthal", threshold: 5 } },
  { statistic: "sigma-clip", clip: { errorModel: "azimuthal", threshold: 3 } },
  { statistic: "sigma-clip", split: "bbox", clip: { errorModel: "azimuthal", threshold: 3 } },
  { statistic: "sigma-clip", split: "full", clip: { errorModel: "azimuthal", threshold: 3 } },
];

const pixelTruth = Float32Array.from(knownPattern(twoThetaMap(poni, { rows, cols }).map((x) => x * DEG)));
const kernels = loadKernels();
const setup = { poni, shape: { rows, cols }, mask };
for (const given of CASES) {
  const mark = kernels.arena.mark();
  const config = IntegrateConfig.parse({ bins: BINS, ...given });
  const integrator = createIntegrator(kernels, { ...setup, config });
  const { intensity, sigma } = integrator.integrate(frames);
  const uncorrected = { ...config, statistic: "mean" as const, solidAngle: false, polarization: null };
  const inBin = createIntegrator(kernels, { ...setup, config: uncorrected }).integrate([pixelTruth]).intensity;
  kernels.arena.release(mark);
  const atCentre = knownPattern(integrator.axis.values);
  // The outermost bins hold a few corner pixels only.
  const bins = Array.from({ length: BINS - 20 }, (_, i) => i + 10);
  const errors = (known: ArrayLike<number>) =>
    frames.flatMap((_, f) => bins.map((bin) => intensity[f * BINS + bin]! / known[bin]! - 1)).filter(Number.isFinite);
  const average = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const rms = (values: number[]) => Math.sqrt(average(values.map((v) => v * v)));
  const [centre, own] = [errors(atCentre), errors(inBin)];
  const pulls = frames
    .flatMap((_, f) => bins.map((bin) => (intensity[f * BINS + bin]! - inBin[bin]!) / sigma[f * BINS + bin]!))
    .filter(Number.isFinite);
  const sorted = pulls.map(Math.abs).sort((a, b) => a - b);
  report({
    bench: "trimmed",
    case: JSON.stringify(given),
    bias_percent: Number((100 * average(own)).toFixed(3)),
    rms_percent: Number((100 * rms(own)).toFixed(3)),
    bias_at_centre_percent: Number((100 * average(centre)).toFixed(3)),
    rms_at_centre_percent: Number((100 * rms(centre)).toFixed(3)),
    empty_percent: Number((100 * (1 - own.length / (bins.length * frames.length))).toFixed(2)),
    // 0.6745 if sigma is honest
    median_pull: Number(sorted[sorted.length >> 1]!.toFixed(3)),
  });
}
