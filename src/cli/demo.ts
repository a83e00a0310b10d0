import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { parse, stringify } from "yaml";
import { openResult, type Result } from "../files/result-reader.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { type Comparison, compareWithTruth, type PeakOfPhase } from "../pipeline/compare-truth.ts";
import { asMapFigure, readImage } from "../pipeline/result-figures.ts";
import { runScan } from "../pipeline/run-scan.ts";
import { readScan } from "../pipeline/scan-config.ts";
import { simulateScan } from "../pipeline/simulate-scan.ts";
import { mapPanel } from "../stages/figure/index.ts";
import type { MapConfigInput } from "../stages/map/index.ts";
import { presetConfig, SimulateConfig } from "../stages/simulate/index.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, workersOf } from "./command.ts";
import { writeFigures } from "./figure.ts";
import { createProgressBar } from "./progress-bar.ts";

interface Options extends CommonOptions {
  readonly size: number;
  readonly output: string;
}

/** Well separated peaks of the phases of the demo's cell, on its q axis. */
const MAP: MapConfigInput = {
  regions: [
    { name: "NMC532", phase: "NMC532", range: [1.22, 1.38], peaks: [{ name: "003", hkl: [0, 0, 3], d: 4.836 }] },
    {
      name: "anode",
      range: [1.68, 1.98],
      peaks: [
        { name: "LiC12-002", d: 3.5325 },
        { name: "graphite-002", d: 3.3555 },
      ],
    },
    { name: "Cu", phase: "Cu", range: [2.96, 3.06], peaks: [{ name: "111", hkl: [1, 1, 1], d: 2.087 }] },
  ],
};
const PEAKS: readonly PeakOfPhase[] = [
  { phase: "NMC532", peak: "NMC532/003", lattice: { name: "c", perD: 3 } },
  { phase: "LiC12", peak: "anode/LiC12-002" },
  { phase: "graphite", peak: "anode/graphite-002" },
  { phase: "Cu", peak: "Cu/111" },
];

export const demoCommand = (): Command =>
  createCommand("demo", "a small simulated cell, the whole way, held against its truth", "npx xrdct demo")
    .option("--size <n>", "translations", positiveInteger("--size", 8), 61)
    .option("-o, --output <folder>", "where to", "xrdct-demo")
    .action((options: Options) =>
      execute(options, async (signal) => {
        const folder = options.output;
        const workers = workersOf(options);
        const onProgress = createProgressBar(Boolean(options.quiet));
        const scanFolder = join(folder, "scan");
        const config = SimulateConfig.parse(presetConfig("demo", options.size));
        const { scanPath, truthPath } = await simulateScan(config, {
          folder: scanFolder,
          output: "patterns",
          workers,
          onProgress,
          signal,
        });
        askForMaps(scanPath);
        const resultPath = join(folder, "cell.nxs");
        const summary = await runScan(readScan(scanPath), {
          output: resultPath,
          workers,
          memoryBytes: 3e9,
          onProgress,
          signal,
        });
        const [result, truth] = [await openResult(resultPath), await openResult(truthPath)];
        try {
          const comparisons = compareWithTruth(result, truth, PEAKS);
          const figures = [
            await writeComparison(join(folder, "figures"), result, truth),
            ...(await writeFigures(result, join(folder, "figures"), ["png"])),
          ];
          const axis = summary.stages.find(({ name }) => name === "sinogram")?.notes ?? [];
          const json = {
            result: resultPath,
            truth: truthPath,
            trueRotationAxis: config.scan.rotationAxis,
            comparisons,
            figures,
          };
          return { json, lines: describe(config.scan.rotationAxis, axis, comparisons, resultPath, figures) };
        } finally {
          result.close();
          truth.close();
        }
      }),
    );

/** The scan.yaml of the simulation says what was measured; what to map is the user's to add. */
function askForMaps(scanPath: string): void {
  const scan = parse(readFileSync(scanPath, "utf8")) as Record<string, unknown>;
  // few projections: least squares shows thin layers better than filtered back-projection
  // the anode scatters so little beside copper and steel that the usual threshold would take thin parts of it for air
  const config = {
    ...scan,
    title: "simulated Li-ion cell",
    sampleThreshold: 0.015,
    reconstruct: { method: "cgls", iterations: 15 },
    map: MAP,
  };
  writeFileSync(scanPath, stringify(config));
}

async function writeComparison(folder: string, result: Result, truth: Result): Promise<string> {
  const pairs = PEAKS.slice(0, 2).flatMap(({ phase, peak }) => {
    const [name, trueName] = [`map/${peak}/area`, `truth/${phase}/volume_fraction`];
    const recovered = asMapFigure(result, name, readImage(result, name));
    const expected = asMapFigure(truth, trueName, readImage(truth, trueName));
    return [
      { ...expected, title: `${phase}: true volume fraction`, label: "volume fraction" },
      { ...recovered, title: `${phase}: area of the fitted peak` },
    ];
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "truth-and-result.png");
  writeFileSync(path, await svgToPng(mapPanel(pairs, 2)));
  return path;
}

function describe(
  axis: number | undefined,
  found: readonly string[],
  comparisons: readonly Comparison[],
  result: string,
  figures: readonly string[],
): string[] {
  return [
    "",
    "found against true",
    ...found.slice(0, 2).map((note) => `  ${note}`),
    `  true rotation axis ${axis?.toFixed(3)} steps; every second line truly ran backwards, one step late`,
    "",
    "  phase      peak                 correlation   lattice parameter (Å)",
    ...comparisons.map(({ phase, peak, correlation, lattice }) => {
      const cell = lattice
        ? `${lattice.name} ${lattice.recovered.toFixed(4)}, true ${lattice.truth.toFixed(4)}, difference ${lattice.bias.toFixed(4)}, rms ${lattice.rms.toFixed(4)} (${lattice.voxels} voxels)`
        : "";
      return `  ${phase.padEnd(10)} ${peak.padEnd(20)} ${correlation.toFixed(3).padStart(8)}      ${cell}`;
    }),
    "",
    `result  ${result}`,
    ...figures.map((path) => `figure  ${path}`),
    `next    npx xrdct export ${result} --list`,
  ];
}
