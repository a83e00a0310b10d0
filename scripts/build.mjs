/**
 * Builds dist/: TypeScript by tsc, the app's pages by Vite, and the kernels by AssemblyScript, twice from one source:
 * kernels.wasm (SIMD) and kernels.relaxed.wasm (relaxed SIMD, fused multiply-add where the CPU has it).
 * `node scripts/build.mjs kernels` builds the kernels alone. Beside them it leaves what ships with the program
 * (dist/THIRD-PARTY.md) and what all of it was made from (dist/provenance.json).
 */

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeProvenance } from "./provenance.mjs";
import { thirdPartyPage } from "./third-party.mjs";

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

/** What an earlier build left of files that are no more: tsc and asc write all of theirs anew. */
function removeOlder(folder, start) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeOlder(path, start);
    else if (statSync(path).mtimeMs < start) rmSync(path);
  }
}

// a second earlier, because file systems round their times
const start = Date.now() - 1000;
const isAll = process.argv[2] !== "kernels";
if (isAll) node("node_modules/typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
// npx links to it, and sets the mode only the first time
if (isAll) chmodSync(join(root, "dist/cli/main.js"), 0o755);
buildKernels();
if (isAll) node("node_modules/vite/bin/vite.js", ["build", "--logLevel", "warn"]);
if (isAll) removeOlder(join(root, "dist"), start);
if (isAll) writeFileSync(join(root, "dist/THIRD-PARTY.md"), thirdPartyPage(root));
if (existsSync(join(root, "dist/files/build-record.js"))) await writeProvenance(root);
