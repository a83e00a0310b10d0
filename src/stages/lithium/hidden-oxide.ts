/**
 * Oxide of the cathode that no phase of the map stands for: left behind by the cycling, as a search for hidden phases
 * finds it or as somebody knows it. Its lithium counts as it is, so nothing need be assumed of when it was left behind.
 */
export interface HiddenOxide {
  readonly name: string;
  /** of the cathode's formula units, all that is hidden included */
  readonly share: number;
  readonly shareEsd: number;
  /** lithium a formula unit */
  readonly x: number;
  readonly xEsd: number;
}

/** A hidden oxide as a search gives it: by mass, of everything in the slice. */
export interface HiddenMass {
  readonly name: string;
  readonly massShare: number;
  readonly massShareEsd: number;
  /** g/mol of a formula unit */
  readonly unitMass: number;
  readonly x: number;
  readonly xEsd: number;
}

/** The cathode's phases as the map has them. */
export interface SeenOxide {
  /** of the mass of all phases of the map */
  readonly massShare: number;
  readonly unitMass: number;
}

/**
 * From shares of the slice's mass to shares of the cathode's formula units.
 *
 * @param hiddenMass of the slice, all hidden phases, oxides or not: what the map's own shares leave out
 */
export function hiddenOxides(hidden: readonly HiddenMass[], seen: SeenOxide, hiddenMass: number): HiddenOxide[] {
  const units = ((1 - hiddenMass) * seen.massShare) / seen.unitMass;
  const ratios = hidden.map(({ massShare, unitMass }) => massShare / unitMass / units);
  const all = 1 + ratios.reduce((sum, ratio) => sum + ratio, 0);
  return hidden.map(({ name, massShare, massShareEsd, x, xEsd }, h) => {
    const share = ratios[h]! / all;
    return { name, share, shareEsd: (share * (1 - share) * massShareEsd) / massShare, x, xEsd };
  });
}

/**
 * Of the slice's mass, the most that a phase may have and not be seen: what a mean pattern hides, and what a search of
 * the voxels' residuals still found (0.30 wt%, docs/validation/unexplained.md).
 */
const UNSEEN = { mean: 0.01, search: 0.003 } as const;

/** Standard uncertainty, about 0, of the share of the oxide that takes no part unseen: of any size up to the most. */
export const unseenShareEsd = (seenMassShare: number, wasSearched: boolean): number =>
  (wasSearched ? UNSEEN.search : UNSEEN.mean) / seenMassShare / Math.sqrt(3);
