/**
 * Where the operations of a group carry a position: its images, those that coincide, and how it may move.
 *
 * The operations that leave a position where it is (its stabiliser) average to a projection x -> P x + q onto the
 * special position, exact for every coordinate that a CIF rounds.
 */
import { applyOperation, type SymmetryOperation } from "./symmetry.ts";

/**
 * CIFs write 0.333 and 0.667 for a third, whose images differ by 0.001 (and rounding): images closer than this, in
 * fractions of the cell, are one atom.
 */
const SAME_POSITION = 2e-3;

export interface SiteSymmetry {
  /** [9] row-major, P */
  readonly projection: Float64Array;
  /** [3] q, fractions of the cell */
  readonly shift: Float64Array;
  /** the operations that leave the position where it is */
  readonly stabiliser: readonly SymmetryOperation[];
  /** one operation for each distinct image; as many as the site's multiplicity */
  readonly cosets: readonly SymmetryOperation[];
}

/** @param x [3] fractions of the cell */
export function siteSymmetry(x: readonly number[], operations: readonly SymmetryOperation[]): SiteSymmetry {
  const projection = new Float64Array(9);
  const shift = new Float64Array(3);
  const stabiliser = operations.filter((operation) => isSamePosition(applyOperation(operation, x), x));
  for (const operation of stabiliser) {
    const image = applyOperation(operation, x);
    for (let i = 0; i < 9; i++) projection[i]! += operation.rotation[i]! / stabiliser.length;
    for (let i = 0; i < 3; i++) {
      shift[i]! += (operation.translation[i]! - Math.round(image[i]! - x[i]!)) / stabiliser.length;
    }
  }
  const special = projectPosition({ projection, shift }, x);
  const cosets: SymmetryOperation[] = [];
  const images: number[][] = [];
  for (const operation of operations) {
    const image = applyOperation(operation, special);
    if (images.some((other) => isSamePosition(other, image))) continue;
    images.push(image);
    cosets.push(operation);
  }
  return { projection, shift, stabiliser, cosets };
}

/** P x + q: the position moved onto the special position that it is close to. */
export function projectPosition(
  { projection: p, shift }: Pick<SiteSymmetry, "projection" | "shift">,
  x: readonly number[],
): [number, number, number] {
  return [
    p[0]! * x[0]! + p[1]! * x[1]! + p[2]! * x[2]! + shift[0]!,
    p[3]! * x[0]! + p[4]! * x[1]! + p[5]! * x[2]! + shift[1]!,
    p[6]! * x[0]! + p[7]! * x[1]! + p[8]! * x[2]! + shift[2]!,
  ];
}

function isSamePosition(p: readonly number[], q: readonly number[]): boolean {
  for (let i = 0; i < 3; i++) {
    const difference = p[i]! - q[i]!;
    if (Math.abs(difference - Math.round(difference)) > SAME_POSITION) return false;
  }
  return true;
}
