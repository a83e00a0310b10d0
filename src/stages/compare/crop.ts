/** Grids that are parts of others about the same middle, so that no value has to be interpolated. */
import type { ParameterMap, Places, SliceMaps } from "../../data/index.ts";
import { fitOutline, type Grid, type SliceImage } from "../../registration/index.ts";

/**
 * The smallest grid about the middle of this one that holds the sample and a margin; the grid itself where the sample
 * has no round outline.
 *
 * @param margin voxels
 */
export function croppedGrid(image: SliceImage, margin: number): Grid {
  const { ny, nx, voxelMm, channels } = image;
  const shown = channels.get("casing") ?? [...channels.values()][0]!;
  const outline = fitOutline(shown, ny, nx, voxelMm);
  if (!outline) return { ny, nx, voxelMm };
  const half = (centre: number): number => Math.ceil((Math.abs(centre) + outline.radiusMm) / voxelMm + margin);
  return { ny: cropped(ny, half(outline.centreMm[1])), nx: cropped(nx, half(outline.centreMm[0])), voxelMm };
}

/** As many voxels as before or fewer by an even number. */
const cropped = (n: number, half: number): number => n - 2 * Math.max(0, Math.floor((n - 1) / 2 - half));

type Numbers = Float32Array | Float64Array | Uint8Array | Int16Array;

function cut<A extends Numbers>(values: A, from: Grid, to: Grid): A {
  const out = new (values.constructor as new (n: number) => A)(to.ny * to.nx);
  const [top, left] = [(from.ny - to.ny) / 2, (from.nx - to.nx) / 2];
  for (let row = 0; row < to.ny; row++) {
    const at = (row + top) * from.nx + left;
    out.set(values.subarray(at, at + to.nx) as never, row * to.nx);
  }
  return out;
}

export function cropMap(map: ParameterMap, from: Grid, to: Grid): ParameterMap {
  return {
    ...map,
    ...{ ny: to.ny, nx: to.nx, values: cut(map.values, from, to) },
    ...(map.esd && { esd: cut(map.esd, from, to) }),
    ...(map.status && { status: cut(map.status, from, to) }),
  };
}

export const cropSlice = (slice: SliceMaps, to: Grid): SliceMaps => ({
  ...slice,
  ...to,
  maps: new Map([...slice.maps].map(([name, map]) => [name, cropMap(map, slice, to)] as const)),
});

export const cropLabels = (labels: Uint8Array, from: Grid, to: Grid): Uint8Array => cut(labels, from, to);

export const cropPlaces = (places: Places, to: Grid): Places => ({
  ...places,
  ...to,
  region: cut(places.region, places, to),
  toCasingMm: cut(places.toCasingMm, places, to),
  toCoreMm: cut(places.toCoreMm, places, to),
  toTabMm: cut(places.toTabMm, places, to),
  toSeparatorMm: cut(places.toSeparatorMm, places, to),
  depth: cut(places.depth, places, to),
  layer: cut(places.layer, places, to),
  alongMm: cut(places.alongMm, places, to),
});
