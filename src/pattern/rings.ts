/**
 * Which reflections of a phase fall on one ring: inequivalent ones whose spacings are equal whatever the cell is
 * (cubic 333 and 511), and ones so close that a pattern cannot tell their intensities apart.
 */
import { type CellFreedom, cellFreedom, inverseDSquared, reciprocalMetric, type Structure } from "../crystal/index.ts";

interface Indices {
  readonly h: number;
  readonly k: number;
  readonly l: number;
}

/** Relative difference of 1/d^2 below which two spacings are one; rounding stays far below it. */
const EQUAL = 1e-10;
/** Difference of two-theta below which two lines have one intensity, degrees: a tenth of the sharpest lines' width. */
const INSEPARABLE_DEG = 5e-4;

/**
 * Ring of each reflection, counted from 0 in the order of the list: reflections share one if their spacings are equal
 * in the structure's cell and in others of its symmetry, which only an identity can bring about.
 *
 * @returns [reflection]
 */
export function ringsOf(structure: Structure, list: readonly Indices[]): Int32Array {
  const freedom = cellFreedom(structure);
  const cells = [0, 1, 2, 3].map((k) => inverses(freedom, k, list));
  const first: number[] = [];
  return Int32Array.from(list, (_, r) => {
    // the list runs by spacing, so those that could be equal are the last ones
    for (let ring = first.length - 1; ring >= 0; ring--) {
      const other = first[ring]!;
      if (!isEqual(cells[0]!, r, other)) break;
      if (cells.every((inverse) => isEqual(inverse, r, other))) return ring;
    }
    return first.push(r) - 1;
  });
}

const isEqual = (inverse: Float64Array, p: number, q: number): boolean =>
  Math.abs(inverse[p]! - inverse[q]!) < EQUAL * inverse[p]!;

/** 1/d^2 in a cell that departs from the structure's own (k = 0) by up to 0.1 %, in no simple proportion. */
function inverses(freedom: CellFreedom, k: number, list: readonly Indices[]): Float64Array {
  const values = freedom.values.map((value, i) => value * (1 + 0.001 * Math.sin(k * (i + 1) * Math.SQRT2)));
  const cell = freedom.constant.map((value, row) =>
    values.reduce((sum, v, i) => sum + freedom.matrix[row * values.length + i]! * v, value),
  );
  const [a, b, c, alpha, beta, gamma] = cell as unknown as [number, number, number, number, number, number];
  const metric = reciprocalMetric({ a, b, c, alpha, beta, gamma });
  return Float64Array.from(list, (r) => inverseDSquared(metric, r.h, r.k, r.l));
}

/**
 * Group of each reflection whose intensity is one parameter of a Pawley phase: those on one ring, and those closer than
 * 0.0005 degrees of two-theta in the structure's own cell. Two columns that are the same, or nearly, would leave the
 * normal matrix without an inverse.
 *
 * @returns [reflection] counted from 0
 */
export function pawleyGroups(
  structure: Structure,
  list: readonly (Indices & { readonly dA: number })[],
  wavelengthA: number,
): Int32Array {
  const rings = ringsOf(structure, list);
  const groupOfRing: number[] = [];
  let groups = 0;
  let start = Number.NEGATIVE_INFINITY;
  return Int32Array.from(list, ({ dA }, r) => {
    const known = groupOfRing[rings[r]!];
    if (known !== undefined) return known;
    const twoTheta = (360 / Math.PI) * Math.asin(Math.min(1, wavelengthA / (2 * dA)));
    if (!(twoTheta - start < INSEPARABLE_DEG)) {
      start = twoTheta;
      groups++;
    }
    groupOfRing[rings[r]!] = groups - 1;
    return groups - 1;
  });
}
