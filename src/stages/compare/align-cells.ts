/** Every cell on the grid of one of them. */
import type { ParameterMap, PhaseRoles, Places, SliceMaps } from "../../data/index.ts";
import {
  type Grid,
  IDENTITY,
  type Placement,
  prepareSlice,
  type Registration,
  registerSlices,
  resampleLabels,
  resampleMap,
} from "../../registration/index.ts";
import { amountChannels } from "./channels.ts";
import type { CompareConfig } from "./config.ts";
import { cropPlaces, croppedGrid, cropSlice } from "./crop.ts";

export interface ComparedCell {
  readonly slice: SliceMaps;
  /** on the slice's own grid */
  readonly places?: Places;
}

export interface AlignedCell {
  readonly name: string;
  /** on the common grid; values of fits that did not converge are left out, but in the reference's */
  readonly aligned: SliceMaps;
  readonly places?: Places;
  /** left out for the reference, and where cells are not aligned */
  readonly registration?: Registration;
}

/**
 * Lays every cell on the reference and cuts all of them to it. The reference's own voxels stay as they are unless
 * another voxel size is asked for.
 *
 * @param known by name: slices that were laid on the reference before
 * @throws InputError "compare-no-amounts" | "registration-image"
 */
export function alignCells(
  cells: readonly ComparedCell[],
  reference: ComparedCell,
  roles: PhaseRoles,
  config: Pick<CompareConfig, "align" | "registration" | "voxelMm" | "cropMargin">,
  known: ReadonlyMap<string, Registration> = new Map(),
): AlignedCell[] {
  const fixed = amountChannels(reference.slice, roles);
  const own = croppedGrid(fixed, config.cropMargin);
  const grid = ofVoxel(own, config.voxelMm ?? own.voxelMm);
  const isKnown = cells.every((cell) => cell === reference || known.has(cell.slice.name));
  const prepared = config.align && !isKnown ? prepareSlice(fixed, "The reference") : fixed;
  return cells.map((cell): AlignedCell => {
    const { name } = cell.slice;
    if (cell === reference && grid.voxelMm === own.voxelMm) {
      const places = cell.places && cropPlaces(cell.places, own);
      return { name, aligned: cropSlice(cell.slice, own), ...(places && { places }) };
    }
    if (cell === reference || !config.align) return { name, ...placed(cell, IDENTITY, grid) };
    const registration =
      known.get(name) ??
      registerSlices({ fixed: prepared, moving: amountChannels(cell.slice, roles) }, config.registration);
    return { name, ...placed(cell, registration, grid), registration };
  });
}

/** The same room in other voxels; the middle stays where it is. */
function ofVoxel({ ny, nx, voxelMm }: Grid, wanted: number): Grid {
  const count = (n: number): number => Math.max(1, Math.round((n * voxelMm) / wanted));
  return wanted === voxelMm ? { ny, nx, voxelMm } : { ny: count(ny), nx: count(nx), voxelMm: wanted };
}

function placed({ slice, places }: ComparedCell, placement: Placement, grid: Grid) {
  const maps = [...slice.maps].map(([name, map]): readonly [string, ParameterMap] => [
    name,
    resampleMap(map, slice.voxelMm, placement, grid),
  ]);
  const aligned: SliceMaps = { name: slice.name, ...grid, maps: new Map(maps) };
  return { aligned, ...(places && { places: placePlaces(places, placement, grid) }) };
}

/** Places of a cell on another grid: labels of the nearest voxel, distances in mm of the new grid. */
export function placePlaces(places: Places, placement: Placement, grid: Grid): Places {
  const numbers = (values: Float32Array, scale = placement.scale): Float32Array => {
    const map = { name: "", unit: "", ny: places.ny, nx: places.nx, values };
    return Float32Array.from(resampleMap(map, places.voxelMm, placement, grid).values, (value) => value * scale);
  };
  const nearest = <A extends Uint8Array | Int16Array>(labels: A, outside: number): A =>
    resampleLabels(labels, places, placement, grid, outside);
  // a mean of places on either side of a border between layers is a place in neither: the nearest voxel's are taken
  const order = Int32Array.from({ length: places.ny * places.nx }, (_, i) => i);
  const from = resampleLabels(order, places, placement, grid, -1);
  const pick = (values: Float32Array, scale: number): Float32Array =>
    Float32Array.from(from, (i) => (i < 0 ? Number.NaN : values[i]! * scale));
  return {
    ...grid,
    region: nearest(places.region, 0),
    toCasingMm: numbers(places.toCasingMm),
    toCoreMm: numbers(places.toCoreMm),
    toTabMm: numbers(places.toTabMm),
    toSeparatorMm: numbers(places.toSeparatorMm),
    depth: pick(places.depth, 1),
    layer: nearest(places.layer, -1),
    alongMm: pick(places.alongMm, placement.scale),
    layers: places.layers,
  };
}
