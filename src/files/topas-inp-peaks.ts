/** Widths and shapes of peaks that stand alone in a TOPAS .inp (xo_Is). */
import type { RawTerms } from "./topas-inp-parser.ts";
import type { TopasResolver } from "./topas-inp-resolver.ts";

/** FWHM and share of peaks that stand alone, by 2theta; undefined where nothing gives a width. */
export function readPeakShape(
  raw: RawTerms,
  resolve: TopasResolver,
): ((twoThetaDeg: number) => { fwhmDeg: number; eta: number } | undefined) | undefined {
  if (!raw.pvFwhm && raw.gauss.length + raw.lorentz.length === 0) return undefined;
  const at = (parameter: RawTerms["pvFwhm"], theta: number): number | undefined =>
    parameter?.equation ? resolve.at(parameter.equation, theta, 1) : parameter && resolve.parameter(parameter)?.value;
  return (twoThetaDeg) => {
    const theta = twoThetaDeg / 2;
    if (raw.pvFwhm) {
      const [fwhmDeg, eta] = [at(raw.pvFwhm, theta), at(raw.pvLor, theta) ?? 0.5];
      return fwhmDeg !== undefined && fwhmDeg > 0 ? { fwhmDeg, eta } : undefined;
    }
    const gauss2 = raw.gauss.reduce((sum, equation) => sum + resolve.at(equation, theta, 1) ** 2, 0);
    const lorentz = raw.lorentz.reduce((sum, equation) => sum + resolve.at(equation, theta, 1), 0);
    return combine(Math.sqrt(gauss2), lorentz);
  };
}

/** FWHM and Lorentzian share of a Voigt (Thompson, Cox & Hastings, J. Appl. Cryst. 20 (1987) 79). */
function combine(g: number, l: number): { fwhmDeg: number; eta: number } | undefined {
  const sum =
    g ** 5 +
    2.69269 * g ** 4 * l +
    2.42843 * g ** 3 * l ** 2 +
    4.47163 * g ** 2 * l ** 3 +
    0.07842 * g * l ** 4 +
    l ** 5;
  const fwhmDeg = sum ** 0.2;
  const q = l / fwhmDeg;
  const eta = (1.36603 + (-0.47719 + 0.11116 * q) * q) * q;
  return fwhmDeg > 0 && Number.isFinite(eta) ? { fwhmDeg, eta } : undefined;
}
