/** What symmetry leaves free to refine: cell parameters and directions in which a site can move. */
import { cellVolume } from "./cell.ts";
import { siteSymmetry } from "./site-symmetry.ts";
import type { Cell, Structure } from "./structure.ts";
import type { SiteDirection } from "./structure-factors.ts";
import { parseOperation, uniqueRotations } from "./symmetry.ts";

const RAD = Math.PI / 180;
const CELL_NAMES = ["a", "b", "c", "alpha", "beta", "gamma"] as const;
export type CellParameter = (typeof CELL_NAMES)[number];

export interface CellFreedom {
  /** the independent ones, in the order a b c alpha beta gamma */
  readonly names: readonly CellParameter[];
  /** [k] angstrom and degrees */
  readonly values: Float64Array;
  /** [6 x k] */
  readonly matrix: Float64Array;
  /** [6]; a b c alpha beta gamma = matrix . values + constant */
  readonly constant: Float64Array;
}

/**
 * The cell parameters that the operations leave free, and how the six follow from them: in hexagonal axes a and c,
 * with b = a and gamma = 120 deg.
 *
 * The metrics that the rotations leave unchanged form a linear space; the cell parameters are linearised on it at the
 * structure's own cell (brought into that space), which is exact in every setting of the International Tables.
 *
 * @throws InputError "bad-cell" | "bad-symmetry-operation"
 */
export function cellFreedom(structure: Structure): CellFreedom {
  const rotations = uniqueRotations(structure.operations.map(parseOperation));
  const metric = averageMetric(metricOf(structure.cell), rotations);
  const cell = cellOfMetric(metric);
  const rows: number[][] = [];
  for (let m = 0; m < 6; m++) {
    const unit = [0, 0, 0, 0, 0, 0];
    unit[m] = 1;
    rows.push(cellChange(metric, averageMetric(unit, rotations)));
  }
  const { pivots, reduced } = reduceRows(rows, [cell[0]!, cell[1]!, cell[2]!, 90, 90, 90]);
  const values = Float64Array.from(pivots, (at) => cell[at]!);
  const matrix = new Float64Array(6 * pivots.length);
  const constant = new Float64Array(6);
  for (let row = 0; row < 6; row++) {
    let follows = 0;
    pivots.forEach((_, k) => {
      const share = snap(reduced[k]![row]!);
      matrix[row * pivots.length + k] = share;
      follows += share * values[k]!;
    });
    constant[row] = snap(cell[row]! - follows);
  }
  return { names: pivots.map((at) => CELL_NAMES[at]!), values, matrix, constant };
}

/**
 * Where a site may move without leaving its special position: none for a fixed one, { x, [1, 2, 0] } for x, 2x, z.
 * A step along a direction changes the coordinate it is named after by as much.
 *
 * @throws InputError "bad-symmetry-operation"
 */
export function siteFreedom(
  structure: Structure,
  site: number,
): readonly { readonly name: "x" | "y" | "z"; readonly direction: SiteDirection }[] {
  const { x, y, z } = structure.sites[site]!;
  const { projection: p } = siteSymmetry([x, y, z], structure.operations.map(parseOperation));
  const columns = [0, 1, 2].map((j) => [p[j]!, p[3 + j]!, p[6 + j]!]);
  const { pivots, reduced } = reduceRows(columns, [1, 1, 1]);
  return pivots.map((axis, k) => {
    const [dx, dy, dz] = reduced[k]!.map(snap) as [number, number, number];
    return { name: (["x", "y", "z"] as const)[axis]!, direction: [dx, dy, dz] };
  });
}

/**
 * 1/d^2 of a reflection, 1/angstrom^2, and its derivatives.
 *
 * d(1/d^2) = -u dG u with u = G* h, from d(G*) = -G* dG G*.
 *
 * @param out6 filled: by a, b, c per angstrom, by alpha, beta, gamma per degree
 */
export function inverseDSquaredGradient(cell: Cell, h: number, k: number, l: number, out6: Float64Array): number {
  const { a, b, c } = cell;
  const [ca, cb, cg] = [Math.cos(cell.alpha * RAD), Math.cos(cell.beta * RAD), Math.cos(cell.gamma * RAD)];
  const [sa, sb, sg] = [Math.sin(cell.alpha * RAD), Math.sin(cell.beta * RAD), Math.sin(cell.gamma * RAD)];
  // h/a, k/b, l/c and the metric of the unit vectors: u_i = w_i / a_i
  const [p, q, r] = [h / a, k / b, l / c];
  const volume = 1 - ca * ca - cb * cb - cg * cg + 2 * ca * cb * cg;
  const wa = (p * sa * sa + q * (ca * cb - cg) + r * (ca * cg - cb)) / volume;
  const wb = (p * (ca * cb - cg) + q * sb * sb + r * (cb * cg - ca)) / volume;
  const wc = (p * (ca * cg - cb) + q * (cb * cg - ca) + r * sg * sg) / volume;
  out6[0] = (-2 * wa * (wa + wb * cg + wc * cb)) / a;
  out6[1] = (-2 * wb * (wb + wa * cg + wc * ca)) / b;
  out6[2] = (-2 * wc * (wc + wa * cb + wb * ca)) / c;
  out6[3] = 2 * wb * wc * sa * RAD;
  out6[4] = 2 * wa * wc * sb * RAD;
  out6[5] = 2 * wa * wb * sg * RAD;
  return p * wa + q * wb + r * wc;
}

