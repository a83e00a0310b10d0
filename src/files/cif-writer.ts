/**
 * CIF of a structure: cell, symmetry operations with the symbols of their setting, sites.
 *
 * Source: International Tables for Crystallography G (2005), 3.2 and 3.6 (core CIF dictionary).
 */
import { cellVolume, type Structure, settingOfOperations } from "../crystal/index.ts";

/**
 * @param comments lines for the head of the file, without "#"
 * @throws InputError "bad-cell" | "bad-symmetry-operation"
 */
export function formatCif(structure: Structure, comments: readonly string[] = []): string {
  const { cell, operations, sites } = structure;
  const setting = settingOfOperations(operations);
  const symbol = setting && `${setting.hermannMauguin}${setting.extension && `:${setting.extension}`}`;
  const hasAniso = sites.some(({ uAniso }) => uAniso);
  const lines = [
    ...comments.map((line) => `# ${line}`),
    `data_${word(structure.name)}`,
    `_cell_length_a ${number(cell.a)}`,
    `_cell_length_b ${number(cell.b)}`,
    `_cell_length_c ${number(cell.c)}`,
    `_cell_angle_alpha ${number(cell.alpha)}`,
    `_cell_angle_beta ${number(cell.beta)}`,
    `_cell_angle_gamma ${number(cell.gamma)}`,
    `_cell_volume ${number(cellVolume(cell))}`,
    ...(setting
      ? [
          `_space_group_IT_number ${setting.number}`,
          `_space_group_name_H-M_alt '${symbol}'`,
          `_space_group_name_Hall ${quote(setting.hall)}`,
        ]
      : []),
    "loop_",
    "_space_group_symop_operation_xyz",
    ...operations.map((triplet) => `'${triplet}'`),
    "loop_",
    "_atom_site_label",
    "_atom_site_type_symbol",
    "_atom_site_fract_x",
    "_atom_site_fract_y",
    "_atom_site_fract_z",
    "_atom_site_occupancy",
    "_atom_site_adp_type",
    "_atom_site_U_iso_or_equiv",
    ...sites.map((site) =>
      [
        word(site.label),
        site.scatterer,
        ...[site.x, site.y, site.z, site.occupancy].map(number),
        site.uAniso ? "Uani" : "Uiso",
        number(site.bIso / (8 * Math.PI ** 2)),
      ].join(" "),
    ),
    ...(hasAniso
      ? [
          "loop_",
          "_atom_site_aniso_label",
          ...["11", "22", "33", "12", "13", "23"].map((ij) => `_atom_site_aniso_U_${ij}`),
          ...sites.flatMap(({ label, uAniso }) => (uAniso ? [[word(label), ...uAniso.map(number)].join(" ")] : [])),
        ]
      : []),
    "",
  ];
  return lines.join("\n");
}

const quote = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);
/** A double as few digits as give it back; CIF has no other form than decimal and E. */
const number = (x: number): string => String(x === 0 ? 0 : x);
/** A value without quotes: no spaces, and no sign that means something at its start. */
const word = (text: string): string =>
  text
    .replace(/[^!-~]+/g, "_")
    .replace(/^[_#$'"[\];]+/, "")
    .slice(0, 70) || "structure";
