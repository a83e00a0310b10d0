/**
 * Symmetry operations as coordinate triplets: x' = R x + t.
 *
 * Translations are kept modulo 1 and snapped to 1/24 (which holds every translation of the 230 groups), so that
 * 0.3333 in a CIF is one third and two operations can be compared exactly.
 */
import { InputError } from "../data/index.ts";

export interface SymmetryOperation {
  /** [9] row-major, of -1, 0, 1 in the usual settings */
  readonly rotation: readonly number[];
  /** [3] fractions of the cell, 0 to 1 */
  readonly translation: readonly number[];
}

const AXES = "xyz";

/**
 * An operation from a triplet such as "-x+y, -x+1/3, z+0.3333".
 *
 * @throws InputError "bad-symmetry-operation"
 */
export function parseOperation(triplet: string): SymmetryOperation {
  const rows = triplet.toLowerCase().replace(/\s+/g, "").split(",");
  const rotation: number[] = [];
  const translation: number[] = [];
  if (rows.length !== 3) throw badOperation(triplet, `${rows.length} parts between commas`);
  for (const row of rows) {
    const { factors, shift } = parseRow(row, triplet);
    rotation.push(...factors);
    translation.push(snapTranslation(shift));
  }
  if (Math.abs(Math.abs(determinant(rotation)) - 1) > 1e-9) throw badOperation(triplet, "a determinant that is not 1");
  return { rotation, translation };
}

const TERM = /([+-]?)(?:(\d+\/\d+|\d*\.?\d+)\*?)?([xyz]?)/y;

function parseRow(row: string, triplet: string): { factors: number[]; shift: number } {
  const factors = [0, 0, 0];
  let shift = 0;
  let at = 0;
  while (at < row.length) {
    TERM.lastIndex = at;
    const match = TERM.exec(row);
    if (!match || match[0].length === 0 || (!match[2] && !match[3])) throw badOperation(triplet, `"${row}"`);
    if (at > 0 && !match[1]) throw badOperation(triplet, `"${row}"`);
    const value = (match[1] === "-" ? -1 : 1) * (match[2] ? parseFraction(match[2]) : 1);
    if (match[3]) factors[AXES.indexOf(match[3])]! += value;
    else shift += value;
    at += match[0].length;
  }
  if (!Number.isFinite(shift) || !factors.every(Number.isFinite)) throw badOperation(triplet, `"${row}"`);
  return { factors, shift };
}

function parseFraction(text: string): number {
  const [top, bottom = "1"] = text.split("/");
  return Number(top) / Number(bottom);
}

function badOperation(triplet: string, found: string): InputError {
  const shown = triplet.length > 60 ? `${triplet.slice(0, 60)}…` : triplet;
  return new InputError(
    "bad-symmetry-operation",
    `The symmetry operation "${shown}" cannot be read: found ${found}, needed three expressions in x, y, z such as "-x+y,-x,z+1/2".`,
  );
}

/** Modulo 1, and onto the nearest 1/24 where that is within rounding of a CIF (0.3333, 0.667). */
export function snapTranslation(value: number): number {
  const nearest = Math.round(value * 24) / 24;
  const exact = Math.abs(nearest - value) < 1e-3 ? nearest : value;
  const part = exact - Math.floor(exact);
  return part === 1 ? 0 : part;
}

/** The triplet of an operation, as the International Tables write it. */
export function formatOperation({ rotation, translation }: SymmetryOperation): string {
  return [0, 1, 2]
    .map((row) => {
      let text = "";
      for (let col = 0; col < 3; col++) {
        const factor = rotation[row * 3 + col]!;
        if (factor === 0) continue;
        const size = Math.abs(factor) === 1 ? "" : `${Math.abs(factor)}*`;
        text += `${factor < 0 ? "-" : text ? "+" : ""}${size}${AXES[col]}`;
      }
      return text + formatShift(translation[row]!);
    })
    .join(",");
}

function formatShift(value: number): string {
  if (value === 0) return "";
  for (const bottom of [2, 3, 4, 6, 8, 12, 24]) {
    const top = value * bottom;
    if (Math.abs(top - Math.round(top)) < 1e-9) return `+${Math.round(top)}/${bottom}`;
  }
  return `+${value}`;
}

/** first after second: x -> first(second(x)). */
export function composeOperations(first: SymmetryOperation, second: SymmetryOperation): SymmetryOperation {
  return {
    rotation: multiplyMatrices(first.rotation, second.rotation),
    translation: applyOperation(first, second.translation).map(snapTranslation),
  };
}

/** R x + t, not reduced to the cell. */
export function applyOperation({ rotation: r, translation: t }: SymmetryOperation, x: readonly number[]): number[] {
  return [0, 3, 6].map((row, i) => r[row]! * x[0]! + r[row + 1]! * x[1]! + r[row + 2]! * x[2]! + t[i]!);
}

/** [9] row-major. */
export function multiplyMatrices(p: readonly number[], q: readonly number[]): number[] {
  const out: number[] = [];
  for (let row = 0; row < 9; row += 3) {
    for (let col = 0; col < 3; col++) {
      out.push(p[row]! * q[col]! + p[row + 1]! * q[col + 3]! + p[row + 2]! * q[col + 6]!);
    }
  }
  return out;
}

const determinant = (m: readonly number[]): number =>
  m[0]! * (m[4]! * m[8]! - m[5]! * m[7]!) -
  m[1]! * (m[3]! * m[8]! - m[5]! * m[6]!) +
  m[2]! * (m[3]! * m[7]! - m[4]! * m[6]!);

/** The rotation parts without repeats: those of the point group, one for each coset of the centring. */
export function uniqueRotations(operations: readonly SymmetryOperation[]): (readonly number[])[] {
  return [...new Map(operations.map(({ rotation }) => [rotation.join(), rotation])).values()];
}

/** hkl of the reflection that R carries h k l to: the row vector h R. */
export function rotateIndex(r: readonly number[], h: number, k: number, l: number): [number, number, number] {
  return [h * r[0]! + k * r[3]! + l * r[6]!, h * r[1]! + k * r[4]! + l * r[7]!, h * r[2]! + k * r[5]! + l * r[8]!];
}
