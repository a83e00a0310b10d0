/** Direct reconstructions over time: each from the one before, against a cold start and the truth. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type ParameterMap, STATUS } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import type { DlsrReport } from "../src/stages/dlsr/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { PATTERNS, runHere, simulate, type VirtualScan } from "./virtual-scan.ts";

const folder = tempFolder();
const MODEL = `
profile: {shape: tchz, U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02}
background: 3
anomalous: false
phases:
  - {name: Al, structure: Al, gaussianStrain: {value: 0.002, refine: true}}
  - {name: Cu, structure: Cu, gaussianStrain: {value: 0.002, refine: true}}
`;
const map = { rietveld: { model: "../model.yaml" } };
const dlsr = { phases: { Cu: { cell: "spatial" }, Al: { cell: "global", scaleMap: "refined" } } };
/** Cu a across the rod, which grows by 4 mÅ and turns its gradient round */
const CELLS = [
  { from: 3.612, to: 3.62 },
  { from: 3.622, to: 3.618 },
];
const files: VirtualScan[] = [];
const cold = join(folder, "cold.nxs");
/** the same without a direct reconstruction */
const plain = join(folder, "plain.nxs");
const warm = join(folder, "series", "step-001.nxs");

interface Direct {
  readonly a: ParameterMap;
  readonly report: DlsrReport;
}
async function directOf(path: string): Promise<Direct> {
  const result = await openResult(path);
  const report = JSON.parse(result.readNote("dlsr/report")!) as DlsrReport;
  const a = result.readMap("dlsr/Cu/a");
  result.close();
  return { a, report };
}

beforeAll(async () => {
  writeFileSync(join(folder, "model.yaml"), MODEL);
  for (const [k, cell] of CELLS.entries()) {
    files[k] = await simulate(
      join(folder, `t${k}`),
      {
        ...PATTERNS,
        seed: 30 + k,
        phases: { Al: {}, Cu: { a: { kind: "linear", ...cell, lengthMm: 2 } } },
        shapes: [
          { kind: "disc", material: "Al", radiusMm: 1.7 },
          { kind: "disc", material: "Cu", centreMm: [0.9, 0.3], radiusMm: 0.6 },
        ],
        instrument: { distanceMm: 400, absorption: false },
        axis: { unit: "two-theta", from: 2.8, to: 6, bins: 600 },
      },
      "patterns",
    );
    files[k]!.variant("run.yaml", { map, dlsr, sampleThreshold: 0.02, reconstruct: { size: 25 } });
  }
  const path = join(folder, "series.yaml");
  writeFileSync(path, stringify({ steps: [0, 1].map((time) => ({ scan: `t${time}/run.yaml`, time })), films: [] }));
  await runSeries(readSeries(path), {
    folder: join(folder, "series"),
    workers: 2,
    memoryBytes: 3e9,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  const alone = join(folder, "t1", "run.yaml");
  await runHere(alone, cold, { until: "map" });
  copyFileSync(cold, plain);
  await runHere(alone, cold);
}, 180_000);

describe("a direct reconstruction that starts from an earlier one", () => {
  it("does not look for the sense of depth and for blur again, and takes no more steps", async () => {
    const [first, then, alone] = await Promise.all([join(folder, "series", "step-000.nxs"), warm, cold].map(directOf));
    expect(first!.report.depthSign.chi2).not.toBeNull();
    expect(then!.report.depthSign).toMatchObject({ value: first!.report.depthSign.value, chi2: null });
    expect(then!.report.blur).toBe(first!.report.blur);
    expect(then!.report.steps.length).toBeLessThanOrEqual(alone!.report.steps.length);
  });

  it("ends where a cold start ends, within its esds, and at the truth", async () => {
    const [then, alone] = [await directOf(warm), await directOf(cold)];
    expect(Math.abs(then.report.chi2 / alone.report.chi2 - 1)).toBeLessThan(1e-3);
    const truth = await openResult(files[1]!.truthPath);
    const fraction = truth.readMap("truth/Cu/volume_fraction").values;
    const real = truth.readMap("truth/Cu/a").values;
    truth.close();
    const both = [...fraction.keys()].filter(
      (v) => fraction[v]! > 0.9 && then.a.status![v] === STATUS.converged && alone.a.status![v] === STATUS.converged,
    );
    expect(both.length).toBeGreaterThan(25);
    const apart = both.map((v) => Math.abs(then.a.values[v]! - alone.a.values[v]!) / alone.a.esd![v]!);
    const rms = ({ a }: Direct): number =>
      Math.sqrt(both.reduce((sum, v) => sum + (a.values[v]! - real[v]!) ** 2, 0) / both.length);
    expect(Math.max(...apart)).toBeLessThan(1);
    expect(rms(then)).toBeLessThan(1.1 * rms(alone));
  });

  it("is refused where there is none, or on another grid", async () => {
    const from = (result: string, size: number) => {
      const output = join(folder, `from-${size}.nxs`);
      copyFileSync(plain, output); // whose maps are taken over where the grid is theirs
      const settings = { map, dlsr: { ...dlsr, start: { result } }, sampleThreshold: 0.02, reconstruct: { size } };
      return runHere(files[1]!.variant("from.yaml", settings), output);
    };
    await expect(from(plain, 25)).rejects.toMatchObject({ code: "dlsr-start", message: /no direct reconstruction/ });
    await expect(from(cold, 27)).rejects.toMatchObject({ code: "dlsr-start", message: /25 x 25 voxels.*27 x 27/ });
  }, 60_000);
});
