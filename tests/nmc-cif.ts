/** A sound CIF of a layered oxide, written in as many ways and with as many mistakes as tests ask for. */
import { reflections, type Structure } from "../src/crystal/index.ts";
import { InputError } from "../src/data/index.ts";
import { readCif } from "../src/files/cif.ts";

export const CELL = (a: number, b: number, c: number, alpha = 90, beta = 90, gamma = 90): string =>
  `_cell_length_a ${a}\n_cell_length_b ${b}\n_cell_length_c ${c}\n_cell_angle_alpha ${alpha}\n_cell_angle_beta ${beta}\n_cell_angle_gamma ${gamma}`;
export const HEX = CELL(2.87, 2.87, 14.25, 90, 90, 120);
export const ATOMS =
  "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_B_iso_or_equiv";
export const NMC = [
  "Ni1 Ni 0 0 0 0.5 0.4",
  "Mn1 Mn 0 0 0 0.3 0.4",
  "Co1 Co 0 0 0 0.2 0.4",
  "Li1 Li 0 0 0.5 1 1.2",
  "O1 O 0 0 0.2585 1 0.8",
];
export const nmc = (
  changes: { cell?: string; group?: string; rows?: string[]; head?: string; atoms?: string } = {},
): string =>
  `${changes.head ?? "data_NMC"}\n${changes.cell ?? HEX}\n${changes.group ?? "_symmetry_space_group_name_H-M 'R -3 m'"}\n${changes.atoms ?? ATOMS}\n${(changes.rows ?? NMC).join("\n")}\n`;
export const one = (text: string): Structure => readCif(text, "wild.cif")[0]!;
export const errorOf = (text: string): { code: string; message: string } | undefined => {
  try {
    readCif(text, "wild.cif");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  return undefined;
};
export const pattern = (structure: Structure): string[] =>
  reflections(structure, 1).map((r) => `${r.dA.toFixed(8)} ${r.multiplicity} ${r.fSquared.toFixed(5)}`);
