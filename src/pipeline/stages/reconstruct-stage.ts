import { convertAxis } from "../../data/index.ts";
import { describeParallax, parallaxCures, parallaxEffects, parallaxSize } from "../../geometry/index.ts";
import {
  checkParallax,
  createReconstructionPlan,
  planMemory,
  planWindowMemory,
  type ReconstructConfig,
  type ReconstructionPlan,
} from "../../stages/reconstruct/index.ts";
import { referenceTo } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import type { ReconstructPayload } from "../tasks/reconstruct-task.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./meta.ts";

export interface ReconstructInput {
  readonly key: string;
  readonly sinogram: () => SinogramMeta;
  readonly patterns: () => Pick<PatternsMeta, "wavelengthA" | "distanceM" | "isAbsorption">;
  readonly stepMm: number | undefined;
  /** [y, x] 1/mm, where what absorbs on the way out is in the projector */
  readonly muPerMm?: () => Float64Array | undefined;
}

export function createReconstructStage(
  config: ReconstructConfig,
  input: ReconstructInput,
  store: StageStore,
): Stage<VolumeMeta> {
  checkParallax(config);
  return {
    name: "reconstruct",
    identity: { stage: "reconstruct", config, input: input.key, stepMm: input.stepMm },
    // depth and absorption on the way out are in projectors of their own, which are not in WGSL
    ...(config.parallax || input.muPerMm
      ? { notOnGpu: `GPUs have no projector for ${config.parallax ? "reconstruct.parallax" : "absorb.order exact"}` }
      : { usesGpu: true }),
    async plan(device) {
      const { report, axis, sinogram, sigma } = input.sinogram();
      const { wavelengthA, distanceM } = input.patterns();
      const plan = createReconstructionPlan(config, {
        omegaDeg: report.omegaDeg,
        translations: report.translations,
        rotationAxis: report.rotationAxis.value,
        // without parallax the step only scales
        stepMm: input.stepMm ?? (config.parallax ? Number.NaN : 1),
        axis,
        block: BIN_BLOCK,
        ...(wavelengthA !== undefined && { wavelengthA }),
        ...(distanceM !== undefined && { distanceMm: distanceM * 1e3 }),
      });
      const size = plan.projector.size;
      const shape = { items: size * size, bins: sinogram.bins };
      const volume = store.array("volume", shape);
      // the iterative methods give no uncertainty of their own
      const volumeSigma = sigma && config.method === "fbp" ? store.array("volume-sigma", shape) : undefined;
      const muPerMm = input.muPerMm?.();
      const wayOut = muPerMm && { muPerMm, omegaDeg: report.omegaDeg, twoThetaDeg: anglesOfBins(input) };
      const payload: ReconstructPayload = {
        plan,
        ...(wayOut && { wayOut }),
        ...(device?.kind === "gpu" && { gpu: device.name }),
        sinogram,
        volume: referenceTo(volume),
        ...(sigma && { sinogramSigma: sigma }),
        ...(volumeSigma && { volumeSigma: referenceTo(volumeSigma) }),
      };
      const windows = plan.parallax?.windows;
      const { fixed, perBin } = planMemory(plan, device?.kind === "gpu");
      // two nodes for every angle and voxel, and one more image
      const forWayOut = wayOut ? 8 * report.angles * size * size + 64 * size * size : 0;
      return {
        task: "reconstruct",
        payload,
        blocks: windows?.length ?? volume.blocks,
        bytesPerThread: windows
          ? planWindowMemory(plan, sigma !== undefined) + 4 * BIN_BLOCK * (sinogram.items + shape.items)
          : fixed + forWayOut + perBin * BIN_BLOCK * (sigma ? 2 : 1),
        ...(device?.kind === "gpu" && { mostThreads: THREADS_OF_A_GPU }),
        checksums: (block) =>
          windows
            ? blocksOf(windows[block]!).map((part) => volume.crcOfBlock(part))
            : [volume.crcOfBlock(block), ...(volumeSigma ? [volumeSigma.crcOfBlock(block)] : [])],
        preview: {
          title: "mean of the bins that are done",
          unit: input.patterns().isAbsorption ? "" : "counts",
          image: "y-x",
          rows: size,
          cols: size,
          array: referenceTo(volume),
          filled: { kind: "bins", ...(windows && { of: windows.map(blocksOf) }) },
          blocks: windows?.length ?? volume.blocks,
        },
        finish() {
          const meta: VolumeMeta = {
            ny: size,
            nx: size,
            axis,
            reconstructable: plan.reconstructable,
            volume: referenceTo(volume),
            plan: plan.config,
            ...(volumeSigma && { sigma: referenceTo(volumeSigma) }),
            ...(input.stepMm !== undefined && { voxelMm: input.stepMm }),
          };
          volume.close();
          volumeSigma?.close();
          const notes = [
            `${config.method}, ${report.omegaDeg.length} projections, ${size} x ${size} voxels, ${shape.bins} bins`,
            ...(wayOut ? ["the way out is in the projector (absorb.order exact)"] : []),
            ...describeDepth(plan, input),
          ];
          return { meta, notes };
        },
      };
    },
  };
}

/** Threads that filter and pack for one GPU; each takes some 100 MB of its memory at 549 x 549. */
const THREADS_OF_A_GPU = 8;

/** 2theta of the bins, degrees. @throws those of convertAxis */
function anglesOfBins(input: ReconstructInput): Float64Array {
  const { wavelengthA, distanceM } = input.patterns();
  const { unit, values } = input.sinogram().axis;
  return convertAxis(values, unit, "two-theta", {
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceM }),
  });
}

/** Blocks of BIN_BLOCK bins that a window gives. */
const blocksOf = ({ from, to }: { readonly from: number; readonly to: number }): number[] =>
  Array.from({ length: Math.ceil((to - from) / BIN_BLOCK) }, (_, i) => from / BIN_BLOCK + i);

/** How large parallax is in this scan, and what became of it; nothing where it cannot be known. */
function describeDepth({ reconstructable, config }: ReconstructionPlan, input: ReconstructInput): string[] {
  const { wavelengthA, distanceM, isAbsorption } = input.patterns();
  const { report, axis } = input.sinogram();
  if (distanceM === undefined || input.stepMm === undefined || axis.unit === "channel" || isAbsorption) return [];
  if (axis.unit === "q" && wavelengthA === undefined) return [];
  const context = { distanceM, ...(wavelengthA !== undefined && { wavelengthA }) };
  const [before, highest] = convertAxis(axis.values.slice(-2), axis.unit, "two-theta", context);
  const radiusMm = Math.sqrt(reconstructable.reduce((sum, seen) => sum + seen, 0) / Math.PI) * input.stepMm;
  const size = parallaxSize({
    radiusMm,
    distanceMm: distanceM * 1e3,
    omegaDeg: report.omegaDeg,
    twoThetaDeg: highest!,
    stepMm: input.stepMm,
    binDeg: highest! - before!,
  });
  const about = `parallax at the edge of the slice (${radiusMm.toFixed(2)} mm from the axis): ${describeParallax(size)}`;
  if (config.parallax) return [`${about}; undone in this volume`];
  return [about, ...parallaxEffects(size), ...parallaxCures(size)];
}
