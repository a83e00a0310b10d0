/** Complex fast Fourier transform for lengths that are powers of two, in place: X[k] = sum x[t] exp(-2 pi i k t / n). */
export function fourier(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const [x, y] = [re[i]!, im[i]!];
      re[i] = re[j]!;
      im[i] = im[j]!;
      re[j] = x;
      im[j] = y;
    }
  }
  const { cos, sin } = turns(n);
  for (let half = 1; half < n; half <<= 1) {
    const stride = n / (2 * half);
    for (let block = 0; block < n; block += 2 * half) {
      for (let k = 0, turn = 0; k < half; k++, turn += stride) {
        const at = block + k;
        const to = at + half;
        const c = cos[turn]!;
        const s = sin[turn]!;
        const x = re[to]! * c - im[to]! * s;
        const y = re[to]! * s + im[to]! * c;
        re[to] = re[at]! - x;
        im[to] = im[at]! - y;
        re[at] = re[at]! + x;
        im[at] = im[at]! + y;
      }
    }
  }
}

export const powerOfTwoFrom = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, n)));

/** exp(-2 pi i k / n) for k < n / 2; pure, and asked for with few n. */
function turns(n: number): { cos: Float64Array; sin: Float64Array } {
  const known = tables.get(n);
  if (known) return known;
  const cos = Float64Array.from({ length: n >> 1 }, (_, k) => Math.cos((2 * Math.PI * k) / n));
  const sin = Float64Array.from({ length: n >> 1 }, (_, k) => -Math.sin((2 * Math.PI * k) / n));
  const table = { cos, sin };
  tables.set(n, table);
  return table;
}
const tables = new Map<number, { cos: Float64Array; sin: Float64Array }>();
