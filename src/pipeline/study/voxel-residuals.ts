/** The residuals of all voxels of a result, in a file beside the output while they are worked on. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STATUS } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { type RietveldPlan, shapeParameters } from "../../stages/map/index.ts";
import { medianOfSurroundings, type UnexplainedConfig, withoutOutliers } from "../../stages/unexplained/index.ts";
import { referenceTo } from "../array-reference.ts";
import { BlockedArray } from "../blocked-array.ts";
import { WorkerPool } from "../pool.ts";
import { createEstimator, type ProgressListener } from "../progress.ts";
import type { Slice } from "../refine/map-plan.ts";
import { VOXEL_BLOCK } from "../tasks/map-task.ts";
import type { ResidualBlockResult, ResidualPayload } from "../tasks/residual-task.ts";

export interface ResidualOptions {
  readonly workers: number;
  /** where the residuals lie while they are worked on: 4 bytes a voxel and point */
  readonly folder: string;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

export interface SliceResiduals {
  readonly ny: number;
  readonly nx: number;
  readonly points: number;
  /** [voxel] by parameter: what the patterns were calculated with, NaN where with the summed pattern's */
  readonly shapes: ReadonlyMap<string, Float32Array>;
  /** [voxel] Rwp of these fits */
  readonly rwp: Float32Array;
  /** [x, point] of row y; NaN for voxels that were left out */
  readRow(y: number): Float32Array;
  /** Deletes the file. */
  close(): void;
}

export async function computeResiduals(
  result: Result,
  plan: RietveldPlan,
  slice: Slice,
  config: UnexplainedConfig,
  options: ResidualOptions,
): Promise<SliceResiduals> {
  const { ny, nx } = slice;
  const items = ny * nx;
  const points = plan.bins.length;
  const shapes = shapesOf(result, plan, ny, nx, config);
  const fitStatus = shared(Uint8Array, result.readMap("map/rwp").status!);
  const folder = mkdtempSync(join(options.folder, ".residuals-"));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  const pool = new WorkerPool(options.workers);
  try {
    const array = BlockedArray.create(join(folder, "residuals"), { items, bins: points });
    const rwp = new Float32Array(items);
    const blocks = Math.ceil(items / VOXEL_BLOCK);
    const payload: ResidualPayload = { path: result.path, plan, shapes, fitStatus, residuals: referenceTo(array) };
    const stage = "residuals";
    const started = Date.now();
    const secondsLeft = createEstimator(blocks, 0, Date.now);
    let done = 0;
    options.onProgress({ type: "stage-start", stage, blocks, resumed: 0 });
    await pool.run(
      { task: "residual", payload },
      [...Array(blocks).keys()],
      (block, reply) => {
        rwp.set((reply as ResidualBlockResult).rwp, block * VOXEL_BLOCK);
        const left = secondsLeft(++done);
        options.onProgress({
          type: "stage-progress",
          stage,
          done,
          blocks,
          ...(left !== undefined && { secondsLeft: left }),
        });
      },
      { signal: options.signal },
    );
    options.onProgress({ type: "stage-end", stage, seconds: (Date.now() - started) / 1000, notes: [] });
    return {
      ny,
      nx,
      points,
      shapes,
      rwp,
      readRow(y) {
        const row = new Float32Array(nx * points);
        array.readItems(y * nx, nx, row);
        return row;
      },
      close() {
        array.close();
        clean();
      },
    };
  } catch (error) {
    clean();
    throw error;
  } finally {
    await pool.close();
  }
}

function shapesOf(
  result: Result,
  plan: RietveldPlan,
  ny: number,
  nx: number,
  { cells, radius }: UnexplainedConfig,
): ReadonlyMap<string, Float32Array> {
  const maps = new Set(result.list().map(({ name }) => name));
  const names = shapeParameters(plan).filter((name) => maps.has(`map/${name}`));
  return new Map(
    names.map((name) => {
      const { values, status } = result.readMap(`map/${name}`);
      if (cells === "own") return [name, shared(Float32Array, values)];
      // one at its bound has left its own lines for those of something else
      const sure = values.map((value, voxel) => (status && status[voxel] !== STATUS.converged ? Number.NaN : value));
      return [name, shared(Float32Array, medianOfSurroundings(withoutOutliers(sure), ny, nx, radius))];
    }),
  );
}

/** A copy that threads see without a copy of their own. */
function shared<T extends Float32Array | Uint8Array>(
  type: { new (buffer: SharedArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
  values: ArrayLike<number>,
): T {
  const out = new type(new SharedArrayBuffer(values.length * type.BYTES_PER_ELEMENT));
  out.set(values);
  return out;
}
