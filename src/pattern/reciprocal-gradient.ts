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
  /**
   * @param cell [6] a, b, c, alpha, beta, gamma; angstrom and degrees
   * @returns false where the six numbers enclose no volume: nothing is written then
   */
  update(cell: Float64Array): boolean;
  /**
   * Derivatives of the metric's coefficients along a change of the cell, after update.
   *
   * @param change [6] of a, b, c, alpha, beta, gamma
   * @param out    [6]
   */
  along(change: Float64Array, out: Float64Array): void;
}

/** The reciprocal metric tensor is the inverse of the metric tensor G, and d(G^-1) = -G^-1 dG G^-1. */
export function createReciprocalGradient(): ReciprocalGradient {
  const metric = new Float64Array(6);
  const inverse = new Float64Array(9);
  const dG = new Float64Array(9);
  const lengths = new Float64Array(3);
  const cosines = new Float64Array(3);

  function update(cell: Float64Array): boolean {
    const a = cell[0]!;
    const b = cell[1]!;
    const c = cell[2]!;
    const ca = cosine(cell[3]!);
    const cb = cosine(cell[4]!);
    const cg = cosine(cell[5]!);
    const square = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;
    if (!(square > 0 && a > 0 && b > 0 && c > 0)) return false;
    lengths[0] = a;
    lengths[1] = b;
    lengths[2] = c;
    cosines[0] = ca;
    cosines[1] = cb;
    cosines[2] = cg;
    inverse[0] = (1 - ca * ca) / (a * a * square);
    inverse[4] = (1 - cb * cb) / (b * b * square);
    inverse[8] = (1 - cg * cg) / (c * c * square);
    inverse[5] = inverse[7] = (cb * cg - ca) / (b * c * square);
    inverse[2] = inverse[6] = (ca * cg - cb) / (a * c * square);
    inverse[1] = inverse[3] = (ca * cb - cg) / (a * b * square);
    for (let k = 0; k < 6; k++) metric[k] = inverse[3 * ROW[k]! + COLUMN[k]!]! * (k < 3 ? 1 : 2);
    return true;
  }

  function along(change: Float64Array, out: Float64Array): void {
    for (let i = 0; i < 3; i++) dG[4 * i] = 2 * lengths[i]! * change[i]!;
    for (let k = 3; k < 6; k++) {
      // the angle numbered k - 3 lies between the two other axes
      const i = ROW[k]!;
      const j = COLUMN[k]!;
      const cos = cosines[k - 3]!;
      const byAngle = -RAD * Math.sqrt(1 - cos * cos) * change[k]!;
      const p = lengths[i]!;
      const q = lengths[j]!;
      const value = (change[i]! * q + p * change[j]!) * cos + p * q * byAngle;
      dG[3 * i + j] = value;
      dG[3 * j + i] = value;
    }
    for (let k = 0; k < 6; k++) {
      const i = 3 * ROW[k]!;
      const j = COLUMN[k]!;
      let sum = 0;
      for (let m = 0; m < 3; m++) {
        const left = inverse[i + m]!;
        if (left === 0) continue;
        for (let n = 0; n < 3; n++) sum -= left * dG[3 * m + n]! * inverse[3 * n + j]!;
      }
      out[k] = sum * (k < 3 ? 1 : 2);
    }
  }
  return { metric, update, along };
}
