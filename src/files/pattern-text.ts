/**
 * Powder patterns in text files: .xy, .xye, .dat, .txt, .csv, .chi (Fit2D, pyFAI), .plt, and GSAS files with BANK
 * lines (.fxye, .gsas, .gsa, .xra, .gda).
 *
 * The unit of the axis is found from the head of the file, else from its ending, else asked for: guessing between q
 * and two-theta would give wrong cells without a word.
 */
import { AXIS_LABELS, AXIS_UNITS, type AxisUnit, InputError, type Pattern } from "../data/index.ts";
import { hasBankLine, parseGsasPattern } from "./gsas-pattern.ts";
import { readNumberRows } from "./number-rows.ts";

export interface PatternTextOptions {
  /** unit of the first column; needed where the file does not say */
  readonly axis?: AxisUnit;
  /** The unit to take where neither head nor ending says: for programs that know it from elsewhere. */
  readonly otherwise?: AxisUnit;
}

/**
 * The first pattern in a text file. Columns: axis, intensity, sigma (where there are three); further columns are
 * not read.
 *
 * @param name what to call the file in messages; its ending helps to find the unit
 * @throws InputError "pattern-empty" | "pattern-not-numbers" | "pattern-axis-unknown" | "pattern-not-ascending"
 */
export function parsePattern(text: string, name: string, options: PatternTextOptions = {}): Pattern {
  if (hasBankLine(text)) return parseGsasPattern(text, name);
  const { rows, head } = readNumberRows(text, name);
  return patternOfRows(rows, head, name, options);
}

/**
 * A pattern from rows of numbers.
 *
 * @param head lines that may name the columns, the nearest to the numbers last
 * @throws InputError "pattern-empty" | "pattern-axis-unknown" | "pattern-not-ascending"
 */
export function patternOfRows(
  rows: readonly (readonly number[])[],
  head: readonly string[],
  name: string,
  options: PatternTextOptions,
): Pattern {
  if (rows.length === 0) throw new InputError("pattern-empty", `${name}: no pattern found: there is not one point.`);
  const found = findUnit(head, name);
  const unit = options.axis ?? found?.unit ?? options.otherwise;
  if (!unit) throw unknownUnit(name, rows[0]![0]!, rows.at(-1)![0]!);
  const scale = options.axis ? 1 : (found?.scale ?? 1);
  const hasSigma = rows[0]!.length === 3 && rows.every((row) => row.length === 3) && isSigma(rows, head);
  return makePattern(unit, rows, scale, hasSigma, name);
}

/** .xye: axis, intensity and sigma, with a head that says which unit it is. */
export function formatXye(pattern: Pattern, comments: readonly string[] = []): string {
  const { axis, intensity, sigma } = pattern;
  const lines = [
    ...comments.map((line) => `# ${line}`),
    `# ${COLUMN_NAMES[axis.unit]} intensity${sigma ? " sigma" : ""}`,
  ];
  axis.values.forEach((x, i) => {
    // A bin without a valid pixel is left out: other programs do not know NaN.
    if (!Number.isFinite(intensity[i]!)) return;
    lines.push([x, intensity[i]!, ...(sigma ? [sigma[i]!] : [])].map(shortest).join(" "));
  });
  return `${lines.join("\n")}\n`;
}

/** .csv: a header line with the unit, one line a bin. NaN is an empty field. */
export function formatPatternCsv(pattern: Pattern): string {
  const { axis, intensity, sigma } = pattern;
  const lines = [[COLUMN_NAMES[axis.unit], "intensity", ...(sigma ? ["sigma"] : [])].join(",")];
  axis.values.forEach((x, i) => {
    const fields = [x, intensity[i]!, ...(sigma ? [sigma[i]!] : [])];
    lines.push(fields.map((value) => (Number.isFinite(value) ? shortest(value) : "")).join(","));
  });
  return `${lines.join("\n")}\n`;
}

/** What each axis is called in the files we write; findUnit reads them back. */
export const COLUMN_NAMES: Record<AxisUnit, string> = {
  "two-theta": "two_theta_deg",
  q: "q_A^-1",
  radius: "radius_mm",
  "log-tan": "ln_tan_two_theta",
  channel: "channel",
};

