/**
 * What a calculated powder pattern is made of. A model says which terms exist; their numbers are in a vector whose
 * names `modelParameters` gives.
 */
import type { Structure } from "../crystal/index.ts";

/** A component of the radiation. Lines move together when the wavelength is refined. */
export interface RadiationLine {
  /** wavelength over that of the first line */
  readonly ratio: number;
  /** intensity over the sum of all lines */
  readonly weight: number;
}

/**
 * rietveld  |F|^2 from the structure
 * pawley    intensities are parameters of the fit
 * le-bail   intensities are shared out from the observed pattern between the steps
 */
export type PhaseKind = "rietveld" | "pawley" | "le-bail";

/** March-Dollase texture about a direction of the crystal (hkl of its planes). */
export interface TextureAxis {
  readonly hkl: readonly [number, number, number];
}

export interface PhaseModel {
  readonly name: string;
  readonly kind: PhaseKind;
  readonly structure: Structure;
  /** hkl along which crystallite size differs from that across: `axialSize` */
  readonly sizeAxis?: readonly [number, number, number];
  /** hkl along which microstrain differs from that across: `axialStrain` */
  readonly strainAxis?: readonly [number, number, number];
  readonly texture?: readonly TextureAxis[];
  /** f' and f'' by element */
  readonly anomalous?: ReadonlyMap<string, { readonly fPrime: number; readonly fDoublePrime: number }>;
}

export interface DisplacementModel {
  /** bragg-brentano: sample height s, radius R; detector: sample moved along the beam by t, distance L */
  readonly geometry: "bragg-brentano" | "detector";
  /** R or L, mm */
  readonly lengthMm: number;
  /** bragg-brentano: `transparency`, -T sin 2theta */
  readonly hasTransparency?: boolean;
}

export interface BackgroundModel {
  /** number of Chebyshev terms on the range of the points in use mapped to [-1, 1]; 0: none */
  readonly chebyshev: number;
  /** 2theta of points between which the background runs in straight lines */
  readonly points?: readonly number[];
  /** a pattern measured without sample, scaled */
  readonly measured?: { readonly twoThetaDeg: ArrayLike<number>; readonly intensity: ArrayLike<number> };
}

export interface PatternModel {
  readonly radiation: readonly RadiationLine[];
  /** share K of the polarisation factor (1 - K) + K cos^2 2theta; 0 where integration has corrected for it */
  readonly polarization: number;
  /** azimuthal-mean 1/(sin^2 theta cos theta), also a slit on a goniometer; ring-sum 1/sin theta */
  readonly lorentz: "azimuthal-mean" | "ring-sum";
  /** tchz: U V W X Y Z; pseudo-voigt: U V W eta0 eta1 and a width factor for each phase */
  readonly profile: "tchz" | "pseudo-voigt";
  /** Finger-Cox-Jephcoat asymmetry with S/L and H/L */
  readonly hasAsymmetry: boolean;
  /** Howard's asymmetry with `asym`, in place of the other */
  readonly hasHowardAsymmetry?: boolean;
  readonly displacement?: DisplacementModel;
  readonly background: BackgroundModel;
  /** names of free pseudo-Voigt peaks: separator, halo, unknown lines */
  readonly peaks: readonly string[];
  readonly phases: readonly PhaseModel[];
  /** a line ends where its Lorentzian is below this share of its top; 0: never */
  readonly cutoff: number;
  /** reflections this far outside of the range still reach into it */
  readonly marginDeg: number;
  /** widths stay those of the values at `prepare`: for cells that move by less than a width, at half the cost */
  readonly holdsWidths: boolean;
}
