/**
 * Pseudo-Voigt lines that end: exact to 100 half widths from the position, where a Lorentzian is at 1e-4 of its top, and
 * falling smoothly to 0 at 120.
 */
import { firstAtOrAbove } from "../../pattern/line-list.ts";

const GAUSS_HEIGHT = 2 * Math.sqrt(Math.LN2 / Math.PI);
const LORENTZ_HEIGHT = 2 / Math.PI;
/** squares of distances in half widths: the Gaussian is below 1e-12 of its top; where the line begins to fall; its end */
const GAUSS_END = 40;
const FALL = 100 ** 2;
const END = 120 ** 2;
/** A line ends this many full widths from its position. */
export const REACH = 60;

/**
 * Adds a line to a pattern.
 *
 * @param out      [channel]
 * @param twoTheta [channel] degrees, ascending
 * @param position degrees
 * @param fwhm     degrees, > 0
 * @param eta      Lorentzian share
 * @param area     intensity x degrees
 */
export function addPseudoVoigt(
  out: Float64Array,
  twoTheta: Float64Array,
  position: number,
  fwhm: number,
  eta: number,
  area: number,
): void {
  const n = twoTheta.length;
  const end = firstAtOrAbove(twoTheta, n, position + REACH * fwhm);
  const perHalf = 2 / fwhm;
  const lorentz = (area * eta * LORENTZ_HEIGHT) / fwhm;
  const gauss = (area * (1 - eta) * GAUSS_HEIGHT) / fwhm;
  for (let j = firstAtOrAbove(twoTheta, n, position - REACH * fwhm); j < end; j++) {
    const u = (twoTheta[j]! - position) * perHalf;
    const u2 = u * u;
    let value = lorentz / (1 + u2);
    if (u2 < GAUSS_END) value += gauss * Math.exp(-Math.LN2 * u2);
    else if (u2 > FALL) value *= fall(u2);
    out[j]! += value;
  }
}

/** From 1 to 0 with level ends. */
function fall(u2: number): number {
  const t = (END - u2) / (END - FALL);
  return t > 0 ? t * t * (3 - 2 * t) : 0;
}
