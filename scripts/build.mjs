/**
 * Builds dist/: TypeScript by tsc, and the kernels by AssemblyScript, twice from one source:
 * kernels.wasm (SIMD) and kernels.relaxed.wasm (relaxed SIMD, fused multiply-add where the CPU has it).
 * `node scripts/build.mjs kernels` builds the kernels alone.
 */

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const node = (script, args) =>
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });

function buildKernels() {
  mkdirSync(join(root, "dist/kernels"), { recursive: true });
  const folder = "src/kernels/assembly";
  const entries = readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".ts"))
    .sort();
  if (entries.length === 0) return;
  const common = [
    ...entries.map((name) => `${folder}/${name}`),
    "--runtime",
    "stub",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory",
    "1",
    "--maximumMemory",
    "65536",
    "-O3",
    "--noAssert",
    "--enable",
    "threads",
    "--enable",
    "simd",
  ];
  node("node_modules/assemblyscript/bin/asc.js", [...common, "-o", "dist/kernels/kernels.wasm"]);
  node("node_modules/assemblyscript/bin/asc.js", [
    ...common,
    "--enable",
    "relaxed-simd",
    "-o",
    "dist/kernels/kernels.relaxed.wasm",
  ]);
}

if (process.argv[2] !== "kernels") {
  node("node_modules/typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
}
buildKernels();
