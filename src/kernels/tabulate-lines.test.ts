import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import { createReferenceKernels, type Kernels } from "./index.ts";

const DEPTHS = 7;
const [FIRST, STEP, REACH] = [-6e-3, 2e-3, 0.9985];
const SLOPES = 2;
/** first u, nodes a unit, first node, nodes: two lines share a part */
const PARTS = [
  [0.08, 2000, 0, 90],
  [0.12, 1500, 90, 60],
  [0.08, 2000, 0, 90],
  [0.1, 2000, 10, 20],
  [0.1, 2000, 10, 20],
  [0.1, 2000, 10, 20],
] as const;
/** the last three are out of reach, too far and without intensity */
const TANGENTS = [0.1, 0.14, 0.103, Number.NaN, 0.112, 0.105];
const AREAS = [3, 0.5, 2, 1, 1, 0];
const CHANGES = [0.3, -0.1, 0.02, 1, 1, 1, 0, 0.5, -0.4, 1, 1, 1];
const LINES = PARTS.length;

/** cubics in u, which the table gives exactly */
const coefficients = (k: number): readonly number[] => [1 + k, 20 - 3 * k, 100 * Math.sin(k), 900 * Math.cos(k)];
const value = (k: number, u: number): number =>
  coefficients(k).reduce((sum, c, power) => sum + c * (u - 0.1) ** power, 0);
const slope = (k: number, u: number): number =>
  coefficients(k).reduce((sum, c, power) => (power === 0 ? sum : sum + power * c * (u - 0.1) ** (power - 1)), 0);

function run(kernels: Kernels, terms: number, slopes: number, fill?: () => number): Float32Array {
  const { arena } = kernels;
  const peaks = arena.f32(150 * terms);
  for (const [first, perUnit, base, count] of PARTS.slice(0, 2)) {
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < terms; k++) peaks[(base + i) * terms + k] = fill ? fill() : value(k, first + i / perUnit);
    }
  }
  const put = (array: Float64Array, values: readonly number[]): Float64Array => {
    array.set(values);
    return array;
  };
  const tangents = put(arena.f64(3 * LINES), [...TANGENTS, ...CHANGES]);
  const areas = put(arena.f64(LINES), AREAS);
  const origins = put(
    arena.f64(2 * LINES),
    PARTS.flatMap((part) => part.slice(0, 2)),
  );
  const parts = arena.i32(2 * LINES);
  parts.set(PARTS.flatMap(([, , base, count]) => [base, count]));
  const out = arena.f32((1 + slopes) * DEPTHS * terms);
  out.fill(99);
  kernels.run.tabulateLines(
    out,
    peaks,
    terms,
    tangents,
    areas,
    origins,
    parts,
    LINES,
    slopes,
    DEPTHS,
    FIRST,
    STEP,
    REACH,
  );
  return out;
}

describe.each(kernelBuilds)("tabulateLines ($name)", ({ create, exact }) => {
  it.each([8, 32])("sums lines and their derivatives at every depth (K = %d)", (terms) => {
    const out = run(create(), terms, SLOPES);
    for (let i = 0; i < DEPTHS; i++) {
      const depth = FIRST + STEP * i;
      for (let k = 0; k < terms; k++) {
        let want = 0;
        const byChange = [0, 0];
        for (const line of [0, 1, 2]) {
          const u = (REACH - depth) * TANGENTS[line]!;
          const area = AREAS[line]! / (1 - depth) ** 2;
          want += area * value(k, u);
          byChange.forEach((_, p) => {
            byChange[p]! += area * slope(k, u) * (REACH - depth) * CHANGES[p * LINES + line]!;
          });
        }
        expect(Math.abs(out[i * terms + k]! - want)).toBeLessThan(1e-5 * (1 + Math.abs(want)));
        byChange.forEach((wanted, p) => {
          const found = out[((1 + p) * DEPTHS + i) * terms + k]!;
          // differences of nodes that are rounded to 24 bits
          expect(Math.abs(found - wanted)).toBeLessThan(0.02 + 1e-3 * Math.abs(wanted));
        });
      }
    }
  });

  it("is the reference bit for bit, or within rounding where sums are fused", () => {
    const numbers = (kernels: Kernels): Float32Array => run(kernels, 16, SLOPES, seededRandom(7));
    const [found, want] = [numbers(create()), numbers(createReferenceKernels())];
    if (exact) expect(found).toEqual(want);
    else found.forEach((one, i) => expect(Math.abs(one - want[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(want[i]!))));
  });

  it("gives the pattern alone where no derivatives are asked for", () => {
    const kernels = create();
    expect(run(kernels, 8, 0)).toEqual(run(kernels, 8, SLOPES).slice(0, DEPTHS * 8));
  });
});
