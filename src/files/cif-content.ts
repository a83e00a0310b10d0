/** What a CIF says its cell holds (formula and Z, multiplicities) against what its sites and operations make of it. */
import { cellContent, type Structure, unitCellAtoms } from "../crystal/index.ts";
import type { CifBlock } from "./cif-syntax.ts";
import { column, parseCifNumber, present, textAt } from "./cif-values.ts";

/** Shares of an element further apart than this are not rounding. */
const CONTENT_SLACK = 0.05;

/**
 * Whether formula times Z and the listed multiplicities are those of the structure; undefined where the file gives
 * neither. This tells the two origins of a group apart: silicon at 1/8, 1/8, 1/8 fills 8 places with one and 16 with
 * the other.
 */
export function agreesWithFile(block: CifBlock, structure: Structure): boolean | undefined {
  const listed = listedMultiplicities(block);
  const compared = unitCellAtoms(structure).filter(({ site }) => listed.has(site.label));
  const formula = readFormula(block);
  const hasAmount = formula !== undefined && formula.units > 0;
  if (compared.length === 0 && !hasAmount) return undefined;
  return (
    compared.every(({ site, positions }) => listed.get(site.label) === positions.length / 3) &&
    (!hasAmount || wrongElements(structure, formula).length === 0)
  );
}

/** A listed multiplicity that is neither the site's nor the order of its symmetry tells of another setting. */
export function multiplicityNotes(block: CifBlock, structure: Structure, file: string): string[] {
  const listed = listedMultiplicities(block);
  const notes: string[] = [];
  for (const { site, positions } of unitCellAtoms(structure)) {
    const given = listed.get(site.label);
    const multiplicity = positions.length / 3;
    if (given === undefined || given === multiplicity || given === structure.operations.length / multiplicity) continue;
    notes.push(
      `${file}: ${site.label} has ${multiplicity} equivalent positions, but the file lists ${given}; check the setting of the group`,
    );
  }
  return notes;
}

/** Site label -> multiplicity, from its own column or the number in a Wyckoff symbol such as 8a. */
function listedMultiplicities(block: CifBlock): Map<string, number> {
  const labels = column(block, "_atom_site_label");
  const numbers = column(block, "_atom_site_symmetry_multiplicity", "_atom_site_site_symmetry_multiplicity");
  const letters = column(block, "_atom_site_wyckoff_symbol", "_atom_site_wyckoff_label");
  const listed = new Map<string, number>();
  labels.forEach((_, i) => {
    const label = textAt(labels, i);
    const number = parseCifNumber(textAt(numbers, i) ?? /^\d+/.exec(textAt(letters, i) ?? "")?.[0] ?? "");
    if (label !== undefined && number > 0) listed.set(label, number);
  });
  return listed;
}

interface Formula {
  readonly text: string;
  /** element -> atoms in a formula unit */
  readonly atoms: ReadonlyMap<string, number>;
  /** Z; NaN where the file does not say */
  readonly units: number;
}

function readFormula(block: CifBlock): Formula | undefined {
  const text = present(block, "_chemical_formula_sum")?.text;
  if (text === undefined || !/^(?:[A-Z][a-z]?(?:\d+\.?\d*|\.\d+)?\s*)+$/.test(text)) return undefined;
  const atoms = new Map<string, number>();
  for (const [, element, count] of text.matchAll(/([A-Z][a-z]?)([\d.]*)/g)) {
    const symbol = element === "D" ? "H" : element!;
    atoms.set(symbol, (atoms.get(symbol) ?? 0) + (count ? Number(count) : 1));
  }
  return { text, atoms, units: parseCifNumber(present(block, "_cell_formula_units_z")?.text ?? "") };
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((p, q) => p + q, 0);

/** Formula units of the cell: Z, or where it is not given as many as the cell has atoms for. */
const unitsOf = ({ units, atoms }: Formula, content: ReadonlyMap<string, number>): number =>
  units > 0 ? units : sum(content) / sum(atoms);

/** Elements whose amount differs; hydrogen is often in the formula and not among the atoms. */
function wrongElements(structure: Structure, formula: Formula): string[] {
  const content = cellContent(structure);
  const units = unitsOf(formula, content);
  return [...new Set([...content.keys(), ...formula.atoms.keys()])].filter((element) => {
    const [has, needs] = [content.get(element) ?? 0, units * (formula.atoms.get(element) ?? 0)];
    return element !== "H" && Math.abs(has - needs) > CONTENT_SLACK * Math.max(has, needs, 0.2);
  });
}

/** The cell's content against the formula that the file gives. */
export function formulaNotes(block: CifBlock, structure: Structure, file: string): string[] {
  const formula = readFormula(block);
  const wrong = formula ? wrongElements(structure, formula) : [];
  if (!formula || wrong.length === 0) return [];
  const content = cellContent(structure);
  const units = unitsOf(formula, content);
  const show = (counts: ReadonlyMap<string, number>, scale: number): string =>
    wrong.map((element) => `${element} ${Number(((counts.get(element) ?? 0) * scale).toFixed(2))}`).join(", ");
  const times = formula.units > 0 ? ` times Z = ${formula.units}` : "";
  return [
    `${file}: the cell holds ${show(content, 1)}, but the formula ${formula.text.slice(0, 60)}${times} asks for ${show(formula.atoms, units)}`,
  ];
}
