/**
 * The directions in which many rows mostly lie: right singular vectors of the largest singular values, by iterating a
 * block of vectors with the rows and their transpose.
 *
 * Source: Halko, Martinsson & Tropp, SIAM Review 53 (2011) 217 (the start and the oversampling); Golub & Van Loan,
 * Matrix Computations (2013), 8.2 and 8.5 (subspace iteration, Jacobi's rotations).
 */
import { hashUnit } from "./low-discrepancy.ts";
import { orthonormalise } from "./orthonormal.ts";

export interface LeadingDirections {
  /** [count, n] orthonormal, the largest first; all 0 where the rows span fewer */
  readonly vectors: Float64Array;
  /** [count] singular values */
  readonly values: Float64Array;
}

/** Vectors carried along beyond those asked for. */
const EXTRA = 12;
const ROUNDS = 3;

/**
 * @param rows [rowCount, n]
 * @param count how many directions
 */
export function leadingDirections(rows: Float64Array, n: number, count: number): LeadingDirections {
  const rowCount = rows.length / n;
  const width = Math.min(count + EXTRA, n, rowCount);
  let block = startBlock(n, width);
  for (let round = 0; round < ROUNDS; round++) block = orthonormalBlock(applyNormal(rows, n, block, width), n);
  const found = block.length / n;
  const images = new Float64Array(found * found);
  gramOfImages(rows, n, block, found, images);
  const { vectors: turns, values } = symmetricEigen(images, found);
  const out = { vectors: new Float64Array(count * n), values: new Float64Array(count) };
  for (let k = 0; k < Math.min(count, found); k++) {
    const value = Math.sqrt(Math.max(0, values[k]!));
    if (!(value > 0)) break;
    out.values[k] = value;
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let c = 0; c < found; c++) sum += turns[c * found + k]! * block[c * n + j]!;
      out.vectors[k * n + j] = sum;
    }
  }
  return out;
}

/** [width, n] numbers that no row is likely to be orthogonal to, the same each time. */
function startBlock(n: number, width: number): Float64Array {
  const out = new Float64Array(width * n);
  for (let i = 0; i < out.length; i++) out[i] = 2 * hashUnit(i) - 1;
  return out;
}

const orthonormalBlock = (block: Float64Array, n: number): Float64Array =>
  orthonormalise(
    Array.from({ length: block.length / n }, (_, c) => block.subarray(c * n, (c + 1) * n)),
    n,
  );

/** rows^T rows block^T, as [width, n]; four rows at a time, as the loops wait for memory. */
function applyNormal(rows: Float64Array, n: number, block: Float64Array, width: number): Float64Array {
  const found = block.length / n;
  const vectors = transpose(block, found, n);
  const sums = new Float64Array(n * found);
  const images = Array.from({ length: 4 }, () => new Float64Array(found)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [i0, i1, i2, i3] = images;
  for (let at = 0; at < rows.length; at += 4 * n) {
    images.forEach((image, r) => {
      if (at + r * n < rows.length) imageOf(rows, at + r * n, n, vectors, found, image);
      else image.fill(0);
    });
    const last = rows.length - n;
    const [b, c, d] = [Math.min(last, at + n), Math.min(last, at + 2 * n), Math.min(last, at + 3 * n)];
    for (let j = 0; j < n; j++) {
      const v0 = rows[at + j]!;
      const v1 = rows[b + j]!;
      const v2 = rows[c + j]!;
      const v3 = rows[d + j]!;
      const to = j * found;
      for (let k = 0; k < found; k++) sums[to + k]! += v0 * i0[k]! + v1 * i1[k]! + v2 * i2[k]! + v3 * i3[k]!;
    }
  }
  return transpose(sums, n, Math.min(found, width));
}

/** [found] products of one row with every vector, four channels at a time. */
function imageOf(
  rows: Float64Array,
  at: number,
  n: number,
  vectors: Float64Array,
  found: number,
  image: Float64Array,
): void {
  image.fill(0);
  let j = 0;
  for (; j + 3 < n; j += 4) {
    const a = rows[at + j]!;
    const b = rows[at + j + 1]!;
    const c = rows[at + j + 2]!;
    const d = rows[at + j + 3]!;
    if (a === 0 && b === 0 && c === 0 && d === 0) continue;
    const from = j * found;
    for (let k = 0; k < found; k++) {
      image[k]! +=
        a * vectors[from + k]! +
        b * vectors[from + found + k]! +
        c * vectors[from + 2 * found + k]! +
        d * vectors[from + 3 * found + k]!;
    }
  }
  for (; j < n; j++) {
    const value = rows[at + j]!;
    for (let k = 0; k < found; k++) image[k]! += value * vectors[j * found + k]!;
  }
}

function gramOfImages(rows: Float64Array, n: number, block: Float64Array, found: number, out: Float64Array): void {
  const vectors = transpose(block, found, n);
  const image = new Float64Array(found);
  for (let at = 0; at < rows.length; at += n) {
    imageOf(rows, at, n, vectors, found, image);
    for (let p = 0; p < found; p++) {
      for (let q = 0; q < found; q++) out[p * found + q]! += image[p]! * image[q]!;
    }
  }
}

function transpose(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = matrix[i * columns + j]!;
  return out;
}

const SWEEPS = 30;

/**
 * Eigenvalues, the largest first, and eigenvectors [n, n] in columns of a symmetric matrix [n, n], by Jacobi's rotations.
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { readonly vectors: Float64Array; readonly values: Float64Array } {
  const a = matrix.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = false;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (rotate(a, v, n, p, q)) moved = true;
    if (!moved) break;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors[i * n + to] = v[i * n + from]!;
  });
  return { vectors, values: Float64Array.from(order, (i) => a[i * n + i]!) };
}

/** One rotation that makes a[p, q] 0. @returns false where it is as good as 0 */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): boolean {
  const off = a[p * n + q]!;
  const limit = 1e-15 * Math.sqrt(Math.abs(a[p * n + p]! * a[q * n + q]!));
  if (!(Math.abs(off) > limit)) return false;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(t * t + 1);
  const sine = t * cosine;
  for (let i = 0; i < n; i++) {
    const ip = a[i * n + p]!;
    const iq = a[i * n + q]!;
    a[i * n + p] = cosine * ip - sine * iq;
    a[i * n + q] = sine * ip + cosine * iq;
  }
  for (let i = 0; i < n; i++) {
    const pi = a[p * n + i]!;
    const qi = a[q * n + i]!;
    a[p * n + i] = cosine * pi - sine * qi;
    a[q * n + i] = sine * pi + cosine * qi;
    const vp = v[i * n + p]!;
    const vq = v[i * n + q]!;
    v[i * n + p] = cosine * vp - sine * vq;
    v[i * n + q] = sine * vp + cosine * vq;
  }
  return true;
}
