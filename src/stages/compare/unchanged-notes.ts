import type { PhaseRoles } from "../../data/index.ts";
import type { PairRow } from "./compare-slices.ts";

/** Standard uncertainties from which on a difference is no chance. */
const CERTAIN = 4;

/**
 * Casing, foils and tabs do not change their lattice. Where one seems to, by more than its uncertainty, that is what
 * overlapping lines and parallax do, and it is told, as differences of other phases may hold as much of it.
 */
export function unchangedNotes(pairs: readonly PairRow[], roles: PhaseRoles, means: (map: string) => number): string[] {
  const { casing, cathodeCollector, anodeCollector, tab } = roles;
  return [...casing, ...cathodeCollector, ...anodeCollector, ...tab].flatMap((phase) => {
    const [worst] = pairs
      .filter(({ map, region, z }) => map === `${phase}/a` && region === "all" && Math.abs(z) > CERTAIN)
      .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference));
    if (!worst) return [];
    const ppm = Math.abs((1e6 * worst.difference) / means(worst.map));
    return [
      `${phase} cannot have changed, and its a differs by ${ppm.toFixed(0)} ppm between ${worst.cell} and ${worst.minus}, ${Math.abs(worst.z).toFixed(0)} times the uncertainty: lines that overlap, or parallax, which no uncertainty here holds. Phases whose lines are weak or overlap may be wrong by as much.`,
    ];
  });
}
