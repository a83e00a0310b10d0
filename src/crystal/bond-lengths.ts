/**
 * Distances between atoms, and what they say about a structure: mistakes of origin, setting and labelling give
 * impossible contacts, and swapped cations give impossible bond-valence sums.
 *
 *   V = sum over oxygen neighbours of exp((R0 - R) / 0.37)      close to the cation's charge in a right structure
 *
 * Sources: Brown & Altermatt, Acta Cryst. B41 (1985) 244; radii of Cordero et al., Dalton Trans. (2008) 2832.
 */
import { scatteringFactor } from "./scattering-factor.ts";
import type { Cell, Site, Structure } from "./structure.ts";
import { BOND_VALENCES, COVALENT_RADII } from "./tables/bonds.ts";
import { unitCellAtoms } from "./unit-cell-atoms.ts";

/** Atoms nearer to each other than this share one place: they may be there in turn, not together. Angstrom. */
const SAME_PLACE = 0.5;
/** The shortest real bonds (U=O, Mn=O, C-H as X-rays see it) are 0.67 of the covalent radii's sum and longer. */
const SHORTEST_BOND = 0.65;
/** Bond valences beyond this are below 0.02; angstrom. */
const OXYGEN_REACH = 3.2;
/** More pairs than this are no phase of a powder: its bonds are not looked at. */
const MOST_PAIRS = 4_000_000;
/** Share of the expected valence: Li at a metal's place of a layered oxide has 1.5, right structures 0.75 to 1.25. */
const VALENCE_LIMITS = [0.6, 1.35] as const;

const words = COVALENT_RADII.split(" ");
const RADII = new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, Number(words[i + 1])] as const] : [])));
const VALENCES = new Map(
  (BOND_VALENCES.match(/[A-Z][a-z]? \d \d [\d.]+/g) ?? []).map((entry) => {
    const [element, low, high, r0] = entry.split(" ");
    return [element!, { low: Number(low), high: Number(high), r0: Number(r0) }] as const;
  }),
);

/** An atom near a site of the asymmetric unit. */
export interface Neighbour {
  /** index of the neighbour's site */
  readonly site: number;
  readonly distanceA: number;
}

/** A place that holds more than one atom. */
export interface SiteOverlap {
  readonly labels: readonly string[];
  readonly distanceA: number;
  /** sum of the occupancies that share the place */
  readonly occupancy: number;
}

/**
 * The atoms within a distance of each site, images in neighbouring cells included, nearest first; the atom itself is
 * not among them. Empty lists where the structure has too many atoms for a powder phase.
 *
 * @throws InputError "bad-symmetry-operation" | "unknown-scatterer"
 */
export function siteNeighbours(structure: Structure, reachA: number): Neighbour[][] {
  const atoms = unitCellAtoms(structure);
  const total = atoms.reduce((sum, { positions }) => sum + positions.length / 3, 0);
  const toCartesian = cartesianMatrix(structure.cell);
  const range = toCartesian.spacings.map((spacing) => Math.floor(reachA / spacing + 0.5));
  const cells = range.reduce((product, n) => product * (2 * n + 1), 1);
  if (atoms.length * total * cells > MOST_PAIRS) return atoms.map(() => []);
  return atoms.map(({ positions: own }) => {
    const near: Neighbour[] = [];
    atoms.forEach(({ positions }, site) => {
      for (let m = 0; m < positions.length; m += 3) {
        const start = [0, 1, 2].map((i) => {
          const difference = positions[m + i]! - own[i]!;
          return difference - Math.round(difference);
        });
        forEachCell(range, (i, j, k) => {
          const distanceA = toCartesian.length(start[0]! + i, start[1]! + j, start[2]! + k);
          if (distanceA > 1e-6 && distanceA <= reachA) near.push({ site, distanceA });
          else if (distanceA <= 1e-6 && own !== positions) near.push({ site, distanceA: 0 });
        });
      }
    });
    return near.sort((p, q) => p.distanceA - q.distanceA);
  });
}

/**
 * Places where atoms of more than full occupancy lie within 0.5 angstrom: another origin than the operations mean, a
 * coordinate that misses its special position, or a site listed twice.
 *
 * @throws as siteNeighbours
 */
export function siteOverlaps(structure: Structure): SiteOverlap[] {
  const { sites } = structure;
  const found = new Map<string, SiteOverlap>();
  siteNeighbours(structure, SAME_PLACE).forEach((near, at) => {
    const occupancy = near.reduce((sum, { site }) => sum + sites[site]!.occupancy, sites[at]!.occupancy);
    if (near.length === 0 || occupancy <= 1) return;
    const members = [...new Set([at, ...near.map(({ site }) => site)])].sort((p, q) => p - q);
    const labels = members.map((site) => sites[site]!.label);
    const distanceA = near[0]!.distanceA;
    if (!found.has(labels.join())) found.set(labels.join(), { labels, distanceA, occupancy });
  });
  return [...found.values()];
}

