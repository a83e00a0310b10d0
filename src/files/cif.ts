/** Crystal structures from CIF, checked on the way in. */
import { bondWarnings, type Cell, cellVolume, type Structure, siteOverlaps, structureNotes } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { agreesWithFile, formulaNotes, multiplicityNotes } from "./cif-content.ts";
import { readSites } from "./cif-sites.ts";
import { readOperations } from "./cif-symmetry.ts";
import { type CifBlock, parseCifBlocks } from "./cif-syntax.ts";
import { column, parseCifNumber, present, toNumber } from "./cif-values.ts";

/** Occupancies of one place may sum to this much: sums of rounded ones. */
const FULL_PLACE = 1.05;

/**
 * The structures of a CIF, one for each data block with a cell and atoms. Their notes say what was assumed and what
 * looks wrong: formula, multiplicities, bond lengths.
 *
 * @param name the file's name: used in messages, and for a structure whose block has no name
 * @throws InputError "cif-syntax" | "cif-no-structure" | "cif-magnetic-or-modulated" | "cif-no-symmetry" |
 *   "cif-symmetry-mismatch" | "cif-overlapping-sites" | "cif-bad-value" | "unknown-space-group" | "ambiguous-origin" |
 *   "bad-symmetry-operation" | "bad-hall-symbol" | "unknown-scatterer" | "bad-cell"
 */
export function readCif(text: string, name: string): Structure[] {
  const blocks = parseCifBlocks(text, name);
  const structures = blocks.filter(({ items }) => items.has("_cell_length_a") && items.has("_atom_site_fract_x"));
  if (structures.length === 0) throw noStructure(blocks, name);
  return structures.map((block) => readStructure(block, name));
}

function noStructure(blocks: readonly CifBlock[], file: string): InputError {
  const has = (tag: string): boolean => blocks.some(({ items }) => items.has(tag));
  const found = has("_atom_site_fract_x")
    ? "has atoms but no cell (_cell_length_a ...) in the same data block"
    : has("_atom_site_cartn_x")
      ? "gives its atoms in Cartesian coordinates, not in fractions of a cell (_atom_site_fract_x ...)"
      : has("_cell_length_a")
        ? "has a cell but no atoms (_atom_site_fract_x ...) in the same data block"
        : "has no data block with a cell (_cell_length_a ...) and atoms (_atom_site_fract_x ...)";
  return new InputError(
    "cif-no-structure",
    `${file} holds no crystal structure: it ${found}. Give the CIF of a structure, with both.`,
  );
}

function readStructure(block: CifBlock, file: string): Structure {
  refuseMagneticOrModulated(block, file);
  const notes: string[] = [];
  const cell = readCell(block, file);
  const sites = readSites(block, cell, file, notes);
  const agrees = (operations: readonly string[]): boolean | undefined =>
    agreesWithFile(block, { name: file, cell, operations, sites });
  const operations = readOperations(block, cell, file, notes, agrees);
  if (sites.length === 0) throw noStructure([{ ...block, items: new Map([["_cell_length_a", []]]) }], file);
  const structure: Structure = { name: block.name || file, cell, operations, sites };
  checkOverlaps(structure, file, notes);
  notes.push(...multiplicityNotes(block, structure, file), ...formulaNotes(block, structure, file));
  notes.push(...structureNotes(structure), ...bondWarnings(structure));
  return notes.length > 0 ? { ...structure, notes } : structure;
}

/** Their operations act on moments or on more than three dimensions: an average structure is another one. */
function refuseMagneticOrModulated(block: CifBlock, file: string): void {
  const tags = [...block.items.keys()];
  const hasOrdinary = column(block, "_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz").length > 0;
  const dimension = present(block, "_cell_modulation_dimension")?.text;
  const isModulated =
    (dimension !== undefined && parseCifNumber(dimension) > 0) || tags.some((tag) => /_ssg_|_fourier_/.test(tag));
  const isMagnetic = !hasOrdinary && tags.some((tag) => /symop_magn_|space_group_magn_/.test(tag));
  if (!isModulated && !isMagnetic) return;
  throw new InputError(
    "cif-magnetic-or-modulated",
    `${file}: data_${block.name.slice(0, 40)} describes a ${isModulated ? "modulated" : "magnetic"} structure. Its operations are not those of a space group in three dimensions. Give a CIF of the ${isModulated ? "average" : "nuclear"} structure.`,
  );
}

function readCell(block: CifBlock, file: string): Cell {
  const read = (tag: string): number => toNumber(present(block, tag), tag, file);
  const cell = {
    a: read("_cell_length_a"),
    b: read("_cell_length_b"),
    c: read("_cell_length_c"),
    alpha: read("_cell_angle_alpha"),
    beta: read("_cell_angle_beta"),
    gamma: read("_cell_angle_gamma"),
  };
  cellVolume(cell);
  return cell;
}

function checkOverlaps(structure: Structure, file: string, notes: string[]): void {
  for (const { labels, distanceA, occupancy } of siteOverlaps(structure)) {
    if (occupancy <= 1.005) continue;
    const shown = labels.slice(0, 6).join(", ");
    if (occupancy <= FULL_PLACE) {
      notes.push(`${file}: the occupancies of ${shown}, which share a place, sum to ${occupancy.toFixed(3)}`);
      continue;
    }
    const who = labels.length > 1 ? `the sites ${shown}` : `the site ${shown} and its own image`;
    throw new InputError(
      "cif-overlapping-sites",
      `${file}: ${who} lie ${distanceA.toFixed(3)} Å apart, and their occupancies sum to ${occupancy.toFixed(2)}; one place holds at most one atom. List each site once, without the copies that symmetry makes; or correct occupancies, coordinates (a third needs 0.3333), or the origin and setting of the group.`,
    );
  }
}
