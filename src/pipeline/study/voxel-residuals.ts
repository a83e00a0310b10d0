/** The residuals of all voxels of a result, in a file beside the output while they are worked on. */
import { join } from "node:path";
import { STATUS } from "../../data/index.ts";
import { version } from "../../data/version.ts";
import type { Result } from "../../files/result-reader.ts";
import { type RietveldPlan, shapeParameters } from "../../stages/map/index.ts";
import { medianOfSurroundings, type UnexplainedConfig, withoutOutliers } from "../../stages/unexplained/index.ts";
import { referenceTo } from "../array-reference.ts";
import type { BlockedArray } from "../blocked-array.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Journal } from "../journal.ts";
import { WorkerPool } from "../pool.ts";
import { createEstimator, type ProgressListener } from "../progress.ts";
import type { Slice } from "../refine/map-plan.ts";
import { lockRun } from "../run-lock.ts";
import { digest, StageStore } from "../stage-store.ts";
import { VOXEL_BLOCK } from "../tasks/map-task.ts";
import type { ResidualBlockResult, ResidualPayload } from "../tasks/residual-task.ts";

export interface ResidualOptions {
  readonly workers: number;
  /** where the residuals lie while they are worked on: 4 bytes a voxel and point */
  readonly folder: string;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/** In the folder of the output, while it is worked on. */
const [WORK_FOLDER, STAGE] = [".unexplained.work", "residuals"] as const;

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
  /** Deletes the file where the work is done; else the same call goes on with it. */
  close(isDone: boolean): void;
}

/**
 * Block by block, in all threads, and where an earlier call with the same input and settings was interrupted.
 *
 * @throws InputError "run-in-progress" while another process works in the same folder
 */
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
  const work = join(options.folder, WORK_FOLDER);
  const unlock = lockRun(work);
  const store = new StageStore(work, STAGE);
  const pool = new WorkerPool(options.workers);
  try {
    const { cells, radius } = config;
    const key = digest({ version, cells, radius, workOf: fingerprint(result.path) });
    const journal = store.begin(key);
    const residuals = store.array("residuals", { items, bins: points });
    const quality = store.array("rwp", { items, bins: 1 });
    const close = (): void => {
      residuals.close();
      quality.close();
    };
    try {
      forgetDamaged(journal, residuals, quality);
      const shapes = shapesOf(result, plan, ny, nx, config);
      const fitStatus = shared(Uint8Array, result.readMap("map/rwp").status!);
      const payload: ResidualPayload = {
        path: result.path,
        plan,
        shapes,
        fitStatus,
        residuals: referenceTo(residuals),
      };
      await runBlocks(pool, payload, journal, quality, options);
      const rwp = new Float32Array(items);
      quality.readItems(0, items, rwp);
      return {
        ...{ ny, nx, points, shapes, rwp },
        readRow(y) {
          const row = new Float32Array(nx * points);
          residuals.readItems(y * nx, nx, row);
          return row;
        },
        close(isDone) {
          close();
          if (isDone) store.discard();
          unlock();
        },
      };
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  } finally {
    await pool.close();
  }
}

/** Blocks that never reached the disk are done again. */
function forgetDamaged(journal: Journal, residuals: BlockedArray, quality: BlockedArray): void {
  for (const { block, crc } of [...journal.entries.values()]) {
    const [start, count] = rangeOf(block, residuals.items);
    const [ofResiduals, ofRwp] = crc;
    if (residuals.crcOfItems(start, count) !== ofResiduals || quality.crcOfItems(start, count) !== ofRwp)
      journal.forget(block);
  }
}

const rangeOf = (block: number, items: number): [start: number, count: number] => {
  const start = block * VOXEL_BLOCK;
  return [start, Math.min(VOXEL_BLOCK, items - start)];
};

async function runBlocks(
  pool: WorkerPool,
  payload: ResidualPayload,
  journal: Journal,
  quality: BlockedArray,
  { onProgress, signal }: ResidualOptions,
): Promise<void> {
  const blocks = Math.ceil(quality.items / VOXEL_BLOCK);
  const resumed = journal.entries.size;
  const started = performance.now();
  const secondsLeft = createEstimator(blocks, resumed);
  const missing = [...Array(blocks).keys()].filter((block) => !journal.entries.has(block));
  onProgress({ type: "stage-start", stage: STAGE, blocks, resumed });
  await pool.run(
    { task: "residual", payload },
    missing,
    (block, reply) => {
      const { crc, rwp } = reply as ResidualBlockResult;
      const [start, count] = rangeOf(block, quality.items);
      journal.record({ block, crc: [...crc, quality.writeItems(start, count, rwp)] });
      const done = journal.entries.size;
      const left = secondsLeft(done);
      onProgress({
        ...{ type: "stage-progress", stage: STAGE, done, blocks },
        ...(left !== undefined && { secondsLeft: left }),
      });
    },
    { signal },
  );
  onProgress({ type: "stage-end", stage: STAGE, seconds: (performance.now() - started) / 1000, notes: [] });
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
