/**
 * What a warm start saves a direct reconstruction: a rod whose cell changes between two times, the second reconstructed
 * from the first and by itself. Processor time, which other work beside does not change as it does the clock.
 *
 *   npm run bench -- series-dlsr
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import { type RunOptions, runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { simulateScan } from "../src/pipeline/simulate-scan.ts";
import type { DlsrReport } from "../src/stages/dlsr/index.ts";
import { SimulateConfig } from "../src/stages/simulate/index.ts";

const MODEL = `profile: {shape: tchz, U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02}
background: 3
anomalous: false
phases:
  - {name: Al, structure: Al, gaussianStrain: {value: 0.002, refine: true}}
  - {name: Cu, structure: Cu, gaussianStrain: {value: 0.002, refine: true}}
`;
const quiet = { workers: 2, memoryBytes: 3e9, onProgress: () => {}, signal: new AbortController().signal };
const sample = (time: number): SimulateConfig =>
  SimulateConfig.parse({
    seed: 40 + time,
    scan: { translations: 61, angles: 90, stepMm: 0.08, rotationAxis: 30.35, includesEnd: true },
    instrument: { distanceMm: 500, absorption: false },
    axis: { unit: "two-theta", from: 2.8, to: 6, bins: 600 },
    noise: { countsPerRay: 1e6 },
    phases: {
      Al: {},
      Cu: { a: { kind: "linear", from: 3.612 + 0.006 * time, to: 3.62 - 0.002 * time, lengthMm: 3 } },
    },
    shapes: [
      { kind: "disc", material: "Al", radiusMm: 2.2 },
      { kind: "disc", material: "Cu", centreMm: [0.8, 0.3], radiusMm: 1.1 },
    ],
  });

const folder = mkdtempSync(join(tmpdir(), "xrdct-series-dlsr-"));
try {
  const seconds: Record<string, number> = {};
  const run = async (time: number, name: string, start?: string): Promise<string> => {
    const scanPath = join(folder, `t${time}`, `${name}.yaml`);
    const scan = parse(readFileSync(join(folder, `t${time}`, "scan.yaml"), "utf8")) as object;
    const dlsr = { phases: { Cu: { cell: "spatial" }, Al: { cell: "global", scaleMap: "refined" } } };
    const map = { rietveld: { model: "../model.yaml" } };
    writeFileSync(scanPath, stringify({ ...scan, map, dlsr: { ...dlsr, ...(start && { start: { result: start } }) } }));
    const output = join(folder, `${name}.nxs`);
    const options: RunOptions = { ...quiet, output };
    await runScan(readScan(scanPath), { ...options, until: "map" });
    const before = process.cpuUsage();
    await runScan(readScan(scanPath), options);
    const { user, system } = process.cpuUsage(before);
    seconds[name] = (user + system) / 1e6;
    return output;
  };
  writeFileSync(join(folder, "model.yaml"), MODEL);
  for (const time of [0, 1])
    await simulateScan(sample(time), { folder: join(folder, `t${time}`), output: "patterns", ...quiet });
  const first = await run(0, "first");
  const warm = await run(1, "warm", first);
  const cold = await run(1, "cold");
  const [a, b] = [await openResult(warm), await openResult(cold)];
  const [mapA, mapB] = [a.readMap("dlsr/Cu/a"), b.readMap("dlsr/Cu/a")];
  const both = [...mapA.values.keys()].filter((v) =>
    [mapA, mapB].every(({ status }) => status![v] === STATUS.converged),
  );
  const apart = both
    .map((v) => Math.abs(mapA.values[v]! - mapB.values[v]!) / mapB.esd![v]!)
    .sort((one, other) => one - other);
  for (const [name, file] of [
    ["warm", a],
    ["cold", b],
  ] as const) {
    const { steps, chi2 } = JSON.parse(file.readNote("dlsr/report")!) as DlsrReport;
    const inner = steps.reduce((sum, { innerSteps }) => sum + innerSteps, 0);
    console.log(
      `${name}: ${steps.length} steps of ${inner} conjugate gradients in all, chi² ${chi2.toFixed(5)}, ${seconds[name]!.toFixed(1)} s of processor`,
    );
    file.close();
  }
  console.log(
    `${both.length} voxels; apart by ${apart[both.length >> 1]!.toFixed(4)} esd (median), ${apart.at(-1)!.toFixed(4)} at most`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
