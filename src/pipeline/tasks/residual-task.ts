/** Observed - calculated of the voxels of a result, block by block. */
import { STATUS } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createVoxelResiduals, type RietveldPlan, type VoxelBlock } from "../../stages/map/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { sliceOf } from "../refine/map-plan.ts";
import type { BlockResult } from "../stage.ts";
import { createStripReader } from "../strip-reader.ts";
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
  const readPatterns = createStripReader(result, slice.name, slice);
  const readErrors = slice.hasSigma ? createStripReader(result, `${slice.name}_esd`, slice) : undefined;
  /** [voxel, bin] */
  function readRun(readRow: (y: number) => Float32Array, start: number, count: number): Float32Array {
    const { nx, bins } = slice;
    const out = new Float32Array(count * bins);
    for (let voxel = start; voxel < start + count; ) {
      const [y, x] = [Math.floor(voxel / nx), voxel % nx];
      const piece = Math.min(nx - x, start + count - voxel);
      out.set(readRow(y).subarray(x * bins, (x + piece) * bins), (voxel - start) * bins);
      voxel += piece;
    }
    return out;
  }
  return {
    run(index): ResidualBlockResult {
      const start = index * VOXEL_BLOCK;
      const count = Math.min(VOXEL_BLOCK, residuals.items - start);
      const own = [...shapes].map(([name, values]) => [name, values.subarray(start, start + count)] as const);
      const block: VoxelBlock = {
        patterns: readRun(readPatterns, start, count),
        mask: fitStatus.subarray(start, start + count).map((status) => (status === STATUS.notFitted ? 1 : 0)),
        ...(readErrors && { sigma: readRun(readErrors, start, count) }),
      };
      const { residual, rwp } = voxels.residuals(block, new Map(own));
      return { crc: [residuals.writeItems(start, count, residual)], rwp };
    },
    close() {
      voxels.close();
      residuals.close();
      result.close();
    },
  };
}
