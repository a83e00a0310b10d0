import { convertAxis, InputError, type ParameterMap, type Pattern, STATUS } from "../../data/index.ts";
import { createGpuDlsr } from "../../gpu/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import type { ParcelProducts } from "../../projector/index.ts";
import { resolveModel, selectData } from "../../refinement/index.ts";
import {
  awayRunner,
  type ConventionalPhase,
  type DirectInput,
  type DlsrConfig,
  type DlsrReport,
  type ProductRunner,
  reconstructDirect,
} from "../../stages/dlsr/index.ts";
import type { ArrayReference } from "../array-reference.ts";
import { openChosenGpu } from "../gpu/device.ts";
import type { WorkerPool } from "../pool.ts";
import type { OpenedEarlierDirect } from "../refine/earlier-direct.ts";
import { parseModel } from "../refine/load-model.ts";
import type { SolveContext, Stage } from "../stage.ts";
import type { DlsrPayload } from "../tasks/dlsr-task.ts";
import type { MapMeta } from "./map-stage.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./meta.ts";

export interface DlsrStageInput {
  readonly key: string;
  readonly sinogram: () => SinogramMeta;
  readonly volume: () => VolumeMeta;
  readonly map: () => MapMeta;
  readonly patterns: () => Pick<PatternsMeta, "wavelengthA" | "distanceM">;
  readonly distanceMm: number | undefined;
  readonly stepMm: number | undefined;
  /** where the files of the model lie */
  readonly folder: string;
  readonly earlier?: OpenedEarlierDirect | undefined;
  /** the correction of the absorption was by a measured transmission */
  readonly isDividedByMeasured: boolean;
}

export interface DlsrMeta {
  readonly maps: readonly ParameterMap[];
  readonly report: DlsrReport;
}

/** Kernel memory of the solver; what is not used costs nothing. */
const SHARED_BYTES = 3e9;

export function createDlsrStage(config: DlsrConfig, input: DlsrStageInput): Stage<DlsrMeta> {
  const { distanceMm, stepMm } = input;
  return {
    name: "dlsr",
    identity: {
      stage: "dlsr",
      config,
      input: input.key,
      distanceMm,
      stepMm,
      ...(input.earlier && { earlier: input.earlier.key }),
    },
    usesGpu: true,
    async plan(device) {
      const distance = distanceMm ?? (input.patterns().distanceM ?? Number.NaN) * 1000;
      checkInput(input, distance);
      const gpu = device?.kind === "gpu" ? device.name : undefined;
      return { solve: (context) => solveOn(gpu, context, config, input, distance) };
    },
  };
}

/** @throws InputError "dlsr-needs-maps" | "dlsr-distance" | "dlsr-step" | "dlsr-start" */
function checkInput({ map, stepMm, earlier, volume }: DlsrStageInput, distanceMm: number): void {
  const { ny, nx } = volume();
  if (earlier && (earlier.ny !== ny || earlier.nx !== nx)) {
    throw new InputError(
      "dlsr-start",
      `dlsr.start.result: ${earlier.path} has maps of ${earlier.nx} x ${earlier.ny} voxels, and this scan has ${nx} x ${ny}. Voxels can start only from a result on the same grid: leave start out.`,
    );
  }
  const { refinement, settledModel } = map();
  if (!refinement || !settledModel) {
    throw new InputError(
      "dlsr-needs-maps",
      `The dlsr section needs a Rietveld map to start from, and this scan maps peaks only. Add map: {rietveld: {model: model.yaml}}.`,
    );
  }
  if (!(distanceMm > 0)) {
    throw new InputError(
      "dlsr-distance",
      `The dlsr section needs the distance from the sample to the detector, which makes the parallax: add a line like "distanceMm: 1000".`,
    );
  }
  if (stepMm === undefined) {
    throw new InputError(
      "dlsr-step",
      `The dlsr section needs the translation step, for the depth in the sample: add a line like "stepMm: 0.02".`,
    );
  }
}

