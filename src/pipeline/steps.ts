/** The stages of a scan in the order of the data, each knowing what it takes from the one before. */
import { InputError } from "../data/index.ts";
import { version } from "../data/version.ts";
import { readPattern } from "../files/pattern-file.ts";
import { absorbFiles, absorbPasses, adopting, checkAbsorb } from "./absorb-passes.ts";
import type { ArrayReference } from "./array-reference.ts";
import type { ScanDepth } from "./first-moment-maps.ts";
import { patternSource } from "./pattern-source.ts";
import { type OpenedEarlierDirect, openEarlierDirect } from "./refine/earlier-direct.ts";
import { type EarlierMap, openEarlierMap } from "./refine/earlier-map.ts";
import { loadModel } from "./refine/load-model.ts";
import type { Scan } from "./scan-config.ts";
import type { Stage } from "./stage.ts";
import { digest, StageStore } from "./stage-store.ts";
import { type AbsorbMeta, createAbsorbStage } from "./stages/absorb-stage.ts";
import { createArrangeStage } from "./stages/arrange-stage.ts";
import { createDlsrStage, type DlsrMeta } from "./stages/dlsr-stage.ts";
import { createIntegrateStage } from "./stages/integrate-stage.ts";
import { createMapStage, type MapMeta } from "./stages/map-stage.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./stages/meta.ts";
import { createReadStage } from "./stages/read-stage.ts";
import { createReconstructStage } from "./stages/reconstruct-stage.ts";
import { createSinogramStage } from "./stages/sinogram-stage.ts";
import { settleTurning } from "./turning.ts";

export const STAGES = ["read", "integrate", "arrange", "sinogram", "absorb", "reconstruct", "map", "dlsr"] as const;
/** A numbered one is of a pass of absorption before the last. */
export type StageName = (typeof STAGES)[number] | `${"reconstruct" | "map" | "absorb"}-${number}`;

/** What the stages have left so far. */
export interface Left {
  patterns?: PatternsMeta;
  /** of a sample that turns: as the frames were taken, before they were brought onto lines */
  frames?: PatternsMeta;
  /** as measured, before any correction of the absorption */
  measured?: SinogramMeta;
  /** corrected where there is a correction */
  sinogram?: SinogramMeta;
  absorb?: AbsorbMeta;
  /** of the absorption: what each correction started from, and what it came to */
  passes?: AbsorptionPass[];
  volume?: VolumeMeta;
  map?: MapMeta;
  dlsr?: DlsrMeta;
}

export interface AbsorptionPass {
  volume?: VolumeMeta;
  map?: MapMeta;
  absorb?: AbsorbMeta;
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
  /** stages whose arrays it reads; the one before where it is not said */
  readonly needs?: () => readonly string[];
  /** its arrays are for later stages only, and not for the result */
  readonly isIntermediate?: boolean;
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
  /** that the voxels of a Rietveld map start from */
  readonly earlier?: EarlierMap | undefined;
  /** that a direct reconstruction starts from */
  readonly earlierDirect?: OpenedEarlierDirect | undefined;
}

export async function createSteps(given: Scan, left: Left, workFolder: string): Promise<Step[]> {
  const scan = await settleTurning(given);
  const store = (name: StageName): StageStore => new StageStore(workFolder, name);
  const earlier = await earlierMap(scan);
  const direct = scan.config.dlsr?.start;
  const earlierDirect = direct && (await openEarlierDirect(scan.resolve(direct.result)));
  const steps = [await patternsStep({ scan, left, key: "", store })];
  const add = (create: (context: StepContext) => Step): void => {
    steps.push(create({ scan, left, key: digest(steps.at(-1)!.stage.identity), store, earlier, earlierDirect }));
  };
  checkAbsorb(scan, isTomography(scan));
  if (scan.config.turning) add(arrangeStep);
  if (isTomography(scan)) {
    add(sinogramStep);
    for (const pass of absorbPasses(scan.config)) {
      left.passes ??= [];
      left.passes[pass.index] = {};
      if (pass.reconstruct) add((context) => reconstructStep(context, pass.index));
      if (pass.map) add((context) => mapStep(context, pass.index));
      add((context) => absorbStep(context, pass.index, pass.isLast));
    }
    add(reconstructStep);
  }
  if (scan.config.map) add(mapStep);
  if (scan.config.dlsr) {
    checkDlsr(scan);
    add(dlsrStep);
  }
  return steps;
}

async function earlierMap({ config, resolve }: Scan): Promise<EarlierMap | undefined> {
  const start = config.map?.rietveld?.start;
  return typeof start === "object" ? openEarlierMap(resolve(start.result)) : undefined;
}

