import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Structure } from "../../crystal/index.ts";
import { encodeCbf } from "../../files/cbf.ts";
import { createHdf5 } from "../../files/hdf5-writer.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createExperiment, type Experiment, type SimulateConfig } from "../../stages/simulate/index.ts";
import { diskError } from "../disk-error.ts";
import type { BlockRunner } from "../tasks.ts";

export interface SimulatePayload {
  readonly config: SimulateConfig;
  readonly structures: Readonly<Record<string, Structure>>;
  readonly folder: string;
  readonly output: "patterns" | "frames";
  readonly name: string;
}

/** A block is one line of the scan. Files that are there already are left: they were made from the same settings. */
export function setUpSimulate(_kernels: Kernels, payload: SimulatePayload): BlockRunner {
  const experiment = createExperiment(payload.config, payload.structures);
  return {
    async run(line) {
      if (payload.output === "frames") writeFrames(experiment, payload, line);
      else await writeLine(experiment, payload, line);
      return { crc: [] };
    },
    close() {},
  };
}

export const framePath = (folder: string, index: number): string =>
  join(folder, "frames", `frame_${String(index).padStart(7, "0")}.cbf`);

/** The layout in which P07 scans are published. */
async function writeLine(
  { line, axis, missingLines }: Experiment,
  { folder, name }: SimulatePayload,
  index: number,
): Promise<void> {
  if (missingLines.has(index)) return;
  const dataPath = join(folder, `xrd_${name}_data_${String(index + 1).padStart(6, "0")}.h5`);
  const counterPath = join(folder, `${name}_cnt_${String(index).padStart(5, "0")}.nxs`);
  if (existsSync(dataPath) && existsSync(counterPath)) return;
  const { patterns, monitor, transmitted } = line(index);
  const bins = axis.values.length;
  const data = await createHdf5(dataPath);
  data.dataset("data", [patterns.length / bins, bins], patterns);
  data.dataset(axis.unit === "q" ? "q" : "tth", [bins], axis.values);
  data.finish();
  const counter = await createHdf5(counterPath);
  counter.group("entry/data");
  counter.attribute("entry", "NX_class", "NXentry");
  counter.attribute("entry/data", "NX_class", "NXdata");
  counter.dataset("entry/data/value1", [monitor.length], monitor);
  counter.dataset("entry/data/value2", [transmitted.length], transmitted);
  counter.finish();
}

function writeFrames(experiment: Experiment, { folder }: SimulatePayload, line: number): void {
  const { translations } = experiment.scan;
  const { rows, cols } = experiment.frames.shape;
  mkdirSync(join(folder, "frames"), { recursive: true });
  for (let translation = 0; translation < translations; translation++) {
    const path = framePath(folder, line * translations + translation);
    if (existsSync(path)) continue;
    const bytes = encodeCbf({ rows, cols, data: experiment.frame(line, translation), header: {} });
    try {
      writeFileSync(`${path}.partial`, bytes);
      renameSync(`${path}.partial`, path);
    } catch (error) {
      throw diskError(error, path, bytes.length);
    }
  }
}
