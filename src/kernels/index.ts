/**
 * Kernels: the hot loops, over typed arrays only. reference/ says in plain TypeScript what each one means;
 * assembly/ is the same in AssemblyScript, built twice (SIMD, relaxed SIMD). All three have the same signature:
 * where the reference takes a typed array the assembly takes its byte offset, so every array given to a WASM
 * kernel must come from an Arena of the same memory.
 *
 * Loading bytes from disk or network is the caller's business (pipeline/load-kernels.ts in Node).
 */
import { Arena } from "./arena.ts";
import * as reference from "./reference/index.ts";

export { Arena } from "./arena.ts";
export { md5OfFour } from "./md5-of-four.ts";

export type KernelFunctions = typeof reference;
export type KernelBuild = "reference" | "simd" | "relaxed-simd";

/** The kernels of one thread, with the memory range that this thread may take arrays from. */
export interface Kernels {
  readonly build: KernelBuild;
  readonly memory: WebAssembly.Memory;
  readonly arena: Arena;
  readonly run: KernelFunctions;
}

/** The first MiB belongs to the constant tables of the WASM module. */
export const ARENA_START = 1 << 20;
export const MAXIMUM_PAGES = 65536;

/** One memory for all threads; pages cost nothing until they are written. */
export function createKernelMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 16, maximum: MAXIMUM_PAGES, shared: true });
}

/** Kernels in plain TypeScript: the meaning, and the fallback where WASM SIMD is missing. */
export function createReferenceKernels(memory = createKernelMemory(), arena = wholeArena(memory)): Kernels {
  return { build: "reference", memory, arena, run: reference };
}

/** Kernels of a compiled module; one instance per thread over the given memory. */
export function createKernels(
  module: WebAssembly.Module,
  build: Exclude<KernelBuild, "reference">,
  memory = createKernelMemory(),
  arena = wholeArena(memory),
): Kernels {
  const instance = new WebAssembly.Instance(module, { env: { memory, abort: kernelAbort } });
  const run: Record<string, unknown> = {};
  for (const [name, fn] of Object.entries(instance.exports)) {
    if (typeof fn === "function") run[name] = withPointers(fn as (...args: number[]) => number);
  }
  for (const name of Object.keys(reference)) {
    if (!(name in run)) throw new Error(`kernel ${name} has a reference but no assembly twin`);
  }
  return { build, memory, arena, run: run as unknown as KernelFunctions };
}

/** Whether this engine compiles relaxed SIMD (a module with one f32x4.relaxed_madd). */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_PROBE);
}

type KernelArgument = number | { readonly byteOffset: number };

function withPointers(fn: (...args: number[]) => number): (...args: KernelArgument[]) => number {
  return (...args) => fn(...args.map((arg) => (typeof arg === "number" ? arg : arg.byteOffset)));
}

function wholeArena(memory: WebAssembly.Memory): Arena {
  return new Arena(memory, ARENA_START, MAXIMUM_PAGES * 65536);
}

function kernelAbort(): never {
  throw new Error("a kernel aborted");
}

/** (module (func (param v128 v128 v128) (result v128) local.get 0 1 2 f32x4.relaxed_madd)) */
const RELAXED_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  8,
  1,
  96,
  3,
  123,
  123,
  123,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  13,
  1,
  11,
  0,
  32,
  0,
  32,
  1,
  32,
  2,
  253,
  133,
  2,
  11,
);
