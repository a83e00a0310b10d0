/** Chemical formulas: what a formula unit weighs, and what charge its lithium carries. */
import { atomicWeight } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";

/** Charge of a mole of electrons, mAh/mol (CODATA 2018: 96485.33212 C/mol, 3.6 C to the mAh). */
export const MAH_PER_MOL = 96485.33212 / 3.6;

/**
 * Element -> atoms in one formula unit, as in "LiNi0.5Mn0.3Co0.2O2" or "Li(Ni0.8Co0.15Al0.05)O2".
 *
 * @throws InputError "lithium-formula" | "unknown-scatterer"
 */
export function parseFormula(formula: string): Map<string, number> {
  const atoms = new Map<string, number>();
  const rest = formula.replace(/\s/g, "").replace(/\(((?:[A-Z][a-z]?\d*\.?\d*)+)\)(\d*\.?\d*)/g, (_, inner, times) => {
    addAtoms(atoms, inner, times === "" ? 1 : Number(times), formula);
    return "";
  });
  addAtoms(atoms, rest, 1, formula);
  if (atoms.size === 0) throw badFormula(formula);
  for (const element of atoms.keys()) atomicWeight(element);
  return atoms;
}

function addAtoms(atoms: Map<string, number>, text: string, times: number, formula: string): void {
  const left = text.replace(/([A-Z][a-z]?)(\d*\.?\d*)/g, (_, element: string, count: string) => {
    const n = count === "" ? 1 : Number(count);
    if (!Number.isFinite(n)) throw badFormula(formula);
    atoms.set(element, (atoms.get(element) ?? 0) + n * times);
    return "";
  });
  if (left !== "" || !(times > 0)) throw badFormula(formula);
}

const badFormula = (formula: string): InputError =>
  new InputError(
    "lithium-formula",
    `"${formula.slice(0, 60)}" is no chemical formula: needed are elements and numbers of atoms, as in LiNi0.5Mn0.3Co0.2O2.`,
  );

/** g/mol. @throws as parseFormula */
export function molarMass(formula: string): number {
  let mass = 0;
  for (const [element, n] of parseFormula(formula)) mass += n * atomicWeight(element);
  return mass;
}

/** mAh/g for one lithium a formula unit. @throws as parseFormula */
export const capacityPerLithium = (formula: string): number => MAH_PER_MOL / molarMass(formula);
