/**
 * Columns of numbers from text as people and programs write them: blanks, tabs, commas or semicolons between them,
 * decimal commas, Fortran exponents (1.0D+03), comments, headers, blank lines.
 */
import { InputError } from "../data/index.ts";

export interface NumberRows {
  /** all with at least two numbers */
  readonly rows: readonly (readonly number[])[];
  /** lines above the numbers that are not numbers, comment marks taken off */
  readonly head: readonly string[];
}

const COMMENT = /^\s*(?:[#!%;'"/]|$)/;
/** How many lines that are not numbers a file may have below its first row: a footer, a note. */
const MAX_STRAY_SHARE = 0.01;

/** Ten times what the finest detectors give; each point takes some 100 bytes while it is read. */
export const MOST_POINTS = 2_000_000;

export const tooManyPoints = (name: string, points: number): InputError =>
  new InputError(
    "pattern-too-large",
    `${name}: ${points} lines of numbers; a pattern has ${MOST_POINTS} points at most. Is this a table of something else? Else take fewer bins.`,
  );

/** @throws InputError "pattern-empty" | "pattern-not-numbers" | "pattern-too-large" */
export function readNumberRows(text: string, name: string): NumberRows {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > MOST_POINTS) throw tooManyPoints(name, lines.length);
  const split = splitterOf(lines);
  const rows: number[][] = [];
  const head: string[] = [];
  const stray: number[] = [];
  lines.forEach((line, i) => {
    if (COMMENT.test(line)) {
      if (rows.length === 0 && line.trim()) head.push(line.replace(/^[\s#!%;'"/@]+/, ""));
      return;
    }
    const row = split(line);
    if (row.length >= 2 && row.every((value) => !Number.isNaN(value))) rows.push(row);
    else if (rows.length === 0) head.push(line.trim());
    else stray.push(i);
  });
  if (rows.length === 0) {
    throw new InputError(
      "pattern-empty",
      `${name}: no pattern found: needed are lines of two or three numbers (position, intensity, sigma), found ${firstLine(lines)}.`,
    );
  }
  if (stray.length > 1 + MAX_STRAY_SHARE * rows.length) {
    const at = stray[0]!;
    throw new InputError(
      "pattern-not-numbers",
      `${name}, line ${at + 1}: not numbers: "${lines[at]!.trim().slice(0, 60)}" (and ${stray.length - 1} lines more). Needed are lines of two or three numbers; begin comments with #.`,
    );
  }
  return { rows, head };
}

/** How this file divides its columns, seen from its lines of numbers. */
function splitterOf(lines: readonly string[]): (line: string) => number[] {
  const sample = lines.filter((line) => /^\s*[-+]?[.,]?\d/.test(line)).slice(0, 50);
  const most = (test: RegExp): boolean => sample.filter((line) => test.test(line)).length > sample.length / 2;
  // "5,01 7300,0" and "5,01;7300,0": commas are decimal where something else divides the columns
  const isSemicolon = most(/;/);
  const isDecimalComma = most(/\d,\d+\s*[;\t ]\s*[-+]?\d+(?:,\d+)?/) && !most(/\d\.\d/);
  const divider = isSemicolon ? /\s*;\s*/ : isDecimalComma ? /\s+/ : /\s*,\s*|\s+/;
  return (line) =>
    line
      .trim()
      .replace(/[,;]\s*$/, "")
      .split(divider)
      .map((field) => toNumber(isDecimalComma ? field.replace(",", ".") : field));
}

const FORTRAN = /^([-+]?[\d.]+)[dD]([-+]?\d+)$/;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

/** NaN where the field is not a number; "nan" in a file is not a number either, and 1e999 is none that there is. */
function toNumber(field: string): number {
  const fortran = FORTRAN.exec(field);
  const value = fortran ? Number(`${fortran[1]}e${fortran[2]}`) : NUMBER.test(field) ? Number(field) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** What a file without numbers begins with, for its message; bytes would only spoil the terminal. */
function firstLine(lines: readonly string[]): string {
  const first = lines
    .find((line) => line.trim())
    ?.trim()
    .slice(0, 60);
  if (first === undefined) return "nothing";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what it looks for
  return /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/.test(first) ? "bytes that are no text" : `"${first}"`;
}
