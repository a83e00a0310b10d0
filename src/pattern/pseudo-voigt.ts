/**
 * Area-normalised pseudo-Voigt: eta L + (1 - eta) G, Lorentzian and Gaussian of the same full width at half maximum
 * and unit area.
 *
 * Source: Young & Wiles, J. Appl. Cryst. 15 (1982) 430-438.
 */

export interface PseudoVoigt {
  /** integrated intensity, intensity x unit of the axis */
  readonly area: number;
  readonly position: number;
  /** full width at half maximum, unit of the axis, > 0 */
  readonly fwhm: number;
  /** Lorentzian share, 0 to 1 */
  readonly eta: number;
}

const GAUSS_HEIGHT = 2 * Math.sqrt(Math.LN2 / Math.PI);
const LORENTZ_HEIGHT = 2 / Math.PI;

/** Intensity at x. */
export function pseudoVoigt(x: number, { area, position, fwhm, eta }: PseudoVoigt): number {
  const u2 = ((2 * (x - position)) / fwhm) ** 2;
  const shape = (eta * LORENTZ_HEIGHT) / (1 + u2) + (1 - eta) * GAUSS_HEIGHT * Math.exp(-Math.LN2 * u2);
  return (area / fwhm) * shape;
}

/** Derivatives of the intensity at x with respect to each parameter. */
export function pseudoVoigtDerivatives(x: number, { area, position, fwhm, eta }: PseudoVoigt): PseudoVoigt {
  const u = (2 * (x - position)) / fwhm;
  const u2 = u * u;
  const lorentz = LORENTZ_HEIGHT / (1 + u2) / fwhm;
  const gauss = (GAUSS_HEIGHT * Math.exp(-Math.LN2 * u2)) / fwhm;
  const value = eta * lorentz + (1 - eta) * gauss;
  /** -d value / d(u^2) */
  const slope = (eta * lorentz) / (1 + u2) + (1 - eta) * Math.LN2 * gauss;
  return {
    area: value,
    position: (4 * area * u * slope) / fwhm,
    fwhm: (area * (2 * u2 * slope - value)) / fwhm,
    eta: area * (lorentz - gauss),
  };
}

/** Intensity at the peak's position. */
export const pseudoVoigtHeight = ({ area, fwhm, eta }: Omit<PseudoVoigt, "position">): number =>
  (area / fwhm) * (eta * LORENTZ_HEIGHT + (1 - eta) * GAUSS_HEIGHT);
