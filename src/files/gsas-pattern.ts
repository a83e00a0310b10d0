/**
 * Powder patterns in GSAS format: a title, a BANK line, and numbers. Constant-wavelength data in the types FXYE, FXY,
 * ESD, STD and ALT are read; angles are centidegrees.
 *
 * Source: GSAS manual (Larson & Von Dreele, LAUR 86-748), "Powder data file format".
 */
import { InputError, type Pattern } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";

const BANK = /^BANK\s+\d+.*$/m;

export const hasBankLine = (text: string): boolean => BANK.test(text);

/**
 * The first bank of the file, in degrees two-theta.
 *
 * @throws InputError "pattern-unsupported" | "pattern-truncated" | "pattern-not-numbers" | "pattern-not-ascending"
 */
export function parseGsasPattern(text: string, name: string): Pattern {
  const bank = BANK.exec(text);
  if (!bank) throw unsupported(name, "no BANK line");
  const words = bank[0].trim().split(/\s+/);
  const count = Number(words[2]);
  const binning = (words[4] ?? "").toUpperCase();
  const type =
    words
      .slice(5)
      .find((word) => /^[A-Z]/i.test(word))
      ?.toUpperCase() ?? "STD";
  if (!(Number.isInteger(count) && count > 0 && count < 1e8)) throw unsupported(name, `"${bank[0].trim()}"`);
  const lines = bodyLines(text.slice(bank.index + bank[0].length));
  const points = TYPES[type]?.(lines, count);
  if (!points) throw unsupported(name, `data of type ${type}`);
  const own = type.startsWith("FXY");
  if (!own && !/^CONS/.test(binning)) throw unsupported(name, `binning of type ${binning || "(none)"}`);
  const [start, step] = [Number(words[5]), Number(words[6])];
  if (!own && !(Number.isFinite(start) && step > 0)) throw unsupported(name, `"${bank[0].trim()}"`);
  if (points.length < count) {
    throw new InputError(
      "pattern-truncated",
      `${name}: the file ends too early: found ${points.length} points, the BANK line promises ${count}. Copy it again.`,
    );
  }
  const values = Float64Array.from(points, (point, i) => (own ? point.x : start + i * step) / 100);
  const bad = points.findIndex(
    (point, i) => !Number.isFinite(point.y + point.sigma + values[i]!) || (i > 0 && !(values[i]! > values[i - 1]!)),
  );
  if (bad >= 0) {
    throw new InputError(
      "pattern-not-numbers",
      `${name}: point ${bad + 1} of ${count} is not a number, or not above the one before (${values[bad]}°, ${points[bad]!.y}). The file is damaged.`,
    );
  }
  return {
    axis: { unit: "two-theta", values },
    intensity: Float64Array.from(points, (point) => point.y),
    sigma: Float64Array.from(points, (point) => point.sigma),
  };
}

interface Point {
  /** centidegrees, where the file has it */
  readonly x: number;
  readonly y: number;
  readonly sigma: number;
}

/** The lines up to the next bank. */
function bodyLines(text: string): string[] {
  const next = BANK.exec(text);
  return (next ? text.slice(0, next.index) : text)
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() && !/^\s*#/.test(line));
}

const TYPES: Record<string, (lines: readonly string[], count: number) => Point[]> = lookupTable({
  FXYE: (lines, count) => columns(lines, count).map(([x, y, sigma]) => ({ x: x!, y: y!, sigma: sigma ?? Number.NaN })),
  FXY: (lines, count) => columns(lines, count).map(([x, y]) => ({ x: x!, y: y!, sigma: Math.sqrt(Math.max(y!, 1)) })),
  /** ten points a line: how many detectors saw it in two places, the counts in six */
  STD: (lines, count) =>
    fields(lines, 8, count).map((field) => {
      const detectors = Number(field.slice(0, 2).trim() || 1) || 1;
      const y = Number(field.slice(2));
      // the counts are a mean over the detectors; an empty bin is uncertain by one count
      return { x: Number.NaN, y, sigma: Math.sqrt(Math.max(y, 1) / detectors) };
    }),
  /** five pairs a line: intensity and sigma in eight places each */
  ESD: (lines, count) => {
    const numbers = fields(lines, 8, 2 * count).map(Number);
    return Array.from({ length: numbers.length >> 1 }, (_, i) => ({
      x: Number.NaN,
      y: numbers[2 * i]!,
      sigma: numbers[2 * i + 1]!,
    }));
  },
});

function columns(lines: readonly string[], count: number): number[][] {
  return lines.slice(0, count).map((line) =>
    line
      .trim()
      .split(/[\s,]+/)
      .map(Number),
  );
}

function fields(lines: readonly string[], width: number, count: number): string[] {
  const out: string[] = [];
  for (const line of lines) {
    for (let at = 0; at < 80 && at < line.length && out.length < count; at += width) {
      const field = line.slice(at, at + width);
      if (field.trim()) out.push(field);
    }
  }
  return out;
}

const unsupported = (name: string, what: string): InputError =>
  new InputError(
    "pattern-unsupported",
    `${name}: GSAS data with ${what} are not read. Constant-wavelength FXYE, FXY, ESD and STD are; convert the file to .xye.`,
  );
