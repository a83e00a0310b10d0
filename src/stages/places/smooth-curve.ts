/**
 * Smoothing by second differences (Whittaker, Proc. Edinburgh Math. Soc. 41 (1923) 63; Eilers, Anal. Chem. 75 (2003)
 * 3631): minimises sum (y - z)^2 + sum (L / 2 pi)^4 (second difference of z)^2, so that waves of length L and shorter
 * lose half of their height and more, and straight lines nothing.
 *
 * @param window L in samples, by sample
 */
export function smoothCurve(values: Float64Array, window: Float64Array, weights?: Float64Array): Float64Array {
  const n = values.length;
  if (n < 3) return values.slice();
  // symmetric, two bands beside the diagonal; solved by L D L^T
  const [d, e, f] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const z = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const weight = weights?.[i] ?? 1;
    d[i] = weight;
    z[i] = weight * values[i]!;
  }
  for (let i = 0; i + 2 < n; i++) {
    const stiffness = (window[i + 1]! / (2 * Math.PI)) ** 4;
    d[i]! += stiffness;
    d[i + 1]! += 4 * stiffness;
    d[i + 2]! += stiffness;
    e[i]! -= 2 * stiffness;
    e[i + 1]! -= 2 * stiffness;
    f[i]! += stiffness;
  }
  for (let i = 0; i < n; i++) {
    const [below, twoBelow] = [e[i]! / d[i]!, f[i]! / d[i]!];
    if (i + 1 < n) {
      d[i + 1]! -= below * e[i]!;
      e[i + 1]! -= below * f[i]!;
      z[i + 1]! -= below * z[i]!;
    }
    if (i + 2 < n) {
      d[i + 2]! -= twoBelow * f[i]!;
      z[i + 2]! -= twoBelow * z[i]!;
    }
    e[i] = below;
    f[i] = twoBelow;
  }
  for (let i = n - 1; i >= 0; i--) {
    z[i] = z[i]! / d[i]! - (i + 1 < n ? e[i]! * z[i + 1]! : 0) - (i + 2 < n ? f[i]! * z[i + 2]! : 0);
  }
  return z;
}
