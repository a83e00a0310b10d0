/**
 * Reconstruction with parallax undone: what it does to the peaks of grains off the axis against plain CGLS of the same
 * rays, what it costs against plain CGLS (both on one thread, a fixed number of iterations), and the memory that it
 * plans for a slice of 549 x 549 x 1000.
 */
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import {
  createReconstructionPlan,
  planMemory,
  planWindowMemory,
  reconstructBlock,
  reconstructWindow,
} from "../src/stages/reconstruct/index.ts";
import { fitGrains, mean, reconstructGrains, rmsFrom, scanGrains } from "../tests/off-centre-grains.ts";
import { report } from "./common.ts";

const kernels = loadKernels();

for (const arcDeg of [180, 360] as const) {
  for (const isNoisy of [false, true]) {
    const options = { arcDeg, isNoisy, translations: 41, angles: arcDeg / 4, bins: 236 };
    const seen = scanGrains({ ...options, parallax: true });
    const flat = scanGrains({ ...options, parallax: false, isNoisy: false });
    const truth = fitGrains(kernels, flat, reconstructGrains(kernels, { method: "cgls" }, flat));
    const [position, fwhm, area] = [mean(truth.position), mean(truth.fwhm), mean(truth.area)];
    for (const [what, config] of [
      ["plain cgls", { method: "cgls" }],
      ["cgls with parallax", { method: "cgls", parallax: true }],
      ["sirt with parallax", { method: "sirt", parallax: true, tolerance: 0 }],
    ] as const) {
      const fitted = fitGrains(kernels, seen, reconstructGrains(kernels, config, seen));
      report({
        what,
        ...{ arcDeg, noisy: String(isNoisy), voxels: fitted.position.length },
        positionRmsDeg: rmsFrom(fitted.position, position),
        positionBiasDeg: mean(fitted.position) - position,
        fwhmRmsDeg: rmsFrom(fitted.fwhm, fwhm),
        meanFwhmOverTrue: mean(fitted.fwhm) / fwhm,
        meanAreaOverTrue: mean(fitted.area) / area,
      });
    }
  }
}

const N = Number(process.env["TRANSLATIONS"] ?? 181);
const ANGLES = 150;
const BINS = 128;
const ITERATIONS = 5;
const STEP_MM = 10 / (N - 1);
const scan = {
  omegaDeg: Array.from({ length: ANGLES }, (_, i) => (i * 180) / ANGLES),
  ...{ translations: N, rotationAxis: (N - 1) / 2, stepMm: STEP_MM, distanceMm: 1000 },
};
const axis = (from: number, bins: number) => ({
  unit: "two-theta" as const,
  values: Float64Array.from({ length: bins }, (_, i) => from + 0.0068 * i),
});
const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
};
const least = (work: () => void): number => Math.min(...[0, 1, 2].map(() => cpuMs(work)));
const config = { method: "cgls", iterations: ITERATIONS, tolerance: 0, nonNegative: false } as const;
for (const from of [1.2, 6.5]) {
  const plain = createReconstructionPlan(config, scan);
  const shifted = createReconstructionPlan({ ...config, parallax: true }, { ...scan, axis: axis(from, BINS) });
  const noise = (n: number) => Float32Array.from({ length: n }, (_, i) => 1 + Math.sin(12.9898 * i));
  const sinogram = noise(ANGLES * N * BINS);
  const out = new Float32Array(N * N * BINS);
  const plainMs = least(() => reconstructBlock(kernels, { plan: plain, sinogram, bins: BINS }, out));
  const { windows } = shifted.parallax!;
  const parts = windows.map(({ sourceFrom, sourceTo }) => noise(ANGLES * N * (sourceTo - sourceFrom)));
  const shiftedMs = least(() =>
    windows.forEach((window, i) => {
      reconstructWindow(kernels, shifted, window, { sinogram: parts[i]! }, out);
    }),
  );
  report({
    what: "cost",
    ...{ fromDeg: from, bins: BINS, translations: N, angles: ANGLES, iterations: ITERATIONS },
    plainCpuMsPerBinAndIteration: plainMs / BINS / ITERATIONS,
    shiftedCpuMsPerBinAndIteration: shiftedMs / BINS / ITERATIONS,
    ratio: shiftedMs / plainMs,
  });
}

const paper = {
  omegaDeg: Array.from({ length: 400 }, (_, i) => (i * 180) / 400),
  ...{ translations: 549, rotationAxis: 274, stepMm: 0.02, distanceMm: 1000, axis: axis(1.2, 1000) },
};
const large = createReconstructionPlan({ method: "cgls", parallax: true }, paper);
const { fixed, perBin } = planMemory(createReconstructionPlan({ method: "cgls" }, paper));
report({
  what: "memory of a thread, 549 x 549 x 1000 from 400 angles",
  windows: large.parallax!.windows.length,
  rowBinsOverBins: large.parallax!.windows.reduce((sum, { shifted }) => sum + shifted.rowBins, 0) / 1000,
  megabytes: planWindowMemory(large, false) / 1e6,
  megabytesWithSigma: planWindowMemory(large, true) / 1e6,
  plainMegabytes: (fixed + 32 * perBin) / 1e6,
});
