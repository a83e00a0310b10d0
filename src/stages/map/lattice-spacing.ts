import { type AxisContext, type AxisUnit, convertAxis, twoThetaDegToD } from "../../data/index.ts";

/** Lattice spacing of a place on the axis, and its derivative; undefined where the wavelength it needs is not known. */
export type LatticeSpacing = (position: number) => { readonly dA: number; readonly slope: number };

export function latticeSpacing(unit: AxisUnit, context: AxisContext): LatticeSpacing | undefined {
  if (unit === "q") {
    return (q) => ({ dA: (2 * Math.PI) / q, slope: (-2 * Math.PI) / (q * q) });
  }
  const { wavelengthA, distanceM } = context;
  if (wavelengthA === undefined || (unit === "radius" && distanceM === undefined)) return undefined;
  const dOf = (position: number): number =>
    twoThetaDegToD(convertAxis([position], unit, "two-theta", context)[0]!, wavelengthA);
  return (position) => {
    // A central difference over 1e-5 of the value is good to 1e-9 relative here, far under any esd.
    const h = 1e-5 * Math.max(Math.abs(position), 1e-3);
    return { dA: dOf(position), slope: (dOf(position + h) - dOf(position - h)) / (2 * h) };
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
  if (wavelengthA === undefined || (unit === "radius" && distanceM === undefined)) return undefined;
  const twoThetaDeg = (360 / Math.PI) * Math.asin(wavelengthA / (2 * dA));
  return convertAxis([twoThetaDeg], "two-theta", unit, context)[0]!;
}