/** @param name of the GPU that has the long products */
async function solveOn(
  name: string | undefined,
  ...[context, config, input, distanceMm]: [SolveContext, DlsrConfig, DlsrStageInput, number]
): Promise<{ meta: DlsrMeta; notes: readonly string[] }> {
  if (name === undefined) return solve(context, config, input, distanceMm);
  const gpu = await openChosenGpu(name);
  try {
    return await solve(context, config, input, distanceMm, createGpuDlsr(gpu));
  } finally {
    gpu.close();
  }
}

async function solve(
  context: SolveContext,
  config: DlsrConfig,
  input: DlsrStageInput,
  distanceMm: number,
  away?: ParcelProducts,
): Promise<{ meta: DlsrMeta; notes: readonly string[] }> {
  const pool = await context.startPool(SHARED_BYTES);
  const kernels = pool.kernels();
  const { sinogram, sigma, axis, report } = input.sinogram();
  const { ny, plan } = input.volume();
  const { maps, summedPattern } = input.map();
  const run = (payload: DlsrPayload, parts: number): Promise<void> => runParts(pool, payload, parts, context.signal);

  const mean = kernels.arena.f64(sinogram.bins);
  const variance = kernels.arena.f64(sinogram.bins);
  const source = { sinogram, ...(sigma && { sigma }) };
  await run({ kind: "channels", ...source, mean, variance }, Math.ceil(sinogram.bins / 32));

  const { calculator, bins, broadeningFixed } = createModel(kernels, input, axis, summedPattern, config.twoThetaRange);
  const rays = report.angles * report.translations;
  const byThreads: ProductRunner = (job, items) => {
    // a part of angles looks patterns up for all voxels; parts of voxels cost nothing extra
    const isByVoxel = job.op === "adjoint" || job.op === "gram";
    const parts = Math.min(items, isByVoxel ? 4 * pool.size : pool.size);
    return run({ kind: "product", job, items, parts }, parts);
  };
  const {
    maps: found,
    report: said,
    notes,
  } = await reconstructDirect({
    kernels,
    runner: away ? awayRunner(away, byThreads) : byThreads,
    config,
    calculator,
    geometry: {
      omegaDeg: Float64Array.from(report.omegaDeg),
      translations: report.translations,
      rotationAxis: report.rotationAxis.value,
      size: ny,
      stepMm: input.stepMm!,
      distanceMm,
      depthSign: config.geometry.depthSign === -1 ? -1 : 1,
    },
    broadeningFixed,
    mean: Float64Array.from(bins, (bin) => mean[bin]!),
    variance: Float64Array.from(bins, (bin) => variance[bin]!),
    isTransmissionMeasured: input.isDividedByMeasured || report.transmission !== undefined,
    reduce: createReducer(kernels, run, { ...source, rays, bins, parts: 4 * pool.size }),
    phases: calculator.model.phases.map(({ name }) =>
      conventionalPhase(name, maps, plan?.valuesPer === "mm" ? input.stepMm! : 1),
    ),
    isParallaxUndone: plan?.parallax === true,
    sample: sampleOf(maps),
    ...(input.earlier && { earlier: input.earlier.direct }),
    memoryBytes: Math.min(context.memoryBytes, SHARED_BYTES),
    progress: context.progress,
    onStep: ({ level, step, size, maps }) => context.show(`${level}, step ${step}`, { ny: size, nx: size }, maps),
    remember: context.remember,
    checkpoint: context.checkpoint,
    isCancelled: () => context.signal.aborted,
  });
  context.signal.throwIfAborted();
  return { meta: { maps: found, report: said }, notes };
}

interface Source {
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
  readonly rays: number;
  /** [channel] the bin of each channel that is used */
  readonly bins: Int32Array;
  readonly parts: number;
}

