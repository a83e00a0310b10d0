import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { parse, stringify } from "yaml";
import { openResult, type Result } from "../files/result-reader.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { type Comparison, compareWithTruth, type MapsOfPhase } from "../pipeline/compare-truth.ts";
import { asMapFigure, readImage } from "../pipeline/result-figures.ts";
import { runScan } from "../pipeline/run-scan.ts";
import { readScan } from "../pipeline/scan-config.ts";
import { schemaLine } from "../pipeline/schema-line.ts";
import { simulateScan } from "../pipeline/simulate-scan.ts";
import type { ModelConfigInput } from "../refinement/index.ts";
import { type MapFigure, mapPanel, percentileLimits } from "../stages/figure/index.ts";
import { presetConfig, SimulateConfig } from "../stages/simulate/index.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, type Report, workersOf } from "./command.ts";
import { writeFigures } from "./figure.ts";
import { offerApp } from "./offer-app.ts";
import { createProgressBar } from "./progress-bar.ts";

interface Options extends CommonOptions {
  readonly size: number;
  readonly output: string;
}

const PHASES = ["NMC532", "Cu", "Al", "Fe", "graphite", "LiC12"];
/** The profile is the simulated instrument's; a strain takes up what the cell's depth along the beam smears. */
const MODEL: ModelConfigInput = {
  title: "simulated Li-ion cell",
  profile: { shape: "tchz", U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02 },
  background: 8,
  zero: 0,
  findCells: true,
  anomalous: false, // as simulated
  peaks: [
    { name: "separator", position: 1.67, fwhm: 0.12, eta: 0.5 },
    { name: "electrolyte", position: 1.5, fwhm: { value: 0.8, max: 2 }, eta: 0 },
  ],
  phases: PHASES.map((structure) => ({ structure, gaussianStrain: { value: 0.003, refine: true } })),
};
const SHOWN: readonly MapsOfPhase[] = PHASES.map((phase) => ({
  phase,
  amount: `${phase}/weight_fraction`,
  trueAmount: "weight_fraction",
  ...(phase === "NMC532" && { lattice: { name: "c", map: "NMC532/c", direct: "NMC532/c" } }),
}));

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
        const axis = summary.stages.find(({ name }) => name === "sinogram")?.notes ?? [];
        const report = await reportOn(folder, { resultPath, truthPath }, config.scan.rotationAxis, axis);
        return await offerApp(report, resultPath, options, signal);
      }),
    );

/** The result held against its truth, in numbers and figures. */
async function reportOn(
  folder: string,
  { resultPath, truthPath }: { readonly resultPath: string; readonly truthPath: string },
  trueRotationAxis: number | undefined,
  axisNotes: readonly string[],
): Promise<Report> {
  const [result, truth] = [await openResult(resultPath), await openResult(truthPath)];
  try {
    const comparisons = compareWithTruth(result, truth, SHOWN);
    const figures = [
      await writeComparison(join(folder, "figures"), result, truth),
      ...(await writeFigures(result, join(folder, "figures"), ["png"])),
    ];
    return {
      json: { result: resultPath, truth: truthPath, trueRotationAxis, comparisons, figures },
      lines: describe(trueRotationAxis, axisNotes, comparisons, resultPath, figures),
    };
  } finally {
    result.close();
    truth.close();
  }
}

/** The scan.yaml of the simulation says what was measured; what to map is the user's to add. */
function askForMaps(scanPath: string): void {
  const scan = parse(readFileSync(scanPath, "utf8")) as Record<string, unknown>;
  // the anode scatters so little beside copper and steel that the usual threshold would take thin parts of it for air
  const config = {
    ...scan,
    title: "simulated Li-ion cell",
    sampleThreshold: 0.015,
    reconstruct: { method: "fbp" },
    map: { rietveld: { model: "model.yaml" } },
    dlsr: { phases: { NMC532: { cell: "spatial" } } },
  };
  writeFileSync(join(dirname(scanPath), "model.yaml"), schemaLine("model") + stringify(MODEL));
  writeFileSync(scanPath, schemaLine("scan") + stringify(config));
}

async function writeComparison(folder: string, result: Result, truth: Result): Promise<string> {
  // the same colours for the same numbers
  const pair = (name: string, trueName: string, title: string, limits: readonly [number, number]) => [
    { ...asMapFigure(truth, trueName, readImage(truth, trueName)), limits, title: `${title}, true` },
    { ...asMapFigure(result, name, readImage(result, name)), limits, title: `${title}, found` },
  ];
  const pairs = [
    ...["NMC532", "graphite"].flatMap((phase) =>
      pair(`map/${phase}/weight_fraction`, `truth/${phase}/weight_fraction`, `${phase}: weight fraction`, [0, 100]),
    ),
    ...latticePanels(result, truth),
  ];
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "truth-and-result.png");
  writeFileSync(path, await svgToPng(mapPanel(pairs, 2)));
  return path;
}

/** c: true, voxel by voxel, straight from the sinograms, and what the last two differ by. */
function latticePanels(result: Result, truth: Result): MapFigure[] {
  const limits = percentileLimits(truth.readMap("truth/NMC532/c").values);
  const panel = (of: Result, name: string, title: string): MapFigure => ({
    ...asMapFigure(of, name, readImage(of, name)),
    limits,
    title: `NMC532: c, ${title}`,
  });
  const conventional = panel(result, "map/NMC532/c", "found, conventional");
  const direct = panel(result, "dlsr/NMC532/c", "found, direct");
  const { limits: _, ...plain } = direct;
  const difference: MapFigure = {
    ...plain,
    values: Float64Array.from(direct.values, (value, v) => value - conventional.values[v]!),
    colourMap: "difference",
    title: "NMC532: c, direct minus conventional",
  };
  return [panel(truth, "truth/NMC532/c", "true"), conventional, direct, difference];
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
    "  phase      weight fraction: correlation   lattice parameter (Å)",
    ...comparisons.map(({ phase, correlation, lattice }) => {
      const cell = lattice
        ? `${lattice.name} ${lattice.recovered.toFixed(4)}, true ${lattice.truth.toFixed(4)}, difference ${lattice.bias.toFixed(4)}, rms ${lattice.rms.toFixed(4)} (${lattice.voxels} voxels)`
        : "";
      return `  ${phase.padEnd(10)} ${correlation.toFixed(3).padStart(28)}   ${cell}`;
    }),
    ...comparisons.flatMap(({ phase, lattice }) =>
      lattice?.direct
        ? [
            `  ${phase} ${lattice.name} straight from the sinograms, parallax in the model: difference ${lattice.direct.bias.toFixed(4)}, rms ${lattice.direct.rms.toFixed(4)} (${lattice.direct.voxels} voxels)`,
          ]
        : [],
    ),
    "",
    `result  ${result}`,
    ...figures.map((path) => `figure  ${path}`),
    `next    npx xrdct export ${result} --list`,
    `        npx xrdct serve ${dirname(result)}     the app in a browser`,
  ];
}
