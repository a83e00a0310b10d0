/**
 * Structures that come with the program: what cells are made of, and the standards they are measured with. Room
 * temperature. Each is a CIF of ../../phases that names the source of every number; this is their form without files.
 */
import { InputError } from "../data/index.ts";
import { hallTriplets } from "./hall-symbol.ts";
import type { Structure } from "./structure.ts";
import { PHASES } from "./tables/phases.ts";

interface PhaseEntry {
  readonly title: string;
  readonly source: string;
  readonly cell: readonly [number, number, number, number, number, number];
  readonly hall: string;
  /** label, scatterer, x, y, z, occupancy, bIso */
  readonly sites: readonly (readonly [string, string, number, number, number, number, number])[];
}
const ENTRIES = PHASES satisfies Record<string, PhaseEntry>;

export type PhaseName = keyof typeof ENTRIES;
/** Names of the structures that come with the program. */
export const PHASE_NAMES = Object.keys(ENTRIES) as PhaseName[];

/** What the phase is, in a few words. */
export const phaseTitle = (name: PhaseName): string => ENTRIES[name].title;
/** Where the numbers of a phase were taken from, and which are assumed. */
export const phaseSource = (name: PhaseName): string => ENTRIES[name].source;

/** A structure that comes with the program. @throws InputError "unknown-phase" */
export function builtInStructure(name: string): Structure {
  if (!Object.hasOwn(ENTRIES, name)) {
    throw new InputError(
      "unknown-phase",
      `There is no phase "${name.slice(0, 40)}" in the program: it has ${PHASE_NAMES.join(", ")}. Give a CIF for any other.`,
    );
  }
  const entry: PhaseEntry = ENTRIES[name as PhaseName];
  const [a, b, c, alpha, beta, gamma] = entry.cell;
  return {
    name,
    cell: { a, b, c, alpha, beta, gamma },
    operations: hallTriplets(entry.hall),
    sites: entry.sites.map(([label, scatterer, x, y, z, occupancy, bIso]) => ({
      label,
      scatterer,
      x,
      y,
      z,
      occupancy,
      bIso,
    })),
  };
}
