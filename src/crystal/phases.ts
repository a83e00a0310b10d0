/**
 * Structures that come with the program: calibrants, and what cells are made of. Room temperature; each names where
 * its numbers were taken from. Displacement parameters of elements and CeO2 follow from measured or computed phonon
 * densities of states at 295 K; those of the layered oxides and graphite compounds are usual values.
 */
import { InputError } from "../data/index.ts";
import { spaceGroupTriplets } from "./space-group.ts";
import type { Structure } from "./structure.ts";

interface PhaseEntry {
  /** a, or a and c; angles follow from the group */
  readonly cell: readonly [number] | readonly [number, number];
  readonly group: string;
  /** scatterer, x, y, z, occupancy, bIso */
  readonly sites: readonly (readonly [string, number, number, number, number, number])[];
  readonly source: string;
}

const THIRD = 1 / 3;

const ENTRIES = {
  Fe: {
    cell: [2.8665],
    group: "I m -3 m",
    sites: [["Fe", 0, 0, 0, 1, 0.34]],
    source: "Owen & Yates, Phil. Mag. 15 (1933) 472",
  },
  Ni: {
    cell: [3.52387],
    group: "F m -3 m",
    sites: [["Ni", 0, 0, 0, 1, 0.41]],
    source: "Wyckoff, Crystal Structures 1 (1963); COD 9008476",
  },
  Cu: {
    cell: [3.61496],
    group: "F m -3 m",
    sites: [["Cu", 0, 0, 0, 1, 0.54]],
    source: "Wyckoff, Crystal Structures 1 (1963); COD 9008468",
  },
  Al: {
    cell: [4.04958],
    group: "F m -3 m",
    sites: [["Al", 0, 0, 0, 1, 0.8]],
    source: "Wyckoff, Crystal Structures 1 (1963); COD 9008460",
  },
  // Li0.41 of a charged cell: cell of the paper; z(O) from the bond lengths at that lithium content
  NMC532: {
    cell: [2.822, 14.507],
    group: "R -3 m:H",
    sites: [
      ["Ni", 0, 0, 0, 0.5, 0.4],
      ["Mn", 0, 0, 0, 0.3, 0.4],
      ["Co", 0, 0, 0, 0.2, 0.4],
      ["Li", 0, 0, 0.5, 0.41, 1.2],
      ["O", 0, 0, 0.2641, 1, 0.8],
    ],
    source: "cell: Vamvakeros et al., Small Methods (2021) 2100512",
  },
  graphite: {
    cell: [2.464, 6.711],
    group: "P 63/m m c",
    sites: [
      ["C", 0, 0, 0.25, 1, 0.6],
      ["C", THIRD, 2 * THIRD, 0.25, 1, 0.6],
    ],
    source: "Trucano & Chen, Nature 258 (1975) 136",
  },
  LiC12: {
    cell: [4.288, 7.065],
    group: "P 6/m m m",
    sites: [
      ["Li", 0, 0, 0, 1, 1.5],
      ["C", THIRD, 0, 0.2623, 1, 0.6],
    ],
    source: "Billaud, McRae & Herold, Mater. Res. Bull. 14 (1979) 857",
  },
  LiC6: {
    cell: [4.305, 3.706],
    group: "P 6/m m m",
    sites: [
      ["Li", 0, 0, 0, 1, 1.5],
      ["C", THIRD, 0, 0.5, 1, 0.6],
    ],
    source: "Guerard & Herold, Carbon 13 (1975) 337",
  },
  CeO2: {
    cell: [5.411651],
    group: "F m -3 m",
    sites: [
      ["Ce", 0, 0, 0, 1, 0.29],
      ["O", 0.25, 0.25, 0.25, 1, 0.48],
    ],
    source: "cell: NIST SRM 674b certificate",
  },
  LaB6: {
    cell: [4.156826],
    group: "P m -3 m",
    sites: [
      ["La", 0, 0, 0, 1, 0.5],
      ["B", 0.1996, 0.5, 0.5, 1, 0.4],
    ],
    source: "cell: NIST SRM 660c certificate",
  },
  Si: {
    cell: [5.431179],
    group: "F d -3 m:2",
    sites: [["Si", 0.125, 0.125, 0.125, 1, 0.53]],
    source: "cell: NIST SRM 640e certificate",
  },
  Al2O3: {
    cell: [4.759091, 12.991779],
    group: "R -3 c:H",
    sites: [
      ["Al", 0, 0, 0.35216, 1, 0.24],
      ["O", 0.30624, 0, 0.25, 1, 0.28],
    ],
    source: "cell: NIST SRM 676a certificate; coordinates: Lewis, Schwarzenbach & Flack, Acta Cryst. A38 (1982) 733",
  },
} as const satisfies Record<string, PhaseEntry>;

export type PhaseName = keyof typeof ENTRIES;
export const PHASE_NAMES = Object.keys(ENTRIES) as PhaseName[];

/** Where the numbers of a phase were taken from. */
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
  const [a, c = a] = entry.cell;
  const gamma = entry.cell.length === 2 ? 120 : 90;
  return {
    name,
    cell: { a, b: a, c, alpha: 90, beta: 90, gamma },
    operations: spaceGroupTriplets(entry.group),
    sites: entry.sites.map(([scatterer, x, y, z, occupancy, bIso], i) => ({
      label: `${scatterer}${i + 1}`,
      scatterer,
      x,
      y,
      z,
      occupancy,
      bIso,
    })),
  };
}
