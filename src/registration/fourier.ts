/** Complex Fourier transform in place, for lengths that are powers of two: X[k] = sum of x[t] exp(-2 pi i k t / n). */
export function transform(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
  for (let half = 1; half < n; half <<= 1) {
    const angle = -Math.PI / half;
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos(angle * k), Math.sin(angle * k)];
      for (let at = k; at < n; at += 2 * half) {
        const to = at + half;
        const x = re[to]! * c - im[to]! * s;
        const y = re[to]! * s + im[to]! * c;
        re[to] = re[at]! - x;
        im[to] = im[at]! - y;
        re[at]! += x;
        im[at]! += y;
      }
    }
  }
}
