import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../../tests/seeded-random.ts";
import { createLinearConstraints, type LinearConstraints, parseLinearEquation } from "./index.ts";

const NAMES = ["a", "b", "c", "d", "e"];
const constrain = (texts: string[], fixed: number[] = [], p: number[] = [1, 2, 3, 4, 5]): LinearConstraints =>
  createLinearConstraints(
    NAMES.length,
    texts.map((text) => parseLinearEquation(text, NAMES)),
    fixed,
    Float64Array.from(p),
  );
const expanded = (constraints: LinearConstraints, p: number[]): number[] => {
  const values = Float64Array.from(p);
  constraints.expand(values);
  return [...values];
};

describe("which parameter depends on which", () => {
  it("the left one of a tie on the right one", () => {
    const constraints = constrain(["a = c + 0.5", "d = 2*e"]);
    expect(constraints.roles).toEqual(["dependent", "independent", "independent", "dependent", "independent"]);
    expect(expanded(constraints, [0, 2, 3, 0, 5])).toEqual([3.5, 2, 3, 10, 5]);
  });
  it("chains, in any order", () => {
    for (const texts of [
      ["a = b", "b = c", "c = d"],
      ["c = d", "b = c", "a = b"],
      ["b = c", "a = b", "c = d"],
    ]) {
      const constraints = constrain(texts);
      const free = constraints.roles.indexOf("independent");
      const p = [9, 9, 9, 9, 9];
      p[free] = 7;
      expect(expanded(constraints, p).slice(0, 4)).toEqual([7, 7, 7, 7]);
    }
  });
  it("never a fixed one, whose value may change from fit to fit", () => {
    const constraints = constrain(["a = b"], [1, 0]);
    expect(constraints.roles.slice(0, 2)).toEqual(["fixed", "dependent"]);
    expect(constraints.pinned).toEqual([1]);
    expect(expanded(constraints, [5, 0, 0, 0, 0])[1]).toBe(5);
    expect(expanded(constraints, [6, 0, 0, 0, 0])[1]).toBe(6);
  });
  it("as many equations as parameters pin them all", () => {
    const constraints = constrain(["a + b = 3", "a - b = 1"]);
    expect([...constraints.pinned].sort()).toEqual([0, 1]);
    expect(expanded(constraints, [0, 0, 0, 0, 0]).slice(0, 2)).toEqual([2, 1]);
  });
});

describe("equations that say too much", () => {
  it("are noted where they follow from the others", () => {
    const constraints = constrain(["a = b", "b = c", "2*a = 2 * c", "1 = 1", "d = 4"], [0, 0, 0, 1, 0]);
    expect(constraints.redundant).toEqual(["2*a = 2 * c", "1 = 1", "d = 4"]);
  });
  it.each([
    [["a = b", "b = c", "a = c + 1"], [], "a = c + 1"],
    [["0 = 1"], [], "0 = 1"],
    [["a = a + 1"], [], "a = a + 1"],
    [["a = 2*b"], [1, 1], "a = 2*b"], // a = 1, b = 2
    [["a = 0.33334*c"], [1, 0, 1], "a = 0.33334*c"],
  ])("%j is constraint-inconsistent", (texts, fixed, source) => {
    expect(() => constrain(texts, fixed)).toThrow(
      expect.objectContaining({ code: "constraint-inconsistent", message: expect.stringContaining(`"${source}"`) }),
    );
  });
  it("thirds are not exact, and need not be", () => {
    const third = 1 / 3;
    expect(constrain(["a + b + c = 1"], [1, 1, 1], [third, third, third, 0, 0]).redundant).toHaveLength(1);
    expect(constrain(["0.1*a = 0.3*b", "a = 3*b"]).redundant).toEqual(["a = 3*b"]);
  });
});