export const isTomography = ({ config: { input } }: Scan): boolean =>
  input.kind !== "raster" && input.kind !== "volume";

async function patternsStep({ scan, left, store }: StepContext): Promise<Step> {
  const { input, integrate, stepMm } = scan.config;
  const own = scan.config.turning ? "frames" : "patterns";
  const arrays = (name: string) => () => named(name, left[own]?.patterns, left[own]?.sigma);
  const keep = (meta: PatternsMeta): void => {
    left[own] = meta;
    if (!isTomography(scan)) left.volume = asVolume(meta, stepMm);
  };
  if (input.kind === "frames") {
    const at = store("integrate");
    return step(await createIntegrateStage(scan, input, at), at, integrate, keep, arrays("integrate/data"));
  }
  const at = store("read");
  return step(await createReadStage(scan, patternSource(scan), at), at, input, keep, arrays("read/data"));
}

/** Of a sample that turns: frames onto lines. Made again in a moment, so that the result keeps the frames' patterns. */
function arrangeStep({ scan, left, key, store }: StepContext): Step {
  const at = store("arrange");
  const stage = createArrangeStage(scan, { key, frames: () => left.frames! }, at);
  const keep = (meta: PatternsMeta): void => {
    left.patterns = meta;
  };
  const arrays = () => named("arrange/data", left.patterns?.patterns, left.patterns?.sigma);
  return { ...step(stage, at, scan.config.turning, keep, arrays), isIntermediate: true };
}

function sinogramStep({ scan, left, key, store }: StepContext): Step {
  const { sinogram, air } = scan.config;
  const at = store("sinogram");
  const airPattern = air === undefined ? undefined : readPattern(scan.resolve(air));
  const stage = createSinogramStage(sinogram, { key, patterns: () => left.patterns!, air: airPattern }, at);
  const keep = (meta: SinogramMeta): void => {
    left.measured = meta;
    if (!scan.config.absorb) left.sinogram = meta;
  };
  return step(stage, at, sinogram, keep, () => named("sinogram/data", left.measured?.sinogram, left.measured?.sigma));
}

/** @param pass of the absorption, whose correction it comes before; left out: the last reconstruction */
function reconstructStep({ scan, left, key, store }: StepContext, pass?: number): Step {
  const { reconstruct, stepMm, absorb } = scan.config;
  const name = pass === undefined ? "reconstruct" : (`reconstruct-${pass + 1}` as const);
  const at = store(name);
  /** the correction that the sinograms have had */
  const before = pass === undefined ? left.passes?.length : pass;
  const corrected = () => (before ? left.passes![before - 1]! : undefined);
  const isExact = absorb?.order === "exact";
  const stage = createReconstructStage(
    reconstruct,
    {
      key,
      sinogram: () => corrected()?.absorb?.sinogram ?? left.measured!,
      patterns: () => left.patterns!,
      stepMm,
      ...(isExact && { muPerMm: () => corrected()?.absorb?.muPerMm }),
    },
    at,
  );
  // what has settled is not reconstructed again; but the first reconstruction knew nothing of the way out
  const adopted = () => {
    const outcome = corrected()?.absorb?.outcome;
    if (outcome === undefined || outcome === "corrected" || (isExact && before === 1)) return undefined;
    return corrected()!.volume;
  };
  const keep = (meta: VolumeMeta): void => {
    if (pass === undefined) left.volume = meta;
    else left.passes![pass]!.volume = meta;
  };
  const volume = () => (pass === undefined ? left.volume : left.passes![pass]!.volume);
  return {
    ...step(adopting({ ...stage, name }, adopted, before), at, reconstruct, keep, () =>
      named(`${name}/data`, volume()?.volume, volume()?.sigma),
    ),
    needs: () => {
      if (adopted()) return [`reconstruct-${before}`];
      const isMeasured =
        (corrected()?.absorb?.sinogram ?? left.measured!).sinogram.path === left.measured!.sinogram.path;
      return [isMeasured ? "sinogram" : absorbName(left, before! - 1)];
    },
    isIntermediate: pass !== undefined,
  };
}

