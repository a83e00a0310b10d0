/** Where a reflection appears: Bragg's law, zero of the circle, displaced sample; and the factors that go with theta. */
import type { DisplacementModel, PatternModel } from "./model.ts";

const DEG = 180 / Math.PI;

/** Shift of 2theta in degrees by a displaced sample, and its derivatives by 2theta and by the displacement. */
export function displacementShift(
  { geometry, lengthMm }: DisplacementModel,
  twoThetaDeg: number,
  displacementMm: number,
  out: Float64Array,
): void {
  const t = twoThetaDeg / DEG;
  if (geometry === "bragg-brentano") {
    const perMm = (-2 / lengthMm) * DEG;
    out[0] = perMm * displacementMm * Math.cos(t / 2);
    out[1] = (-perMm * displacementMm * Math.sin(t / 2)) / 2 / DEG;
    out[2] = perMm * Math.cos(t / 2);
    return;
  }
  // the ring of a sample moved by t towards the detector: tan 2theta' = (1 - t/L) tan 2theta
  const factor = 1 - displacementMm / lengthMm;
  const tangent = factor * Math.tan(t);
  const square = 1 + tangent * tangent;
  out[0] = (Math.atan2(factor * Math.sin(t), Math.cos(t)) - t) * DEG;
  out[1] = (factor * (1 + Math.tan(t) ** 2)) / square - 1;
  out[2] = ((-Math.tan(t) / lengthMm) * DEG) / square;
}

/**
 * Shift of 2theta in degrees by a flat sample that is transparent, -T sin 2theta with T = 90 / (pi mu R) degrees of a
 * thick one, and its derivatives by 2theta and by T.
 *
 * Source: Wilson, Mathematical Theory of X-ray Powder Diffractometry (1963).
 */
export function transparencyShift(twoThetaDeg: number, transparencyDeg: number, out: Float64Array): void {
  const sine = Math.sin(twoThetaDeg / DEG);
  out[0] = -transparencyDeg * sine;
  out[1] = (-transparencyDeg * Math.cos(twoThetaDeg / DEG)) / DEG;
  out[2] = -sine;
}

/** The Bragg angle of a line; one object, filled again and again. */
export interface BraggAngle {
  /** without zero and displacement */
  twoThetaDeg: number;
  /** of theta, not of two-theta */
  sine: number;
  cosine: number;
  wavelengthA: number;
}

export const emptyBraggAngle = (): BraggAngle => ({ twoThetaDeg: 0.5, sine: 0.5, cosine: 0.5, wavelengthA: 0.5 });

/** @returns false where the wavelength is too long for the spacing */
export function setBraggAngle(inverseDSquared: number, wavelengthA: number, out: BraggAngle): boolean {
  const sine = (wavelengthA * Math.sqrt(inverseDSquared)) / 2;
  out.sine = sine;
  out.cosine = Math.sqrt(1 - sine * sine);
  out.twoThetaDeg = 2 * DEG * Math.asin(sine);
  out.wavelengthA = wavelengthA;
  return sine > 0 && sine < 1;
}

/**
 * Lorentz and polarisation factor, and its derivative by 2theta, per degree.
 *
 * @returns the factor; the derivative is written to out[0]
 */
export function lorentzPolarization(
  { lorentz, polarization }: Pick<PatternModel, "lorentz" | "polarization">,
  { sine, cosine }: BraggAngle,
  out: Float64Array,
): number {
  let factor = 1 / sine;
  let slope = (-0.5 * cosine * factor) / sine;
  if (lorentz === "azimuthal-mean") {
    factor /= sine * cosine;
    slope = factor * (sine / cosine / 2 - cosine / sine);
  }
  if (polarization !== 0) {
    const cosine2 = 1 - 2 * sine * sine;
    const term = 1 - polarization + polarization * cosine2 * cosine2;
    // not by the logarithm: at 90 degrees the term may be 0
    slope = slope * term - factor * 4 * polarization * cosine2 * sine * cosine;
    factor *= term;
  }
  out[0] = slope / DEG;
  return factor;
}
