import type { HeatMapData } from "./heat-map.ts";

/** Columns and rows so large that hardly one is without a voxel. */
export interface UnwoundSize {
  readonly lengthMm: number;
  /** over the length */
  readonly columns: number;
  /** over the thickness of one coating */
  readonly depths: number;
}

/** Cells about three voxels long, and a little less than one deep. */
export function unwoundSize(lengthMm: number, thicknessMm: number, voxelMm: number): UnwoundSize {
  const most = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, Math.round(value)));
  return {
    lengthMm,
    columns: most(lengthMm / (3 * voxelMm), 4, 400),
    depths: most((1.2 * thicknessMm) / voxelMm, 2, 8),
  };
}

/** Where voxels lie in a coating; [y, x]. */
export interface CoatingPlaces {
  /** number of the coating; none: -1 or NaN */
  readonly layer: ArrayLike<number>;
  /** 0 at the surface, 1 at the collector */
  readonly depth: ArrayLike<number>;
  readonly alongMm: ArrayLike<number>;
}

/**
 * Means of the voxels over length and depth of both coatings of an electrode: rows from the surface that faces the axis
 * over the collector, in the middle, to the other surface. NaN where no voxel is.
 *
 * @param sides of the coatings of the electrode, by their numbers
 */
export function unwoundMap(
  values: ArrayLike<number>,
  { layer, depth, alongMm }: CoatingPlaces,
  sides: ReadonlyMap<number, "inner" | "outer">,
  { lengthMm, columns, depths }: UnwoundSize,
): HeatMapData {
  const rows = 2 * depths;
  const [sum, count] = [new Float64Array(rows * columns), new Uint32Array(rows * columns)];
  for (let i = 0; i < layer.length; i++) {
    const side = sides.get(layer[i]!);
    const value = values[i]!;
    if (side === undefined || !Number.isFinite(value) || !(depth[i]! >= 0 && depth[i]! <= 1)) continue;
    const fromSurface = Math.min(depths - 1, Math.floor(depth[i]! * depths));
    const row = side === "inner" ? fromSurface : rows - 1 - fromSurface;
    const column = Math.min(columns - 1, Math.floor((alongMm[i]! / lengthMm) * columns));
    if (!(column >= 0)) continue;
    sum[row * columns + column]! += value;
    count[row * columns + column]! += 1;
  }
  return { rows, cols: columns, values: sum.map((total, k) => (count[k]! > 0 ? total / count[k]! : Number.NaN)) };
}