/**
 * What the distances of a structure say against it, one sentence each: contacts shorter than any bond, and cations
 * whose bond-valence sum with oxygen is far from their charge (lithium and metal swapped, a wrong origin).
 *
 * @throws as siteNeighbours
 */
export function bondWarnings(structure: Structure): string[] {
  const neighbours = siteNeighbours(structure, OXYGEN_REACH);
  return [...shortContacts(structure, neighbours), ...wrongValences(structure, neighbours)];
}

function shortContacts({ sites, name }: Structure, neighbours: readonly (readonly Neighbour[])[]): string[] {
  const warnings: string[] = [];
  neighbours.forEach((near, at) => {
    const own = sites[at]!;
    const contact = near.find(({ site, distanceA }) => {
      const other = sites[site]!;
      // each place may be empty when the other is not
      const canMeet = own.occupancy + other.occupancy > 1.01;
      return (
        canMeet && site >= at && distanceA > SAME_PLACE && distanceA < SHORTEST_BOND * (radius(own) + radius(other))
      );
    });
    if (!contact) return;
    const other = sites[contact.site]!;
    const usual = radius(own) + radius(other);
    warnings.push(
      `${name}: ${own.label} and ${other.label} are ${contact.distanceA.toFixed(2)} Å apart, where a bond is about ${usual.toFixed(2)} Å: check the origin of the group, the setting and the coordinates`,
    );
  });
  return warnings;
}

const elementOf = ({ scatterer }: Site): string => scatteringFactor(scatterer).element;
const radius = (site: Site): number => RADII.get(elementOf(site)) ?? 1.5;

/** Sites of one place are judged together: 3 % of lithium at a metal's place has the metal's distances. */
function wrongValences({ sites, name }: Structure, neighbours: readonly (readonly Neighbour[])[]): string[] {
  const warnings: string[] = [];
  const judged = new Set<number>();
  neighbours.forEach((near, at) => {
    if (judged.has(at)) return;
    const place = [at, ...near.filter(({ distanceA }) => distanceA < 0.1).map(({ site }) => site)];
    for (const member of place) judged.add(member);
    const occupied = place.filter((member) => sites[member]!.occupancy > 0);
    const around = near.filter(({ distanceA }) => distanceA >= SAME_PLACE);
    const oxygen = around.filter(({ site }) => elementOf(sites[site]!) === "O");
    if (occupied.length === 0 || oxygen.length < 2 || elementOf(sites[around[0]!.site]!) !== "O") return;
    let [valence, low, high] = [0, 0, 0];
    for (const member of occupied) {
      const { occupancy } = sites[member]!;
      const table = VALENCES.get(elementOf(sites[member]!));
      if (!table) return;
      for (const { site, distanceA } of oxygen) {
        valence += occupancy * sites[site]!.occupancy * Math.exp((table.r0 - distanceA) / 0.37);
      }
      low += occupancy * table.low;
      high += occupancy * table.high;
    }
    if (valence >= VALENCE_LIMITS[0] * low && valence <= VALENCE_LIMITS[1] * high) return;
    const total = occupied.reduce((sum, member) => sum + sites[member]!.occupancy, 0);
    const expected =
      low === high ? `${(low / total).toFixed(1)}` : `${(low / total).toFixed(1)} to ${(high / total).toFixed(1)}`;
    const labels = occupied.map((member) => sites[member]!.label).join(", ");
    warnings.push(
      `${name}: ${labels} has oxygen at ${oxygen[0]!.distanceA.toFixed(2)} Å and a bond-valence sum of ${(valence / total).toFixed(2)}, where ${expected} is usual: check that cations such as lithium and metal are not swapped, the origin and the coordinates`,
    );
  });
  return warnings;
}

function forEachCell(range: readonly number[], visit: (i: number, j: number, k: number) => void): void {
  for (let i = -range[0]!; i <= range[0]!; i++)
    for (let j = -range[1]!; j <= range[1]!; j++) for (let k = -range[2]!; k <= range[2]!; k++) visit(i, j, k);
}

/** Length of a vector given in fractions of the cell, and the distances between opposite faces of the cell. */
function cartesianMatrix({ a, b, c, alpha, beta, gamma }: Cell): {
  length: (x: number, y: number, z: number) => number;
  spacings: number[];
} {
  const [ca, cb, cg] = [alpha, beta, gamma].map((angle) => Math.cos((angle * Math.PI) / 180)) as [
    number,
    number,
    number,
  ];
  const length = (x: number, y: number, z: number): number => {
    const [p, q, r] = [a * x, b * y, c * z];
    return Math.sqrt(Math.max(0, p * p + q * q + r * r + 2 * (q * r * ca + p * r * cb + p * q * cg)));
  };
  const unit = Math.sqrt(1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg);
  const sine = (cosine: number): number => Math.sqrt(1 - cosine * cosine);
  return { length, spacings: [(a * unit) / sine(ca), (b * unit) / sine(cb), (c * unit) / sine(cg)] };
}
