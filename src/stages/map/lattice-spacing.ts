import { type AxisContext, type AxisUnit, convertAxis, dToTwoThetaDeg } from "../../data/index.ts";

const DEG = 180 / Math.PI;

/** Lattice spacing of a place on the axis, and its derivative; undefined where the wavelength it needs is not known. */
export type LatticeSpacing = (position: number) => { readonly dA: number; readonly slope: number };

/** d of a place on the axis; undefined where the context lacks what the axis needs for that. */
export function latticeSpacing(unit: AxisUnit, context: AxisContext): LatticeSpacing | undefined {
  if (unit === "q") return (q) => ({ dA: (2 * Math.PI) / q, slope: (-2 * Math.PI) / (q * q) });
  const { wavelengthA, distanceM } = context;
  if (unit === "channel" || wavelengthA === undefined || (unit === "radius" && distanceM === undefined))
    return undefined;
  const twoTheta = twoThetaOf(unit, (distanceM ?? Number.NaN) * 1e3);
  return (position) => {
    const { rad, slope } = twoTheta(position);
    const dA = wavelengthA / (2 * Math.sin(rad / 2));
    return { dA, slope: (-dA / (2 * Math.tan(rad / 2))) * slope };
  };
}

/** Two-theta in radians of a place on the axis, and its derivative. Allocates little: it runs for every voxel. */
function twoThetaOf(
  unit: Exclude<AxisUnit, "q" | "channel">,
  distanceMm: number,
): (x: number) => { rad: number; slope: number } {
  if (unit === "two-theta") return (x) => ({ rad: x / DEG, slope: 1 / DEG });
  if (unit === "log-tan") {
    return (x) => {
      const rad = Math.atan(Math.exp(x));
      return { rad, slope: Math.sin(rad) * Math.cos(rad) };
    };
  }
  return (x) => {
    const rad = Math.atan2(x, distanceMm);
    return { rad, slope: Math.cos(rad) ** 2 / distanceMm };
  };
}

/**
 * Place on the axis of a lattice spacing.
 *
 * @returns undefined where the conversion needs a wavelength or distance that is not known; NaN out of reach
 */
export function positionOfD(dA: number, unit: AxisUnit, context: AxisContext): number | undefined {
  if (unit === "q") return (2 * Math.PI) / dA;
  const { wavelengthA, distanceM } = context;
  if (unit === "channel" || wavelengthA === undefined || (unit === "radius" && distanceM === undefined))
    return undefined;
  return convertAxis([dToTwoThetaDeg(dA, wavelengthA)], "two-theta", unit, context)[0]!;
}
