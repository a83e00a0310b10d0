/**
 * Crystal structures from CIF. The listed operations are taken first, because only they say the origin and axes that
 * the coordinates mean; then the Hall symbol, the Hermann-Mauguin symbol with its setting, the group number.
 */
import {
  type Cell,
  cellVolume,
  findByHall,
  findByNumber,
  formatOperation,
  hallTriplets,
  parseOperation,
  type Site,
  type Structure,
  scatteringFactor,
  spaceGroupTriplets,
  structureNotes,
  uniqueRotations,
} from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { type CifBlock, type CifValue, parseCifBlocks } from "./cif-syntax.ts";

const B_PER_U = 8 * Math.PI ** 2;
/** Taken, and noted, where a site has no displacement parameter; typical of an inorganic crystal at 295 K. */
const ASSUMED_B_ISO = 0.5;

/**
 * The structures of a CIF, one for each data block with a cell and atoms.
 *
 * @param name the file's name: used in messages, and for a structure whose block has no name
 * @throws InputError "cif-syntax" | "cif-no-structure" | "cif-no-symmetry" | "cif-symmetry-mismatch" |
 *   "cif-bad-value" | "unknown-space-group" | "ambiguous-origin" | "bad-symmetry-operation" | "unknown-scatterer" |
 *   "bad-cell"
 */
export function readCif(text: string, name: string): Structure[] {
  const blocks = parseCifBlocks(text, name).filter(
    ({ items }) => items.has("_cell_length_a") && items.has("_atom_site_fract_x"),
  );
  if (blocks.length === 0) {
    throw new InputError(
      "cif-no-structure",
      `${name} holds no crystal structure: no data block has both a cell (_cell_length_a ...) and atoms (_atom_site_fract_x ...). Check that the file is a CIF of a structure.`,
    );
  }
  return blocks.map((block) => readStructure(block, name));
}

function readStructure(block: CifBlock, file: string): Structure {
  const notes: string[] = [];
  const cell = readCell(block, file);
  const operations = readOperations(block, cell, file);
  checkSetting(operations, cell, file);
  const sites = readSites(block, cell, file, notes);
  const structure = { name: block.name || file, cell, operations, sites };
  notes.push(...structureNotes(structure));
  return notes.length > 0 ? { ...structure, notes } : structure;
}

const present = (block: CifBlock, ...tags: string[]): CifValue | undefined =>
  tags.map((tag) => block.items.get(tag)?.[0]).find((value) => value !== undefined && !value.isMissing);

/** A number, its uncertainty in brackets left out: 2.8665(2). */
function toNumber(value: CifValue | undefined, tag: string, file: string, where = ""): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\(\d*\.?\d*\))?$/.exec(value?.text ?? "");
  if (match && Number.isFinite(Number(match[1]))) return Number(match[1]);
  const at = value ? `, line ${value.line}` : "";
  const found = value ? `found "${value.text.slice(0, 30)}"` : "it is missing";
  throw new InputError(
    "cif-bad-value",
    `${file}${at}: ${tag}${where} must be a number such as 2.8665(2), but ${found}. Give the value in the CIF.`,
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

function readOperations(block: CifBlock, cell: Cell, file: string): string[] {
  const listed = block.items.get("_space_group_symop_operation_xyz") ?? block.items.get("_symmetry_equiv_pos_as_xyz");
  const hall = present(block, "_space_group_name_hall", "_symmetry_space_group_name_hall")?.text;
  const symbol = present(
    block,
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_ref",
    "_space_group_name_h-m",
  )?.text;
  const number = present(block, "_space_group_it_number", "_symmetry_int_tables_number");
  const given = listed?.filter(({ isMissing }) => !isMissing) ?? [];
  if (given.length > 0) {
    const operations = [...new Set(given.map(({ text }) => formatOperation(parseOperation(text))))];
    if (operations.length === 1 && symbol !== undefined && !/^p\s*1$/i.test(symbol)) {
      throw mismatch(file, `lists the operation x,y,z alone, but names the group ${symbol.slice(0, 30)}`);
    }
    return operations.sort((p, q) => Number(q === "x,y,z") - Number(p === "x,y,z"));
  }
  if (hall !== undefined && findByHall(hall)) return hallTriplets(hall);
  if (symbol !== undefined) return spaceGroupTriplets(symbol, cell);
  if (number) return hallTriplets(findByNumber(toNumber(number, "_space_group_IT_number", file), cell).hall);
  throw new InputError(
    "cif-no-symmetry",
    `${file}: data_${block.name.slice(0, 40)} gives neither symmetry operations nor a space group. Add _space_group_symop_operation_xyz or _space_group_name_H-M_alt.`,
  );
}

/** Axes of another setting than the cell's (R on hexagonal axes, b for c unique) change lengths: R' G R = G fails. */
function checkSetting(operations: readonly string[], cell: Cell, file: string): void {
  const metric = metricTensor(cell);
  const rotations = uniqueRotations(operations.map(parseOperation));
  for (const r of rotations) {
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        let value = 0;
        for (let k = 0; k < 3; k++) for (let l = 0; l < 3; l++) value += r[k * 3 + i]! * metric[k]![l]! * r[l * 3 + j]!;
        const scale = Math.sqrt(metric[i]![i]! * metric[j]![j]!);
        if (Math.abs(value - metric[i]![j]!) > 0.02 * scale) {
          throw mismatch(file, "has symmetry operations that do not leave its cell unchanged");
        }
      }
    }
  }
}

