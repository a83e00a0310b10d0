/**
 * Direct reconstruction at full size: 549 translations, 401 lines, 1000 bins, simulated once with what the solver does not
 * assume (four parcels a voxel, absorption, monitor noise and drift, zig-zag), run the whole way; then the dlsr stage alone
 * again, with its wall and processor time, the peak resident memory of the process, and both maps against the truth.
 * The simulation takes about 8 minutes on two cores, the run until the map as long; 6 GB of disk.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openResult } from "../src/files/result-reader.ts";
import { compareWithTruth } from "../src/pipeline/compare-truth.ts";
import { presetConfig } from "../src/stages/simulate/index.ts";
import { benchFolder, report } from "./common.ts";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = join(benchFolder, "dlsr-full-size");
const scanPath = join(folder, "scan", "scan.yaml");
const output = join(folder, "cell.nxs");
const PHASES = ["NMC532", "Cu", "Al", "Fe", "Ni", "graphite", "LiC12"];

interface Usage {
  readonly json: { stages: { name: string; seconds: number }[] };
  readonly peakBytes: number;
  readonly processorSeconds: number;
}

/** Runs the command line as a user does, watching its memory and processor time. */
function run(...args: string[]): Promise<Usage> {
  const child = spawn(process.execPath, [cli, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  let [peakBytes, ticks] = [0, 0];
  const watch = setInterval(() => {
    if (!existsSync(`/proc/${child.pid}/status`)) return;
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    peakBytes = Math.max(peakBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    ticks = Math.max(ticks, Number(fields[11]) + Number(fields[12]));
  }, 200);
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code !== 0) return reject(new Error(`xrdct ${args.join(" ")} ended with ${code}`));
      resolve({ json: JSON.parse(text), peakBytes, processorSeconds: ticks / 100 });
    });
  });
}

if (!existsSync(scanPath)) {
  const config = presetConfig("cell", 549);
  const path = join(folder, "simulate.yaml");
  writeFileSync(path, stringify({ ...config, axis: { ...config.axis, bins: 1000 }, subVoxels: 2 }));
  await run("simulate", path, "-o", join(folder, "scan"));
  writeFileSync(
    join(folder, "scan", "model.yaml"),
    stringify({
      profile: { shape: "tchz", U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02 },
      background: 8,
      zero: 0,
      findCells: true,
      anomalous: false,
      peaks: [
        { name: "separator", position: 1.67, fwhm: 0.12, eta: 0.5 },
        { name: "electrolyte", position: 1.5, fwhm: { value: 0.8, max: 2 }, eta: 0 },
      ],
      phases: PHASES.map((structure) => ({ structure, gaussianStrain: { value: 0.003, refine: true } })),
    }),
  );
  writeFileSync(
    scanPath,
    stringify({
      ...parse(readFileSync(scanPath, "utf8")),
      sampleThreshold: 0.015,
      reconstruct: { method: "fbp" },
      map: { rietveld: { model: "model.yaml" } },
      dlsr: { phases: { NMC532: { cell: "spatial" } } },
    }),
  );
}
if (!existsSync(output)) await run("run", scanPath, "-o", output, "--until", "map", "--memory-gb", "4", "--quiet");
const { json, peakBytes, processorSeconds } = await run(
  ...["run", scanPath, "-o", output, "--from", "dlsr", "--memory-gb", "4", "--quiet"],
);
report({
  bench: "dlsr-full-size",
  seconds: json.stages.find(({ name }) => name === "dlsr")!.seconds,
  processorSecondsWithResultFile: processorSeconds,
  peakGB: peakBytes / 1e9,
});

const [result, truth] = [await openResult(output), await openResult(join(folder, "scan", "truth.nxs"))];
for (const name of ["a", "c"] as const) {
  const [comparison] = compareWithTruth(result, truth, [
    {
      phase: "NMC532",
      amount: "NMC532/weight_fraction",
      trueAmount: "weight_fraction",
      lattice: { name, map: `NMC532/${name}`, direct: `NMC532/${name}` },
    },
  ]);
  const { bias, rms, voxels, direct } = comparison!.lattice!;
  report({ bench: "dlsr-full-size", parameter: name, map: "conventional", bias, rms, voxels });
  report({ bench: "dlsr-full-size", parameter: name, map: "direct", ...direct! });
}
result.close();
truth.close();
