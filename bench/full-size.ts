/**
 * A scan of the size of Vamvakeros et al. 2021 (549 translations, 400 projections, 1500 bins), simulated once, then
 * run the whole way: wall time of each stage, the peak resident memory of the whole process, and the maps against the
 * truth.
 * The simulation takes several minutes and 1.4 GB of disk, the run about 15 GB while it lasts.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openResult } from "../src/files/result-reader.ts";
import { compareWithTruth } from "../src/pipeline/compare-truth.ts";
import { benchFolder, report } from "./common.ts";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const size = Number(process.argv[3] ?? 549);
const bins = Number(process.argv[4] ?? 1500);
const folder = join(benchFolder, `full-size-${size}-${bins}`);
const scanPath = join(folder, "scan.yaml");
const output = join(benchFolder, `full-size-${size}-${bins}.nxs`);

interface Usage {
  readonly seconds: number;
  readonly peakBytes: number;
  readonly json: { stages: { name: string; seconds: number }[] };
}

/** Runs the command line as a user does, watching its resident memory. */
function run(...args: string[]): Promise<Usage> {
  const started = process.hrtime.bigint();
  const child = spawn(process.execPath, [cli, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  let peakBytes = 0;
  const watch = setInterval(() => {
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, "utf8") : "";
    peakBytes = Math.max(peakBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 100);
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code !== 0) return reject(new Error(`xrdct ${args.join(" ")} ended with ${code}`));
      resolve({ seconds: Number(process.hrtime.bigint() - started) / 1e9, peakBytes, json: JSON.parse(text) });
    });
  });
}

if (!existsSync(scanPath)) {
  const { presetConfig } = await import("../src/stages/simulate/index.ts");
  const config = presetConfig("cell", size);
  const path = join(benchFolder, "full-size.yaml");
  writeFileSync(path, stringify({ ...config, axis: { ...config.axis, bins } }));
  await run("simulate", path, "-o", folder);
}
const scan = parse(readFileSync(scanPath, "utf8"));
scan.map = {
  regions: [
    { name: "NMC532", phase: "NMC532", range: [1.22, 1.38], peaks: [{ name: "003", hkl: [0, 0, 3], d: 4.836 }] },
    { name: "Cu", phase: "Cu", range: [2.96, 3.06], peaks: [{ name: "111", hkl: [1, 1, 1], d: 2.087 }] },
  ],
};
writeFileSync(scanPath, stringify(scan));
rmSync(output, { force: true });
rmSync(`${output}.work`, { recursive: true, force: true });
const { seconds, peakBytes, json } = await run("run", scanPath, "-o", output, "--memory-gb", "3", "--quiet");
for (const stage of json.stages) report({ bench: "full-size", stage: stage.name, seconds: stage.seconds });
report({ bench: "full-size", stage: "all, with the result file", seconds, peakGB: peakBytes / 1e9 });

const [result, truth] = [await openResult(output), await openResult(join(folder, "truth.nxs"))];
const peaks = [
  {
    phase: "NMC532",
    amount: "NMC532/003/area",
    trueAmount: "volume_fraction",
    lattice: { name: "c", map: "NMC532/003/d", factor: 3 },
  },
  { phase: "Cu", amount: "Cu/111/area", trueAmount: "volume_fraction" },
] as const;
for (const { phase, correlation, lattice } of compareWithTruth(result, truth, peaks)) {
  report({
    bench: "full-size",
    phase,
    correlation,
    ...(lattice && { cBiasA: lattice.bias, cRmsA: lattice.rms, voxels: lattice.voxels }),
  });
}
result.close();
truth.close();
