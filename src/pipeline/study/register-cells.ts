import type { PhaseRoles, SliceMaps } from "../../data/index.ts";
import type { Registration } from "../../registration/index.ts";
import { amountChannels, type CompareConfig } from "../../stages/compare/index.ts";
import { WorkerPool } from "../pool.ts";
import type { RegisterBlockResult, RegisterPayload } from "../tasks/register-task.ts";

/** Voxels of all slices together above which threads are worth their start. */
const WORTH_THREADS = 1e5;

/**
 * Every slice laid on the reference, in several threads; the same numbers as in one.
 *
 * @returns by the slice's name; nothing where that is left to the comparison itself, as it is done as quickly
 * @throws InputError "compare-no-amounts" | "registration-image"
 */
export async function registerCells(
  slices: readonly SliceMaps[],
  reference: string,
  roles: PhaseRoles,
  { config, workers, signal }: { config: CompareConfig; workers: number; signal?: AbortSignal },
): Promise<Map<string, Registration>> {
  const fixed = slices.find(({ name }) => name === reference);
  const others = slices.filter((slice) => slice !== fixed);
  const voxels = slices.reduce((sum, { ny, nx }) => sum + ny * nx, 0);
  const found = new Map<string, Registration>();
  if (!config.align || !fixed || workers < 2 || others.length < 2 || voxels < WORTH_THREADS) return found;
  const payload: RegisterPayload = {
    fixed: amountChannels(fixed, roles),
    moving: others.map((slice) => amountChannels(slice, roles)),
    config: config.registration,
  };
  const pool = new WorkerPool(Math.min(workers, others.length));
  try {
    await pool.run(
      { task: "register", payload },
      [...others.keys()],
      (block, result) => found.set(others[block]!.name, (result as RegisterBlockResult).registration),
      signal ? { signal } : {},
    );
    return found;
  } finally {
    await pool.close();
  }
}
