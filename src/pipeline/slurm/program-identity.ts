/** What decides the last bit of a result besides the scan: the program, Node.js, and the processor's arithmetic. */
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { InputError } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import { loadKernels } from "../load-kernels.ts";

export interface ProgramIdentity {
  readonly xrdct: string;
  readonly node: string;
  /** kernels that the engine runs, and a checksum of sums and functions whose last bits may differ */
  readonly arithmetic: string;
}

export function programIdentity(): ProgramIdentity {
  return { xrdct: version, node: process.version, arithmetic: arithmetic() };
}

/** Fused or not, a product and a sum differ in the last bit; so may functions of another engine. */
function arithmetic(): string {
  const { build, arena, run } = loadKernels();
  const n = 256;
  const mark = arena.mark();
  const [out, row] = [arena.f32(n), arena.f32(n)];
  const functions = new Float64Array(8 * n);
  for (let i = 0; i < n; i++) {
    const x = (i + 1) / 7.3;
    out[i] = 1 / (i + 3);
    row[i] = -1 / (i + 3.1);
    functions.set(
      [Math.sin, Math.cos, Math.exp, Math.log, Math.atan, Math.cbrt, Math.tanh].map((f) => f(x)),
      8 * i,
    );
    functions[8 * i + 7] = x ** 1.7;
  }
  run.accumulate(out, row, 1.0000001, n);
  const sums = out.slice();
  arena.release(mark);
  const crc = crc32(new Uint8Array(functions.buffer), crc32(new Uint8Array(sums.buffer)));
  return `${build} ${process.arch} ${crc.toString(16).padStart(8, "0")}`;
}

/** @throws InputError "slurm-program-differs" where this machine's bits may be others than those of the run's first job */
export function assertSameProgram(first: ProgramIdentity, mine = programIdentity()): void {
  const names = { xrdct: "xrdct", node: "Node.js", arithmetic: "kernels and arithmetic" } as const;
  const differing = (Object.keys(names) as (keyof ProgramIdentity)[]).filter((key) => first[key] !== mine[key]);
  if (differing.length === 0) return;
  const what = differing.map((key) => `${names[key]} ${mine[key]} and not ${first[key]}`).join(", ");
  throw new InputError(
    "slurm-program-differs",
    `${hostname()} has ${what} as the run's first job: the bits of a result may depend on it, so nothing is done there. Give one program to all jobs (node and before in the file of --slurm), or leave such nodes out (options: ["--exclude=NODES"] or a --constraint).`,
  );
}
