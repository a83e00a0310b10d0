/** What the search for hidden phases leaves: report, peaks, maps, figures, and the model with what was found. */
import { join } from "node:path";
import { version } from "../../data/version.ts";
import { encodeNpy } from "../../files/npy.ts";
import type { Result } from "../../files/result-reader.ts";
import { createResultWriter } from "../../files/result-writer.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import type { UnexplainedConfig } from "../../stages/unexplained/index.ts";
import { saveModel } from "../refine/save-model.ts";
import { writeWhole } from "../write-whole.ts";
import { type AddedPhase, modelWithPhases, phaseMask } from "./added-phase.ts";
import { unexplainedFigures } from "./unexplained-figures.ts";
import type { UnexplainedPhases } from "./unexplained-phases.ts";
import { describeUnexplained, peakTable, unexplainedJson, windowTable } from "./unexplained-report.ts";

export interface WriteUnexplainedOptions {
  readonly config: UnexplainedConfig;
  /** which exists */
  readonly folder: string;
  /** of the model with the phases that were added */
  readonly modelPath: string;
}

/** @returns the paths written */
export async function writeUnexplained(
  result: Result,
  found: UnexplainedPhases,
  added: readonly AddedPhase[],
  { config, folder, modelPath }: WriteUnexplainedOptions,
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
  if (found.windows.length > 0) write("windows.csv", windowTable(found));
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