/** @param pass as for reconstructStep */
function mapStep({ scan, left, key, store, earlier }: StepContext, pass?: number): Step {
  const { map, sampleThreshold } = scan.config;
  const name = pass === undefined ? "map" : (`map-${pass + 1}` as const);
  const at = store(name);
  const model = map!.rietveld && loadModel(scan.resolve(map!.rietveld.model));
  const context = {
    key,
    sampleThreshold,
    volume: () => (pass === undefined ? left.volume! : left.passes![pass]!.volume!),
    patterns: () => left.patterns!,
    folder: scan.resolve("."),
    depth: () => scanDepth(scan, left),
    ...(model && { model }),
    earlier,
  };
  const keep = (meta: MapMeta): void => {
    if (pass === undefined) left.map = meta;
    else left.passes![pass]!.map = meta;
  };
  const before = pass === undefined ? left.passes?.length : pass;
  const adopted = () => {
    const corrected = before ? left.passes![before - 1]! : undefined;
    // only where the volume is the same one
    return corrected?.map && context.volume().volume.path === corrected.volume!.volume.path ? corrected.map : undefined;
  };
  const stage = createMapStage(map!, context, at);
  return {
    ...step(adopting({ ...stage, name }, adopted, before), at, map, keep, () => []),
    isIntermediate: pass !== undefined,
  };
}

/** @throws InputError "dlsr-needs-maps" | "dlsr-needs-sinograms" */
function checkDlsr({ path, config }: Scan): void {
  if (!isTomography({ config } as Scan)) {
    throw new InputError(
      "dlsr-needs-sinograms",
      `${path}: the dlsr section refines on sinograms, and input.kind ${config.input.kind} has none. Remove dlsr, or give the scan itself.`,
    );
  }
  if (!config.map?.rietveld) {
    throw new InputError(
      "dlsr-needs-maps",
      `${path}: the dlsr section starts from a Rietveld map, and there is none. Add map: {rietveld: {model: model.yaml}}.`,
    );
  }
}

function dlsrStep({ scan, left, key, store, earlierDirect }: StepContext): Step {
  const { dlsr, stepMm, distanceMm } = scan.config;
  const at = store("dlsr");
  const stage = createDlsrStage(dlsr!, {
    key,
    sinogram: () => left.sinogram!,
    volume: () => left.volume!,
    map: () => left.map!,
    patterns: () => left.patterns!,
    distanceMm,
    stepMm,
    folder: scan.resolve("."),
    earlier: earlierDirect,
    isDividedByMeasured: scan.config.absorb?.from === "transmission",
  });
  const keep = (meta: DlsrMeta): void => {
    left.dlsr = meta;
  };
  /** the stage whose array the last sinogram is */
  const source = (): string => {
    const { path } = left.sinogram!.sinogram;
    const pass = left.passes?.findIndex(({ absorb }) => absorb?.sinogram.sinogram.path === path) ?? -1;
    return path === left.measured!.sinogram.path || pass < 0 ? "sinogram" : absorbName(left, pass);
  };
  return { ...step(stage, at, dlsr, keep, () => []), needs: () => [source()] };
}

/** What parallax in the volume comes from; undefined where there is none, or where it cannot be known. */
function scanDepth({ config }: Scan, { measured, patterns }: Left): ScanDepth | undefined {
  const { reconstruct, stepMm } = config;
  const distanceM = patterns?.distanceM;
  if (!measured || reconstruct.parallax || stepMm === undefined || distanceM === undefined) return undefined;
  return { report: measured.report, stepMm, distanceMm: distanceM * 1e3, reconstruct };
}

const absorbName = (left: Left, pass: number): StageName =>
  pass + 1 === left.passes!.length ? "absorb" : `absorb-${pass + 1}`;

function absorbStep({ scan, left, key, store }: StepContext, pass: number, isLast: boolean): Step {
  const { absorb, stepMm, reconstruct, sampleThreshold } = scan.config;
  const name = isLast ? "absorb" : (`absorb-${pass + 1}` as const);
  const at = store(name);
  const own = () => left.passes![pass]!;
  const stage = createAbsorbStage(
    absorb!,
    {
      key,
      name,
      measured: () => left.measured!,
      patterns: () => left.patterns!,
      volume: () => own().volume,
      map: () => own().map,
      before: () => left.passes![pass - 1]?.absorb,
      stepMm,
      size: reconstruct.size,
      sampleThreshold,
      files: absorbFiles(scan),
      resolve: scan.resolve,
    },
    at,
  );
  const keep = (meta: AbsorbMeta): void => {
    own().absorb = meta;
    if (!isLast) return;
    left.absorb = meta;
    left.sinogram = meta.sinogram;
  };
  // where nothing was corrected its sinogram is another stage's
  const arrays = () => {
    const after = own().absorb?.sinogram;
    return after && after.sinogram.path !== left.measured?.sinogram.path
      ? named(`${name}/data`, after.sinogram, after.sigma)
      : [];
  };
  const { from, image } = absorb!;
  const readsVolume = from === "uniform" || (from === "image" && image?.register === "auto");
  return {
    ...step(stage, at, absorb, keep, arrays),
    needs: () => ["sinogram", ...(readsVolume ? [`reconstruct-${pass + 1}`] : [])],
    isIntermediate: true,
  };
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
