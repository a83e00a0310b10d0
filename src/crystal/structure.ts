/** Unit cell: lengths in angstrom, angles in degrees. */
export interface Cell {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

/** An atom of the asymmetric unit. */
export interface Site {
  readonly label: string;
  /** scattering type: "Ni", or "O2-" where the file gives an ion */
  readonly scatterer: string;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** 0 to 1 */
  readonly occupancy: number;
  /** displacement parameter B = 8 pi^2 U, angstrom^2; with uAniso the equivalent one, 8 pi^2 U_eq */
  readonly bIso: number;
  /**
   * U11 U22 U33 U12 U13 U23 on the reciprocal axes, angstrom^2, as in a CIF. It says how far the displacement departs
   * from its mean, which is bIso: a change of bIso alone moves the whole tensor by an isotropic one.
   */
  readonly uAniso?: readonly [number, number, number, number, number, number];
}

export interface Structure {
  readonly name: string;
  readonly cell: Cell;
  /** symmetry operations as coordinate triplets, "x,y,z" first */
  readonly operations: readonly string[];
  readonly sites: readonly Site[];
  /** what had to be assumed when the structure was read, one sentence each */
  readonly notes?: readonly string[];
}

/** One of a set of equivalent reflections; Friedel mates count once in the multiplicity. */
export interface Reflection {
  readonly h: number;
  readonly k: number;
  readonly l: number;
  readonly multiplicity: number;
  readonly dA: number;
  /** |F|^2 of the unit cell, electrons squared */
  readonly fSquared: number;
}