/** float32 intensities have 7 to 9 digits; more would only look exact. Axes keep what they have. */
const shortest = (value: number): string => {
  const single = Math.fround(value);
  return single === value ? String(Number(value.toPrecision(9))) : String(value);
};

interface FoundUnit {
  readonly unit: AxisUnit;
  /** file's number to ours: 0.1 for q in 1/nm, 0.01 for centidegrees */
  readonly scale: number;
}

const HEADS: readonly (readonly [RegExp, FoundUnit])[] = [
  [/\bln[ _(]*tan/i, { unit: "log-tan", scale: 1 }],
  [/\bq(?: space)?[\s_[(/]*(?:1\/nm|nm\s*\^?\{?(?:-1|⁻¹)|inverse nanomet)/i, { unit: "q", scale: 0.1 }],
  [
    /\bq(?: space)?[\s_[(/]*(?:1\/(?:a|å)|(?:inv)?(?:a|å|angstroms?)\s*\^?\{?(?:-1|⁻¹)|inv(?:erse )?_?a)/i,
    { unit: "q", scale: 1 },
  ],
  [/\b2th_rad|2-?theta angle \(radian/i, { unit: "two-theta", scale: 180 / Math.PI }],
  [/\b2th_deg|two_theta_deg|(?:2|two)[ _-]*th(?:eta)?\b|2θ|\btth\b|twotheta/i, { unit: "two-theta", scale: 1 }],
  [/\br_mm|radius_mm|radial distance \(mm/i, { unit: "radius", scale: 1 }],
];

/** Endings that mean degrees of two-theta in the programs that write them. */
const TWO_THETA_ENDING = /\.(xye|plt|prn|raw|uxd)$/i;

function findUnit(head: readonly string[], name: string): FoundUnit | undefined {
  // The line next to the numbers names the columns; the lines above may talk of anything.
  for (const line of [...head].reverse()) {
    const found = HEADS.find(([pattern]) => pattern.test(line));
    if (found) return found[1];
  }
  return TWO_THETA_ENDING.test(name) ? { unit: "two-theta", scale: 1 } : undefined;
}

/** A third column is the uncertainty if it may be one: nowhere negative, and not all zero. */
function isSigma(rows: readonly (readonly number[])[], head: readonly string[]): boolean {
  const names = head.at(-1)?.toLowerCase() ?? "";
  if (/background|calc|fit\b/.test(names) && !/sigma|err|esd|std/.test(names)) return false;
  return rows.every((row) => !(row[2]! < 0)) && rows.some((row) => row[2]! > 0);
}

function makePattern(
  unit: AxisUnit,
  rows: readonly (readonly number[])[],
  scale: number,
  hasSigma: boolean,
  name: string,
): Pattern {
  const descending = rows.length > 1 && rows[0]![0]! > rows.at(-1)![0]!;
  const ordered = descending ? [...rows].reverse() : rows;
  const values = Float64Array.from(ordered, (row) => row[0]! * scale);
  for (let i = 0; i < values.length; i++) {
    if (i === 0 ? Number.isFinite(values[0]!) : values[i]! > values[i - 1]!) continue;
    throw new InputError(
      "pattern-not-ascending",
      `${name}: the first column does not go one way: point ${i + 1} is at ${values[i]} after ${values[i - 1]}. Needed is the axis, in one order, each position once.`,
    );
  }
  return {
    axis: { unit, values },
    intensity: Float64Array.from(ordered, (row) => row[1]!),
    ...(hasSigma && { sigma: Float64Array.from(ordered, (row) => row[2]!) }),
  };
}

function unknownUnit(name: string, first: number, last: number): InputError {
  const choices = AXIS_UNITS.map((unit) => `${unit} (${AXIS_LABELS[unit].unit || "no unit"})`).join(", ");
  return new InputError(
    "pattern-axis-unknown",
    `${name}: the file does not say what its first column is (${first} to ${last}). Say so with --axis: ${choices}.`,
  );
}
