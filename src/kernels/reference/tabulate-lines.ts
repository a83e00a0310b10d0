/**
 * The K numbers of a pattern at every depth, and their derivatives, as sums over its lines: each line's numbers are in a
 * table by u = (1 - depth) x tangent, of which the four nodes about u are interpolated by Lagrange's cubic.
 *
 *   out[0, i, k]     = sum area q(u_i)[k],   u_i = (reach - depth_i) tangent,   q = 1 / (1 - depth_i)^2
 *   out[1 + p, i, k] = its derivative along slope p of the tangents
 *
 * A line whose u is outside of its part of the table adds nothing.
 *
 * @param out        [1 + slopes, depths, K] assigned
 * @param peaks      [node, K]
 * @param terms      K, a multiple of 4
 * @param tangents   [1 + slopes, lines] tan 2theta, NaN: out of reach; then its derivatives
 * @param areas      [lines] 0: left out
 * @param origins    [lines, 2] u of the first node of a line's part, nodes a unit of u
 * @param parts      [lines, 2] first node of a line's part, and how many it has
 * @param depthFirst depth i is depthFirst + depthStep x i
 * @param reach      1, less what the sample is displaced by
 */
export function tabulateLines(
  out: Float32Array,
  peaks: Float32Array,
  terms: number,
  tangents: Float64Array,
  areas: Float64Array,
  origins: Float64Array,
  parts: Int32Array,
  lines: number,
  slopes: number,
  depths: number,
  depthFirst: number,
  depthStep: number,
  reach: number,
): void {
  const { fround } = Math;
  const size = depths * terms;
  out.fill(0, 0, (1 + slopes) * size);
  for (let i = 0; i < depths; i++) {
    const depth = depthFirst + depthStep * i;
    const q = 1 / ((1 - depth) * (1 - depth));
    for (let line = 0; line < lines; line++) {
      const area = q * areas[line]!;
      const perUnit = origins[2 * line + 1]!;
      const u = ((reach - depth) * tangents[line]! - origins[2 * line]!) * perUnit;
      if (!(area !== 0 && u >= 1 && u < parts[2 * line + 1]! - 2)) continue;
      const node = Math.floor(u);
      const f = u - node;
      const at = (parts[2 * line]! + node - 1) * terms;
      const a = fround((area * (-f * (f - 1) * (f - 2))) / 6);
      const b = fround((area * ((f + 1) * (f - 1) * (f - 2))) / 2);
      const c = fround((area * (-(f + 1) * f * (f - 2))) / 2);
      const d = fround((area * ((f + 1) * f * (f - 1))) / 6);
      const to = i * terms;
      for (let k = 0; k < terms; k++) out[to + k]! += cubic(peaks, at + k, terms, a, b, c, d);
      if (slopes === 0) continue;
      const f2 = f * f;
      const e = fround((-3 * f2 + 6 * f - 2) / 6);
      const g = fround((3 * f2 - 4 * f - 1) / 2);
      const h = fround((-3 * f2 + 2 * f + 2) / 2);
      const m = fround((3 * f2 - 1) / 6);
      for (let p = 0; p < slopes; p++) {
        const factor = fround(area * (reach - depth) * perUnit * tangents[(1 + p) * lines + line]!);
        const row = (1 + p) * size + to;
        for (let k = 0; k < terms; k++) out[row + k]! += fround(factor * cubic(peaks, at + k, terms, e, g, h, m));
      }
    }
  }
}

function cubic(peaks: Float32Array, at: number, terms: number, a: number, b: number, c: number, d: number): number {
  const { fround } = Math;
  const first = fround(fround(a * peaks[at]!) + fround(b * peaks[at + terms]!));
  return fround(fround(first + fround(c * peaks[at + 2 * terms]!)) + fround(d * peaks[at + 3 * terms]!));
}
