/** The stages of a scan in the order of the data, each knowing what it takes from the one before. */
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { findFramePaths } from "../files/frame-paths.ts";
import { readPattern } from "../files/pattern-file.ts";
import type { ArrayReference } from "./array-reference.ts";
import type { PatternSourceSpec } from "./pattern-source.ts";
import { loadModel } from "./refine/load-model.ts";
import type { Scan } from "./scan-config.ts";
import { sinogramSpec } from "./sinogram-source.ts";
import type { Stage } from "./stage.ts";
import { digest, StageStore } from "./stage-store.ts";
import { createIntegrateStage } from "./stages/integrate-stage.ts";
import { createMapStage, type MapMeta } from "./stages/map-stage.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./stages/meta.ts";
import { createReadStage } from "./stages/read-stage.ts";
import { createReconstructStage } from "./stages/reconstruct-stage.ts";
import { createSinogramStage } from "./stages/sinogram-stage.ts";

export const STAGES = ["read", "integrate", "sinogram", "reconstruct", "map"] as const;
export type StageName = (typeof STAGES)[number];

/** What the stages have left so far. */
export interface Left {
  patterns?: PatternsMeta;
  sinogram?: SinogramMeta;
  volume?: VolumeMeta;
  map?: MapMeta;
}

/** A big array of a stage, and what it is called in the result file. */
export interface NamedArray {
  readonly reference: ArrayReference;
  readonly name: string;
}

export interface Step {
  readonly stage: Stage<unknown>;
  readonly store: StageStore;
  /** for the result file */
  readonly settings: unknown;
  readonly keep: (meta: unknown) => void;
  readonly arrays: () => NamedArray[];
}

function step<Meta>(
  stage: Stage<Meta>,
  store: StageStore,
  settings: unknown,
  keep: (meta: Meta) => void,
  arrays: () => NamedArray[],
): Step {
  // a result of another version of the program is not taken for this one's
  return {
    stage: { ...(stage as Stage<unknown>), identity: { version, stage: stage.identity } },
    store,
    settings,
    keep: keep as (meta: unknown) => void,
    arrays,
  };
}

interface StepContext {
  readonly scan: Scan;
  readonly left: Left;
  /** key of the stage before */
  readonly key: string;
  readonly store: (name: StageName) => StageStore;
}

export async function createSteps(scan: Scan, left: Left, workFolder: string): Promise<Step[]> {
  const store = (name: StageName): StageStore => new StageStore(workFolder, name);
  const steps = [await patternsStep({ scan, left, key: "", store })];
  const add = (create: (context: StepContext) => Step): void => {
    steps.push(create({ scan, left, key: digest(steps.at(-1)!.stage.identity), store }));
  };
  if (isTomography(scan)) {
    add(sinogramStep);
    add(reconstructStep);
  }
  if (scan.config.map) add(mapStep);
  return steps;
}

const isTomography = ({ config: { input } }: Scan): boolean => input.kind !== "raster" && input.kind !== "volume";

async function patternsStep({ scan, left, store }: StepContext): Promise<Step> {
  const { input, integrate, stepMm } = scan.config;
  const arrays = (name: string) => () => named(name, left.patterns?.patterns, left.patterns?.sigma);
  const keep = (meta: PatternsMeta): void => {
    left.patterns = meta;
    if (!isTomography(scan)) left.volume = asVolume(meta, stepMm);
  };
  if (input.kind === "frames") {
    const at = store("integrate");
    return step(await createIntegrateStage(scan, input, at), at, integrate, keep, arrays("integrate/data"));
  }
  const at = store("read");
  return step(await createReadStage(scan, patternSource(scan), at), at, input, keep, arrays("read/data"));
}

function sinogramStep({ scan, left, key, store }: StepContext): Step {
  const { sinogram, air } = scan.config;
  const at = store("sinogram");
  const airPattern = air === undefined ? undefined : readPattern(scan.resolve(air));
  const stage = createSinogramStage(sinogram, { key, patterns: () => left.patterns!, air: airPattern }, at);
  const keep = (meta: SinogramMeta): void => {
    left.sinogram = meta;
  };
  return step(stage, at, sinogram, keep, () => named("sinogram/data", left.sinogram?.sinogram, left.sinogram?.sigma));
}

function reconstructStep({ scan, left, key, store }: StepContext): Step {
  const { reconstruct, stepMm } = scan.config;
  const at = store("reconstruct");
  const stage = createReconstructStage(reconstruct, { key, sinogram: () => left.sinogram!, stepMm }, at);
  const keep = (meta: VolumeMeta): void => {
    left.volume = meta;
  };
  return step(stage, at, reconstruct, keep, () => named("reconstruct/data", left.volume?.volume, left.volume?.sigma));
}

function mapStep({ scan, left, key, store }: StepContext): Step {
  const { map, sampleThreshold } = scan.config;
  const at = store("map");
  const model = map!.rietveld && loadModel(scan.resolve(map!.rietveld.model));
  const context = {
    key,
    sampleThreshold,
    volume: () => left.volume!,
    patterns: () => left.patterns!,
    folder: scan.resolve("."),
    ...(model && { model }),
  };
  const keep = (meta: MapMeta): void => {
    left.map = meta;
  };
  return step(createMapStage(map!, context, at), at, map, keep, () => []);
}

function named(name: string, values?: ArrayReference, sigma?: ArrayReference): NamedArray[] {
  return [
    ...(values ? [{ reference: values, name }] : []),
    ...(sigma ? [{ reference: sigma, name: `${name}_esd` }] : []),
  ];
}

/** A raster map or a volume that somebody else reconstructed: its patterns are the voxels. */
function asVolume({ lines, points, axis, patterns, sigma }: PatternsMeta, stepMm: number | undefined): VolumeMeta {
  return {
    ny: lines,
    nx: points,
    axis,
    reconstructable: new Uint8Array(lines * points).fill(1),
    volume: patterns,
    ...(sigma && { sigma }),
    ...(stepMm !== undefined && { voxelMm: stepMm }),
  };
}

function patternSource({ config: { input }, resolve }: Scan): PatternSourceSpec {
  if (input.kind === "p07") return { kind: "p07", folder: resolve(input.folder) };
  if (input.kind === "volume") return { kind: "array", file: resolve(input.file) };
  if (input.kind === "patterns") {
    const { dataset, axisDataset, axisUnit } = input;
    return {
      kind: "array",
      file: resolve(input.file),
      ...(dataset && { dataset }),
      ...(axisDataset && { axisDataset }),
      ...(axisUnit && { axisUnit }),
    };
  }
  if (input.kind === "sinograms") return sinogramSpec(input, resolve);
  if (input.kind === "raster") {
    const { files, rows, cols, axisUnit } = input;
    const paths = findFramePaths(typeof files === "string" ? resolve(files) : files.map(resolve));
    return { kind: "raster", files: paths, rows, cols, ...(axisUnit && { axisUnit }) };
  }
  throw new InputError("input-kind", `Frames are integrated, not read as patterns: input.kind is ${input.kind}.`);
}
