/** A virtual experiment as files: lines in the P07 layout or CBF frames, the truth, and a scan.yaml to run it. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { builtInStructure, type Structure } from "../crystal/index.ts";
import { InputError, type ParameterMap } from "../data/index.ts";
import { version } from "../data/version.ts";
import { readText } from "../files/byte-source.ts";
import { readCif } from "../files/cif.ts";
import { encodeEdf } from "../files/edf.ts";
import { formatPoni } from "../files/poni.ts";
import { createResultWriter } from "../files/result-writer.ts";
import {
  createExperiment,
  type Experiment,
  type SimulateConfig,
  structureNames,
  turnsOfPass,
} from "../stages/simulate/index.ts";
import { diskError } from "./disk-error.ts";
import { WorkerPool } from "./pool.ts";
import { createEstimator, type ProgressListener } from "./progress.ts";
import { schemaLine } from "./schema-line.ts";
import { digest } from "./stage-store.ts";
import type { SimulatePayload } from "./tasks/simulate-task.ts";
import { writeWhole } from "./write-whole.ts";

/** Where a simulated scan is written, and as what. */
export interface SimulateOptions {
  readonly folder: string;
  readonly output: "patterns" | "frames";
  readonly workers: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** what the truth holds beside the phases' own maps */
  readonly moreTruth?: readonly ParameterMap[];
}

export interface Simulated {
  readonly folder: string;
  readonly scanPath: string;
  readonly truthPath: string;
  readonly lines: number;
  readonly translations: number;
}

const NAME = "cell";

/**
 * Writes a virtual experiment with known truth into a folder: scan.yaml, patterns or frames, truth.nxs.
 *
 * @throws InputError "output-not-empty" where the folder holds another simulation | "simulate-axis"
 */
export async function simulateScan(config: SimulateConfig, options: SimulateOptions): Promise<Simulated> {
  const { folder, output, signal } = options;
  if (output === "patterns" && config.axis.unit !== "q" && config.axis.unit !== "two-theta") {
    throw new InputError(
      "simulate-axis",
      `axis.unit is ${config.axis.unit}, but files of patterns as the beamline writes them hold q or two-theta, and would be read as that. Give one of the two, or simulate frames.`,
    );
  }
  const structures = structuresOf(config);
  const experiment = createExperiment(config, structures);
  const { angles: lines, translations } = countsOf(experiment);
  claimFolder(folder, digest({ config, output }));
  const payload: SimulatePayload = { config, structures, folder, output, name: NAME };
  const pool = new WorkerPool(options.workers);
  try {
    options.onProgress({ type: "stage-start", stage: "simulate", blocks: lines, resumed: 0 });
    const started = performance.now();
    const secondsLeft = createEstimator(lines, 0);
    let done = 0;
    const onDone = (): void => {
      const left = secondsLeft(++done);
      options.onProgress({
        type: "stage-progress",
        stage: "simulate",
        done,
        blocks: lines,
        ...(left !== undefined && { secondsLeft: left }),
      });
    };
    await pool.run({ task: "simulate", payload }, [...Array(lines).keys()], onDone, { signal });
    const notes = [`${lines} lines of ${translations} ${output} in ${folder}`];
    options.onProgress({ type: "stage-end", stage: "simulate", seconds: (performance.now() - started) / 1000, notes });
  } finally {
    await pool.close();
  }
  const truthPath = join(folder, "truth.nxs");
  await writeTruth(truthPath, experiment, config, options.moreTruth ?? []);
  if (output === "frames") writeFrameExtras(folder, experiment, lines);
  const scanPath = join(folder, "scan.yaml");
  writeWhole(scanPath, scanYaml(experiment, output));
  return { folder, scanPath, truthPath, lines, translations };
}

const countsOf = ({ scan }: Experiment): { angles: number; translations: number } => ({
  angles: scan.omegaDeg.length,
  translations: scan.translations,
});

