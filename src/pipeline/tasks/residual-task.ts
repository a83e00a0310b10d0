/** Observed - calculated of the voxels of a result, block by block. */
import { openResult } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createVoxelResiduals, type RietveldPlan } from "../../stages/map/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { readVoxels, sliceOf } from "../refine/map-plan.ts";
import type { BlockResult } from "../stage.ts";
import type { BlockRunner } from "../tasks.ts";
import { VOXEL_BLOCK } from "./map-task.ts";

export interface ResidualPayload {
  /** of the result file */
  readonly path: string;
  readonly plan: RietveldPlan;
  /** [voxel] by parameter; best in shared memory, as every block is told of them */
  readonly shapes: ReadonlyMap<string, Float32Array>;
  /** [voxel] STATUS of the map's fit */
  readonly fitStatus: Uint8Array;
  /** [voxel, point] */
  readonly residuals: ArrayReference;
}

export interface ResidualBlockResult extends BlockResult {
  /** [voxel] of the block */
  readonly rwp: Float32Array;
}

/** A block is VOXEL_BLOCK voxels. */
export async function setUpResidual(kernels: Kernels, payload: ResidualPayload): Promise<BlockRunner> {
  const { plan, shapes, fitStatus } = payload;
  const result = await openResult(payload.path);
  const slice = sliceOf(result);
  const voxels = createVoxelResiduals(kernels, plan);
  const residuals = openArray(payload.residuals);
  return {
    run(block): ResidualBlockResult {
      const start = block * VOXEL_BLOCK;
      const count = Math.min(VOXEL_BLOCK, residuals.items - start);
      const own = [...shapes].map(([name, values]) => [name, values.subarray(start, start + count)] as const);
      const { residual, rwp } = voxels.residuals(readVoxels(result, slice, start, count, fitStatus), new Map(own));
      return { crc: [residuals.writeItems(start, count, residual)], rwp };
    },
    close() {
      voxels.close();
      residuals.close();
      result.close();
    },
  };
}
