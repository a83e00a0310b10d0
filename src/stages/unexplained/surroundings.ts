import { medianOfFew } from "../../fit/index.ts";

/**
 * The median of a map around each voxel, [y, x]: what a voxel would be if it were like its surroundings. NaN where the
 * window holds no value.
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
      out[y * nx + x] = n > 0 ? medianOfFew(near, n) : Number.NaN;
    }
  }
  return out;
}
