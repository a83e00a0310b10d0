import type { Axis, Pattern } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import {
  createPeakPlan,
  fitPeaksBlock,
  type MapConfig,
  type PeakBlockResult,
  type PeakPlan,
} from "../../stages/map/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

export interface MapPayload {
  readonly config: MapConfig;
  readonly axis: Axis;
  readonly wavelengthA?: number;
  readonly distanceM?: number;
  readonly summedPattern: Pattern;
  readonly volume: ArrayReference;
  readonly volumeSigma?: ArrayReference;
  /** [voxel] 1 = leave out */
  readonly mask: Uint8Array;
  readonly maps: ArrayReference;
}

/** Voxels a block. */
export const VOXEL_BLOCK = 2048;

export interface MapColumn {
  readonly name: string;
  readonly kind: "value" | "esd" | "status";
  readonly unit: string;
  /** whose status goes with it */
  readonly statusOf: string | undefined;
}

export function planOf(
  payload: Pick<MapPayload, "config" | "axis" | "wavelengthA" | "distanceM" | "summedPattern" | "volumeSigma">,
): PeakPlan {
  const { config, axis, wavelengthA, distanceM, summedPattern, volumeSigma } = payload;
  return createPeakPlan(config, axis, {
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceM }),
    summedPattern,
    hasSigma: volumeSigma !== undefined,
  });
}

/** The columns of the array [voxel, column] that the map task fills: peaks, and lattice parameters by their phase. */
export function mapColumns({ parameters }: PeakPlan): MapColumn[] {
  const column = (name: string, kind: MapColumn["kind"], unit: string, statusOf: string | undefined): MapColumn => ({
    name,
    kind,
    unit,
    statusOf,
  });
  const fitted = [...new Set(parameters.map(({ peak }) => peak).filter((peak) => peak !== undefined))];
  return [
    ...parameters.flatMap(({ name, unit, peak, hasEsd }) => [
      column(name, "value", unit, peak),
      ...(hasEsd ? [column(name, "esd", unit, peak)] : []),
    ]),
    ...fitted.map((name) => column(name, "status", "", undefined)),
  ];
}

function valuesOf({ name, kind }: MapColumn, { parameters, status }: PeakBlockResult): ArrayLike<number> {
  if (kind === "status") return status[name]!;
  return kind === "esd" ? parameters[name]!.esd! : parameters[name]!.values;
}

/** A block is VOXEL_BLOCK voxels. */
export function setUpMap(kernels: Kernels, payload: MapPayload): BlockRunner {
  const plan = planOf(payload);
  const columns = mapColumns(plan);
  const volume = openArray(payload.volume);
  const sigma = payload.volumeSigma && openArray(payload.volumeSigma);
  const maps = openArray(payload.maps);
  const { bins } = volume;
  // only the blocks of bins that the regions touch are read; the rest stays 0
  const first = Math.min(...plan.regions.map(({ from }) => from));
  const last = Math.max(...plan.regions.map(({ from, fit }) => from + fit.points));
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
      const mask = payload.mask.subarray(start, start + count);
      const result = fitPeaksBlock(kernels, plan, {
        patterns: read(volume),
        mask,
        ...(sigma && { sigma: read(sigma) }),
      });
      const out = new Float32Array(count * columns.length);
      columns.forEach((column, at) => {
        const values = valuesOf(column, result);
        for (let voxel = 0; voxel < count; voxel++) out[voxel * columns.length + at] = values[voxel]!;
      });
      return { crc: [maps.writeItems(start, count, out)] };
    },
    close() {
      for (const array of [volume, sigma, maps]) array?.close();
    },
  };
}
