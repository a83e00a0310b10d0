/**
 * Timing for the benches: user + system CPU time and wall time of this process, several repeats, and the peer in
 * the same run, because the machine drifts. Inputs come from ../shared/bench's seeded generators, in
 * $XRDCT_BENCH/data (default: xrdct-bench in the system's temporary folder).
 */
import { existsSync, readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";

export const benchFolder = process.env["XRDCT_BENCH"] ?? join(tmpdir(), "xrdct-bench");
export const benchData = (name: string): string => join(benchFolder, "data", name);

/** Raw little-endian f32 of a generated input; says which generator to run where it is missing. */
export function readF32(name: string, generator: string): Float32Array {
  const path = benchData(name);
  if (!existsSync(path)) throw new Error(`${path} is missing: run /usr/bin/python3 ../shared/bench/${generator} first`);
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

export interface Timing {
  readonly cpuMs: number[];
  readonly wallMs: number[];
}

/** Run `work` once to warm up and then `repeats` times. */
export async function time(work: () => void | Promise<void>, repeats = 5): Promise<Timing> {
  await work();
  const timing: Timing = { cpuMs: [], wallMs: [] };
  for (let i = 0; i < repeats; i++) {
    const cpu = process.cpuUsage();
    const wall = process.hrtime.bigint();
    await work();
    const used = process.cpuUsage(cpu);
    timing.wallMs.push(Number(process.hrtime.bigint() - wall) / 1e6);
    timing.cpuMs.push((used.user + used.system) / 1e3);
  }
  return timing;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

/** One JSON line per figure, so that runs can be kept and compared. */
export function report(fields: Record<string, string | number>): void {
  console.log(JSON.stringify({ ...fields, cpu: cpus()[0]?.model ?? "unknown", node: process.version }));
}

/** Nearest rank; `share` 0.95 for the 95th percentile. */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;

/** Three digits. */
export const round = (value: number): number => Number(value.toPrecision(3));
