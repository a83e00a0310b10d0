/**
 * Width and shape of a line from its Gaussian and Lorentzian parts.
 *
 * Source: Thompson, Cox & Hastings, J. Appl. Cryst. 20 (1987) 79-83.
 */

/** FWHM, Lorentzian share and their derivatives; one object, filled again and again. */
export interface LineShape {
  fwhm: number;
  eta: number;
  /** by the square of the Gaussian FWHM */
  fwhmByGauss2: number;
  etaByGauss2: number;
  /** by the Lorentzian FWHM */
  fwhmByLorentz: number;
  etaByLorentz: number;
}

export const emptyLineShape = (): LineShape => ({
  fwhm: 0,
  eta: 0,
  fwhmByGauss2: 0,
  etaByGauss2: 0,
  fwhmByLorentz: 0,
  etaByLorentz: 0,
});

/**
 * H^5 = G^5 + 2.69269 G^4 L + 2.42843 G^3 L^2 + 4.47163 G^2 L^3 + 0.07842 G L^4 + L^5
 * eta = 1.36603 (L/H) - 0.47719 (L/H)^2 + 0.11116 (L/H)^3
 *
 * @param gauss2 square of the Gaussian FWHM, > 0
 * @param lorentz Lorentzian FWHM, >= 0, same unit
 */
export function thompsonCoxHastings(gauss2: number, lorentz: number, out: LineShape): void {
  const g = Math.sqrt(gauss2);
  const l = lorentz;
  const g2 = gauss2;
  const l2 = l * l;
  const fifth =
    g2 * g2 * g +
    2.69269 * g2 * g2 * l +
    2.42843 * g2 * g * l2 +
    4.47163 * g2 * l2 * l +
    0.07842 * g * l2 * l2 +
    l2 * l2 * l;
  const h = fifth ** 0.2;
  const slope = h / (5 * fifth);
  const byG =
    slope *
    (5 * g2 * g2 + 4 * 2.69269 * g2 * g * l + 3 * 2.42843 * g2 * l2 + 2 * 4.47163 * g * l2 * l + 0.07842 * l2 * l2);
  const byL =
    slope *
    (2.69269 * g2 * g2 + 2 * 2.42843 * g2 * g * l + 3 * 4.47163 * g2 * l2 + 4 * 0.07842 * g * l2 * l + 5 * l2 * l2);
  const q = l / h;
  const etaByQ = 1.36603 - 2 * 0.47719 * q + 3 * 0.11116 * q * q;
  out.fwhm = h;
  out.eta = q * (1.36603 + q * (-0.47719 + q * 0.11116));
  out.fwhmByGauss2 = byG / (2 * g);
  out.fwhmByLorentz = byL;
  out.etaByGauss2 = (etaByQ * (-q / h) * byG) / (2 * g);
  out.etaByLorentz = etaByQ * (1 / h - (q / h) * byL);
}
