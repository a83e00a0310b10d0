/**
 * Values of a sampled function between its samples, by the polynomial of fifth degree through the six nearest. A peak
 * keeps its area, place and variance; one of 3 bins FWHM keeps its height to 1e-3.
 */

/** out[i] = sum over k of weights[6 i + k] values[first[i] + k] */
export interface Interpolation {
  readonly first: Int32Array;
  readonly weights: Float64Array;
}

export const NODES = 6;

/**
 * @param nodes  [sample] places of the samples, ascending, any spacing
 * @param places places inside their range
 */
export function planInterpolation(nodes: Float64Array, places: ArrayLike<number>): Interpolation {
  const count = Math.min(NODES, nodes.length);
  const first = new Int32Array(places.length);
  const weights = new Float64Array(NODES * places.length);
  for (let i = 0; i < places.length; i++) {
    const x = places[i]!;
    const start = Math.max(0, Math.min(nodes.length - count, below(nodes, x) - 2));
    first[i] = start;
    for (let k = 0; k < count; k++) {
      let weight = 1;
      for (let other = 0; other < count; other++) {
        if (other !== k) weight *= (x - nodes[start + other]!) / (nodes[start + k]! - nodes[start + other]!);
      }
      weights[NODES * i + k] = weight;
    }
  }
  return { first, weights };
}

/** Index of the last node that is not above x; 0 where all are. */
function below(nodes: Float64Array, x: number): number {
  let low = 0;
  let high = nodes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (nodes[middle]! <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}
