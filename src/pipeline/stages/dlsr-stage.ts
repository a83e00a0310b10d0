import { InputError, type ParameterMap } from "../../data/index.ts";
import { createGpuDlsr } from "../../gpu/index.ts";
import type { ParcelProducts } from "../../projector/index.ts";
import {
  awayRunner,
  createReducer,
  type DlsrConfig,
  type DlsrReport,
  type ReduceJob,
  reconstructDirect,
} from "../../stages/dlsr/index.ts";
import { runDlsrParts, threadRunner } from "../dlsr-threads.ts";
import { openChosenGpu } from "../gpu/device.ts";
import { conventionalPhase, directModel, fittedVoxels } from "../refine/direct-start.ts";
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
  const { maps, summedPattern, refinement, settledModel } = input.map();
  const run = (payload: DlsrPayload, parts: number): Promise<void> =>
    runDlsrParts(pool, payload, parts, context.signal);

  const mean = kernels.arena.f64(sinogram.bins);
  const variance = kernels.arena.f64(sinogram.bins);
  const source = { sinogram, ...(sigma && { sigma }) };
  await run({ kind: "channels", ...source, mean, variance }, Math.ceil(sinogram.bins / 32));

  const start = {
    ...{ settled: parseModel(settledModel!, "map/model", input.folder), refinement: refinement! },
    ...{ meanPattern: summedPattern, maps },
  };
  const { calculator, bins, broadeningFixed } = directModel(kernels, start, axis, config.twoThetaRange);
  const reduce = (job: ReduceJob): Promise<void> => {
    const parts = 4 * pool.size;
    return run({ kind: "reduce", ...source, parts, ...job }, parts);
  };
  const byThreads = threadRunner(pool, context.signal);
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
    reduce: createReducer(kernels, sinogram, bins, reduce),
    phases: calculator.model.phases.map(({ name }) =>
      conventionalPhase(name, maps, plan?.valuesPer === "mm" ? input.stepMm! : 1),
    ),
    isParallaxUndone: plan?.parallax === true,
    sample: fittedVoxels(maps),
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
