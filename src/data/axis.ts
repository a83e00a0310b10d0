/**
 * The radial axis of a pattern.
 *
 *   two-theta  degrees           q        1/angstrom, 4 pi sin(theta) / lambda
 *   radius     mm on a detector normal to the beam at the calibrated distance, L tan(2theta)
 *   log-tan    ln(tan 2theta): here parallax is a rigid shift
 */
import { InputError } from "./errors.ts";

/** What a radial axis may be: degrees, 1/angstrom, mm, or ln tan 2theta. */
export const AXIS_UNITS = ["two-theta", "q", "radius", "log-tan"] as const;
/** channel: a number of a detector channel, window or slice, which stands for no angle. */
export type AxisUnit = (typeof AXIS_UNITS)[number] | "channel";

/** Label and unit of each radial axis, for figures. */
export const AXIS_LABELS: Record<AxisUnit, { label: string; unit: string }> = {
  "two-theta": { label: "2θ", unit: "°" },
  q: { label: "q", unit: "Å⁻¹" },
  radius: { label: "r", unit: "mm" },
  "log-tan": { label: "ln tan 2θ", unit: "" },
  channel: { label: "channel", unit: "" },
};

/** Bin centres, ascending. */
export interface Axis {
  readonly unit: AxisUnit;
  /** [bin] */
  readonly values: Float64Array;
}

/** What is needed to go from one axis to another; each field only where the conversion asks for it. */
export interface AxisContext {
  readonly wavelengthA?: number;
  readonly distanceM?: number;
}

/** E [keV] x lambda [angstrom] = 12.398419843 (CODATA 2018 h c / e). */
export const KEV_ANGSTROM = 12.398419843;
/** Photon energy in keV to wavelength in angstrom. */
export const energyKeVToWavelengthA = (energyKeV: number): number => KEV_ANGSTROM / energyKeV;
/** Wavelength in angstrom to photon energy in keV. */
export const wavelengthAToEnergyKeV = (wavelengthA: number): number => KEV_ANGSTROM / wavelengthA;

const DEG = 180 / Math.PI;

/** d in angstrom to two-theta in degrees; NaN where the reflection cannot be reached (lambda > 2d). */
export const dToTwoThetaDeg = (dA: number, wavelengthA: number): number => 2 * DEG * Math.asin(wavelengthA / (2 * dA));
/** Two-theta in degrees to d in angstrom. */
export const twoThetaDegToD = (twoThetaDeg: number, wavelengthA: number): number =>
  wavelengthA / (2 * Math.sin(twoThetaDeg / (2 * DEG)));

/**
 * Values on another axis.
 *
 * @param values [n] in the unit of `from`: degrees, 1/angstrom, mm, or ln tan 2theta
 * @returns [n] in the unit of `to`
 * @throws InputError "axis-needs-wavelength" | "axis-needs-distance" | "axis-no-angle"
 */
export function convertAxis(
  values: ArrayLike<number>,
  from: AxisUnit,
  to: AxisUnit,
  context: AxisContext,
): Float64Array {
  const out = Float64Array.from(values);
  if (from === to) return out;
  if (from === "channel" || to === "channel") {
    throw new InputError(
      "axis-no-angle",
      `Channels stand for no angle, so ${from} does not convert to ${to}. Say what the axis is: two-theta, q, radius or log-tan.`,
    );
  }
  const toRad = toTwoThetaRad(from, context);
  const fromRad = fromTwoThetaRad(to, context);
  for (let i = 0; i < out.length; i++) out[i] = fromRad(toRad(out[i]!));
  return out;
}

function toTwoThetaRad(unit: AxisUnit, context: AxisContext): (value: number) => number {
  if (unit === "two-theta") return (x) => x / DEG;
  if (unit === "log-tan") return (x) => Math.atan(Math.exp(x));
  if (unit === "q") {
    const wavelength = needWavelength(context);
    return (x) => 2 * Math.asin((x * wavelength) / (4 * Math.PI));
  }
  const distanceMm = needDistance(context) * 1e3;
  return (x) => Math.atan2(x, distanceMm);
}

function fromTwoThetaRad(unit: AxisUnit, context: AxisContext): (twoTheta: number) => number {
  if (unit === "two-theta") return (t) => t * DEG;
  if (unit === "log-tan") return (t) => Math.log(Math.tan(t));
  if (unit === "q") {
    const wavelength = needWavelength(context);
    return (t) => (4 * Math.PI * Math.sin(t / 2)) / wavelength;
  }
  const distanceMm = needDistance(context) * 1e3;
  return (t) => distanceMm * Math.tan(t);
}

function needWavelength({ wavelengthA }: AxisContext): number {
  if (wavelengthA !== undefined && wavelengthA > 0) return wavelengthA;
  throw new InputError(
    "axis-needs-wavelength",
    "The q axis needs the wavelength, and none is known: give the energy (--energy-kev, or energyKeV in scan.yaml) or a .poni with a Wavelength line.",
  );
}

function needDistance({ distanceM }: AxisContext): number {
  if (distanceM !== undefined && distanceM > 0) return distanceM;
  throw new InputError(
    "axis-needs-distance",
    "The radius axis needs the sample-detector distance, and none is known: give a .poni or distanceMm.",
  );
}