function mismatch(file: string, found: string): InputError {
  return new InputError(
    "cif-symmetry-mismatch",
    `${file} ${found}: the setting of the group (axes, origin) and the cell do not belong together. Write the operations of the setting that the coordinates are given in.`,
  );
}

function metricTensor({ a, b, c, alpha, beta, gamma }: Cell): number[][] {
  const cosine = (angle: number): number => Math.cos((angle * Math.PI) / 180);
  const [bc, ac, ab] = [b * c * cosine(alpha), a * c * cosine(beta), a * b * cosine(gamma)];
  return [
    [a * a, ab, ac],
    [ab, b * b, bc],
    [ac, bc, c * c],
  ];
}

function readSites(block: CifBlock, cell: Cell, file: string, notes: string[]): Site[] {
  const column = (tag: string): readonly CifValue[] => block.items.get(tag) ?? [];
  const [x, y, z] = [column("_atom_site_fract_x"), column("_atom_site_fract_y"), column("_atom_site_fract_z")];
  const flags = column("_atom_site_calc_flag");
  const sites: Site[] = [];
  const assumed: string[] = [];
  for (let i = 0; i < x.length; i++) {
    if (flags[i]?.text.toLowerCase() === "dum") continue;
    const label = textAt(column("_atom_site_label"), i) ?? textAt(column("_atom_site_type_symbol"), i) ?? `${i + 1}`;
    const where = ` of ${label.slice(0, 20)}`;
    const occupancy = textAt(column("_atom_site_occupancy"), i);
    const bIso = readBIso(block, cell, label, i, file);
    if (bIso === undefined) assumed.push(label);
    const site = {
      label,
      scatterer: textAt(column("_atom_site_type_symbol"), i) ?? label,
      x: toNumber(x[i], "_atom_site_fract_x", file, where),
      y: toNumber(y[i], "_atom_site_fract_y", file, where),
      z: toNumber(z[i], "_atom_site_fract_z", file, where),
      occupancy:
        occupancy === undefined ? 1 : toNumber(column("_atom_site_occupancy")[i], "_atom_site_occupancy", file, where),
      bIso: bIso ?? ASSUMED_B_ISO,
    };
    checkSite(site, file);
    sites.push(site);
  }
  if (assumed.length > 0) {
    notes.push(`${file}: no displacement parameter for ${assumed.join(", ")}; B = ${ASSUMED_B_ISO} Å² taken`);
  }
  return sites;
}

const textAt = (column: readonly CifValue[], i: number): string | undefined =>
  column[i] && !column[i].isMissing ? column[i].text : undefined;

function checkSite(site: Site, file: string): void {
  scatteringFactor(site.scatterer);
  if (site.occupancy >= 0 && site.occupancy <= 1.001 && Math.abs(site.bIso) < 100) return;
  throw new InputError(
    "cif-bad-value",
    `${file}: site ${site.label.slice(0, 20)} has occupancy ${site.occupancy} and B = ${site.bIso} Å²; needed an occupancy of 0 to 1 and a B below 100. Correct the CIF.`,
  );
}

/** B in angstrom^2 from B or U, isotropic or the equivalent of anisotropic ones; undefined where none is given. */
function readBIso(block: CifBlock, cell: Cell, label: string, i: number, file: string): number | undefined {
  for (const [tag, factor] of [
    ["_atom_site_b_iso_or_equiv", 1],
    ["_atom_site_u_iso_or_equiv", B_PER_U],
  ] as const) {
    const value = block.items.get(tag)?.[i];
    if (value && !value.isMissing) return factor * toNumber(value, tag, file, ` of ${label.slice(0, 20)}`);
  }
  const row = block.items.get("_atom_site_aniso_label")?.findIndex(({ text }) => text === label) ?? -1;
  if (row < 0) return undefined;
  for (const [letter, factor] of [
    ["u", B_PER_U],
    ["b", 1],
  ] as const) {
    const values = ["11", "22", "33", "23", "13", "12"].map(
      (ij) => block.items.get(`_atom_site_aniso_${letter}_${ij}`)?.[row],
    );
    if (values.some((value) => !value || value.isMissing)) continue;
    const tensor = values.map((value) => toNumber(value, `_atom_site_aniso_${letter}_ij`, file, ` of ${label}`));
    return factor * equivalentIsotropic(tensor, cell);
  }
  return undefined;
}

/** U_eq = 1/3 sum_ij U_ij a*_i a*_j (a_i . a_j) (Fischer & Tillmanns, Acta Cryst. C44 (1988) 775). */
function equivalentIsotropic([u11, u22, u33, u23, u13, u12]: readonly number[], cell: Cell): number {
  const g = metricTensor(cell);
  const volume = cellVolume(cell);
  const sine = (angle: number): number => Math.sin((angle * Math.PI) / 180);
  const r = [
    (cell.b * cell.c * sine(cell.alpha)) / volume,
    (cell.a * cell.c * sine(cell.beta)) / volume,
    (cell.a * cell.b * sine(cell.gamma)) / volume,
  ];
  const u = [
    [u11!, u12!, u13!],
    [u12!, u22!, u23!],
    [u13!, u23!, u33!],
  ];
  let sum = 0;
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) sum += u[i]![j]! * r[i]! * r[j]! * g[i]![j]!;
  return sum / 3;
}
