/**
 * Filtered back-projection of 549 translations x 400 angles, in stacks of bins: CPU-ms a slice on one thread and on
 * two workers, the error on the analytic phantom of ../shared/bench/gen_fbp.py, and scikit-image's iradon in the same
 * run. Filtering and every copy are included: from a sinogram stack [angle, translation, bins] to a volume
 * [y, x, bins]. `FBP_BINS` sets the bins of the block (64), `FBP_STACK` those of the stack (1000).
 */
import { execFileSync } from "node:child_process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createReconstructionPlan, planMemory, reconstructBlock } from "../src/stages/reconstruct/index.ts";
import { benchData, readF32, report } from "./common.ts";

const N = 549;
const ANGLES = 400;
const BINS = Number(process.env["FBP_BINS"] ?? 64);
const STACK = Number(process.env["FBP_STACK"] ?? 1000);

const plan = createReconstructionPlan(
  {},
  {
    omegaDeg: Float64Array.from({ length: ANGLES }, (_, j) => (j * 180) / ANGLES),
    translations: N,
    rotationAxis: 274,
    stepMm: 0.02,
  },
);

/** The phantom's sinogram, [translation, angle] in the file, in every bin at another level. */
function prepare() {
  const kernels = loadKernels();
  const phantom = readF32("fbp_sino.raw", "gen_fbp.py");
  const sinogram = kernels.arena.f32(ANGLES * N * BINS);
  const volume = kernels.arena.f32(N * N * BINS);
  for (let angle = 0; angle < ANGLES; angle++) {
    for (let t = 0; t < N; t++) {
      const at = (angle * N + t) * BINS;
      for (let bin = 0; bin < BINS; bin++) sinogram[at + bin] = phantom[t * ANGLES + angle]! * (1 + bin);
    }
  }
  return { kernels, sinogram, volume };
}

const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};

/** Root mean square difference from the truth in the circle that the scan saw whole (y down in the truth's file). */
function findError(value: (voxel: number) => number): number {
  const truth = readF32("fbp_truth.raw", "gen_fbp.py");
  let sum = 0;
  let count = 0;
  for (let y = 0; y < N; y++) {
    for (let x = 0; x < N; x++) {
      if ((x - 274) ** 2 + (y - 274) ** 2 > 274 * 274) continue;
      sum += (value(y * N + x) - truth[(N - 1 - y) * N + x]!) ** 2;
      count++;
    }
  }
  return Math.sqrt(sum / count);
}

const IRADON = `
import json, sys, time
import numpy as np
from skimage.transform import iradon
s = np.load(sys.argv[1]).astype(np.float64); t = np.load(sys.argv[2])
theta = np.arange(400) * 180 / 400
best = 1e9
for _ in range(3):
    c = time.process_time(); r = iradon(s, theta=theta, filter_name="ramp", interpolation="linear", circle=True); best = min(best, time.process_time() - c)
y, x = np.mgrid[0:549, 0:549]; m = (x - 274) ** 2 + (y - 274) ** 2 <= 274 ** 2
print(json.dumps({"ms": best * 1e3, "rmse": float(np.sqrt(((r - t)[m] ** 2).mean()))}))
`;

async function runMain(): Promise<void> {
  const { kernels, sinogram, volume } = prepare();
  const perSlice: number[] = [];
  const start = used();
  for (let done = 0; done < STACK; done += BINS) {
    const before = used();
    reconstructBlock(kernels, { sinogram, bins: BINS, plan }, volume);
    perSlice.push((used() - before) / BINS);
  }
  const blocks = perSlice.length;
  const mean = (used() - start) / (blocks * BINS);
  const rmse = findError((voxel) => volume[voxel * BINS]!);
  report({
    what: "xrdct fbp",
    build: kernels.build,
    bins: blocks * BINS,
    cpuMsPerSlice: mean,
    fastestBlock: Math.min(...perSlice),
    rmse,
    fixedMiB: planMemory(plan).fixed / 2 ** 20,
  });
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  const python = execFileSync(
    "/usr/bin/python3",
    ["-c", IRADON, benchData("fbp_sino.npy"), benchData("fbp_truth.npy")],
    { env, encoding: "utf8" },
  );
  const iradon = JSON.parse(python) as { ms: number; rmse: number };
  report({ what: "scikit-image iradon", cpuMsPerSlice: iradon.ms, rmse: iradon.rmse, ratio: iradon.ms / mean });
  await runWorkers(2);
}

async function runWorkers(workers: number): Promise<void> {
  const results = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      // Workers do not inherit tsx's loader by themselves.
      const worker = new Worker(
        `import("tsx/esm/api").then((tsx) => { tsx.register(); import(${JSON.stringify(import.meta.url)}); })`,
        {
          eval: true,
          workerData: { index },
        },
      );
      return new Promise<{ start: number; end: number; bins: number; sum: number }>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    }),
  );
  const wallMs = Math.max(...results.map(({ end }) => end)) - Math.min(...results.map(({ start }) => start));
  const bins = results.reduce((sum, result) => sum + result.bins, 0);
  const isSame = results.every(({ sum }) => Object.is(sum, results[0]!.sum));
  report({ what: `xrdct fbp, ${workers} workers`, bins, wallMsPerSlice: wallMs / bins, sameBits: String(isSame) });
}

function runWorker(): void {
  const { kernels, sinogram, volume } = prepare();
  reconstructBlock(kernels, { sinogram, bins: BINS, plan }, volume);
  const start = Date.now();
  let bins = 0;
  for (; bins < STACK / 4; bins += BINS) reconstructBlock(kernels, { sinogram, bins: BINS, plan }, volume);
  parentPort!.postMessage({ start, end: Date.now(), bins, sum: volume.reduce((sum, value) => sum + value, 0) });
}

if (isMainThread || !workerData) await runMain();
else runWorker();
