/** Kernels from dist/kernels, the fastest build that this engine runs. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { type Arena, createKernels, hasRelaxedSimd, type KernelBuild, type Kernels } from "../kernels/index.ts";

type WasmBuild = Exclude<KernelBuild, "reference">;
const FILES: Record<WasmBuild, string> = { simd: "kernels.wasm", "relaxed-simd": "kernels.relaxed.wasm" };

/**
 * The compute kernels as WebAssembly, with a memory of their own or a shared one.
 *
 * @param options.build leave out for the fastest; `memory` and `arena` to share one memory between threads
 */
export function loadKernels(options: { build?: WasmBuild; memory?: WebAssembly.Memory; arena?: Arena } = {}): Kernels {
  const build = options.build ?? fastestBuild();
  return createKernels(compile(build), build, options.memory, options.arena);
}

/** Relaxed SIMD is behind a flag in Node 20 and on by default from Node 22. */
export function fastestBuild(): WasmBuild {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return hasRelaxedSimd() ? "relaxed-simd" : "simd";
}

const compiled = new Map<WasmBuild, WebAssembly.Module>();
function compile(build: WasmBuild): WebAssembly.Module {
  const ready = compiled.get(build);
  if (ready) return ready;
  if (build === "relaxed-simd") fastestBuild(); // sets the flag that compiling needs
  // From src (tests) as from dist (users) the kernels lie in dist/kernels.
  const folder = new URL(import.meta.url.includes("/src/") ? "../../dist/kernels/" : "../kernels/", import.meta.url);
  const module = new WebAssembly.Module(readFileSync(new URL(FILES[build], folder)));
  compiled.set(build, module);
  return module;
}
