/** Tables of a and c over the lithium content: of the program, or from a file of the user's. */
import { basename, extname } from "node:path";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import { didYouMean } from "../../data/nearest-name.ts";
import { readText } from "../../files/byte-source.ts";
import { parseYaml } from "../../files/yaml.ts";
import { CALIBRATIONS, createCalibration, type LithiumCalibration } from "../../stages/lithium/index.ts";

const Row = z.strictObject({
  x: z.number(),
  a: z.number(),
  c: z.number(),
  sigma_a: z.number().min(0).optional(),
  sigma_c: z.number().min(0).optional(),
});
const TableFile = z.strictObject({
  formula: z.string().min(1).meta({ description: "fully lithiated, as LiNi0.5Mn0.3Co0.2O2" }),
  source: z.string().default("the user's table"),
  x_esd: z.number().min(0).default(0.05).meta({ description: "standard uncertainty of x that all rows share" }),
  rows: z.array(Row),
});

const COLUMNS = ["x", "a", "c", "sigma_a", "sigma_c"] as const;
const HEADERS = ["formula", "source", "x_esd"] as const;

/**
 * A table by its name in the program, or from a .csv or .yaml file (docs/lithium.md says how it is written).
 *
 * @param formula of the phase that it is for, where a file says none
 * @throws InputError "lithium-table" | "lithium-formula" | "file-not-readable" | "config-invalid" | "yaml-syntax"
 */
export function readCalibration(nameOrPath: string, formula?: string): LithiumCalibration {
  if (Object.hasOwn(CALIBRATIONS, nameOrPath)) return CALIBRATIONS[nameOrPath as keyof typeof CALIBRATIONS];
  const ending = extname(nameOrPath).toLowerCase();
  if (![".csv", ".txt", ".yaml", ".yml"].includes(ending)) {
    const names = Object.keys(CALIBRATIONS);
    throw new InputError(
      "lithium-table",
      `There is no lithium table "${nameOrPath}" in the program${didYouMean(nameOrPath, names) || `: it has ${names.join(", ")}.`} Give a file that ends in .csv or .yaml for any other.`,
    );
  }
  return parseCalibration(readText(nameOrPath), nameOrPath, formula);
}

/** As readCalibration, from the text itself. @throws as readCalibration */
export function parseCalibration(text: string, name: string, formula?: string): LithiumCalibration {
  const table = /\.ya?ml$/i.test(name) ? parseYaml(text, name, TableFile) : parseCsv(text, name, formula);
  const rows = table.rows.map(({ x, a, c, sigma_a = 0, sigma_c = 0 }) => ({ x, a, c, esdA: sigma_a, esdC: sigma_c }));
  const made = createCalibration({ name, formula: table.formula, source: table.source, rows, xEsd: table.x_esd });
  return { ...made, name: basename(name) };
}

/** Lines "# formula: ...", then the names of the columns, then numbers; commas, semicolons or blanks between. */
function parseCsv(text: string, name: string, formula: string | undefined): z.output<typeof TableFile> {
  const header: Record<string, string> = {};
  const refuse = (line: number, problem: string): InputError =>
    new InputError("lithium-table", `${name}, line ${line}: ${problem}`);
  let columns: readonly string[] | undefined;
  const rows: z.output<typeof Row>[] = [];
  for (const [i, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim();
    const said = /^#\s*(\w+)\s*[:=]\s*(.+)$/.exec(line);
    if (said && (HEADERS as readonly string[]).includes(said[1]!)) header[said[1]!] = said[2]!.trim();
    if (line === "" || line.startsWith("#")) continue;
    const fields = line.split(line.includes(";") ? /\s*;\s*/ : line.includes(",") ? /\s*,\s*/ : /\s+/);
    if (!columns) {
      columns = columnsOf(fields, (problem) => refuse(i + 1, problem));
      continue;
    }
    rows.push(rowOf(fields, columns, (problem) => refuse(i + 1, problem)));
  }
  const given = header["formula"] ?? formula;
  if (given === undefined) throw refuse(1, 'the composition is needed, as in "# formula: LiNi0.5Mn0.3Co0.2O2".');
  const xEsd = header["x_esd"] === undefined ? 0.05 : Number(header["x_esd"]);
  if (!(xEsd >= 0 && xEsd < 1)) throw refuse(1, `x_esd is "${header["x_esd"]}"; needed is a number, as 0.02.`);
  return { formula: given, source: header["source"] ?? "the user's table", x_esd: xEsd, rows };
}

function columnsOf(fields: readonly string[], refuse: (problem: string) => InputError): string[] {
  const names = fields.map((field) => field.toLowerCase().replace(/[ ([].*$/, ""));
  const missing = ["x", "a", "c"].filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw refuse(
      `the names of the columns are needed first, x, a and c among them; found "${fields.join(", ").slice(0, 60)}".`,
    );
  }
  const twice = names.find(
    (column, i) => names.indexOf(column) !== i && (COLUMNS as readonly string[]).includes(column),
  );
  if (twice !== undefined) throw refuse(`two columns are called ${twice}.`);
  return names;
}

function rowOf(
  fields: readonly string[],
  columns: readonly string[],
  refuse: (problem: string) => InputError,
): z.output<typeof Row> {
  const value = (column: string): number | undefined => {
    const at = columns.indexOf(column);
    if (at < 0) return undefined;
    const number = fields[at] === undefined || fields[at] === "" ? Number.NaN : Number(fields[at]);
    if (Number.isFinite(number)) return number;
    throw refuse(`${column} is "${(fields[at] ?? "").slice(0, 30)}"; a number is needed.`);
  };
  const [x, a, c, sigmaA, sigmaC] = COLUMNS.map(value);
  return {
    x: x!,
    a: a!,
    c: c!,
    ...(sigmaA !== undefined && { sigma_a: sigmaA }),
    ...(sigmaC !== undefined && { sigma_c: sigmaC }),
  };
}
