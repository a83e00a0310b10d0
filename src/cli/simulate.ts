import { existsSync } from "node:fs";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { readYaml } from "../files/yaml.ts";
import { simulateScan } from "../pipeline/simulate-scan.ts";
import { STUDY_SIZE, simulateStudy } from "../pipeline/simulate-study.ts";
import { PRESET_NAMES, presetConfig, SimulateConfig } from "../stages/simulate/index.ts";
import { type CommonOptions, createCommand, execute, positiveInteger, type Report, workersOf } from "./command.ts";
import { createProgressBar } from "./progress-bar.ts";

const EXAMPLE = `npx xrdct simulate demo -o virtual-cell
npx xrdct run virtual-cell/scan.yaml

npx xrdct simulate study -o cells
npx xrdct study cells/study.yaml`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly size?: number;
  readonly frames?: true;
}

export const simulateCommand = (): Command =>
  createCommand("simulate", "a virtual experiment with known truth", EXAMPLE)
    .argument("<preset>", `${PRESET_NAMES.join(", ")}, study (five cells), or a YAML file`)
    .requiredOption("-o, --output <folder>", "where to")
    .option("--size <n>", "translations of a preset", positiveInteger("--size", 8))
    .option("--frames", "detector frames (CBF) instead of patterns")
    .action((preset: string, options: Options) =>
      execute(options, async (signal) => {
        if (preset === "study") return await reportStudy(options, signal);
        const output = options.frames || preset === "frames-demo" ? "frames" : "patterns";
        const simulated = await simulateScan(readConfig(preset, options.size), {
          folder: options.output,
          output,
          workers: workersOf(options),
          onProgress: createProgressBar(Boolean(options.quiet)),
          signal,
        });
        const lines = [
          `${simulated.lines} lines of ${simulated.translations} ${output} in ${simulated.folder}`,
          `truth in ${simulated.truthPath}`,
          `next: npx xrdct run ${simulated.scanPath}`,
        ];
        return { json: simulated, lines };
      }),
    );

async function reportStudy(options: Options, signal: AbortSignal): Promise<Report> {
  if (options.frames) {
    throw new InputError("bad-option", "The study is simulated as patterns: leave --frames out.");
  }
  const study = await simulateStudy({
    folder: options.output,
    size: options.size ?? STUDY_SIZE,
    workers: workersOf(options),
    onProgress: createProgressBar(Boolean(options.quiet)),
    signal,
  });
  const lines = [
    `${study.cells.length} cells in ${study.folder}: ${study.cells.join(", ")}`,
    "truth in truth.nxs and truth.json of each",
    `next: npx xrdct study ${study.studyPath}`,
  ];
  return { json: study, lines };
}

function readConfig(preset: string, size: number | undefined): SimulateConfig {
  if (!/\.ya?ml$/.test(preset)) return SimulateConfig.parse(presetConfig(preset, size));
  if (size !== undefined)
    throw new InputError("bad-option", "--size goes with a preset; a YAML file says scan.translations itself.");
  if (!existsSync(preset))
    throw new InputError(
      "file-not-readable",
      `There is no file ${preset}. Give a YAML file or one of ${PRESET_NAMES.join(", ")}.`,
    );
  return readYaml(preset, SimulateConfig);
}
