/** The voxels of a list by their place: what a ray looks up that walks over the grid. */
export interface PlaceGrid {
  /** x of the first column and y of the first line, steps from the rotation axis; multiples of a half */
  readonly left: number;
  readonly low: number;
  readonly columns: number;
  /** [line, column] number of the voxel, or -1 */
  readonly index: Int32Array;
  /** the lines in which the voxels first to end are */
  linesOf(first: number, end: number): { readonly line: number; readonly lineEnd: number };
}

/**
 * @param places [voxel, 2] x and y
 * @returns null where places are no grid of one step with a corner at multiples of a half, or two voxels share one
 */
export function placeGrid(places: Float32Array, voxels: number): PlaceGrid | null {
  let [left, low, right, high] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let v = 0; v < voxels; v++) {
    left = Math.min(left, places[2 * v]!);
    right = Math.max(right, places[2 * v]!);
    low = Math.min(low, places[2 * v + 1]!);
    high = Math.max(high, places[2 * v + 1]!);
  }
  if (voxels === 0) return { left: 0, low: 0, columns: 0, index: new Int32Array(0), linesOf: () => NO_LINES };
  const columns = Math.floor(right - left) + 1;
  const index = new Int32Array(columns * (Math.floor(high - low) + 1)).fill(-1);
  if (!Number.isInteger(2 * left) || !Number.isInteger(2 * low)) return null;
  for (let v = 0; v < voxels; v++) {
    const [column, line] = [places[2 * v]! - left, places[2 * v + 1]! - low];
    const at = line * columns + column;
    if (!Number.isInteger(column) || !Number.isInteger(line) || index[at] !== -1) return null;
    index[at] = v;
  }
  return {
    ...{ left, low, columns, index },
    linesOf(first, end) {
      let [line, lineEnd] = [Infinity, 0];
      for (let v = first; v < end; v++) {
        line = Math.min(line, places[2 * v + 1]! - low);
        lineEnd = Math.max(lineEnd, places[2 * v + 1]! - low + 1);
      }
      return { line, lineEnd };
    },
  };
}

const NO_LINES = { line: 0, lineEnd: 0 };
