/**
 * Azimuthal integration of 1679 x 1475 frames in memory: CPU ms a frame, and the ratio to pyFAI's fastest CPU path
 * measured in the same run (`--no-peer` leaves it out). Inputs: ../shared/bench/gen_frames.py.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig } from "../src/stages/integrate/index.ts";
import { benchData, report, time } from "./common.ts";

const FRAMES = 16;
const BINS = 1500;
const CASES = [
  { split: "none", statistic: "mean", peer: ["integrate", "no,"], need: 6 },
  { split: "bbox", statistic: "mean", peer: ["integrate", "bbox,"], need: 6 },
  { split: "full", statistic: "mean", peer: ["integrate", "full,"], need: 6 },
  { split: "none", statistic: "trimmed-mean", peer: ["trimmed", "medfilt1d percentile=(10,90)"], need: 4 },
  { split: "none", statistic: "median", peer: ["trimmed", "medfilt1d median"], need: 1 },
  {
    split: "none",
    statistic: "sigma-clip",
    peer: ["trimmed", "sigma_clip_ng thresh=3 max_iter=5 azimuthal no"],
    need: 1,
  },
  {
    split: "bbox",
    statistic: "sigma-clip",
    peer: ["trimmed", "sigma_clip_ng thresh=3 max_iter=5 azimuthal bbox"],
    need: 1,
  },
] as const;

function bytes(name: string): ArrayBuffer {
  const file = readFileSync(benchData(name));
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
}

interface PeerLine {
  readonly bench: string;
  readonly method: string;
  readonly path?: string;
  readonly npt: number;
  readonly cpu_min?: number;
}

/** CPU ms a frame of each of pyFAI's methods, the better of its two entry points. */
function runPeers(): PeerLine[] {
  const run = (script: string, ...args: string[]) =>
    spawnSync("/usr/bin/python3", [`../shared/bench/${script}`, "--threads", "1", "--npt", String(BINS), ...args], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
    }).stdout;
  const methods = ["no,histogram,cython", "no,csr,cython", "bbox,csr,cython", "full,csr,cython"];
  const out =
    run("peer_integrate_pyfai.py", "--methods", ...methods, "--reps", "3", "--nframes", "8") +
    run("peer_trimmed_pyfai.py", "--reps", "2");
  return out
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as PeerLine);
}

const peers = process.argv.includes("--no-peer") ? [] : runPeers();
const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice(7);
const { shape, poni } = JSON.parse(readFileSync(benchData("frames.json"), "utf8"));
const [, rows, cols] = shape as [number, number, number];
const mask = { rows, cols, data: new Uint8Array(bytes("mask.raw")) };
const all = new Int32Array(bytes("frames.raw"));

for (const { split, statistic, peer, need } of CASES) {
  if (only && !`${split} ${statistic}`.includes(only)) continue;
  const kernels = loadKernels();
  const config = IntegrateConfig.parse({ bins: BINS, split, statistic });
  const setupStart = process.cpuUsage();
  const integrator = createIntegrator(kernels, { poni, shape: { rows, cols }, mask, config });
  const setup = process.cpuUsage(setupStart);
  // The frames lie in kernel memory, as a decoder leaves them there.
  const frames = Array.from({ length: FRAMES }, (_, i) => {
    const frame = kernels.arena.i32(rows * cols);
    frame.set(all.subarray(i * rows * cols, (i + 1) * rows * cols));
    return frame;
  });
  const timing = await time(() => void integrator.integrate(frames), 7);
  const cpuMs = Math.min(...timing.cpuMs) / FRAMES;
  const peerMs = Math.min(
    ...peers
      .filter((line) => line.bench === peer[0] && line.method.startsWith(peer[1]) && line.cpu_min !== undefined)
      .map((line) => line.cpu_min! * 1e3),
  );
  report({
    bench: "integrate",
    split,
    statistic,
    bins: BINS,
    build: kernels.build,
    cpu_ms_per_frame: Number(cpuMs.toFixed(2)),
    setup_cpu_ms: Math.round((setup.user + setup.system) / 1e3),
    memory_mb: Math.round(integrator.memoryBytes / 1e6),
    ...(Number.isFinite(peerMs) && {
      pyfai_best_cpu_ms: Number(peerMs.toFixed(1)),
      ratio: Number((peerMs / cpuMs).toFixed(1)),
      ratio_needed: need,
    }),
  });
}
