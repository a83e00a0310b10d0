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

/** 2 r_e h c N_A: f'' = E sigma_photo / (2 r_e h c), with sigma in cm^2/g times g/mol and E in keV. */
const PER_ELECTRON = 2 * 2.8179403e-13 * 1.239841984e-7 * 6.02214076e23;
const anomalous = read("xray_elements");

/** The fewest points between which straight lines stay within the tolerance: Douglas and Peucker's way. */
function thin(x, y, tolerance, first = 0, last = x.length - 1) {
  let worst = 0;
  let at = -1;
  for (let i = first + 1; i < last; i++) {
    const line = y[first] + ((y[last] - y[first]) * (x[i] - x[first])) / (x[last] - x[first]);
    const error = Math.abs(line - y[i]) / tolerance(y[i]);
    if (error > Math.max(worst, 1)) [worst, at] = [error, i];
  }
  if (at < 0) return last > first ? [first, last] : [first];
  return [...thin(x, y, tolerance, first, at), ...thin(x, y, tolerance, at, last).slice(1)];
}

function anomalousLine({
  symbol,
  atomic_weight_xraylib: weight,
  edges,
  photo,
  f_prime: real,
  f_doubleprime: imaginary,
}) {
  const energies = anomalous.energy_keV;
  const jumps = edges.map(({ keV }) => keV).sort((p, q) => p - q);
  const parts = [0, ...jumps].map((from, i) => {
    const to = jumps[i] ?? Number.POSITIVE_INFINITY;
    const inside = energies.map((_, k) => k).filter((k) => energies[k] > from && energies[k] <= to);
    const lnE = inside.map((k) => Math.log(energies[k]));
    const prime = inside.map((k) => real[k]);
    // Fii is smeared over the interval of its own grid that holds an edge; the photoelectric cross section is not
    const absorbed = inside.map((k) => {
      const fromPhoto = (photo[k] * energies[k] * weight) / PER_ELECTRON;
      const isSmeared = Math.abs(imaginary[k] / fromPhoto - 1) > 0.15;
      return Math.log(isSmeared ? fromPhoto : imaginary[k]);
    });
    const nodes = (y, tolerance, print) =>
      inside.length === 0
        ? ""
        : thin(lnE, y, tolerance)
            .map((m) => `${inside[m]} ${print(y[m])}`)
            .join(" ");
    return `${nodes(
      prime,
      (f) => 0.0015 + 0.004 * Math.abs(f),
      (f) => Number(f.toPrecision(4)),
    )},${nodes(
      absorbed,
      (ln) => Math.max(0.002, 3e-4 / Math.exp(ln)),
      (ln) => Number(Math.exp(ln).toPrecision(4)),
    )}`;
  });
  return [`${symbol} ${jumps.join(" ")}`.trim(), ...parts].join("|");
}

write(
  "anomalous-factors",
  `/**
 * f' and f'' at points of one grid of energies, first (last / first)^(i / (count - 1)) keV.
 * A line: element and its absorption edges in keV; then after each | the points between two edges,
 * i f' i f' ..., i f'' i f'' ... Between the points f' is linear in ln E and f'' a power of E: within 0.0015 electrons
 * + 0.4 % of the full table.
 * Source: xraylib 4.0.0, Fi and Fii, beside an edge f'' from CS_Photo (Schoonjans et al.,
 * Spectrochim. Acta B 66 (2011) 776).
 */
export const GRID_KEV = { first: ${anomalous.energy_keV[0]}, last: ${anomalous.energy_keV.at(-1)}, count: ${anomalous.energy_keV.length} };
export const ANOMALOUS_FACTORS = \`
${anomalous.elements.map(anomalousLine).join("\n")}
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
