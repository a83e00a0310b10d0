/**
 * SIRT and CGLS on 549 translations x 400 angles, 16 bins: CPU-ms per slice and iteration on one thread, and the error
 * on the analytic phantom of ../shared/bench/gen_fbp.py after 50 iterations. ASTRA's CPU projector (linear) needs 64 s
 * (CGLS) and 71 s (SIRT) for 50 iterations of one slice, ../shared/bench/README.md: it has no Debian package, so the
 * ratio is against that figure and scikit-image's iradon is timed as a measure of the machine (955 ms there).
 */
import { execFileSync } from "node:child_process";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createReconstructionPlan, reconstructBlock } from "../src/stages/reconstruct/index.ts";
import { benchData, readF32, report } from "./common.ts";

const N = 549;
const ANGLES = 400;
const BINS = 16;
const ITERATIONS = Number(process.env["ITERATIONS"] ?? 20);
const ASTRA_MS = { cgls: 64_000 / 50, sirt: 71_000 / 50 };
const IRADON_MS = 955;

const kernels = loadKernels();
const phantom = readF32("fbp_sino.raw", "gen_fbp.py");
const truth = readF32("fbp_truth.raw", "gen_fbp.py");
const sinogram = kernels.arena.f32(ANGLES * N * BINS);
const volume = kernels.arena.f32(N * N * BINS);
sinogram.forEach((_, i) => {
  const ray = Math.floor(i / BINS);
  sinogram[i] = phantom[(ray % N) * ANGLES + Math.floor(ray / N)]!;
});

const iradon = Number(
  execFileSync(
    "/usr/bin/python3",
    [
      "-c",
      `import sys, time, numpy as np
from skimage.transform import iradon
s = np.load(sys.argv[1]).astype(float); c = time.process_time()
iradon(s, theta=np.arange(400) * 180 / 400, filter_name="ramp", circle=True); print((time.process_time() - c) * 1e3)`,
      benchData("fbp_sino.npy"),
    ],
    { env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" }, encoding: "utf8" },
  ),
);

for (const method of ["cgls", "sirt"] as const) {
  const plan = createReconstructionPlan(
    { method, iterations: ITERATIONS, tolerance: 0 },
    {
      omegaDeg: Float64Array.from({ length: ANGLES }, (_, j) => (j * 180) / ANGLES),
      translations: N,
      rotationAxis: 274,
      stepMm: 0.02,
    },
  );
  const before = process.cpuUsage();
  const { iterations, residual } = reconstructBlock(kernels, { sinogram, bins: BINS, plan }, volume);
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1e3 / BINS / iterations[0]!;
  let sum = 0;
  let count = 0;
  plan.reconstructable.forEach((inside, i) => {
    if (inside === 0) return;
    sum += (volume[i * BINS]! - truth[(N - 1 - Math.floor(i / N)) * N + (i % N)]!) ** 2;
    count++;
  });
  report({
    what: method,
    iterations: iterations[0]!,
    cpuMsPerSliceAndIteration: cpuMs,
    ratioToAstraScaledByIradon: (ASTRA_MS[method] * iradon) / IRADON_MS / cpuMs,
    residual: residual[0]!,
    rmse: Math.sqrt(sum / count),
  });
}
