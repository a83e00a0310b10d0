import { median, medianOfFew, robustSpread } from "../../fit/index.ts";

/** Fewer neighbours say nothing: they may all be what is looked for. */
const LEAST = 5;
/** A cell this many spreads away from those of the slice is no cell of the phase, but of another's lines. */
const FAR = 6;

/** A map without what lies far from the rest of the slice; NaN there. */
export function withoutOutliers(values: ArrayLike<number>): Float64Array {
  const centre = median(values);
  const most = FAR * robustSpread(values, centre);
  return Float64Array.from(values, (value) => (Math.abs(value - centre) <= most ? value : Number.NaN));
}

/**
 * The median of a map around each voxel, [y, x]: what a voxel would be if it were like its surroundings. NaN where the
 * window holds fewer than LEAST values.
 *
 * @param values [y, x] NaN where there is none
 * @param radius half-width of the square window, voxels
 */
export function medianOfSurroundings(values: ArrayLike<number>, ny: number, nx: number, radius: number): Float32Array {
  const out = new Float32Array(ny * nx);
  const near = new Float64Array((2 * radius + 1) ** 2);
  for (let y = 0; y < ny; y++) {
    for (let x = 0; x < nx; x++) {
      let n = 0;
      for (let v = Math.max(0, y - radius); v <= Math.min(ny - 1, y + radius); v++) {
        for (let u = Math.max(0, x - radius); u <= Math.min(nx - 1, x + radius); u++) {
          const value = values[v * nx + u]!;
          if (Number.isFinite(value)) near[n++] = value;
        }
      }
      out[y * nx + x] = n >= LEAST ? medianOfFew(near, n) : Number.NaN;
    }
  }
  return out;
}
