import { createReconstructionPlan, planMemory, type ReconstructConfig } from "../../stages/reconstruct/index.ts";
import { referenceTo } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { Stage } from "../stage.ts";
import type { StageStore } from "../stage-store.ts";
import type { ReconstructPayload } from "../tasks/reconstruct-task.ts";
import type { SinogramMeta, VolumeMeta } from "./meta.ts";

export interface ReconstructInput {
  readonly key: string;
  readonly sinogram: () => SinogramMeta;
  readonly stepMm: number | undefined;
}

export function createReconstructStage(
  config: ReconstructConfig,
  input: ReconstructInput,
  store: StageStore,
): Stage<VolumeMeta> {
  return {
    name: "reconstruct",
    identity: { stage: "reconstruct", config, input: input.key, stepMm: input.stepMm },
    async plan() {
      const { report, axis, sinogram, sigma } = input.sinogram();
      const plan = createReconstructionPlan(config, {
        omegaDeg: report.omegaDeg,
        translations: report.translations,
        rotationAxis: report.rotationAxis.value,
        stepMm: input.stepMm ?? 1,
      });
      const size = plan.projector.size;
      const shape = { items: size * size, bins: sinogram.bins };
      const volume = store.array("volume", shape);
      // the iterative methods give no uncertainty of their own
      const volumeSigma = sigma && config.method === "fbp" ? store.array("volume-sigma", shape) : undefined;
      const payload: ReconstructPayload = {
        plan,
        sinogram,
        volume: referenceTo(volume),
        ...(sigma && { sinogramSigma: sigma }),
        ...(volumeSigma && { volumeSigma: referenceTo(volumeSigma) }),
      };
      const { fixed, perBin } = planMemory(plan);
      return {
        task: "reconstruct",
        payload,
        blocks: volume.blocks,
        bytesPerThread: fixed + perBin * BIN_BLOCK * (sigma ? 2 : 1),
        checksums: (block) => [volume.crcOfBlock(block), ...(volumeSigma ? [volumeSigma.crcOfBlock(block)] : [])],
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
          ];
          return { meta, notes };
        },
      };
    },
  };
}
