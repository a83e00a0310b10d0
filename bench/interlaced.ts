/**
 * What the choice between temporal and spatial resolution costs: one scan of four interlaced passes, of a sample that
 * stays, changes slowly and changes fast, cut into steps of one, two and four passes. Each of the four moments in the
 * middle of a pass is answered by the step that is nearest to it, and that held against the sample at that moment.
 * Then the same choice where the rotation is the fast axis: bench/turning.ts.
 *
 *   npm run bench -- interlaced
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ParameterMap } from "../src/data/index.ts";
import type { SliceSeries } from "../src/pipeline/series/gather-maps.ts";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { simulateScan, structuresOf } from "../src/pipeline/simulate-scan.ts";
import { createExperiment, SimulateConfig, sampleAt } from "../src/stages/simulate/index.ts";

const [PASSES, LINES, LINE_S] = [4, 40, 30];
const quiet = { workers: 2, onProgress: () => {}, signal: new AbortController().signal };
const MODEL = `profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases:
  - {name: Al, structure: Al}
  - {name: Cu, structure: Cu}
`;

/** A copper rod that swells by `change`, and one beside it that grows by `growth` mm, in aluminium. */
const sample = (change: number, growth: number): SimulateConfig =>
  SimulateConfig.parse({
    seed: 4,
    scan: {
      translations: 41,
      angles: PASSES * LINES - 1,
      includesEnd: true,
      stepMm: 0.1,
      rotationAxis: 20.35,
      zigZag: true,
      lineShiftSteps: 1,
      passes: [0, 2, 1, 3],
    },
    instrument: { parallax: false },
    axis: { unit: "q", from: 2.6, to: 5.3, bins: 360 },
    noise: { countsPerRay: 3e5 },
    phases: { Al: {}, Cu: { a: 3.61 } },
    shapes: [
      { kind: "disc", material: "Al", radiusMm: 1.7 },
      { kind: "disc", material: "Cu", centreMm: [0.5, 0.4], radiusMm: 0.6 },
      { kind: "disc", material: "Cu", centreMm: [-0.8, -0.3], radiusMm: 0.4 },
    ],
    later: {
      phases: { Cu: { a: 3.61 * (1 + change) } },
      shapes: [{ kind: "disc" }, { kind: "disc" }, { kind: "disc", radiusMm: 0.4 + growth }],
    },
  });

/** Root mean square and mean of what a map misses, over the voxels that `isTaken` of the truth. */
function misses(map: ParameterMap, truth: ParameterMap, isTaken: (voxel: number) => boolean) {
  let [sum, squares, count] = [0, 0, 0];
  for (let voxel = 0; voxel < truth.values.length; voxel++) {
    const miss = map.values[voxel]! - truth.values[voxel]!;
    if (!isTaken(voxel) || !Number.isFinite(miss) || (map.status?.[voxel] ?? 0) !== 0) continue;
    sum += miss;
    squares += miss * miss;
    count++;
  }
  return { rms: Math.sqrt(squares / count), mean: Math.abs(sum / count) };
}

const at = (slice: SliceSeries, name: string, timeH: number): ParameterMap => {
  const nearest = [...slice.timeH.keys()].sort(
    (a, b) => Math.abs(slice.timeH[a]! - timeH) - Math.abs(slice.timeH[b]! - timeH),
  )[0]!;
  return slice.parameters.find((parameter) => parameter.name === name)!.steps[nearest]!;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const folder = mkdtempSync(join(tmpdir(), "xrdct-interlaced-"));
try {
  console.log("sample      passes  time    Cu a: rms    of it mean   Cu wt%: rms");
  for (const [name, change, growth] of [
    ["stays", 0, 0],
    ["slow", 0.0005, 0.03],
    ["fast", 0.005, 0.3],
  ] as const) {
    const config = sample(change, growth);
    const { scanPath } = await simulateScan(config, { folder: join(folder, name), output: "patterns", ...quiet });
    writeFileSync(join(folder, name, "model.yaml"), MODEL);
    const scan = parse(readFileSync(scanPath, "utf8")) as object;
    writeFileSync(
      scanPath,
      stringify({ ...scan, reconstruct: { size: 41 }, map: { rietveld: { model: "model.yaml" } } }),
    );
    for (const passesPerStep of [1, 2, 4]) {
      const path = join(folder, name, `series-${passesPerStep}.yaml`);
      const interlaced = { scan: "scan.yaml", passes: PASSES, linesPerPass: LINES, lineS: LINE_S, passesPerStep };
      writeFileSync(path, stringify({ interlaced, films: [] }));
      const options = { folder: join(folder, name, `${passesPerStep}`), memoryBytes: 3e9, ...quiet };
      const [slice] = (await runSeries(readSeries(path), options)).slices;
      const found = Array.from({ length: PASSES }, (_, pass) => {
        const share = (pass + 0.5) / PASSES;
        const timeH = (share * PASSES * LINES * LINE_S) / 3600;
        const moment = createExperiment(sampleAt(config, share), structuresOf(config)).truth();
        const truth = (part: string): ParameterMap => moment.find((map) => map.name === `truth/Cu/${part}`)!;
        const copper = truth("volume_fraction").values;
        return {
          a: misses(at(slice!, "Cu/a", timeH), truth("a"), (voxel) => copper[voxel]! > 0.5),
          share: misses(at(slice!, "Cu/weight_fraction", timeH), truth("weight_fraction"), () => true),
        };
      });
      const milli = (values: readonly number[]): string => `${(1e3 * mean(values)).toFixed(3)} mÅ`.padStart(12);
      console.log(
        `${name.padEnd(12)}${String(passesPerStep).padEnd(8)}${((passesPerStep * LINES * LINE_S) / 60).toFixed(0).padStart(3)} min ${milli(found.map(({ a }) => a.rms))} ${milli(found.map(({ a }) => a.mean))} ${(100 * mean(found.map(({ share }) => share.rms))).toFixed(2).padStart(10)} wt%`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
