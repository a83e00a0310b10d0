import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { encodeNpy } from "../files/npy.ts";
import { openResult, type Result } from "../files/result-reader.ts";
import { createResultWriter } from "../files/result-writer.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { saveModel } from "../pipeline/refine/save-model.ts";
import { type AddedPhase, modelWithPhases, phaseMask, tryPhases } from "../pipeline/study/added-phase.ts";
import { readCandidates } from "../pipeline/study/candidate-structures.ts";
import { unexplainedFigures } from "../pipeline/study/unexplained-figures.ts";
import { findUnexplained, type UnexplainedPhases } from "../pipeline/study/unexplained-phases.ts";
import { describeUnexplained, peakTable, unexplainedJson } from "../pipeline/study/unexplained-report.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
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
    .option("--memory-mb <n>", "for the residuals that are taken apart, MB", positiveNumber("--memory-mb"))
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const { output, cifs, rank, cells, reach, memoryMb } = options;
        const elements = options.elements?.split(",").map((one) => one.trim());
        const config = parseOptions(UnexplainedConfig, { rank, cells, reach, memoryMb, elements });
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
          const added = tryPhases(loadKernels(), found.model, found.twoThetaDeg, found.components, wanted);
          const all = { ...found, notes: [...found.notes, ...notes] };
          const written = await writeAll(result, all, added, config, output, modelPath);
          return {
            json: { ...unexplainedJson(all, added), written },
            lines: [...describeUnexplained(all, added), "", ...nextSteps(added, modelPath, output), ...written],
          };
        } finally {
          result.close();
        }
      }),
    );

function makeFolder(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new InputError("not-writable", `-o ${folder} is a file. Give the name of a folder.`);
  mkdirSync(folder, { recursive: true });
}

/** @returns the paths written */
async function writeAll(
  result: Result,
  found: UnexplainedPhases,
  added: readonly AddedPhase[],
  config: UnexplainedConfig,
  folder: string,
  modelPath: string,
): Promise<string[]> {
  const voxelMm = voxelOf(result);
  const written: string[] = [];
  const write = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  };
  write("report.json", `${JSON.stringify(unexplainedJson(found, added), null, 1)}\n`);
  write("report.txt", `${describeUnexplained(found, added).join("\n")}\n`);
  write("peaks.csv", peakTable(found));
  const mapsPath = join(folder, "maps.nxs");
  await writeMaps(result, found, config, mapsPath, voxelMm);
  written.push(mapsPath);
  if (added.length > 0) {
    saveModel(modelPath, modelWithPhases(found.model, added), "model.yaml");
    written.push(modelPath);
    for (const { component, name } of added) {
      const { ny, nx } = found.slice;
      write(`${name}-mask.npy`, encodeNpy({ shape: [ny, nx], data: phaseMask(found, component) }));
    }
  }
  for (const { name, svg } of unexplainedFigures(found, added, voxelMm)) {
    write(`${name}.svg`, svg);
    write(`${name}.png`, await svgToPng(svg));
  }
  return written;
}

async function writeMaps(
  result: Result,
  found: UnexplainedPhases,
  config: UnexplainedConfig,
  path: string,
  voxelMm: number | undefined,
): Promise<void> {
  const now = new Date().toISOString();
  const title = `${result.title}: unexplained`;
  const writer = await createResultWriter(path, { program: "xrdct", version, title, startedAt: now });
  try {
    writer.process("unexplained", { config, startedAt: now, endedAt: now, inputs: [], notes: found.notes });
    for (const map of found.maps) writer.map(`unexplained/${map.name}`, map, voxelMm === undefined ? {} : { voxelMm });
    writer.finish(now);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function voxelOf(result: Result): number | undefined {
  const [, x] = result.axes("map/rwp");
  if (x?.unit !== "mm" || x.values.length < 2) return undefined;
  return (x.values.at(-1)! - x.values[0]!) / (x.values.length - 1);
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
