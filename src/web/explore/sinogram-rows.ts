/** A sinogram as people draw it: rows by rising angle, and the path of a voxel through it. */

export interface SinogramRows {
  /** row of the picture -> row of the data */
  readonly order: readonly number[];
  /** [row] degrees, rising */
  readonly omegaDeg: readonly number[];
  /** degrees between rows; undefined where they are not evenly spaced, and the rows are then counted */
  readonly stepDeg?: number;
}

/** Spacings that differ by less than this share count as even. */
const EVEN = 0.02;

export function sinogramRows(omegaDeg: readonly number[]): SinogramRows {
  const order = omegaDeg.map((_, i) => i).sort((a, b) => omegaDeg[a]! - omegaDeg[b]!);
  const sorted = order.map((i) => omegaDeg[i]!);
  const step = (sorted.at(-1)! - sorted[0]!) / (sorted.length - 1);
  const isEven = sorted.length > 1 && sorted.every((angle, i) => Math.abs(angle - sorted[0]! - i * step) < EVEN * step);
  return { order, omegaDeg: sorted, ...(isEven && step > 0 && { stepDeg: step }) };
}

/** [row, col] of the data in the rows of the picture */
export function sortRows(values: ArrayLike<number>, cols: number, { order }: SinogramRows): Float32Array {
  const out = new Float32Array(order.length * cols);
  order.forEach((from, to) => {
    for (let col = 0; col < cols; col++) out[to * cols + col] = values[from * cols + col]!;
  });
  return out;
}

/**
 * s = x cos(omega) + y sin(omega), from the rotation axis, for the middle of a voxel of a grid centred on the axis.
 *
 * @returns [row] in voxels
 */
export function voxelTrace(
  [x, y]: readonly [number, number],
  [ny, nx]: readonly [number, number],
  omegaDeg: readonly number[],
): Float64Array {
  const [dx, dy] = [x - (nx - 1) / 2, y - (ny - 1) / 2];
  return Float64Array.from(omegaDeg, (deg) => {
    const omega = (deg * Math.PI) / 180;
    return dx * Math.cos(omega) + dy * Math.sin(omega);
  });
}