/** g11 g22 g33 g23 g13 g12. @throws InputError "bad-cell" */
function metricOf(cell: Cell): number[] {
  cellVolume(cell);
  const { a, b, c, alpha, beta, gamma } = cell;
  const cosine = (angle: number): number => Math.cos(angle * RAD);
  return [a * a, b * b, c * c, b * c * cosine(alpha), a * c * cosine(beta), a * b * cosine(gamma)];
}

function cellOfMetric([aa, bb, cc, bc, ac, ab]: readonly number[]): number[] {
  const [a, b, c] = [Math.sqrt(aa!), Math.sqrt(bb!), Math.sqrt(cc!)];
  const angle = (product: number): number => Math.acos(product) / RAD;
  return [a, b, c, angle(bc! / (b * c)), angle(ac! / (a * c)), angle(ab! / (a * b))];
}

/** Change of a b c alpha beta gamma with a small change of the metric: the derivative of cellOfMetric. */
function cellChange(metric: readonly number[], change: readonly number[]): number[] {
  const lengths = [0, 1, 2].map((i) => Math.sqrt(metric[i]!));
  const lengthChanges = lengths.map((length, i) => change[i]! / (2 * length));
  const angleChanges = (
    [
      [1, 2],
      [0, 2],
      [0, 1],
    ] as const
  ).map(([i, j], at) => {
    const product = lengths[i]! * lengths[j]!;
    const cosine = metric[3 + at]! / product;
    const cosineChange =
      change[3 + at]! / product - cosine * (lengthChanges[i]! / lengths[i]! + lengthChanges[j]! / lengths[j]!);
    return -cosineChange / Math.sqrt(1 - cosine * cosine) / RAD;
  });
  return [...lengthChanges, ...angleChanges];
}

/** Mean of R' G R over the rotations. */
function averageMetric(metric: readonly number[], rotations: readonly (readonly number[])[]): number[] {
  const [g11, g22, g33, g23, g13, g12] = metric;
  const full = [g11!, g12!, g13!, g12!, g22!, g23!, g13!, g23!, g33!];
  const mean = new Array<number>(9).fill(0);
  for (const r of rotations) {
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++)
        for (let m = 0; m < 3; m++)
          for (let n = 0; n < 3; n++) {
            mean[i * 3 + j]! += (r[m * 3 + i]! * full[m * 3 + n]! * r[n * 3 + j]!) / rotations.length;
          }
  }
  return [mean[0]!, mean[4]!, mean[8]!, mean[5]!, mean[2]!, mean[1]!];
}

/** Reduced row echelon form: pivot columns from the left, the largest row first. @param scale [column] what is large */
function reduceRows(
  rows: readonly (readonly number[])[],
  scale: readonly number[],
): { pivots: number[]; reduced: number[][] } {
  const left = rows.map((row) => [...row]);
  // rounding of the averages stays far below this, and what symmetry leaves free far above
  const limit = 1e-9 * Math.max(...rows.flatMap((row) => row.map((value, col) => Math.abs(value) / scale[col]!)), 1e-3);
  const pivots: number[] = [];
  for (let col = 0; col < scale.length && pivots.length < left.length; col++) {
    const top = pivots.length;
    let best = top;
    for (let row = top; row < left.length; row++)
      if (Math.abs(left[row]![col]!) > Math.abs(left[best]![col]!)) best = row;
    const pivot = left[best]!;
    if (Math.abs(pivot[col]!) <= limit * scale[col]!) continue;
    left[best] = left[top]!;
    const value = pivot[col]!;
    left[top] = pivot.map((entry) => entry / value);
    for (let row = 0; row < left.length; row++) {
      const factor = left[row]![col]!;
      if (row === top || factor === 0) continue;
      left[row] = left[row]!.map((entry, at) => entry - factor * left[top]![at]!);
    }
    pivots.push(col);
  }
  return { pivots, reduced: left.slice(0, pivots.length) };
}

/** Rounding left behind by the averages: 1, 0, -1, 1/2, 90, 120 as they are. */
const snap = (value: number): number => {
  const near = Math.round(value * 12) / 12;
  return Math.abs(near - value) < 1e-9 * Math.max(1, Math.abs(near)) ? near + 0 : value;
};
