import type { Axis, Pattern } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import {
  type BlockValues,
  createPeakPlan,
  createVoxelRefiner,
  fitPeaksBlock,
  type MapConfig,
  type PeakPlan,
  type RietveldPlan,
  type VoxelBlock,
  type VoxelStarts,
} from "../../stages/map/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

/** What the peak plan is made of, the same in every thread. */
export interface PeakMapPayload {
  readonly config: MapConfig;
  readonly axis: Axis;
  readonly wavelengthA?: number;
  readonly distanceM?: number;
  readonly summedPattern: Pattern;
  readonly hasSigma: boolean;
}

export interface RietveldMapPayload {
  readonly plan: RietveldPlan;
  /** by phase: [voxel] 1 = the phase is not there */
  readonly phaseMasks: ReadonlyMap<string, Uint8Array>;
  /** of an earlier scan: [voxel] */
  readonly starts?: VoxelStarts;
}

export interface MapPayload {
  readonly peaks?: PeakMapPayload;
  readonly rietveld?: RietveldMapPayload;
  readonly volume: ArrayReference;
  readonly volumeSigma?: ArrayReference;
  /** [voxel] 1 = leave out */
  readonly mask: Uint8Array;
  readonly maps: ArrayReference;
}

/** Voxels a block: a part of the result, because a Rietveld fit starts from its neighbour within the block. */
export const VOXEL_BLOCK = 512;

export interface MapColumn {
  readonly name: string;
  readonly kind: "value" | "esd" | "status";
  readonly unit: string;
  /** whose status goes with it */
  readonly statusOf: string | undefined;
}

export function peakPlanOf({
  config,
  axis,
  wavelengthA,
  distanceM,
  summedPattern,
  hasSigma,
}: PeakMapPayload): PeakPlan {
  return createPeakPlan(config, axis, {
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceM }),
    summedPattern,
    hasSigma,
  });
}

interface Parameter {
  readonly name: string;
  readonly unit: string;
  readonly hasEsd: boolean;
  readonly group: string | undefined;
}

/** The columns of the array [voxel, column] that the map task fills: values and esds, and a status for each group. */
export function mapColumns(peaks: PeakPlan | undefined, rietveld: RietveldPlan | undefined): MapColumn[] {
  const parameters: Parameter[] = [
    ...(rietveld?.parameters ?? []),
    ...(peaks?.parameters ?? []).map(({ name, unit, hasEsd, peak }) => ({ name, unit, hasEsd, group: peak })),
  ];
  const groups = [...new Set(parameters.map(({ group }) => group).filter((group) => group !== undefined))];
  return [
    ...parameters.flatMap(({ name, unit, hasEsd, group: statusOf }): MapColumn[] => [
      { name, kind: "value", unit, statusOf },
      ...(hasEsd ? [{ name, kind: "esd" as const, unit, statusOf }] : []),
    ]),
    ...groups.map((name): MapColumn => ({ name, kind: "status", unit: "", statusOf: undefined })),
  ];
}

interface Fitted {
  readonly parameters: Readonly<Record<string, BlockValues>>;
  readonly status: Readonly<Record<string, Uint8Array>>;
}

function valuesOf({ name, kind }: MapColumn, results: readonly Fitted[]): ArrayLike<number> {
  for (const { parameters, status } of results) {
    const found = kind === "status" ? status[name] : kind === "esd" ? parameters[name]?.esd : parameters[name]?.values;
    if (found) return found;
  }
  throw new Error(`no fit gives ${kind} of ${name}`);
}

function startsOf(starts: VoxelStarts | undefined, first: number, count: number): VoxelStarts | undefined {
  if (!starts) return undefined;
  const values = [...starts.values].map(([name, of]) => [name, of.subarray(first, first + count)] as const);
  return { values: new Map(values), gof: starts.gof.subarray(first, first + count) };
}

/** A block is VOXEL_BLOCK voxels. */
export function setUpMap(kernels: Kernels, payload: MapPayload): BlockRunner {
  const plan = payload.peaks && peakPlanOf(payload.peaks);
  const columns = mapColumns(plan, payload.rietveld?.plan);
  const refiner = payload.rietveld && createVoxelRefiner(kernels, payload.rietveld.plan);
  const volume = openArray(payload.volume);
  const sigma = payload.volumeSigma && openArray(payload.volumeSigma);
  const maps = openArray(payload.maps);
  const { bins } = volume;
  // only the bins that are fitted are read; the rest stays 0
  const used = [
    ...(plan?.regions ?? []).flatMap(({ from, fit }) => [from, from + fit.points]),
    ...(payload.rietveld ? [payload.rietveld.plan.bins[0]!, payload.rietveld.plan.bins.at(-1)! + 1] : []),
  ];
  const [first, last] = [Math.min(...used), Math.max(...used)];
  return {
    run(block) {
      const start = block * VOXEL_BLOCK;
      const count = Math.min(VOXEL_BLOCK, volume.items - start);
      const read = (array: typeof volume): Float32Array => {
        const window = new Float32Array(count * (last - first));
        array.readItems(start, count, window, first, last);
        const whole = new Float32Array(count * bins);
        for (let voxel = 0; voxel < count; voxel++)
          whole.set(window.subarray(voxel * (last - first), (voxel + 1) * (last - first)), voxel * bins + first);
        return whole;
      };
      const input: VoxelBlock = {
        patterns: read(volume),
        mask: payload.mask.subarray(start, start + count),
        ...(sigma && { sigma: read(sigma) }),
      };
      const results: Fitted[] = [];
      if (plan) results.push(fitPeaksBlock(kernels, plan, input));
      if (refiner) {
        const masks = [...payload.rietveld!.phaseMasks].map(
          ([phase, mask]) => [phase, mask.subarray(start, start + count)] as const,
        );
        results.push(
          refiner.refine(input, new Map(masks), undefined, startsOf(payload.rietveld!.starts, start, count)),
        );
      }
      const out = new Float32Array(count * columns.length);
      columns.forEach((column, at) => {
        const values = valuesOf(column, results);
        for (let voxel = 0; voxel < count; voxel++) out[voxel * columns.length + at] = values[voxel]!;
      });
      return { crc: [maps.writeItems(start, count, out)] };
    },
    close() {
      refiner?.close();
      for (const array of [volume, sigma, maps]) array?.close();
    },
  };
}
