import { accessSync, constants, statfsSync } from "node:fs";
import { availableParallelism, cpus, freemem, tmpdir, totalmem } from "node:os";
import { cwd } from "node:process";
import type { Command } from "commander";
import { version } from "../data/version.ts";
import { loadHdf5Library } from "../files/hdf5-library.ts";
import type { Kernels } from "../kernels/index.ts";
import { accumulate } from "../kernels/reference/index.ts";
import { fastestBuild, loadKernels } from "../pipeline/load-kernels.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";

export const doctorCommand = (): Command =>
  createCommand("doctor", "what this machine can do", "npx xrdct doctor").action((options: CommonOptions) =>
    execute(options, async () => {
      const found = await examine();
      return {
        json: Object.fromEntries(found.map(({ name, value, isGood }) => [name, { value, isGood }])),
        lines: found.map(line),
      };
    }),
  );

interface Finding {
  readonly name: string;
  readonly value: string;
  readonly isGood: boolean;
  readonly advice?: string;
}

const line = ({ name, value, isGood, advice }: Finding): string =>
  `${isGood ? "ok  " : "SLOW"} ${name.padEnd(10)} ${value}${isGood || !advice ? "" : `. ${advice}`}`;

async function examine(): Promise<Finding[]> {
  const build = fastestBuild();
  const kernels = loadKernels();
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const disk = statfsSync(cwd());
  const free = disk.bavail * disk.bsize;
  return [
    { name: "xrdct", value: version, isGood: true },
    { name: "node", value: process.version, isGood: true },
    {
      name: "processor",
      value: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} threads`,
      isGood: availableParallelism() > 1,
      advice: "Every stage uses all threads it is given",
    },
    {
      name: "memory",
      value: `${gigabytes(freemem())} of ${gigabytes(totalmem())} free`,
      isGood: freemem() > 3e9,
      advice: "Below 3 GB large scans go slower",
    },
    { name: "kernels", value: build, isGood: build === "relaxed-simd", advice: "Node 20.19 or later has relaxed SIMD" },
    {
      name: "speed",
      value: `${gigaflops(kernels).toFixed(1)} GFlop/s float32 a thread, in cache`,
      isGood: gigaflops(kernels) > 2,
      advice: "Something else is running, or this is an emulator",
    },
    { name: "hdf5", value: await hdf5(), isGood: true },
    {
      name: "disk",
      value: `${gigabytes(free)} free here`,
      isGood: free > 2e9,
      advice: "A full-size scan writes about 10 GB: give an output elsewhere with -o",
    },
    {
      name: "writable",
      value: isWritable(cwd()) ? cwd() : `${cwd()} is not`,
      isGood: isWritable(cwd()),
      advice: "Change to a folder of yours",
    },
    { name: "temporary", value: tmpdir(), isGood: isWritable(tmpdir()), advice: "Set TMPDIR" },
  ];
}

async function hdf5(): Promise<string> {
  await loadHdf5Library();
  return "reads and writes, with gzip, LZ4 and bitshuffle";
}

function gigaflops({ arena, run }: Kernels): number {
  const n = 4096;
  const mark = arena.mark();
  const [out, row] = [arena.f32(n), arena.f32(n)];
  const reference = new Float32Array(n);
  accumulate(reference, row, 0.5, n);
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 2000; i++) run.accumulate(out, row, 0.5, n);
    best = Math.max(best, (2 * n * 2000) / Number(process.hrtime.bigint() - start));
  }
  arena.release(mark);
  return best;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
