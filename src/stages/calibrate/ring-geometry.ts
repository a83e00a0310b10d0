/**
 * Two-theta of a point on the detector with its derivatives by every parameter of the geometry, and the inverse:
 * where on the detector a direction arrives. The same convention as geometry/poni.ts; angles in radians.
 *
 *   t = p1 e1 + p2 e2 + L e3,  p1 = y - poni1, p2 = x - poni2    (e1, e2, e3: the detector's axes, orthonormal)
 */
import { KEV_ANGSTROM } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";

/** Order of the parameters in the fit; lengths in m, rotations in rad, energy in keV. */
export const GEOMETRY_PARAMETERS = ["dist", "poni1", "poni2", "rot1", "rot2", "rot3", "energyKeV"] as const;
export type GeometryParameter = (typeof GEOMETRY_PARAMETERS)[number];
const COUNT = GEOMETRY_PARAMETERS.length;

export const geometryVector = (poni: Poni, energyKeV: number): Float64Array =>
  Float64Array.of(poni.dist, poni.poni1, poni.poni2, poni.rot1, poni.rot2, poni.rot3, energyKeV);

export function poniFromVector(p: ArrayLike<number>, like: Poni): Poni {
  return {
    ...like,
    dist: p[0]!,
    poni1: p[1]!,
    poni2: p[2]!,
    rot1: p[3]!,
    rot2: p[4]!,
    rot3: p[5]!,
    wavelength: (KEV_ANGSTROM / p[6]!) * 1e-10,
  };
}

/** The detector's axes in the laboratory, and their derivatives by rot1 and rot2; each [3]. */
export interface DetectorAxes {
  readonly e1: Float64Array;
  readonly e2: Float64Array;
  readonly e3: Float64Array;
  readonly byRot1: readonly [Float64Array, Float64Array, Float64Array];
  readonly byRot2: readonly [Float64Array, Float64Array, Float64Array];
}

export function detectorAxes(rot1: number, rot2: number, rot3: number): DetectorAxes {
  const [c1, s1] = [Math.cos(rot1), Math.sin(rot1)];
  const [c2, s2] = [Math.cos(rot2), Math.sin(rot2)];
  const [c3, s3] = [Math.cos(rot3), Math.sin(rot3)];
  return {
    e1: Float64Array.of(c2 * c3, c2 * s3, s2),
    e2: Float64Array.of(c3 * s1 * s2 - c1 * s3, c1 * c3 + s1 * s2 * s3, -c2 * s1),
    e3: Float64Array.of(-(c1 * c3 * s2 + s1 * s3), c3 * s1 - c1 * s2 * s3, c1 * c2),
    byRot1: [
      Float64Array.of(0, 0, 0),
      Float64Array.of(c3 * c1 * s2 + s1 * s3, -s1 * c3 + c1 * s2 * s3, -c2 * c1),
      Float64Array.of(s1 * c3 * s2 - c1 * s3, c3 * c1 + s1 * s2 * s3, -s1 * c2),
    ],
    byRot2: [
      Float64Array.of(-s2 * c3, -s2 * s3, c2),
      Float64Array.of(c3 * s1 * c2, s1 * c2 * s3, s2 * s1),
      Float64Array.of(-c1 * c3 * c2, -c1 * c2 * s3, -c1 * s2),
    ],
  };
}

/**
 * Two-theta of the points (y, x) in metres from the detector's origin.
 *
 * @param p        [7] in the order of GEOMETRY_PARAMETERS
 * @param twoTheta [n] radians
 * @param jacobian [n, 7] or null; the columns of rot3 and the energy stay 0
 */
export function twoThetaOfPoints(
  p: ArrayLike<number>,
  y: ArrayLike<number>,
  x: ArrayLike<number>,
  twoTheta: Float64Array,
  jacobian: Float64Array | null,
): void {
  const { e1, e2, e3, byRot1, byRot2 } = detectorAxes(p[3]!, p[4]!, p[5]!);
  const L = p[0]!;
  const t = new Float64Array(3);
  const byLength = (v: ArrayLike<number>, rho: number): number => {
    const along = rho > 0 ? (t[0]! * v[0]! + t[1]! * v[1]!) / rho : 0;
    return (t[2]! * along - rho * v[2]!) / (rho * rho + t[2]! * t[2]!);
  };
  const mix = new Float64Array(3);
  for (let i = 0; i < twoTheta.length; i++) {
    const p1 = y[i]! - p[1]!;
    const p2 = x[i]! - p[2]!;
    for (let k = 0; k < 3; k++) t[k] = p1 * e1[k]! + p2 * e2[k]! + L * e3[k]!;
    const rho = Math.hypot(t[0]!, t[1]!);
    twoTheta[i] = Math.atan2(rho, t[2]!);
    if (!jacobian) continue;
    const row = i * COUNT;
    jacobian[row] = byLength(e3, rho);
    jacobian[row + 1] = -byLength(e1, rho);
    jacobian[row + 2] = -byLength(e2, rho);
    for (let k = 0; k < 3; k++) mix[k] = p1 * byRot1[0][k]! + p2 * byRot1[1][k]! + L * byRot1[2][k]!;
    jacobian[row + 3] = byLength(mix, rho);
    for (let k = 0; k < 3; k++) mix[k] = p1 * byRot2[0][k]! + p2 * byRot2[1][k]! + L * byRot2[2][k]!;
    jacobian[row + 4] = byLength(mix, rho);
    jacobian[row + 5] = 0;
    jacobian[row + 6] = 0;
  }
}

/** Two-theta of a ring, radians; NaN where the energy is too low for it. */
export const ringTwoTheta = (dA: number, energyKeV: number): number =>
  2 * Math.asin(KEV_ANGSTROM / (2 * dA * energyKeV));

/** d two-theta / d energy, rad/keV. */
export const ringByEnergy = (dA: number, energyKeV: number): number =>
  (-2 * Math.tan(ringTwoTheta(dA, energyKeV) / 2)) / energyKeV;

/**
 * Where on the detector the direction (two-theta, chi) arrives, in pixels with 0 at the first pixel's outer corner.
 *
 * @returns [row, col]; NaN where the direction leads away from the detector's plane
 */
export function detectorPosition(poni: Poni, axes: DetectorAxes, twoTheta: number, chi: number): [number, number] {
  const u0 = Math.sin(twoTheta) * Math.sin(chi);
  const u1 = Math.sin(twoTheta) * Math.cos(chi);
  const u2 = Math.cos(twoTheta);
  const dot = (e: Float64Array): number => e[0]! * u0 + e[1]! * u1 + e[2]! * u2;
  const towards = dot(axes.e3);
  if (!(towards > 1e-6)) return [Number.NaN, Number.NaN];
  return [
    ((poni.dist * dot(axes.e1)) / towards + poni.poni1) / poni.pixel1,
    ((poni.dist * dot(axes.e2)) / towards + poni.poni2) / poni.pixel2,
  ];
}
