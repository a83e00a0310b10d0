import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { openResult } from "../files/result-reader.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { type AddedPhase, tryPhases } from "../pipeline/study/added-phase.ts";
import { readCandidates } from "../pipeline/study/candidate-structures.ts";
import { findUnexplained } from "../pipeline/study/unexplained-phases.ts";
import { describeUnexplained, unexplainedJson } from "../pipeline/study/unexplained-report.ts";
import { writeUnexplained } from "../pipeline/study/write-unexplained.ts";
import { UnexplainedConfig } from "../stages/unexplained/index.ts";
import { checkOutputs } from "./check-outputs.ts";
import {
  type CommonOptions,
  createCommand,
  execute,
  parseOptions,
  positiveInteger,
  positiveNumber,
  workersOf,
} from "./command.ts";
import { createProgressBar } from "./progress-bar.ts";

const EXAMPLE = `npx xrdct unexplained cell.nxs -o hidden
npx xrdct unexplained cell.nxs --cifs my-structures --elements Li,Ni,Mn,Co,O,Al,Cu,Fe,C -o hidden
npx xrdct unexplained cell.nxs --windows Ni111:3.33-3.42,003:1.40-1.48 -o hidden
npx xrdct unexplained cell.nxs --add LNMO --model with-lnmo.yaml -o hidden`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly cifs?: string;
  readonly elements?: string;
  readonly add?: string;
  readonly model?: string;
  readonly rank?: number;
  readonly cells?: string;
  readonly reach?: number;
  readonly windows?: string;
  readonly memoryMb?: number;
}

export const unexplainedCommand = (): Command =>
  createCommand("unexplained", "phases that the mean pattern hides: where, their lines, which structure", EXAMPLE)
    .argument("<result>", "result of xrdct run with a Rietveld map")
    .option("-o, --output <folder>", "where to", "unexplained")
    .option("--cifs <folder>", "CIFs to try besides the structures of the program and of the model")
    .option("--elements <list>", "candidates have no other elements: Li,Ni,Mn,Co,O")
    .option("--add <names>", "candidates to add to the model, separated by commas; left out: those proposed")
    .option("--model <file>", "the model with what was found, as .yaml; left out: model.yaml in the folder")
    .option("--rank <n>", "number of components; left out: as many as stand out from noise", positiveInteger("--rank"))
    .option("--cells <whose>", "surroundings, or own: what cells a voxel is held against")
    .option("--reach <share>", "how far a candidate's cell may be from its file, relative", positiveNumber("--reach"))
    .option(
      "--windows <list>",
      "parts of the pattern whose misfit is mapped, NAME:FROM-TO in degrees 2theta: a:3.1-3.4",
    )
    .option("--memory-mb <n>", "for the residuals that are taken apart, MB", positiveNumber("--memory-mb"))
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const { output, cifs, rank, cells, reach, memoryMb } = options;
        const elements = options.elements?.split(",").map((one) => one.trim());
        const windows = options.windows?.split(",").map(parseWindow);
        const config = parseOptions(UnexplainedConfig, { rank, cells, reach, memoryMb, elements, windows });
        const { candidates, notes } = readCandidates(cifs);
        const modelPath = options.model ?? join(output, "model.yaml");
        const result = await openResult(path);
        try {
          makeFolder(output);
          checkOutputs([{ flag: "--model", path: modelPath, endings: [".yaml", ".yml"] }], [path]);
          const onProgress = createProgressBar(Boolean(options.quiet));
          const workers = workersOf(options);
          const given = { config, candidates, workers, folder: output, onProgress, signal };
          const found = await findUnexplained(result, given);
          const wanted = options.add?.split(",").map((one) => one.trim()) ?? [];
          const added =
            wanted.length === 0
              ? found.added
              : tryPhases(loadKernels(), found.model, found.twoThetaDeg, found.components, wanted);
          const all = { ...found, notes: [...found.notes, ...notes] };
          const written = await writeUnexplained(result, all, added, { config, folder: output, modelPath });
          return {
            json: { ...unexplainedJson(all, added), written },
            lines: [...describeUnexplained(all, added), "", ...nextSteps(added, modelPath, output), ...written],
          };
        } finally {
          result.close();
        }
      }),
    );

/** @throws InputError "unexplained-window" */
function parseWindow(text: string): { name: string; fromDeg: number; toDeg: number } {
  const [, name, from, to] = /^([\w.-]+):(\d*\.?\d+)-(\d*\.?\d+)$/.exec(text.trim()) ?? [];
  if (name !== undefined) return { name, fromDeg: Number(from), toDeg: Number(to) };
  throw new InputError(
    "unexplained-window",
    `--windows: "${text}" is no window. Give NAME:FROM-TO in degrees 2theta, several with commas between: Ni111:3.33-3.42,003:1.40-1.48.`,
  );
}

function makeFolder(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new InputError("not-writable", `-o ${folder} is a file. Give the name of a folder.`);
  mkdirSync(folder, { recursive: true });
}

function nextSteps(added: readonly AddedPhase[], modelPath: string, folder: string): string[] {
  if (added.length === 0) return [];
  const masks = added.map(({ name }) => `${name}: ${resolve(folder, `${name}-mask.npy`)}`).join(", ");
  return [
    `next    in scan.yaml: map: {rietveld: {model: ${resolve(modelPath)}, phaseMasks: {${masks}}}}`,
    "        npx xrdct run scan.yaml --from map",
    "        (the masks keep a phase to where it was found; without them it is fitted everywhere)",
    "",
  ];
}
