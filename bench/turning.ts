/**
 * What the choice between temporal and spatial resolution costs where the rotation is the fast axis: copper that grows
 * into a rod while the sample turns and creeps through the beam, in four passes, each moved by half a translation
 * against the one before; steps of one, two and four passes, held against the sample in the middle of each pass.
 *
 *   npm run bench -- turning
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { SliceSeries } from "../src/pipeline/series/gather-maps.ts";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { simulateScan } from "../src/pipeline/simulate-scan.ts";
import { SimulateConfig } from "../src/stages/simulate/index.ts";
import { copperInside, edgeWidth, GROWN, TURNING, TURNING_MODEL, turningSample } from "../tests/turning-sample.ts";

const { passes, turnsPerPass, turnS } = TURNING;
const quiet = { workers: 2, onProgress: () => {}, signal: new AbortController().signal };
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const folder = mkdtempSync(join(tmpdir(), "xrdct-turning-"));
try {
  console.log("sample   passes  voxel     time of a step   copper: rms of it   edge, 80 to 20 %");
  for (const [name, config] of [
    ["stays", turningSample({})],
    ["grows", turningSample()],
  ] as const) {
    const { scanPath } = await simulateScan(SimulateConfig.parse(config), {
      folder: join(folder, name),
      output: "patterns",
      ...quiet,
    });
    writeFileSync(join(folder, name, "model.yaml"), TURNING_MODEL);
    const scan = parse(readFileSync(scanPath, "utf8")) as object;
    writeFileSync(scanPath, stringify({ ...scan, map: { rietveld: { model: "model.yaml" } } }));
    for (const perStep of [1, 2, 4]) {
      const path = join(folder, name, `series-${perStep}.yaml`);
      const turning = { scan: "scan.yaml", turns: passes * turnsPerPass, turnS, turnsPerStep: perStep * turnsPerPass };
      writeFileSync(path, stringify({ turning, films: [] }));
      const options = { folder: join(folder, name, `${perStep}`), memoryBytes: 3e9, ...quiet };
      const slice: SliceSeries = (await runSeries(readSeries(path), options)).slices[0]!;
      const steps = [...slice.timeH.keys()];
      const found = steps.map((k) => copperInside(slice, k));
      const misses = Array.from({ length: passes }, (_, pass) => {
        const grown = name === "stays" ? 0 : (pass + 0.5) / passes;
        return found[Math.floor(pass / perStep)]! - (GROWN[0] + grown * (GROWN[1] - GROWN[0]));
      });
      const rms = Math.sqrt(mean(misses.map((miss) => miss * miss)));
      const edge = mean(steps.map((k) => edgeWidth(slice, k)));
      console.log(
        `${name.padEnd(9)}${String(perStep).padEnd(8)}${slice.voxelMm.toFixed(3)} mm  ${String(perStep * turnsPerPass * turnS).padStart(4)} s ${(100 * rms).toFixed(2).padStart(18)} vol% ${edge.toFixed(2).padStart(12)} mm`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
