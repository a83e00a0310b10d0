/**
 * K-alpha doublets of laboratory tubes: wavelengths in angstrom and relative intensities (K-alpha2 taken as half of
 * K-alpha1, as the number of 2p electrons says and spectra show within a few per cent).
 *
 * Source: Hölzer et al., Phys. Rev. A 56 (1997) 4554 (Cr, Fe, Co, Cu); Deslattes et al., Rev. Mod. Phys. 75 (2003) 35
 * (Mo, Ag).
 */
import type { RADIATIONS } from "./model-config.ts";

interface EmissionLine {
  readonly wavelength: number;
  readonly weight: number;
}

const doublet = (alpha1: number, alpha2: number): readonly EmissionLine[] => [
  { wavelength: alpha1, weight: 1 },
  { wavelength: alpha2, weight: 0.5 },
];

/** Wavelengths in angstrom and relative weights of the lines of each tube. */
export const RADIATION_LINES: Record<(typeof RADIATIONS)[number], readonly EmissionLine[]> = {
  CrKa: doublet(2.289726, 2.293651),
  FeKa: doublet(1.93608, 1.94002),
  CoKa: doublet(1.788996, 1.792835),
  CuKa: doublet(1.5405929, 1.5444274),
  CuKa1: [{ wavelength: 1.5405929, weight: 1 }],
  MoKa: doublet(0.70931715, 0.713607),
  AgKa: doublet(0.55942178, 0.5638131),
};
