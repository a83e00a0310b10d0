/** The atoms of a CIF's data block: positions, occupancies, displacement parameters in any of the usual forms. */
import { B_PER_U, type Cell, equivalentBIso, reciprocalMetric, type Site, scatteringFactor } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import type { CifBlock } from "./cif-syntax.ts";
import { column, textAt, toNumber } from "./cif-values.ts";

type Tensor = NonNullable<Site["uAniso"]>;

/** Taken, and noted, where a site has no displacement parameter; typical of an inorganic crystal at 295 K. */
const ASSUMED_B_ISO = 0.5;
/** A refined occupancy may pass 1 within its uncertainty; it is then taken as 1, and noted. */
const OCCUPANCY_SLACK = 0.1;

/** More than any structure that a powder pattern can tell something about. */
const MOST_SITES = 5000;

/**
 * Rows with the calculation flag "dum" are no atoms and left out.
 *
 * @param notes what the user should read is added
 * @throws InputError "cif-bad-value" | "unknown-scatterer" | "bad-cell" | "cif-too-large"
 */
export function readSites(block: CifBlock, cell: Cell, file: string, notes: string[]): Site[] {
  const [x, y, z] = ["x", "y", "z"].map((axis) => column(block, `_atom_site_fract_${axis}`)) as [
    ReturnType<typeof column>,
    ReturnType<typeof column>,
    ReturnType<typeof column>,
  ];
  if (x.length > MOST_SITES) {
    throw new InputError(
      "cif-too-large",
      `${file}: data_${block.name.slice(0, 40)} lists ${x.length} atoms; at most ${MOST_SITES} of an asymmetric unit are taken. Is it a powder's structure?`,
    );
  }
  const labels = column(block, "_atom_site_label");
  const types = column(block, "_atom_site_type_symbol");
  const flags = column(block, "_atom_site_calc_flag");
  const anisotropic = readTensors(block, cell, file);
  const sites: Site[] = [];
  const assumed: string[] = [];
  const rounded: string[] = [];
  for (let i = 0; i < x.length; i++) {
    if (textAt(flags, i)?.toLowerCase() === "dum") continue;
    const label = textAt(labels, i) ?? textAt(types, i) ?? `${i + 1}`;
    const where = ` of ${label.slice(0, 20)}`;
    const occupancy = readOccupancy(block, i, label, file);
    if (occupancy.isRounded) rounded.push(label);
    const type = adpType(block, i);
    const uAniso = type === "iso" ? undefined : anisotropic.get(label);
    const bIso = uAniso ? equivalentBIso(uAniso, cell) : readBIso(block, i, label, file);
    if (bIso === undefined) assumed.push(label);
    const site = {
      label,
      scatterer: readScatterer(textAt(types, i) ?? label, label, file),
      x: toNumber(x[i], "_atom_site_fract_x", file, where),
      y: toNumber(y[i], "_atom_site_fract_y", file, where),
      z: toNumber(z[i], "_atom_site_fract_z", file, where),
      occupancy: occupancy.value,
      bIso: bIso ?? ASSUMED_B_ISO,
      ...(uAniso ? { uAniso } : {}),
    };
    checkSite(site, file);
    sites.push(site);
  }
  noteSites(sites, assumed, rounded, file, notes);
  return sites;
}

function noteSites(
  sites: readonly Site[],
  assumed: readonly string[],
  rounded: readonly string[],
  file: string,
  notes: string[],
): void {
  if (assumed.length > 0) {
    notes.push(`${file}: no displacement parameter for ${assumed.join(", ")}; B = ${ASSUMED_B_ISO} Å² taken`);
  }
  if (rounded.length > 0)
    notes.push(`${file}: the occupancy of ${rounded.join(", ")} lies outside 0 to 1; the nearer of these taken`);
  const negative = sites.filter(({ bIso }) => bIso < 0).map(({ label }) => label);
  if (negative.length > 0)
    notes.push(`${file}: negative displacement parameter of ${negative.join(", ")}, taken as given`);
  const impossible = sites.filter(({ uAniso }) => uAniso && !isPositive(uAniso)).map(({ label }) => label);
  if (impossible.length > 0) {
    notes.push(
      `${file}: the anisotropic displacement of ${impossible.join(", ")} is negative along some direction, taken as given`,
    );
  }
}

