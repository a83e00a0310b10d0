/** Where a voxel falls at one angle: what the DLSR kernels have in common. */
export interface DlsrPlace {
  /** the ray to its left; -1 to translations - 1 where it falls on the scan */
  j: number;
  /** shares of the rays j and j + 1 */
  left: number;
  right: number;
  /** first of its four depth nodes, and their Lagrange weights */
  depth: number;
  readonly cubic: Float32Array;
}

export const createDlsrPlace = (): DlsrPlace => ({ j: 0, left: 0, right: 0, depth: 0, cubic: new Float32Array(4) });

/**
 * Positions are taken in f64 (f32 would lose the fraction of a wide scan), weights rounded to f32. Outside the depth
 * nodes the cubic of the last four extrapolates.
 *
 * @param c,s cos and sin of omega
 */
export function placeVoxel(
  place: DlsrPlace,
  x: number,
  y: number,
  c: number,
  s: number,
  rotationAxis: number,
  depthScale: number,
  depthOrigin: number,
  depths: number,
): void {
  const f = Math.fround;
  const lateral = rotationAxis + (x * c + y * s);
  const j = Math.floor(lateral);
  place.j = j;
  place.right = f(lateral - j);
  place.left = f(1 - place.right);
  const u = depthOrigin + depthScale * (y * c - x * s);
  const depth = Math.max(0, Math.min(depths - 4, Math.floor(u) - 1));
  place.depth = depth;
  const e = f(u - (depth + 1));
  const behind = f(1 + e);
  const ahead = f(1 - e);
  const beyond = f(2 - e);
  const outer = f(f(e * ahead) * f(-1 / 6));
  const inner = f(f(behind * beyond) * 0.5);
  place.cubic[0] = outer * beyond;
  place.cubic[1] = inner * ahead;
  place.cubic[2] = inner * e;
  place.cubic[3] = outer * behind;
}

/** The pattern of a voxel at every depth node: out[depth, k] = sum over q of weights[q] table[node of q, depth, k]. */
export function lookUpPattern(
  out: Float32Array,
  weights: Float32Array,
  weight: number,
  node: number,
  offsets: Int32Array,
  stencil: number,
  table: Float32Array,
  length: number,
): void {
  const f = Math.fround;
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let q = 0; q < stencil; q++)
      sum = f(sum + f(weights[weight + q]! * table[(node + offsets[q]!) * length + i]!));
    out[i] = sum;
  }
}
