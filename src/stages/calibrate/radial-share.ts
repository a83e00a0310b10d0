/**
 * How much of a contrast image depends on one coordinate only (the radius, or two-theta): the variance between bins
 * of that coordinate over the total variance, less what chance gives to that many bins. 1 perfect rings, 0 none.
 */
export type RadialShare = (coordinate: Float32Array, value: Float32Array, width: number) => number;

const MAX_BINS = 1 << 16;

/** @returns a function that keeps its scratch memory between calls */
export function createRadialShare(): RadialShare {
  const sums = new Float64Array(MAX_BINS);
  const counts = new Float64Array(MAX_BINS);
  return (coordinate, value, width) => {
    let [total, squares, last] = [0, 0, 0];
    for (let i = 0; i < value.length; i++) {
      const bin = Math.min((coordinate[i]! / width) | 0, MAX_BINS - 1);
      const v = value[i]!;
      sums[bin]! += v;
      counts[bin]!++;
      if (bin > last) last = bin;
      total += v;
      squares += v * v;
    }
    const n = value.length;
    let [between, used] = [0, 0];
    for (let bin = 0; bin <= last; bin++) {
      if (!counts[bin]) continue;
      between += sums[bin]! ** 2 / counts[bin]!;
      used++;
      // Left clean for the next call.
      sums[bin] = 0;
      counts[bin] = 0;
    }
    const share = (between - total ** 2 / n) / (squares - total ** 2 / n);
    return used < n ? (share - used / n) / (1 - used / n) : 0;
  };
}
