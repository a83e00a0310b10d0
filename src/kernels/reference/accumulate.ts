/**
 * out[i] += weight * row[i], for i < n: the inner step of everything that adds stacks of bins.
 *
 * @param out    [n] f32, added to in place
 * @param row    [n] f32
 * @param weight no unit; rounded to f32 first
 */
export function accumulate(out: Float32Array, row: Float32Array, weight: number, n: number): void {
  const w = Math.fround(weight);
  // fround twice: the same rounding as f32.mul then f32.add in WASM
  for (let i = 0; i < n; i++) out[i] = out[i]! + Math.fround(w * row[i]!);
}
