/**
 * A roll laid flat: any map of the slice as [depth, along] for each coating. Every voxel gives each bin the share of its
 * area that lies there, so that coatings of two voxels come out with their means kept, and nothing is counted twice.
 */
import { InputError, type ParameterMap, REGIONS } from "../../data/index.ts";
import type { FoundPlaces } from "./find-places.ts";
import type { WoundElectrode } from "./find-roll.ts";
import { layersOf } from "./label-roll.ts";
import { type Foot, footOf, lengthOf, valueAt } from "./strand.ts";

export interface UnwindOptions {
  /** mm of electrode in a bin; left out: two voxels */
  readonly alongMm?: number;
  /** bins from the surface to the collector; left out: 8 */
  readonly depths?: number;
}

/** One layer of one map, laid flat. Depth 0 is the surface that faces the separator, 1 the collector. */
export interface UnwoundMap {
  /** of the map */
  readonly name: string;
  readonly unit: string;
  /** of Places.layers */
  readonly layer: number;
  /** middles of the bins */
  readonly depth: Float64Array;
  readonly alongMm: Float64Array;
  /** [depth, along] means by area; NaN where no voxel has a value (with an uncertainty, where the map has them) */
  readonly values: Float32Array;
  /** [depth, along] standard uncertainty of the mean from those of the voxels; left out where the map has none */
  readonly esd?: Float32Array;
  /** [depth, along] area that had a value, voxels */
  readonly area: Float32Array;
}

export interface Unwinder {
  /** mm from the inner end at which each turn begins, by layer */
  readonly turns: readonly Float64Array[];
  /** One for each layer. @throws InputError "places-other-grid" where the map is of another size */
  unwind(map: ParameterMap): UnwoundMap[];
}

/** Points along each edge of a voxel by which its area is shared out. */
const POINTS = 4;

/** Which voxel goes where, found once for all maps; undefined where nothing is wound. */
export function createUnwinder(places: FoundPlaces, options: UnwindOptions = {}): Unwinder | undefined {
  const { roll, voxelMm, ny, nx } = places;
  if (!roll) return undefined;
  const depths = options.depths ?? 8;
  const step = (options.alongMm ?? 2 * voxelMm) / voxelMm;
  const grids = [...roll.electrodes.values()].flatMap((wound) => {
    const columns = Math.max(1, Math.ceil(lengthOf(wound.strand) / step));
    return [0, 1].map(() => ({ wound, columns, entries: new Entries() }));
  });
  const electrodes = [...roll.electrodes.values()];
  for (let i = 0; i < ny * nx; i++) {
    if (places.region[i] === REGIONS.outside || places.region[i] === REGIONS.casing) continue;
    const [x, y] = [i % nx, Math.floor(i / nx)];
    electrodes.forEach((wound, e) => {
      const foot = footOf(wound.strand, x, y);
      if (foot) shareOut(wound, foot, i, depths, step, [grids[2 * e]!, grids[2 * e + 1]!]);
    });
  }
  const depth = Float64Array.from({ length: depths }, (_, d) => (d + 0.5) / depths);
  return {
    turns: layersOf(roll).map(({ electrode }) => turnsOf(roll.electrodes.get(electrode)!, voxelMm)),
    unwind: (map) => {
      if (map.ny !== ny || map.nx !== nx) {
        throw new InputError(
          "places-other-grid",
          `${map.name} is a map of ${map.ny} x ${map.nx} voxels, the places are of ${ny} x ${nx}. Unwind maps of the slice that the places were found in.`,
        );
      }
      return grids.map(({ columns, entries }, layer) => {
        const alongMm = Float64Array.from({ length: columns }, (_, s) => (s + 0.5) * step * voxelMm);
        return { name: map.name, unit: map.unit, layer, depth, alongMm, ...meansOf(map, entries, depths * columns) };
      });
    },
  };
}

/** A growing list of voxel, bin and share of the voxel's area. */
class Entries {
  readonly voxel: number[] = [];
  readonly bin: number[] = [];
  readonly share: number[] = [];
}

interface Grid {
  readonly columns: number;
  readonly entries: Entries;
}

/** @param sides the grids of the inner and of the outer coating */
function shareOut(
  { strand, coatings }: WoundElectrode,
  { at, offset }: Foot,
  voxel: number,
  depths: number,
  step: number,
  sides: readonly [Grid, Grid],
): void {
  const { collector } = coatings.mean.profile;
  const from = offset - valueAt(coatings.centre, at);
  const surfaces = [valueAt(coatings.surface.inner, at), valueAt(coatings.surface.outer, at)] as const;
  if (from < -surfaces[0] - 0.71 || from > surfaces[1] + 0.71) return;
  const i = Math.round(at);
  const [nx, ny] = [strand.normalX[i]!, strand.normalY[i]!];
  const { sense } = strand.frame;
  const along = valueAt(strand.along, at);
  const sums = new Map<number, number>();
  for (let p = 0; p < POINTS * POINTS; p++) {
    const dx = ((p % POINTS) + 0.5) / POINTS - 0.5;
    const dy = (Math.floor(p / POINTS) + 0.5) / POINTS - 0.5;
    const across = from + nx * dx + ny * dy;
    const side = across < 0 ? 0 : 1;
    const there = coatings.there[side === 0 ? "inner" : "outer"][i];
    const depth = 1 - (Math.abs(across) - collector) / (surfaces[side] - collector);
    if (!(depth >= 0 && depth < 1 && there === 1)) continue;
    const column = Math.floor((along + sense * (nx * dy - ny * dx)) / step);
    if (column < 0 || column >= sides[side].columns) continue;
    const bin = Math.floor(depth * depths) * sides[side].columns + column;
    sums.set(2 * bin + side, (sums.get(2 * bin + side) ?? 0) + 1);
  }
  for (const [key, count] of sums) {
    const { entries } = sides[key % 2 === 0 ? 0 : 1];
    entries.voxel.push(voxel);
    entries.bin.push(key >> 1);
    entries.share.push(count / (POINTS * POINTS));
  }
}

function meansOf({ values, esd }: ParameterMap, { voxel, bin, share }: Entries, bins: number) {
  const [sum, area, variance] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)];
  for (let k = 0; k < voxel.length; k++) {
    const value = values[voxel[k]!]!;
    // where a map has uncertainties, a value without one was not determined by the fit
    if (!Number.isFinite(value) || (esd && !Number.isFinite(esd[voxel[k]!]!))) continue;
    sum[bin[k]!]! += share[k]! * value;
    area[bin[k]!]! += share[k]!;
    if (esd) variance[bin[k]!]! += (share[k]! * esd[voxel[k]!]!) ** 2;
  }
  return {
    values: Float32Array.from(sum, (total, b) => (area[b]! > 0 ? total / area[b]! : Number.NaN)),
    ...(esd && {
      esd: Float32Array.from(variance, (total, b) => (area[b]! > 0 ? Math.sqrt(total) / area[b]! : Number.NaN)),
    }),
    area: Float32Array.from(area),
  };
}

function turnsOf({ strand }: WoundElectrode, voxelMm: number): Float64Array {
  const count = Math.ceil((strand.radius.length - 1) / strand.frame.angles);
  return Float64Array.from({ length: count }, (_, t) => strand.along[t * strand.frame.angles]! * voxelMm);
}
