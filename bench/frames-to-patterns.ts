/**
 * From CBF files on disk to patterns, two worker threads: frames a second (wall) and CPU ms a frame, decoding
 * included (checksums verified). `--statistic=mean` for another than the default trimmed mean.
 * Inputs: ../shared/bench/gen_frames.py. The paper's scan was taken at 61 frames a second.
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { decodeCbfsInto } from "../src/files/cbf.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig } from "../src/stages/integrate/index.ts";
import { benchData, report } from "./common.ts";

const WORKERS = 2;
const ROUNDS = 20;
const folder = benchData("cbf");
const statistic = process.argv.find((arg) => arg.startsWith("--statistic="))?.slice(12) ?? "trimmed-mean";

if (isMainThread) await lead();
else work(workerData as { index: number; statistic: string });

async function lead(): Promise<void> {
  const workers = Array.from(
    { length: WORKERS },
    (_, index) =>
      // tsx does not reach into workers on Node 20 by itself
      new Worker(
        `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(import.meta.url)}); })`,
        { eval: true, workerData: { index, statistic }, execArgv: [] },
      ),
  );
  const once = (worker: Worker) =>
    new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await Promise.all(workers.map(once)); // set up and warm
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const done = workers.map(once);
  for (const worker of workers) worker.postMessage("go");
  const frames = ((await Promise.all(done)) as number[]).reduce((a, b) => a + b, 0);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const used = process.cpuUsage(cpu);
  report({
    bench: "frames-to-patterns",
    statistic,
    workers: WORKERS,
    frames,
    frames_per_second: Number((frames / seconds).toFixed(1)),
    frames_per_second_needed: 61,
    cpu_ms_per_frame: Number(((used.user + used.system) / 1e3 / frames).toFixed(2)),
    // What two undisturbed cores would do
    frames_per_second_by_cpu: Number(((frames * 2e6) / (used.user + used.system)).toFixed(1)),
  });
  await Promise.all(workers.map((worker) => worker.terminate()));
}

function work({ index, statistic }: { index: number; statistic: string }): void {
  const { shape, poni } = JSON.parse(readFileSync(benchData("frames.json"), "utf8"));
  const [, rows, cols] = shape as [number, number, number];
  const mask = { rows, cols, data: new Uint8Array(readFileSync(benchData("mask.raw"))) };
  const kernels = loadKernels();
  const config = IntegrateConfig.parse({ statistic });
  const integrator = createIntegrator(kernels, { poni, shape: { rows, cols }, mask, config });
  const files = readdirSync(folder)
    .sort()
    .filter((_, i) => i % WORKERS === index);
  const buffers = Array.from({ length: 4 }, () => kernels.arena.u8(rows * cols * 4));
  const round = (): void => {
    for (let first = 0; first < files.length; first += 4) {
      const some = files.slice(first, first + 4);
      const frames = some.map((_, i) => integrator.slots[i]!);
      const read = some.map((name, i) => ({ name, bytes: readInto(join(folder, name), buffers[i]!) }));
      const [problem] = decodeCbfsInto(read, frames, kernels).filter((one) => one !== undefined);
      if (problem) throw problem;
      integrator.integrate(frames);
    }
  };
  round();
  round();
  parentPort!.once("message", () => {
    for (let i = 0; i < ROUNDS; i++) round();
    parentPort!.postMessage(ROUNDS * files.length);
  });
  parentPort!.postMessage("ready");
}

/** The file's bytes, in kernel memory. */
function readInto(path: string, buffer: Uint8Array): Uint8Array {
  const file = openSync(path, "r");
  const bytes = buffer.subarray(0, fstatSync(file).size);
  readSync(file, bytes);
  closeSync(file);
  return bytes;
}
