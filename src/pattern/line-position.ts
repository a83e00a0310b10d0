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
 * Lorentz and polarisation factor at 2theta, and the derivative of its logarithm by 2theta, per degree.
 *
 * @returns the factor; the derivative is written to out[0]
 */
export function lorentzPolarization(
  { lorentz, polarization }: Pick<PatternModel, "lorentz" | "polarization">,
  twoThetaDeg: number,
  out: Float64Array,
): number {
  const theta = twoThetaDeg / 2 / DEG;
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const cot = cosine / sine;
  let factor = 1 / sine;
  let slope = -cot / 2;
  if (lorentz === "azimuthal-mean") {
    factor /= sine * cosine;
    slope = -cot + sine / cosine / 2;
  }
  if (polarization !== 0) {
    const cos2 = Math.cos(2 * theta);
    const term = 1 - polarization + polarization * cos2 * cos2;
    factor *= term;
    slope -= (2 * polarization * cos2 * Math.sin(2 * theta)) / term;
  }
  out[0] = slope / DEG;
  return factor;
}
