/** Voxels of a Rietveld map, fitted again from the result alone to the bits that the map stage found. */
import { STATUS, type StatusName } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import type { LoadedModel } from "../../pipeline/refine/load-model.ts";
import { mapPlanOf, readVoxels, sliceOf } from "../../pipeline/refine/map-plan.ts";
import { VOXEL_BLOCK } from "../../pipeline/tasks/map-task.ts";
import {
  createVoxelRefiner,
  type RietveldBlockResult,
  type RietveldPlan,
  type VoxelBlock,
} from "../../stages/map/index.ts";

/** What a voxel's fit ended with. */
export interface VoxelEnd {
  /** [parameter] of the model, scales below 0 as they were fitted */
  readonly values: Float64Array;
  /** [point] */
  readonly weight: Float64Array;
}

export interface FittedVoxel {
  readonly plan: RietveldPlan;
  /** prepared as the map prepares it; its values are to be set */
  readonly calculator: PatternCalculator;
  /** [point] of plan.bins, NaN where there is no value */
  readonly observed: Float64Array;
  /** the start was that of the map */
  readonly isExact: boolean;
  /** absent where the map left the voxel out: air */
  readonly end?: VoxelEnd;
  /** value and esd of a map, NaN where it has none */
  number(name: string): { readonly value: number; readonly esd: number };
  /** of a phase, peaks/<name>, or fit */
  status(group: string): StatusName;
}

/** Blocks whose voxels are kept: a person walks about in a neighbourhood. */
const BLOCKS_KEPT = 6;

interface Block {
  readonly ends: ReadonlyMap<number, VoxelEnd>;
  readonly result: RietveldBlockResult;
  /** all its voxels were fitted, and not only those before the one asked for */
  readonly isWhole: boolean;
}

export interface MapVoxels {
  /**
   * @param isCancelled looked at after each voxel
   * @param isQuick with the voxel before alone in place of all of its block. Cells of weak phases are then frozen at
   *   other values than in the map, which moves what goes with them by some esds
   * @returns undefined where it was cancelled
   */
  fit(result: Result, y: number, x: number, isCancelled: () => boolean, isQuick?: boolean): FittedVoxel | undefined;
}

/** Takes memory of the kernels' arena; the caller gives it back. */
export function createMapVoxels(kernels: Kernels, result: Result, model: LoadedModel): MapVoxels {
  const { arena } = kernels;
  const plan = mapPlanOf(result, model);
  const refiner = createVoxelRefiner(kernels, plan);
  const calculator = createPatternCalculator(kernels, plan.model, plan.wavelengthA, plan.twoThetaDeg);
  for (const [name, value] of plan.values) calculator.values[calculator.indexOf(name)] = value;
  calculator.prepare(plan.refined.map(calculator.indexOf));
  const slice = sliceOf(result);
  const fitStatus = result.readMap("map/rwp").status!;
  const blocks = new Map<number, Block>();

  /** @param last after this one, of those of the block, nothing is fitted */
  function fitVoxels(
    input: VoxelBlock,
    masks: ReadonlyMap<string, Uint8Array>,
    last: number,
    isCancelled: () => boolean,
  ): Block | undefined {
    const scratch = arena.mark();
    try {
      const ends = new Map<number, VoxelEnd>();
      let isStopped = false;
      const result = refiner.refine(input, masks, (voxel, values, weight) => {
        ends.set(voxel, { values: values.slice(), weight: weight.slice() });
        isStopped = isCancelled();
        return !isStopped && voxel < last;
      });
      return isStopped ? undefined : { ends, result, isWhole: last === VOXEL_BLOCK };
    } finally {
      arena.release(scratch);
    }
  }

  /** The first time only as far as is asked for; whoever comes back gets the whole block. */
  function blockOf(from: Result, at: number, isCancelled: () => boolean): Block | undefined {
    const block = Math.floor(at / VOXEL_BLOCK);
    const voxel = at % VOXEL_BLOCK;
    const kept = blocks.get(block);
    if (kept && (kept.isWhole || kept.ends.has(voxel))) return kept;
    const start = block * VOXEL_BLOCK;
    const input = readVoxels(from, slice, start, Math.min(VOXEL_BLOCK, slice.ny * slice.nx - start), fitStatus);
    const masks = masksOf(from, plan, start, VOXEL_BLOCK, fitStatus);
    const made = fitVoxels(input, masks, kept ? VOXEL_BLOCK : voxel, isCancelled);
    if (!made) return undefined;
    blocks.delete(block);
    blocks.set(block, made);
    if (blocks.size > BLOCKS_KEPT) blocks.delete(blocks.keys().next().value!);
    return made;
  }

  /** From the last voxel of its block before it that the map fitted. */
  function pairOf(from: Result, at: number, isCancelled: () => boolean): Block | undefined {
    const first = at - (at % VOXEL_BLOCK);
    let before = at;
    while (before > first && (before === at || fitStatus[before] !== STATUS.converged)) before--;
    const count = at - before + 1;
    const input = readVoxels(from, slice, before, count, fitStatus);
    // those between are not wanted
    const mask = input.mask!.map((out, i) => (i === 0 || i === count - 1 ? out : 1));
    return fitVoxels({ ...input, mask }, masksOf(from, plan, before, count, fitStatus), count - 1, isCancelled);
  }

  return {
    fit(from, y, x, isCancelled, isQuick = false) {
      const at = y * slice.nx + x;
      const isFitted = fitStatus[at] !== STATUS.notFitted;
      const isKept = blocks.get(Math.floor(at / VOXEL_BLOCK))?.ends.has(at % VOXEL_BLOCK);
      const isPair = isQuick && !isKept;
      const block = isFitted ? (isPair ? pairOf : blockOf)(from, at, isCancelled) : undefined;
      if (isFitted && !block) return undefined;
      const voxel = isPair && block ? block.result.voxels - 1 : at % VOXEL_BLOCK;
      const end = block?.ends.get(voxel);
      const whole = from.readArray(slice.name, [y, x, 0], [1, 1, slice.bins]);
      return {
        plan,
        calculator,
        isExact: !isPair,
        observed: Float64Array.from(plan.bins, (bin) => whole[bin]!),
        ...(end && { end }),
        number(name) {
          const found = block?.result.parameters[name];
          return { value: found?.values[voxel] ?? Number.NaN, esd: found?.esd?.[voxel] ?? Number.NaN };
        },
        status: (group) => statusName(block?.result.status[group]?.[voxel] ?? STATUS.notFitted),
      };
    },
  };
}

export const statusName = (status: number): StatusName =>
  (Object.keys(STATUS) as StatusName[]).find((name) => STATUS[name] === status) ?? "notFitted";

/** Where the map was told that a phase is not there: it left that phase alone in a voxel that it fitted. */
function masksOf(
  result: Result,
  plan: RietveldPlan,
  start: number,
  count: number,
  fitStatus: Uint8Array,
): ReadonlyMap<string, Uint8Array> {
  const phases = Object.keys(plan.config.phaseMasks);
  return new Map(
    phases.map((phase) => {
      const status = result.readMap(`map/${phase}/scale`).status!;
      const mask = status
        .subarray(start, start + count)
        .map((one, i) => (one === STATUS.notFitted && fitStatus[start + i] !== STATUS.notFitted ? 1 : 0));
      return [phase, mask] as const;
    }),
  );
}