/** The structures that the phases name: those of the program, or of CIFs by their path. */
export function structuresOf(
  config: SimulateConfig,
  resolve: (path: string) => string = (path) => path,
): Record<string, Structure> {
  return Object.fromEntries(
    structureNames(config).map((name) => [
      name,
      /\.cif$/i.test(name) ? readCif(readText(resolve(name)), name)[0]! : builtInStructure(name),
    ]),
  );
}

/** Files of the same settings are gone on with; those of others are not overwritten. */
function claimFolder(folder: string, key: string): void {
  const path = join(folder, "simulation.key");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, path);
  }
  if (existsSync(path) && readFileSync(path, "utf8") !== key) {
    throw new InputError(
      "output-not-empty",
      `${folder} holds a simulation with other settings. Give an empty folder with -o, or delete that one.`,
    );
  }
  writeWhole(path, key);
}

async function writeTruth(
  path: string,
  experiment: Experiment,
  config: SimulateConfig,
  more: readonly ParameterMap[],
): Promise<void> {
  const now = new Date().toISOString();
  const writer = await createResultWriter(path, {
    program: "xrdct",
    version,
    title: "truth of a simulated scan",
    startedAt: now,
  });
  try {
    const maps = [...experiment.truth(), ...more];
    writer.process("truth", {
      config,
      startedAt: now,
      endedAt: now,
      inputs: [],
      notes: [`rotation axis at ${experiment.scan.rotationAxis} steps`],
    });
    for (const map of maps) writer.map(map.name, map, { voxelMm: experiment.scan.stepMm });
    writer.finish(now);
  } catch (error) {
    writer.abort();
    throw diskError(error, path);
  }
}

function writeFrameExtras(folder: string, experiment: Experiment, lines: number): void {
  const { poni, mask, shape } = experiment.frames;
  writeWhole(join(folder, "geometry.poni"), formatPoni(poni, ["the geometry that the frames were simulated with"]));
  writeWhole(join(folder, "mask.edf"), encodeEdf({ ...shape, data: mask.data, header: {} }));
  const counters = [...Array(lines).keys()].map((line) => experiment.counters(line));
  const text = (pick: (line: (typeof counters)[number]) => Float64Array): string =>
    `${counters.flatMap((line) => [...pick(line)]).join("\n")}\n`;
  writeWhole(
    join(folder, "monitor.txt"),
    text(({ monitor }) => monitor),
  );
  writeWhole(
    join(folder, "transmitted.txt"),
    text(({ transmitted }) => transmitted),
  );
}

/** A scan.yaml that says what a beamline would have said, and nothing of the truth. */
function scanYaml(experiment: Experiment, output: "patterns" | "frames"): string {
  const { config, scan } = experiment;
  const { omegaDeg, translations, stepMm } = scan;
  const last = omegaDeg.reduce((most, angle) => Math.max(most, angle));
  const input =
    output === "patterns"
      ? { kind: "p07", folder: "." }
      : {
          kind: "frames",
          files: "frames",
          poni: "geometry.poni",
          mask: "mask.edf",
          ...(scan.point ? {} : { translations }),
          monitor: "monitor.txt",
          transmitted: "transmitted.txt",
        };
  const { passes } = config.scan;
  const angles = { start: config.scan.firstOmegaDeg, end: last, inclusive: true, ...(passes !== 1 && { passes }) };
  const { energyKeV, distanceMm } = config.instrument;
  const where = config.scan.turning ? { turning: turningOf(config.scan) } : { stepMm, angles };
  const common = { title: "simulated scan", input, ...where };
  return schemaLine("scan") + stringify(output === "patterns" ? { ...common, energyKeV, distanceMm } : common);
}

/** The speeds of a sample that turns while it is moved. */
function turningOf(scan: SimulateConfig["scan"]): object {
  const { turns, creeps, stride, offsets } = scan.turning!;
  const apart = stride * scan.stepMm;
  const passes = { turns: turnsOfPass(scan), offsetsMm: offsets.map((offset) => offset * scan.stepMm) };
  return {
    angles: { first: scan.firstOmegaDeg, perFrame: 360 / scan.angles },
    positions: creeps ? { mmPerTurn: apart / turns } : { stepMm: apart, turns },
    ...(offsets.length > 1 && { passes }),
  };
}
