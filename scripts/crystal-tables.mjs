/**
 * Writes src/crystal/tables/*.ts from ../shared/reference/tables: only the numbers, in a compact form.
 * Run once when a source table changes: `node scripts/crystal-tables.mjs`. Citations stand in NOTICE.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => JSON.parse(readFileSync(`${root}/../shared/reference/tables/${name}.json`, "utf8"));
const write = (name, text) => writeFileSync(`${root}/src/crystal/tables/${name}.ts`, text);
/** The tables were printed with six decimals and stored as float32; hydrogen alone has more. */
const short = (x) => {
  const six = Number(x.toFixed(6));
  return String(Math.abs(six - x) < 3e-7 * Math.max(1, Math.abs(x)) ? six : Number(x.toPrecision(9)));
};

const factors = Object.entries(read("form_factors_wk1995").entries).filter(([label]) => !/iso|val/.test(label));
write(
  "form-factors",
  `/**
 * X-ray scattering factors f0(s) = sum a_i exp(-b_i s^2) + c, s = sin(theta)/lambda up to 6 1/angstrom.
 * A line: label, then a1 b1 ... a5 b5 c. Source: Waasmaier & Kirfel, Acta Cryst. A51 (1995) 416-431.
 */
export const FORM_FACTORS = \`
${factors.map(([label, { a, b, c }]) => [label, ...a.flatMap((ai, i) => [short(ai), short(b[i])]), short(c)].join(" ")).join("\n")}
\`;
`,
);

const mu = read("mu_rho_compact_61");
write(
  "mass-attenuation",
  `/**
 * Total mass attenuation coefficients mu/rho in cm^2/g at fixed energies.
 * A line: element, the values; then after each | an edge: keV, value below, value above.
 * Source: xraylib 4.0.0, CS_Total (Schoonjans et al., Spectrochim. Acta B 66 (2011) 776).
 */
export const ENERGIES_KEV = [${mu.energy_keV.join(", ")}];
export const MASS_ATTENUATION = \`
${Object.entries(mu.elements)
  .map(([element, { mu: values, edges }]) =>
    [[element, ...values].join(" "), ...edges.map((e) => e.join(" "))].join("|"),
  )
  .join("\n")}
\`;
`,
);

write(
  "atomic-weights",
  `/** Standard atomic weights, g/mol, hydrogen first. Source: IUPAC 2005/2007 values as carried by gemmi 0.5.7. */
export const ATOMIC_WEIGHTS =
  "${Object.entries(read("atomic_weights"))
    .map(([element, { gemmi }]) => `${element} ${gemmi}`)
    .join(" ")}";
`,
);

write(
  "space-groups",
  `/**
 * The settings of the space groups: number | Hermann-Mauguin symbol | extension | Hall symbol, the first of a
 * symbol being the standard choice. The operations follow from the Hall symbol (../hall-symbol.ts).
 * Source: Hall & Grosse-Kunstleve, International Tables for Crystallography B (2010), table A1.4.2.7.
 */
export const SPACE_GROUPS = \`
${read("space_groups_gemmi")
  .map(({ number, hm, ext, hall }) => [number, hm, ext, hall].join("|"))
  .join("\n")}
\`;
`,
);
