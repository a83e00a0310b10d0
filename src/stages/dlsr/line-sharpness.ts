import type { PhaseLines } from "./phase-lines.ts";

/** FWHM of a Gaussian over its standard deviation. */
const FWHM_PER_SIGMA = 2.355;
/** A Lorentzian of the same width bends more at its top. */
const LORENTZIAN_SHARE = 0.35;

/** How far a line may be moved before its shape is another: the standard deviation of a Gaussian, degrees. */
export const lineSharpness = (lines: PhaseLines, line: number, apparentDeg: number): number =>
  (lines.fwhmOf(line, apparentDeg) / FWHM_PER_SIGMA) * (1 - LORENTZIAN_SHARE * lines.etaOf(line, apparentDeg));
