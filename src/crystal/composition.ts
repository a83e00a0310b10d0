/** What a unit cell holds and weighs, with the occupancies in use. */
import { InputError } from "../data/index.ts";
import { cellVolume } from "./cell.ts";
import { scatteringFactor } from "./scattering-factor.ts";
import type { Structure } from "./structure.ts";
import { ATOMIC_WEIGHTS } from "./tables/atomic-weights.ts";
import { unitCellAtoms } from "./unit-cell-atoms.ts";

const pairs = ATOMIC_WEIGHTS.split(" ");
const WEIGHTS = new Map(pairs.flatMap((name, i) => (i % 2 === 0 ? [[name, Number(pairs[i + 1])] as const] : [])));

/** Unified atomic mass unit in g, times 1e24 angstrom^3 per cm^3: g/mol per angstrom^3 to g/cm^3 (CODATA 2018). */
const DENSITY_FACTOR = 1.6605390666;

/** g/mol. @throws InputError "unknown-scatterer" */
export function atomicWeight(element: string): number {
  const weight = WEIGHTS.get(element);
  if (weight !== undefined) return weight;
  throw new InputError("unknown-scatterer", `There is no atomic weight for "${element}": needed an element, H to Cf.`);
}

/** Element -> atoms in the unit cell. @throws InputError "unknown-scatterer" | "bad-symmetry-operation" */
export function cellContent(structure: Structure): Map<string, number> {
  const content = new Map<string, number>();
  for (const { site, factor, positions } of unitCellAtoms(structure)) {
    const atoms = (site.occupancy * positions.length) / 3;
    content.set(factor.element, (content.get(factor.element) ?? 0) + atoms);
  }
  return content;
}

/** Mass of the cell content (Z M), g/mol. @throws as cellContent */
export function cellMass(structure: Structure): number {
  let mass = 0;
  for (const [element, atoms] of cellContent(structure)) mass += atoms * atomicWeight(element);
  return mass;
}

/** X-ray density, g/cm^3. @throws as cellContent, InputError "bad-cell" */
export const density = (structure: Structure): number =>
  (DENSITY_FACTOR * cellMass(structure)) / cellVolume(structure.cell);

/** Element -> share of the mass, 0 to 1. @throws as cellContent */
export function elementWeightFractions(structure: Structure): Map<string, number> {
  const mass = cellMass(structure);
  return new Map([...cellContent(structure)].map(([element, n]) => [element, (n * atomicWeight(element)) / mass]));
}

/** What was assumed about a structure and its user should read: ions for which the neutral atom stands in. */
export function structureNotes(structure: Structure): string[] {
  const replaced = new Set(
    structure.sites
      .filter(({ scatterer }) => scatteringFactor(scatterer).isFallback)
      .map(({ scatterer }) => `${scatterer} by ${scatteringFactor(scatterer).label}`),
  );
  return [...replaced].map((pair) => `${structure.name}: no form factor for this ion, replaced ${pair}`);
}
