/** The voxels of a mask, in squares of 8 x 8: neighbours share the rays that lie in the cache. */
import type { Kernels } from "../../kernels/index.ts";
import type { VoxelList } from "./types.ts";

const SQUARE = 8;

/**
 * @param mask [y, x] anything but 0 and NaN: the voxel belongs to the list
 * @param size of the grid, which is centred on the rotation axis
 */
export function createVoxelList(kernels: Kernels, mask: ArrayLike<number>, size: number): VoxelList {
  const found: number[] = [];
  for (let y0 = 0; y0 < size; y0 += SQUARE) {
    for (let x0 = 0; x0 < size; x0 += SQUARE) {
      for (let y = y0; y < Math.min(size, y0 + SQUARE); y++) {
        for (let x = x0; x < Math.min(size, x0 + SQUARE); x++) if (mask[y * size + x]) found.push(y * size + x);
      }
    }
  }
  const index = Int32Array.from(found);
  const places = kernels.arena.f32(2 * index.length);
  const centre = (size - 1) / 2;
  index.forEach((at, v) => {
    places[2 * v] = (at % size) - centre;
    places[2 * v + 1] = Math.floor(at / size) - centre;
  });
  return { count: index.length, index, places };
}
