/** The work of a direct reconstruction in the threads of a pool whose memory they share. */
import type { ProductRunner } from "../stages/dlsr/index.ts";
import type { WorkerPool } from "./pool.ts";
import type { DlsrPayload } from "./tasks/dlsr-task.ts";

/** Has all parts of a piece of work done. @throws what the first part threw, or the signal's reason */
export async function runDlsrParts(
  pool: WorkerPool,
  payload: DlsrPayload,
  parts: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const all = Array.from({ length: parts }, (_, part) => part);
  await pool.run({ task: "dlsr", payload }, all, () => {}, signal ? { signal } : {});
}

/** Products in as many threads as the pool has: the same bits for any number. */
export const threadRunner =
  (pool: WorkerPool, signal: AbortSignal | undefined): ProductRunner =>
  (job, items) => {
    // a part of angles looks patterns up for all voxels; parts of voxels cost nothing extra
    const isByVoxel = job.op === "adjoint" || job.op === "gram";
    const parts = Math.min(items, isByVoxel ? 4 * pool.size : pool.size);
    return runDlsrParts(pool, { kind: "product", job, items, parts }, parts, signal);
  };
