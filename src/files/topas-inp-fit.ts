/** Numbers at a few angles as a sum of known functions of theta: how equations of any form are recognised. */

const DEG = 180 / Math.PI;
export type Basis = readonly ((thetaRad: number) => number)[];

/** Least squares in two or three functions of theta; the deviation is relative to the largest value. */
export function fitValues(
  values: readonly number[],
  basis: Basis,
  anglesDeg: readonly number[],
): { values: number[]; deviation: number } | undefined {
  const largest = Math.max(...values.map(Math.abs));
  if (!(largest >= 0 && Number.isFinite(largest))) return undefined;
  // Gram-Schmidt: the functions are nearly parallel over a short range, which normal equations would square
  const columns = basis.map((f) => anglesDeg.map((theta) => f(theta / DEG)));
  const q: number[][] = [];
  const r: number[][] = [];
  columns.forEach((column, k) => {
    const left = [...column];
    r[k] = [];
    for (let pass = 0; pass < 2; pass++) {
      q.forEach((other, j) => {
        const share = dot(other, left);
        r[k]![j] = (r[k]![j] ?? 0) + share;
        for (let i = 0; i < left.length; i++) left[i]! -= share * other[i]!;
      });
    }
    const length = Math.sqrt(dot(left, left));
    r[k]![k] = length;
    q.push(left.map((x) => x / length));
  });
  const rest = [...values];
  const projected = q.map((other) => {
    const share = dot(other, rest);
    for (let i = 0; i < rest.length; i++) rest[i]! -= share * other[i]!;
    return share;
  });
  const out = new Array<number>(basis.length).fill(0);
  for (let k = basis.length - 1; k >= 0; k--) {
    let sum = projected[k]!;
    for (let m = k + 1; m < basis.length; m++) sum -= r[m]![k]! * out[m]!;
    out[k] = sum / r[k]![k]!;
  }
  if (!out.every(Number.isFinite)) return undefined;
  const deviation = largest === 0 ? 0 : Math.max(...rest.map(Math.abs)) / largest;
  // rounding leaves traces of functions that have no part in it
  const sizes = columns.map((column) => Math.max(...column.map(Math.abs)));
  return { values: out.map((x, k) => (Math.abs(x) * sizes[k]! < 1e-10 * largest ? 0 : x)), deviation };
}

const dot = (p: readonly number[], q: readonly number[]): number => p.reduce((sum, x, i) => sum + x * q[i]!, 0);