/** Random equations, with the dense T [n, n] that they should give: column k is what p becomes for a unit of p_k. */
function randomCase(seed: number) {
  const random = seededRandom(seed);
  const n = 2 + Math.floor(random() * 6);
  const fixed = Uint8Array.from({ length: n }, (_, j) => (j > 0 && random() < 0.2 ? 1 : 0));
  const p = Float64Array.from({ length: n }, () => normal(random));
  const count = Math.floor(random() * (n - fixed.reduce((sum, f) => sum + f, 0)));
  const equations = Array.from({ length: count }, () => ({
    terms: [...fixed.keys()].filter(() => random() < 0.7).map((index) => ({ index, factor: normal(random) })),
    value: normal(random),
    source: "random",
  })).filter(({ terms }) => terms.some(({ index }) => !fixed[index]));
  return { n, fixed, p, equations, random };
}

it("random equations hold after expand, which is a projection", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const { n, fixed, p, equations } = randomCase(seed);
      let constraints: LinearConstraints;
      try {
        constraints = createLinearConstraints(n, equations, fixed, p);
      } catch (error) {
        expect(error).toMatchObject({ code: "constraint-inconsistent" }); // more equations than a subset allows
        return;
      }
      const before = p.slice();
      constraints.expand(p);
      const once = p.slice();
      constraints.expand(p);
      expect(p).toEqual(once);
      p.forEach((value, j) => {
        if (constraints.roles[j] !== "dependent") expect(value).toBe(before[j]);
      });
      for (const { terms, value } of equations) {
        const sum = terms.reduce((total, { index, factor }) => total + factor * p[index]!, 0);
        const size = terms.reduce((total, { index, factor }) => total + Math.abs(factor * p[index]!), Math.abs(value));
        expect(Math.abs(sum - value)).toBeLessThan(1e-9 * size + 1e-12);
      }
    }),
    { numRuns: 200 },
  );
});

it("reduce is T^T A T and T^T g, expandCovariance is T C T^T, with T made by hand", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
      const { n, fixed, p, equations, random } = randomCase(seed);
      let constraints: LinearConstraints;
      try {
        constraints = createLinearConstraints(n, equations, fixed, p);
      } catch {
        return;
      }
      const independent = constraints.roles.map((role) => role === "independent");
      const zero = new Float64Array(n);
      constraints.expand(zero);
      const t = Array.from({ length: n }, (_, k) => {
        const unit = new Float64Array(n);
        unit[k] = 1;
        constraints.expand(unit);
        return [...unit].map((value, j) => (independent[k] ? value - (j === k ? 0 : zero[j]!) : 0));
      });
      const half = Array.from({ length: n }, () => Array.from({ length: n }, () => normal(random)));
      const a = (j: number, k: number): number => half[j]!.reduce((sum, value, m) => sum + value * half[k]![m]!, 0);
      const matrix = Float64Array.from({ length: n * n }, (_, i) => a(Math.floor(i / n), i % n));
      const vector = Float64Array.from({ length: n }, () => normal(random));
      const [reduced, g] = [matrix.slice(), vector.slice()];
      constraints.reduce(reduced, g);
      const covariance = matrix.map((value, i) => (independent[Math.floor(i / n)] && independent[i % n] ? value : 0));
      const spread = covariance.slice();
      constraints.expandCovariance(spread);
      for (let j = 0; j < n; j++) {
        if (independent[j])
          expect(g[j]).toBeCloseTo(
            t[j]!.reduce((sum, f, m) => sum + f * vector[m]!, 0),
            8,
          );
        for (let k = 0; k < n; k++) {
          let [ofNormal, ofCovariance] = [0, 0];
          for (let l = 0; l < n; l++) {
            for (let m = 0; m < n; m++) {
              ofNormal += t[j]![l]! * matrix[l * n + m]! * t[k]![m]!;
              ofCovariance += t[l]![j]! * covariance[l * n + m]! * t[m]![k]!;
            }
          }
          const size = 1 + Math.abs(ofNormal);
          if (independent[j] && independent[k])
            expect(Math.abs(reduced[j * n + k]! - ofNormal) / size).toBeLessThan(1e-8);
          expect(Math.abs(spread[j * n + k]! - ofCovariance) / (1 + Math.abs(ofCovariance))).toBeLessThan(1e-8);
        }
      }
    }),
    { numRuns: 100 },
  );
});