/** An element or ion. Two elements in one type symbol (Ni0.5Mn0.5, Fe/Co) would be read as the first of them. */
function readScatterer(text: string, label: string, file: string): string {
  const { element } = scatteringFactor(text);
  const rest = text.trim().slice(element.length);
  if (!/[/,&]|[\d.)][A-Z][a-z]?[\d.]/.test(rest)) return text;
  throw new InputError(
    "cif-bad-value",
    `${file}: site ${label.slice(0, 20)} has the type ${text.slice(0, 30)}, which names more than one element. Give each element its own site with its occupancy, on the same coordinates.`,
  );
}

function readOccupancy(block: CifBlock, i: number, label: string, file: string): { value: number; isRounded: boolean } {
  const values = column(block, "_atom_site_occupancy");
  if (textAt(values, i) === undefined) return { value: 1, isRounded: false };
  const given = toNumber(values[i], "_atom_site_occupancy", file, ` of ${label.slice(0, 20)}`);
  const value = Math.min(1, Math.max(0, given));
  if (Math.abs(given - value) > OCCUPANCY_SLACK) {
    throw new InputError(
      "cif-bad-value",
      `${file}, line ${values[i]!.line}: site ${label.slice(0, 20)} has occupancy ${given}; needed 0 to 1, the share of the site that is filled (not multiplied by symmetry). Correct the CIF.`,
    );
  }
  return { value, isRounded: Math.abs(given - value) > 1e-3 };
}

/** What the file says the displacement is: "Uani", "Biso", ...; empty where it does not. */
function adpType(block: CifBlock, i: number): "iso" | "" {
  const type = textAt(column(block, "_atom_site_adp_type", "_atom_site_thermal_displace_type"), i);
  return /^[ub]iso/i.test(type ?? "") ? "iso" : "";
}

function checkSite(site: Site, file: string): void {
  if (Math.abs(site.bIso) < 100 && Math.max(...[site.x, site.y, site.z].map(Math.abs)) < 100) return;
  throw new InputError(
    "cif-bad-value",
    `${file}: site ${site.label.slice(0, 20)} has B = ${site.bIso.toPrecision(3)} Å² at ${site.x}, ${site.y}, ${site.z}; needed a B below 100 Å² (B = 8 pi^2 U) and fractions of the cell. Correct the CIF.`,
  );
}

/** B in angstrom^2 from an isotropic B or U; undefined where none is given. */
function readBIso(block: CifBlock, i: number, label: string, file: string): number | undefined {
  for (const [tag, factor] of [
    ["_atom_site_b_iso_or_equiv", 1],
    ["_atom_site_u_iso_or_equiv", B_PER_U],
  ] as const) {
    const values = column(block, tag);
    if (textAt(values, i) === undefined) continue;
    return factor * toNumber(values[i], tag, file, ` of ${label.slice(0, 20)}`);
  }
  return undefined;
}

/** Site label -> U_ij, from U_ij, B_ij = 8 pi^2 U_ij or beta_ij = 2 pi^2 a*_i a*_j U_ij. */
function readTensors(block: CifBlock, cell: Cell, file: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const labels = column(block, "_atom_site_aniso_label");
  const [aa, bb, cc] = reciprocalMetric(cell).map(Math.sqrt) as [number, number, number];
  const lengths = [aa * aa, bb * bb, cc * cc, aa * bb, aa * cc, bb * cc];
  for (const letter of ["u", "b", "beta"]) {
    const columns = ["11", "22", "33", "12", "13", "23"].map((ij) => column(block, `_atom_site_aniso_${letter}_${ij}`));
    labels.forEach((_, row) => {
      const label = textAt(labels, row);
      if (label === undefined || tensors.has(label)) return;
      if (columns.some((values) => textAt(values, row) === undefined)) return;
      const given = columns.map((values) =>
        toNumber(values[row], `_atom_site_aniso_${letter}_ij`, file, ` of ${label.slice(0, 20)}`),
      );
      const scale = (i: number): number =>
        letter === "u" ? 1 : letter === "b" ? 1 / B_PER_U : 1 / (2 * Math.PI ** 2 * lengths[i]!);
      tensors.set(label, given.map((value, i) => value * scale(i)) as [number, number, number, number, number, number]);
    });
  }
  return tensors;
}

/** Positive along every direction (the leading minors; a change of axes does not matter to their signs). */
const isPositive = ([u11, u22, u33, u12, u13, u23]: Tensor): boolean =>
  u11 > 0 &&
  u11 * u22 - u12 * u12 > 0 &&
  u11 * (u22 * u33 - u23 * u23) - u12 * (u12 * u33 - u23 * u13) + u13 * (u12 * u23 - u22 * u13) > 0;
