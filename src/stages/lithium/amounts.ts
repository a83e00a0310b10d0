/**
 * How much of a phase is where: unit cells a volume, from Rietveld scales.
 *
 *   volume share = K S V^2,   unit cells a volume = K S V,   formula units a volume = K S V Z
 *
 * K is one factor for all phases and voxels of a slice whose absorption was corrected for; here it is 1, so that amounts
 * of one slice compare, and no more. The occupancies of the model do not enter: S is measured by |F|^2 of atoms that stay.
 *
 * Source: Hill & Howard, J. Appl. Cryst. 20 (1987) 467-474.
 */
import { cellContent, cellVolume, type Structure } from "../../crystal/index.ts";
import { type ParameterMap, type SliceMaps, STATUS } from "../../data/index.ts";
import { median } from "../../fit/index.ts";

export interface PhaseAmount {
  readonly name: string;
  /** atoms of each element in a unit cell, as the model has them */
  readonly content: ReadonlyMap<string, number>;
  /** [y, x] S V; NaN where nothing was fitted. Without bias, so below 0 as often as above where nothing is */
  readonly cells: Float64Array;
  readonly esd: Float64Array;
  /** [y, x] S V^2: volume shares but for one factor */
  readonly filling: Float64Array;
}

/** @returns undefined where the slice has no scale of this phase */
export function phaseAmount(maps: SliceMaps, name: string, structure: Structure): PhaseAmount | undefined {
  const scale = maps.maps.get(`${name}/scale`);
  if (!scale) return undefined;
  const volume = cellVolumes(maps, name, structure);
  const size = scale.values.length;
  const cells = new Float64Array(size).fill(Number.NaN);
  const esd = new Float64Array(size).fill(Number.NaN);
  const filling = new Float64Array(size).fill(Number.NaN);
  for (let v = 0; v < size; v++) {
    if (!Number.isFinite(scale.values[v]!) || scale.status?.[v] === STATUS.notFitted) continue;
    cells[v] = scale.values[v]! * volume[v]!;
    filling[v] = cells[v]! * volume[v]!;
    const sigma = scale.esd?.[v] ?? Number.NaN;
    esd[v] = Number.isFinite(sigma) ? sigma * volume[v]! : 0;
  }
  return { name, content: cellContent(structure), cells, esd, filling };
}

/** [y, x] angstrom^3; the slice's median where a voxel has no cell, the structure's own where none has. */
function cellVolumes(maps: SliceMaps, name: string, { cell }: Structure): Float64Array {
  const own = cellVolume(cell);
  const edges: readonly (ParameterMap | undefined)[] = ["a", "b", "c"].map((edge) => maps.maps.get(`${name}/${edge}`));
  const [a, b, c] = edges;
  const size = maps.ny * maps.nx;
  if (!a) return new Float64Array(size).fill(own);
  // an edge without a map is tied to a where the structure has them alike: hexagonal b, cubic b and c
  const ratio = (map: ParameterMap | undefined, length: number, v: number): number =>
    map ? map.values[v]! / length : length === cell.a ? a.values[v]! / cell.a : 1;
  const volumes = Float64Array.from({ length: size }, (_, v) => {
    const isFitted = !a.status || a.status[v] === STATUS.converged;
    return isFitted ? own * (a.values[v]! / cell.a) * ratio(b, cell.b, v) * ratio(c, cell.c, v) : Number.NaN;
  });
  const typical = median(volumes);
  return volumes.map((value) => (value > 0 ? value : typical > 0 ? typical : own));
}

/**
 * [y, x] 1 where there is enough of something to speak of: above a share of what full voxels have, and three esds.
 *
 * @param share of the 95th percentile of what is above its noise
 */
export function whereEnough(amount: ArrayLike<number>, esd: ArrayLike<number>, share: number): Uint8Array {
  const above = Float64Array.from(amount, (value, v) => (value > 3 * esd[v]! ? value : Number.NaN)).filter(
    Number.isFinite,
  );
  const full = above.sort()[Math.floor(0.95 * (above.length - 1))] ?? Number.POSITIVE_INFINITY;
  return Uint8Array.from(amount, (value, v) => (value > 3 * esd[v]! && value > share * full ? 1 : 0));
}

/** [y, x] 1 there, and a voxel around: edges are blurred, and what noise and other phases' lines leave far off is not. */
export function electrodeVoxels(enough: Uint8Array, nx: number): Uint8Array {
  const ny = enough.length / nx;
  const out = new Uint8Array(enough.length);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      if (!enough[y * nx + x]) continue;
      for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j++) {
        out.fill(1, j * nx + Math.max(0, x - 1), j * nx + Math.min(nx, x + 2));
      }
    }
  }
  return out;
}
