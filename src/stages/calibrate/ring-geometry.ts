/**
 * Two-theta of a point on the detector with its derivatives by every parameter of the geometry. The same convention as
 * geometry/poni.ts; angles in radians.
 *
 *   t = p1 e1 + p2 e2 + L e3,  p1 = y - poni1, p2 = x - poni2    (e1, e2, e3: the detector's axes, orthonormal)
 */
import { KEV_ANGSTROM } from "../../data/index.ts";
import { detectorAxes, type Poni } from "../../geometry/index.ts";

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
