/**
 * Lagrange's weights of the four nodes -1, 0, 1, 2 at f, which is in [0, 1] but at the ends of a table.
 *
 * @param out [4]
 */
export function cubicWeights(f: number, out: Float64Array): void {
  out[0] = (-f * (f - 1) * (f - 2)) / 6;
  out[1] = ((f + 1) * (f - 1) * (f - 2)) / 2;
  out[2] = (-(f + 1) * f * (f - 2)) / 2;
  out[3] = ((f + 1) * f * (f - 1)) / 6;
}

/** Derivatives of these weights by f. @param out [4] */
export function cubicSlopes(f: number, out: Float64Array): void {
  const f2 = f * f;
  out[0] = (-3 * f2 + 6 * f - 2) / 6;
  out[1] = (3 * f2 - 4 * f - 1) / 2;
  out[2] = (-3 * f2 + 2 * f + 2) / 2;
  out[3] = (3 * f2 - 1) / 6;
}
