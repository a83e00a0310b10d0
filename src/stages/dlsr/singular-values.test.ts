import { describe, expect, it } from "vitest";
import { halton, hashUnit } from "./low-discrepancy.ts";
import { norm, orthonormalise, projectOff } from "./orthonormal.ts";
import { leadingDirections, symmetricEigen } from "./singular-values.ts";

const N = 60;
const rowsOf = (count: number, seed: number): Float64Array[] =>
  Array.from({ length: count }, (_, r) =>
    Float64Array.from({ length: N }, (__, j) => hashUnit(seed + r * N + j) - 0.5),
  );
const dot = (p: Float64Array, q: Float64Array): number => p.reduce((sum, value, j) => sum + value * q[j]!, 0);
const rowOf = (all: Float64Array, r: number): Float64Array => all.slice(r * N, (r + 1) * N);

describe("leading directions of rows", () => {
  it("are those that the rows were made of, with their singular values", () => {
    const values = [40, 12, 5, 1, 0.3];
    const right = orthonormalise(rowsOf(values.length, 1), N);
    const count = 37;
    const left = orthonormalise(
      rowsOf(values.length, 5000).map((row) => row.slice(0, count)),
      count,
    );
    const rows = new Float64Array(count * N);
    values.forEach((value, s) => {
      for (let r = 0; r < count; r++) {
        for (let j = 0; j < N; j++) rows[r * N + j]! += value * left[s * count + r]! * right[s * N + j]!;
      }
    });
    const found = leadingDirections(rows, N, 8);
    values.forEach((value, s) => {
      expect(found.values[s]!).toBeCloseTo(value, 9);
      expect(Math.abs(dot(rowOf(found.vectors, s), rowOf(right, s)))).toBeCloseTo(1, 9);
    });
    for (let s = values.length; s < 8; s++) expect(found.values[s]!).toBeLessThan(1e-6);
  });

  it("are orthonormal where the rows leave no gap between singular values", () => {
    const rows = new Float64Array(50 * N);
    rowsOf(50, 9).forEach((row, r) => rows.set(row, r * N));
    const { vectors, values } = leadingDirections(rows, N, 10);
    for (let p = 0; p < 10; p++) {
      for (let q = 0; q < 10; q++) {
        expect(dot(rowOf(vectors, p), rowOf(vectors, q))).toBeCloseTo(p === q ? 1 : 0, 10);
      }
      if (p > 0) expect(values[p]!).toBeLessThanOrEqual(values[p - 1]!);
    }
  });
});

describe("eigenvalues of a symmetric matrix", () => {
  it("are those of one that is known", () => {
    // second differences with fixed ends: 2 - 2 cos(k pi / (n + 1))
    const n = 9;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      matrix[i * n + i] = 2;
      if (i > 0) {
        matrix[i * n + i - 1] = -1;
        matrix[(i - 1) * n + i] = -1;
      }
    }
    const { values, vectors } = symmetricEigen(matrix, n);
    values.forEach((value, k) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)), 12));
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < n; i++) {
        let image = 0;
        for (let j = 0; j < n; j++) image += matrix[i * n + j]! * vectors[j * n + k]!;
        expect(image).toBeCloseTo(values[k]! * vectors[i * n + k]!, 11);
      }
    }
  });
});

describe("orthonormal rows", () => {
  it("leave out what depends on those before, and keep those given first", () => {
    const [a, b] = rowsOf(2, 3) as [Float64Array, Float64Array];
    const given = orthonormalise([a], N);
    const all = orthonormalise([b, a.map((value, j) => 2 * value - b[j]!)], N, given);
    expect(all.length).toBe(2 * N);
    expect(rowOf(all, 0)).toEqual(given);
    const left = a.map((value, j) => 3 * value + b[j]!);
    projectOff(left, all, 2);
    expect(norm(left)).toBeLessThan(1e-12);
  });
});

describe("samples", () => {
  it("are Halton's first numbers", () => {
    expect([0, 1, 2, 3].map((s) => halton(s, 0))).toEqual([1 / 2, 1 / 4, 3 / 4, 1 / 8]);
    expect([0, 1, 2, 3].map((s) => halton(s, 1))).toEqual([1 / 3, 2 / 3, 1 / 9, 4 / 9]);
  });
  it("of the hash are uniform and not alike from one to the next", () => {
    const many = Array.from({ length: 4000 }, (_, i) => hashUnit(i));
    const mean = many.reduce((sum, value) => sum + value, 0) / 4000;
    const next = many.slice(1).reduce((sum, value, i) => sum + (value - 0.5) * (many[i]! - 0.5), 0) / 4000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
    expect(Math.abs(next)).toBeLessThan(0.005);
    expect(many.every((value) => value >= 0 && value < 1)).toBe(true);
  });
});