/** Rays times a matrix, streamed from the disk in as many threads as there are. */
function createReducer(
  kernels: Kernels,
  run: (payload: DlsrPayload, parts: number) => Promise<void>,
  { rays, bins, parts, ...source }: Source,
): DirectInput["reduce"] {
  const { arena } = kernels;
  return async (matrix, sigmaOf, terms) => {
    // bins that are not used count for nothing, and the arena gives memory as it was left
    const whole = arena.f32(source.sinogram.bins * terms).fill(0);
    const weight = arena.f64(source.sinogram.bins).fill(0);
    bins.forEach((bin, channel) => {
      whole.set(matrix.subarray(channel * terms, (channel + 1) * terms), bin * terms);
      const sigma = sigmaOf[channel]!;
      weight[bin] = sigma > 0 && Number.isFinite(sigma) ? 1 / sigma ** 2 : 0;
    });
    const data = arena.f32(rays * terms);
    const rayVariance = arena.f32(rays);
    const shared = { matrix: whole, terms, weight, rays: data, rayVariance };
    await run({ kind: "reduce", ...source, parts, ...shared }, parts);
    return { data, rayVariance };
  };
}

async function runParts(pool: WorkerPool, payload: DlsrPayload, parts: number, signal: AbortSignal): Promise<void> {
  const all = Array.from({ length: parts }, (_, part) => part);
  await pool.run({ task: "dlsr", payload }, all, () => {}, { signal });
}

/** The model as the mean pattern settled it, on the channels that are used. */
function createModel(
  kernels: Kernels,
  { map, folder }: DlsrStageInput,
  axis: SinogramMeta["axis"],
  summed: Pattern,
  range: DlsrConfig["twoThetaRange"],
): { calculator: PatternCalculator; bins: Int32Array; broadeningFixed: ReadonlySet<string> } {
  const { refinement, settledModel } = map();
  const { config, files } = parseModel(settledModel!, "map/model", folder);
  const resolved = resolveModel(config, files);
  const { wavelengthA } = refinement!;
  const all = convertAxis(axis.values, axis.unit, "two-theta", { wavelengthA });
  const used = selectData(
    { ...summed, axis: { unit: "two-theta", values: all } },
    "the mean pattern of the slice",
    range ? { ...config, range } : config,
  ).twoThetaDeg;
  const bins = new Int32Array(used.length);
  let bin = 0;
  used.forEach((value, channel) => {
    while (all[bin] !== value) bin++;
    bins[channel] = bin++;
  });
  const calculator = createPatternCalculator(kernels, resolved.model, wavelengthA, used);
  for (const { name, value } of refinement!.parameters) calculator.values[calculator.indexOf(name)] = value;
  const broadeningFixed = new Set(
    refinement!.parameters.filter(({ status }) => status === "fixed").map(({ name }) => name),
  );
  return { calculator, bins, broadeningFixed };
}

/** What the Rietveld map found of a phase. @param perStep what a scale per mm is multiplied by */
function conventionalPhase(phase: string, maps: readonly ParameterMap[], perStep: number): ConventionalPhase {
  const prefix = `map/${phase}/`;
  const scale = maps.find(({ name }) => name === `${prefix}scale`);
  return {
    name: phase,
    ...(scale && {
      scale: Float64Array.from(scale.values, (value) => value * perStep),
      ...(scale.esd && { scaleEsd: Float64Array.from(scale.esd, (value) => value * perStep) }),
    }),
    ...(scale?.status && { status: scale.status }),
    cells: new Map(
      maps.flatMap(({ name, values, esd }) => {
        const parameter = name.startsWith(prefix) ? name.slice(prefix.length) : "";
        return /^(a|b|c|alpha|beta|gamma)$/.test(parameter)
          ? [[parameter, { values, ...(esd && { esd }) }] as const]
          : [];
      }),
    ),
  };
}

/** [y, x] 1 where voxels were fitted. */
function sampleOf(maps: readonly ParameterMap[]): Uint8Array {
  const { status } = maps.find(({ status }) => status)!;
  return Uint8Array.from(status!, (value) => (value === STATUS.notFitted ? 0 : 1));
}
