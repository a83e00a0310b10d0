/** 1/d^2 of many reflections with its derivatives by cell parameters, without a square root or cosine for each. */
const RAD = Math.PI / 180;
/** rows and columns of the coefficients of h^2, k^2, l^2, kl, hl, hk */
const ROW = Int32Array.of(0, 1, 2, 1, 0, 0);
const COLUMN = Int32Array.of(0, 1, 2, 2, 2, 1);

/** Exactly 0 at 90 degrees, which most angles are. */
const cosine = (angleDeg: number): number => (angleDeg === 90 ? 0 : Math.cos(angleDeg * RAD));

export interface ReciprocalGradient {
  /** [6] coefficients of h^2, k^2, l^2, kl, hl, hk in 1/d^2 */
  readonly metric: Float64Array;
  /** [6, 6] their derivatives by a, b, c (per angstrom), alpha, beta, gamma (per degree) */
  readonly gradient: Float64Array;
  /**
   * @param cell [6] a, b, c, alpha, beta, gamma
   * @returns false where the six numbers enclose no volume: nothing is written then
   */
  update(cell: Float64Array): boolean;
}

/** The reciprocal metric tensor is the inverse of the metric tensor G, and d(G^-1) = -G^-1 dG G^-1. */
export function createReciprocalGradient(): ReciprocalGradient {
  const metric = new Float64Array(6);
  const gradient = new Float64Array(36);
  const inverse = new Float64Array(9);
  const change = new Float64Array(9);

  function update(cell: Float64Array): boolean {
    const a = cell[0]!;
    const b = cell[1]!;
    const c = cell[2]!;
    const ca = cosine(cell[3]!);
    const cb = cosine(cell[4]!);
    const cg = cosine(cell[5]!);
    const square = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;
    if (!(square > 0 && a > 0 && b > 0 && c > 0)) return false;
    const determinant = a * a * b * b * c * c * square;
    const g11 = a * a;
    const g22 = b * b;
    const g33 = c * c;
    const g23 = b * c * ca;
    const g13 = a * c * cb;
    const g12 = a * b * cg;
    inverse[0] = (g22 * g33 - g23 * g23) / determinant;
    inverse[4] = (g11 * g33 - g13 * g13) / determinant;
    inverse[8] = (g11 * g22 - g12 * g12) / determinant;
    inverse[5] = inverse[7] = (g12 * g13 - g11 * g23) / determinant;
    inverse[2] = inverse[6] = (g12 * g23 - g22 * g13) / determinant;
    inverse[1] = inverse[3] = (g13 * g23 - g33 * g12) / determinant;
    for (let k = 0; k < 6; k++) metric[k] = inverse[3 * ROW[k]! + COLUMN[k]!]! * (k < 3 ? 1 : 2);
    const sa = RAD * Math.sqrt(1 - ca * ca);
    const sb = RAD * Math.sqrt(1 - cb * cb);
    const sg = RAD * Math.sqrt(1 - cg * cg);
    derivative(0, 2 * a, 0, 0, 0, c * cb, b * cg);
    derivative(1, 0, 2 * b, 0, c * ca, 0, a * cg);
    derivative(2, 0, 0, 2 * c, b * ca, a * cb, 0);
    derivative(3, 0, 0, 0, -b * c * sa, 0, 0);
    derivative(4, 0, 0, 0, 0, -a * c * sb, 0);
    derivative(5, 0, 0, 0, 0, 0, -a * b * sg);
    return true;
  }

  /** Row of the gradient from dG given as its elements 11 22 33 23 13 12. */
  function derivative(row: number, d11: number, d22: number, d33: number, d23: number, d13: number, d12: number): void {
    change[0] = d11;
    change[4] = d22;
    change[8] = d33;
    change[5] = change[7] = d23;
    change[2] = change[6] = d13;
    change[1] = change[3] = d12;
    for (let k = 0; k < 6; k++) {
      const i = ROW[k]!;
      const j = COLUMN[k]!;
      let sum = 0;
      for (let m = 0; m < 3; m++) {
        for (let n = 0; n < 3; n++) sum -= inverse[3 * i + m]! * change[3 * m + n]! * inverse[3 * n + j]!;
      }
      gradient[6 * row + k] = sum * (k < 3 ? 1 : 2);
    }
  }
  return { metric, gradient, update };
}
