/**
 * CIFs of made-up structures in varied groups and settings: atoms at general places, one anisotropic, from a seed.
 * scripts/cctbx-structure-factors.py computes tests/fixtures/varied-groups.json from them with cctbx.
 */
import {
  B_PER_U,
  type Cell,
  equivalentBIso,
  type Structure,
  siteNeighbours,
  spaceGroupTriplets,
} from "../src/crystal/index.ts";
import { seededRandom } from "./seeded-random.ts";

const cell = (a: number, b: number, c: number, alpha = 90, beta = 90, gamma = 90): Cell => ({
  a,
  b,
  c,
  alpha,
  beta,
  gamma,
});
const monoclinic = cell(5.1, 6.3, 7.2, 90, 103, 90);
const orthorhombic = cell(5.1, 6.3, 7.2);
const tetragonal = cell(7.6, 7.6, 9.3);
const hexagonal = cell(5.4, 5.4, 8.7, 90, 90, 120);
const cubic = cell(12.9, 12.9, 12.9);

export const VARIED: readonly (readonly [string, Cell])[] = [
  ["P -1", cell(4.6, 5.3, 6.2, 81, 97, 103)],
  ["P 1 21/c 1", monoclinic],
  ["P 1 21/n 1", monoclinic],
  ["P 1 1 21/b", cell(5.1, 6.3, 7.2, 90, 90, 103)],
  ["C 1 2/c 1", monoclinic],
  ["I 1 2/a 1", monoclinic],
  ["I 1 m 1", monoclinic],
  ["P n m a", orthorhombic],
  ["P b n m", orthorhombic],
  ["P m c n", orthorhombic],
  ["F d d 2", cell(8.1, 9.3, 6.2)],
  ["I 41/a m d:1", tetragonal],
  ["I 41/a m d:2", tetragonal],
  ["P 42/n c m:2", tetragonal],
  ["I -4 2 d", tetragonal],
  ["R -3 m:H", hexagonal],
  ["R -3 m:R", cell(6.1, 6.1, 6.1, 71, 71, 71)],
  ["R 3 c:H", hexagonal],
  ["P 31 2 1", hexagonal],
  ["P 61 2 2", hexagonal],
  ["P -6 2 c", hexagonal],
  ["I a -3 d", cubic],
  ["F d -3 m:1", cubic],
  ["F d -3 m:2", cubic],
  ["F -4 3 m", cubic],
  ["P 41 3 2", cubic],
];

/** Iron (anisotropic), oxygen and a third of a nickel, at general places and apart from their images. */
export function variedStructure(group: string, ofCell: Cell, seed: number): Structure {
  const structure = randomStructure(group, ofCell, seed);
  return siteNeighbours(structure, 0.6).every((near) => near.length === 0)
    ? structure
    : variedStructure(group, ofCell, seed + 1000);
}

function randomStructure(group: string, ofCell: Cell, seed: number): Structure {
  const random = seededRandom(seed);
  const place = (): { x: number; y: number; z: number } => ({
    x: Number(random().toFixed(4)),
    y: Number(random().toFixed(4)),
    z: Number(random().toFixed(4)),
  });
  const u = (): number => Number((0.008 + 0.01 * random()).toFixed(4));
  const mixed = (): number => Number((0.003 * (random() - 0.5)).toFixed(4));
  const uAniso = [u(), u(), u(), mixed(), mixed(), mixed()] as const;
  return {
    name: group,
    cell: ofCell,
    operations: spaceGroupTriplets(group),
    sites: [
      { label: "Fe1", scatterer: "Fe3+", ...place(), occupancy: 1, bIso: equivalentBIso(uAniso, ofCell), uAniso },
      { label: "O1", scatterer: "O2-", ...place(), occupancy: 1, bIso: 0.011 * B_PER_U },
      { label: "Ni1", scatterer: "Ni", ...place(), occupancy: 0.33, bIso: 0.005 * B_PER_U },
    ],
  };
}

/** The structure as a CIF with its operations listed, as programs write them. */
export function cifOf({ name, cell: c, operations, sites }: Structure): string {
  const aniso = sites.filter(({ uAniso }) => uAniso);
  return `data_${name.replace(/\W+/g, "_")}
_cell_length_a ${c.a}\n_cell_length_b ${c.b}\n_cell_length_c ${c.c}
_cell_angle_alpha ${c.alpha}\n_cell_angle_beta ${c.beta}\n_cell_angle_gamma ${c.gamma}
_space_group_name_H-M_alt '${name}'
loop_\n_space_group_symop_operation_xyz\n${operations.map((operation) => `'${operation}'`).join("\n")}
loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z
_atom_site_occupancy\n_atom_site_adp_type\n_atom_site_U_iso_or_equiv
${sites.map((s) => [s.label, s.scatterer, s.x, s.y, s.z, s.occupancy, s.uAniso ? "Uani" : "Biso", (s.bIso / B_PER_U).toFixed(6)].join(" ")).join("\n")}
loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n_atom_site_aniso_U_33
_atom_site_aniso_U_12\n_atom_site_aniso_U_13\n_atom_site_aniso_U_23
${aniso.map((s) => [s.label, ...s.uAniso!].join(" ")).join("\n")}
`;
}
