/**
 * Reduces patterns to K numbers each: out[ray] += data[ray] matrix, bins added one by one in their order.
 *
 * @param out    [ray, K] f32, added to
 * @param data   [ray, bins] f32
 * @param matrix [bins, K] f32
 * @param terms  K, a multiple of 8
 */
export function reduceBins(
  out: Float32Array,
  data: Float32Array,
  matrix: Float32Array,
  rays: number,
  bins: number,
  terms: number,
): void {
  const f = Math.fround;
  for (let ray = 0; ray < rays; ray++) {
    for (let k = 0; k < terms; k++) {
      let sum = out[ray * terms + k]!;
      for (let bin = 0; bin < bins; bin++) sum = f(sum + f(data[ray * bins + bin]! * matrix[bin * terms + k]!));
      out[ray * terms + k] = sum;
    }
  }
}
