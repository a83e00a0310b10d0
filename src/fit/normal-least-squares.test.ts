import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normal as gaussian, seededRandom } from "../../tests/seeded-random.ts";
import { createLinearConstraints, createNormalLeastSquares, type NormalProblem, parseLinearEquation } from "./index.ts";

/** A problem from a model and its gradient; counts its calls and says where it was asked. */
function problemOf(
  y: ArrayLike<number>,
  weight: ArrayLike<number>,
  model: (p: Float64Array, i: number, gradient: Float64Array) => number,
): NormalProblem & { points: Float64Array[] } {
  const points: Float64Array[] = [];
  const sum = (p: Float64Array, onPoint?: (i: number, r: number, gradient: Float64Array) => void): number => {
    points.push(p.slice());
    const gradient = new Float64Array(p.length);
    let chi2 = 0;
    for (let i = 0; i < y.length; i++) {
      const r = y[i]! - model(p, i, gradient);
      chi2 += weight[i]! * r * r;
      onPoint?.(i, r, gradient);
    }
    return chi2;
  };
  return {
    points,
    cost: (p) => sum(p),
    linearise: (p, normal, downhill, active) => {
      const n = p.length;
      const chi2 = sum(p, (i, r, gradient) => {
        for (let j = 0; j < n; j++) {
          if (!active[j]) continue;
          downhill[j]! += weight[i]! * r * gradient[j]!;
          for (let k = 0; k < n; k++) if (active[k]) normal[j * n + k]! += weight[i]! * gradient[j]! * gradient[k]!;
        }
      });
      // What was not asked for may hold anything: the solver must not read it.
      for (let j = 0; j < n; j++) {
        if (active[j]) continue;
        downhill[j] = Number.NaN;
        for (let k = 0; k < n; k++) normal[j * n + k] = normal[k * n + j] = Number.NaN;
      }
      return chi2;
    },
  };
}

/** y = columns p, with columns [point][parameter] */
const linearProblem = (columns: readonly (readonly number[])[], y: readonly number[], weight?: readonly number[]) =>
  problemOf(y, weight ?? y.map(() => 1), (p, i, gradient) => {
    gradient.set(columns[i]!);
    return columns[i]!.reduce((sum, value, j) => sum + value * p[j]!, 0);
  });

/** Solve A x = b by Gauss-Jordan with pivoting: another way than the code's. */
function gaussJordan(a: number[][], b: number[]): number[] {
  const m = a.map((row, i) => [...row, b[i]!]);
  const n = b.length;
  for (let k = 0; k < n; k++) {
    const best = m.slice(k).reduce((top, row, i) => (Math.abs(row[k]!) > Math.abs(m[top]![k]!) ? i + k : top), k);
    [m[k], m[best]] = [m[best]!, m[k]!];
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const share = m[i]![k]! / m[k]![k]!;
      for (let j = k; j <= n; j++) m[i]![j]! -= share * m[k]![j]!;
    }
  }
  return m.map((row, i) => row[n]! / row[i]!);
}

const random = (seed: number) => {
  const next = seededRandom(seed);
  return () => gaussian(next);
};
const exact = { costTolerance: 1e-15, esdTolerance: 0, lastStep: "evaluated" } as const;

interface Certified {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly starts: readonly (readonly number[])[];
  readonly values: readonly number[];
  readonly deviations: readonly number[];
  readonly residualSum: number;
  readonly model: (p: Float64Array, x: number, gradient: Float64Array) => number;
}

// NIST Statistical Reference Datasets, nonlinear regression (https://www.itl.nist.gov/div898/strd): data, starts,
// certified values, standard deviations, residual sums of squares.
const lanczosX = Array.from({ length: 24 }, (_, i) => i / 20);
const CERTIFIED: Certified[] = [
  {
    name: "MGH09",
    x: [4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
    y: [0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    starts: [
      [25, 39, 41.5, 39],
      [0.25, 0.39, 0.415, 0.39],
    ],
    values: [1.9280693458e-1, 1.9128232873e-1, 1.2305650693e-1, 1.3606233068e-1],
    deviations: [1.1435312227e-2, 1.9633220911e-1, 8.0842031232e-2, 9.0025542308e-2],
    residualSum: 3.0750560385e-4,
    model: ([a, b, c, d], x, gradient) => {
      const top = x * x + x * b!;
      const bottom = x * x + x * c! + d!;
      gradient.set([top / bottom, (a! * x) / bottom, (-a! * top * x) / bottom ** 2, (-a! * top) / bottom ** 2]);
      return (a! * top) / bottom;
    },
  },
  {
    name: "Thurber",
    x: [
      -3.067, -2.981, -2.921, -2.912, -2.84, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501, -1.46,
      -1.274, -1.212, -1.1, -1.046, -0.915, -0.714, -0.566, -0.545, -0.4, -0.309, -0.109, -0.103, 0.01, 0.119, 0.377,
      0.79, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.2,
    ],
    y: [
      80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.06, 401.672, 390.724,
      567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351, 1260.531, 1273.514,
      1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.35, 1468.705, 1447.894, 1457.628,
    ],
    starts: [
      [1000, 1000, 400, 40, 0.7, 0.3, 0.03],
      [1300, 1500, 500, 75, 1, 0.4, 0.05],
    ],
    values: [
      1.28813968e3, 1.4910792535e3, 5.8323836877e2, 7.5416644291e1, 9.6629502864e-1, 3.9797285797e-1, 4.9727297349e-2,
    ],
    deviations: [
      4.6647963344, 3.9571156086e1, 2.8698696102e1, 5.567537027, 3.1333340687e-2, 1.4984928198e-2, 6.5842344623e-3,
    ],
    residualSum: 5.6427082397e3,
    model: ([a, b, c, d, e, f, g], x, gradient) => {
      const top = a! + x * (b! + x * (c! + x * d!));
      const bottom = 1 + x * (e! + x * (f! + x * g!));
      const value = top / bottom;
      for (let k = 0; k < 4; k++) gradient[k] = x ** k / bottom;
      for (let k = 1; k < 4; k++) gradient[3 + k] = (-value * x ** k) / bottom;
      return value;
    },
  },
  {
    name: "Lanczos3",
    x: lanczosX,
    y: lanczosX.map((x) => {
      const exactly = 0.0951 * Math.exp(-x) + 0.8607 * Math.exp(-3 * x) + 1.5576 * Math.exp(-5 * x);
      return Math.round(exactly * 1e4) / 1e4; // as NIST made it
    }),
    starts: [
      [1.2, 0.3, 5.6, 5.5, 6.5, 7.6],
      [0.5, 0.7, 3.6, 4.2, 4, 6.3],
    ],
    values: [8.6816414977e-2, 9.5498101505e-1, 8.4400777463e-1, 2.9515951832, 1.5825685901, 4.9863565084],
    deviations: [1.7197908859e-2, 9.7041624475e-2, 4.1488663282e-2, 1.0766312506e-1, 5.8371576281e-2, 3.4436403035e-2],
    residualSum: 1.6117193594e-8,
    model: (p, x, gradient) => {
      let sum = 0;
      for (let k = 0; k < 6; k += 2) {
        const e = Math.exp(-p[k + 1]! * x);
        gradient[k] = e;
        gradient[k + 1] = -p[k]! * x * e;
        sum += p[k]! * e;
      }
      return sum;
    },
  },
];

describe.each(CERTIFIED)("NIST's certified $name", ({ x, y, starts, values, deviations, residualSum, model }) => {
  it.each(starts.map((start) => [start]))("is met from %j", (start) => {
    const n = start.length;
    const problem = problemOf(y, new Float64Array(y.length).fill(1), (p, i, gradient) => model(p, x[i]!, gradient));
    const solver = createNormalLeastSquares(n);
    const p = Float64Array.from(start);
    const summary = solver.solve(problem, p, { ...exact, damping: 1e-3, maxIterations: 500 });
    expect(summary.status).toBe("converged");
    expect(summary.finalCost / residualSum).toBeCloseTo(1, 8);
    const { esd } = solver.covariance();
    const scale = Math.sqrt(summary.finalCost / (y.length - n));
    for (let j = 0; j < n; j++) {
      expect(p[j]! / values[j]!).toBeCloseTo(1, 6);
      expect((esd[j]! * scale) / deviations[j]!).toBeCloseTo(1, 5);
    }
  });
});

/** Peaks of three phases on a line: scales and line linear, a position factor for each phase. */
function powderLike(seed: number) {
  const next = random(seed);
  const positions = [
    [20, 45, 70, 90],
    [30, 52, 81],
    [24, 61, 77, 95],
  ];
  const truth = Float64Array.of(400, 150, 60, 20, -5, 1, 1, 1);
  const model = (p: Float64Array, i: number, gradient: Float64Array): number => {
    const x = i / 10;
    gradient.fill(0);
    gradient[3] = 1;
    gradient[4] = x / 50 - 1;
    positions.forEach((list, phase) => {
      for (const at of list) {
        const u = (x - at * p[5 + phase]!) / 0.4;
        if (Math.abs(u) > 8) continue;
        const shape = Math.exp(-u * u);
        gradient[phase]! += shape;
        gradient[5 + phase]! += (p[phase]! * shape * 2 * u * at) / 0.4;
      }
    });
    return [0, 1, 2, 3, 4].reduce((sum, j) => sum + p[j]! * gradient[j]!, 0);
  };
  const scratch = new Float64Array(8);
  const clean = Array.from({ length: 1000 }, (_, i) => model(truth, i, scratch));
  const y = clean.map((value) => value + Math.sqrt(value) * next());
  return { truth, problem: problemOf(y, clean.map((value) => 1 / value), model) }; // biome-ignore format: one line
}
const LINEAR = [1, 1, 1, 1, 1, 0, 0, 0];
const CLOSE = [380, 160, 50, 18, -4, 1.0005, 0.9995, 1.0005];

describe("a start that is close", () => {
  it("takes about three linearisations and no cost()", () => {
    let total = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { problem, truth } = powderLike(seed);
      const solver = createNormalLeastSquares(8);
      const p = Float64Array.from(CLOSE);
      const summary = solver.solve(problem, p, { linear: LINEAR, esdTolerance: 0.05, lastStep: "predicted" });
      expect(summary.status).toBe("converged");
      expect(summary.linearisations).toBeLessThanOrEqual(4);
      expect(summary.costEvaluations).toBe(0);
      expect(problem.points.length).toBe(summary.linearisations);
      total += summary.linearisations;
      // at the minimum: one more exact fit moves nothing by more than 0.02 esd, and chi^2 is as promised
      const { esd } = solver.covariance();
      expect(Math.abs(summary.finalCost - problem.cost(p))).toBeLessThan(2e-3);
      const best = p.slice();
      createNormalLeastSquares(8).solve(problem, best, exact);
      best.forEach((value, j) => expect(Math.abs(value - p[j]!)).toBeLessThan(0.02 * esd[j]!));
      p.forEach((value, j) => expect(Math.abs(value - truth[j]!)).toBeLessThan(5 * esd[j]!));
    }
    expect(total / 20).toBeLessThanOrEqual(3.5);
  });

  it("with the last step left out, as by default, ends within its tolerance of the minimum", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { problem } = powderLike(seed);
      const solver = createNormalLeastSquares(8);
      const p = Float64Array.from(CLOSE);
      const summary = solver.solve(problem, p, { linear: LINEAR, costTolerance: 0 });
      expect(summary.linearisations).toBeLessThanOrEqual(6);
      expect(summary.finalCost).toBeCloseTo(problem.cost(p), 9);
      const { esd } = solver.covariance();
      const best = p.slice();
      createNormalLeastSquares(8).solve(problem, best, exact);
      best.forEach((value, j) => expect(Math.abs(value - p[j]!)).toBeLessThan(0.011 * esd[j]!));
    }
  });

  it("a start at the minimum is one linearisation", () => {
    const { problem } = powderLike(7);
    const solver = createNormalLeastSquares(8);
    const p = Float64Array.from(CLOSE);
    solver.solve(problem, p, { linear: LINEAR, ...exact });
    const before = p.slice();
    expect(solver.solve(problem, p)).toMatchObject({ status: "converged", linearisations: 1, iterations: 0 });
    expect(p).toEqual(before);
  });

  it("wild scales and background do no harm where they are said to be linear", () => {
    const { problem } = powderLike(3);
    const p = Float64Array.of(-1e9, 1e12, 0, 1e7, -1e9, 1.0005, 0.9995, 1.0005);
    const q = Float64Array.from(CLOSE);
    const solver = createNormalLeastSquares(8);
    const options = { linear: LINEAR, lower: [0, 0, 0] };
    expect(solver.solve(problem, p, options)).toMatchObject({ status: "converged", costEvaluations: 0 });
    expect(solver.solve(problem, q, options).linearisations).toBeLessThanOrEqual(6);
    const { esd } = solver.covariance();
    p.forEach((value, j) => expect(Math.abs(value - q[j]!)).toBeLessThan(0.02 * esd[j]!));
  });

  it("no step goes further than maxStep", () => {
    const { problem } = powderLike(4);
    const p = Float64Array.from(CLOSE);
    const maxStep = [NaN, NaN, NaN, NaN, NaN, 1e-4, 1e-4, 1e-4]; // biome-ignore format: one line
    const summary = createNormalLeastSquares(8).solve(problem, p, { linear: LINEAR, maxStep });
    expect(summary.status).toBe("converged");
    expect(summary.linearisations).toBeGreaterThan(5);
    problem.points.slice(1).forEach((point, i) => {
      for (const j of [5, 6, 7]) expect(Math.abs(point[j]! - problem.points[i]![j]!)).toBeLessThan(1.0001e-4);
    });
    expect(Math.abs(p[5]! - 1)).toBeLessThan(2e-4);
  });

  it("is the same whether or not a fit came before, and the summary is one object", () => {
    const { problem } = powderLike(5);
    const solver = createNormalLeastSquares(8);
    const once = () => {
      const p = Float64Array.from(CLOSE);
      return { p, summary: solver.solve(problem, p, { linear: LINEAR }), ...solver.covariance() };
    };
    const first = once();
    solver.solve(powderLike(6).problem, Float64Array.from(CLOSE), { fixed: [0, 1, 0, 0, 0, 0, 1, 0], lower: [1e4] });
    const second = once();
    expect(second.p).toEqual(first.p);
    expect(second.matrix).toEqual(first.matrix);
    expect(second.summary).toBe(first.summary);
  });
});

describe("bounds", () => {
  it("random linear problems in a box meet the conditions of Karush, Kuhn and Tucker", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 7 }), (seed, n) => {
        const next = random(seed);
        const columns = Array.from({ length: n + 4 }, () => Array.from({ length: n }, () => next()));
        const y = columns.map(() => 3 * next());
        const lower = Array.from({ length: n }, () => -Math.abs(next()));
        const upper = Array.from({ length: n }, () => Math.abs(next()));
        const p = new Float64Array(n);
        const problem = linearProblem(columns, y);
        const summary = createNormalLeastSquares(n).solve(problem, p, { lower, upper, ...exact });
        expect(summary.status).toBe("converged");
        expect(summary.linearisations).toBeLessThan(8);
        const residuals = y.map((value, i) => value - columns[i]!.reduce((sum, a, j) => sum + a * p[j]!, 0));
        for (let j = 0; j < n; j++) {
          const downhill = residuals.reduce((sum, r, i) => sum + r * columns[i]![j]!, 0);
          if (p[j] === upper[j]) expect(downhill).toBeGreaterThan(-1e-6);
          else if (p[j] === lower[j]) expect(downhill).toBeLessThan(1e-6);
          else expect(Math.abs(downhill)).toBeLessThan(1e-6);
          expect(summary.atBound[j]).toBe(p[j] === upper[j] ? 1 : p[j] === lower[j] ? -1 : 0);
        }
        for (const point of problem.points)
          point.forEach((value, j) => expect(value >= lower[j]! && value <= upper[j]!).toBe(true));
      }),
      { numRuns: 100 },
    );
  });

  it("a phase that is not there rests at scale 0 or is insignificant, and costs no steps", () => {
    for (let seed = 30; seed < 40; seed++) {
      const { problem } = powderLike(seed);
      const p = Float64Array.from(CLOSE);
      p[6] = 1.06; // its peaks lie where the data have none; its cell is frozen
      const solver = createNormalLeastSquares(8);
      const fixed = [0, 0, 0, 0, 0, 0, 1, 0];
      const summary = solver.solve(problem, p, { linear: LINEAR, lower: [0, 0, 0], fixed });
      expect(summary.status).toBe("converged");
      expect(summary.linearisations).toBeLessThanOrEqual(6);
      const { esd } = solver.covariance();
      if (summary.atBound[1]) expect([p[1], esd[1], summary.freeCount]).toEqual([0, 0, 6]);
      else expect(p[1]! / esd[1]!).toBeLessThan(4);
    }
  });
});

describe("constraints", () => {
  it("random linear problems agree with the null-space solution, esd and correlations included", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 8 }), (seed, n) => {
        const next = random(seed);
        const count = 1 + (seed % (n - 1));
        const columns = Array.from({ length: n + 5 }, () => Array.from({ length: n }, () => next()));
        const y = columns.map(() => 3 * next());
        const equations = Array.from({ length: count }, () => ({
          terms: Array.from({ length: n }, (_, index) => ({ index, factor: next() })),
          value: next(),
          source: "random",
        }));
        const p = Float64Array.from({ length: n }, () => next());
        const constraints = createLinearConstraints(n, equations, new Uint8Array(n), p);
        const solver = createNormalLeastSquares(n);
        expect(solver.solve(linearProblem(columns, y), p, { constraints, ...exact }).status).toBe("converged");
        // Lagrange: [A C^T; C 0] [p; mu] = [b; value], and the covariance is the inverse's first block
        const size = n + count;
        const kkt = Array.from({ length: size }, () => new Array<number>(size).fill(0));
        const right = new Array<number>(size).fill(0);
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) kkt[j]![k] = columns.reduce((sum, row) => sum + row[j]! * row[k]!, 0);
          right[j] = columns.reduce((sum, row, i) => sum + row[j]! * y[i]!, 0);
        }
        equations.forEach(({ terms, value }, e) => {
          for (const { index, factor } of terms) kkt[n + e]![index] = kkt[index]![n + e] = factor;
          right[n + e] = value;
        });
        const best = gaussJordan(kkt, right);
        p.forEach((value, j) => expect(Math.abs(value - best[j]!)).toBeLessThan(1e-6 * (1 + Math.abs(best[j]!))));
        const { matrix } = solver.covariance();
        for (let j = 0; j < n; j++) {
          const unit = new Array<number>(size).fill(0);
          unit[j] = 1;
          const column = gaussJordan(kkt, unit);
          for (let k = 0; k < n; k++)
            expect(Math.abs(matrix[j * n + k]! - column[k]!)).toBeLessThan(1e-6 * (1 + Math.abs(column[k]!)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("the bound of a dependent parameter is kept, named, and obeyed by the others at the best they can do", () => {
    // p0 + p1 = 1 with p1 <= 0.25; the data want (0.2, 0.8, 5): p0 = 0.75, and p2, correlated with p0, follows
    const names = ["p0", "p1", "p2"];
    const columns = [
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 1],
      [0, 0, 2],
    ];
    const problem = linearProblem(columns, [0.2, 0.8, 5.2, 10]);
    const p = Float64Array.of(0.9, 0, 0);
    const constraints = createLinearConstraints(3, [parseLinearEquation("p1 = 1 - p0", names)], [], p);
    expect(constraints.roles[1]).toBe("dependent");
    const solver = createNormalLeastSquares(3);
    const summary = solver.solve(problem, p, { constraints, upper: [9, 0.25, 9], ...exact });
    expect(summary.status).toBe("converged");
    expect([...summary.atBound]).toEqual([0, 1, 0]);
    expect(summary.freeCount).toBe(1);
    expect(p[0]).toBeCloseTo(0.75, 12);
    expect(p[1]).toBe(0.25);
    expect(p[2]).toBeCloseTo((5.2 - 0.75 + 2 * 10) / 5, 10);
    const { esd } = solver.covariance();
    expect([esd[0], esd[1]]).toEqual([0, 0]);
    expect(esd[2]).toBeCloseTo(1 / Math.sqrt(5), 12);
    for (const point of problem.points) {
      expect(point[1]).toBeLessThanOrEqual(0.25);
      expect(point[0]! + point[1]!).toBeCloseTo(1, 12);
    }
  });

  it("random problems with constraints and bounds on all parameters: the best of all choices of bounds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 2, max: 4 }), (seed, n) => {
        const next = random(seed);
        const columns = Array.from({ length: n + 3 }, () => Array.from({ length: n }, () => next()));
        const y = columns.map(() => 5 * next());
        const inside = Array.from({ length: n }, () => next());
        const equations = Array.from({ length: seed % Math.min(n, 3) }, () => {
          const terms = Array.from({ length: n }, (_, index) => ({ index, factor: next() }));
          return {
            terms,
            value: terms.reduce((sum, { index, factor }) => sum + factor * inside[index]!, 0),
            source: "",
          };
        });
        const lower = inside.map((value) => value - Math.abs(next()) / 2);
        const upper = inside.map((value) => value + Math.abs(next()) / 2);
        const p = Float64Array.from(inside);
        const constraints = createLinearConstraints(n, equations, [], p);
        const problem = linearProblem(columns, y);
        const summary = createNormalLeastSquares(n).solve(problem, p, { constraints, lower, upper, ...exact });
        expect(summary.status).toBe("converged");
        for (const { terms, value } of equations)
          expect(terms.reduce((sum, { index, factor }) => sum + factor * p[index]!, 0)).toBeCloseTo(value, 9);
        for (const point of problem.points)
          point.forEach((value, j) => expect(value >= lower[j]! && value <= upper[j]!).toBe(true));
        // each parameter free, at its lower or at its upper bound: solved by Lagrange, kept where inside
        let best = Infinity;
        for (let choice = 0; choice < 3 ** n; choice++) {
          const states = inside.map((_, j) => Math.floor(choice / 3 ** j) % 3);
          const held = [...states.keys()].filter((j) => states[j] !== 0);
          const size = n + equations.length + held.length;
          const kkt = Array.from({ length: size }, () => new Array<number>(size).fill(0));
          const right = new Array<number>(size).fill(0);
          for (let j = 0; j < n; j++) {
            for (let k = 0; k < n; k++) kkt[j]![k] = columns.reduce((sum, row) => sum + row[j]! * row[k]!, 0);
            right[j] = columns.reduce((sum, row, i) => sum + row[j]! * y[i]!, 0);
          }
          const fix = (row: number, j: number, factor: number): void => {
            kkt[row]![j] = kkt[j]![row] = factor;
          };
          equations.forEach(({ terms, value }, e) => {
            for (const { index, factor } of terms) fix(n + e, index, factor);
            right[n + e] = value;
          });
          held.forEach((j, e) => {
            fix(n + equations.length + e, j, 1);
            right[n + equations.length + e] = states[j] === 1 ? lower[j]! : upper[j]!;
          });
          const x = gaussJordan(kkt, right).slice(0, n); // nonsense where more is asked than can be met
          const isMet = kkt.slice(n).every((row, e) => {
            const sum = x.reduce((total, value, j) => total + row[j]! * value, 0);
            return Math.abs(sum - right[n + e]!) < 1e-9;
          });
          const isInside = x.every((value, j) => value >= lower[j]! - 1e-9 && value <= upper[j]! + 1e-9);
          if (isMet && isInside) best = Math.min(best, problem.cost(Float64Array.from(x)));
        }
        if (best < Infinity) expect((problem.cost(p) - best) / (1 + best)).toBeLessThan(1e-8);
      }),
      { numRuns: 100 },
    );
  });

  it("cells tied between phases: both move as one, and freezing either freezes both", () => {
    const { problem } = powderLike(9);
    const names = ["s0", "s1", "s2", "b0", "b1", "a0", "a1", "a2"];
    const p = Float64Array.from([...CLOSE.slice(0, 5), 1.0005, 1.0005, 0.9995]);
    const constraints = createLinearConstraints(8, [parseLinearEquation("a0 = a1", names)], new Uint8Array(8), p);
    const solver = createNormalLeastSquares(8);
    expect(solver.solve(problem, p, { constraints, linear: LINEAR }).status).toBe("converged");
    expect(p[5]).toBe(p[6]);
    const { esd, matrix } = solver.covariance();
    expect(esd[5]).toBe(esd[6]);
    expect(matrix[5 * 8 + 6]).toBeCloseTo(esd[5]! ** 2, 15);
    for (const frozen of [5, 6]) {
      const start = Float64Array.from([...CLOSE.slice(0, 5), 1.0002, 1.0002, 0.9995]);
      const fixed = Uint8Array.from({ length: 8 }, (_, j) => (j === frozen ? 1 : 0));
      const summary = solver.solve(problem, start, { constraints, fixed, linear: LINEAR });
      expect(summary.status).toBe("converged");
      expect(summary.freeCount).toBe(6);
      expect([start[5], start[6]]).toEqual([1.0002, 1.0002]);
      expect(solver.covariance().esd[5]).toBe(0);
    }
  });
});

describe("what cannot be determined", () => {
  it("names two identical columns, and three whose sum vanishes, dependent ones included", () => {
    const next = random(11);
    const columns = Array.from({ length: 12 }, () => {
      const [a, b, c] = [next(), next(), next()];
      return [a, b, a, c, -(b + c) / 1000, next()];
    });
    const y = columns.map((row) => row.reduce((sum, value) => sum + value, 0));
    const solver = createNormalLeastSquares(6);
    const p = new Float64Array(6);
    const summary = solver.solve(linearProblem(columns, y), p);
    expect(summary.status).toBe("undetermined");
    expect([...summary.undetermined]).toEqual([1, 1, 1, 1, 1, 0]);
    expect(Math.abs(p[5]! - 1)).toBeLessThan(0.005 * solver.covariance().esd[5]!);
    const { esd, undetermined } = solver.covariance();
    expect(undetermined).toEqual([0, 1, 2, 3, 4]);
    expect(esd[0]).toBeNaN();
    expect(esd[5]).toBeGreaterThan(0);
    // one of the columns fixed: only the other combination is left
    expect([...solver.solve(linearProblem(columns, y), p, { fixed: [1] }).undetermined]).toEqual([0, 1, 0, 1, 1, 0]);
    // 5 = 2 * 4, of which nothing is known alone
    const equation = parseLinearEquation("f = 2*e", ["a", "b", "c", "d", "e", "f"]);
    const constraints = createLinearConstraints(6, [equation], [1, 0, 0, 0, 0, 0], p);
    expect(solver.solve(linearProblem(columns, y), p, { constraints, fixed: [1] }).status).toBe("converged");
  });
});

describe("statuses, never exceptions", () => {
  const one = (y: number) => linearProblem([[1]], [y]);
  const solver = createNormalLeastSquares(1);
  it.each([
    ["chi^2 is NaN", { cost: () => Number.NaN, linearise: () => Number.NaN }],
    ["chi^2 is infinite", { cost: () => Infinity, linearise: () => Infinity }],
    [
      "a derivative is NaN",
      {
        cost: () => 1,
        linearise: (_: Float64Array, normal: Float64Array) => {
          normal[0] = Number.NaN;
          return 1;
        },
      },
    ],
  ])("failed, the parameters as they were, where %s at the start", (_, problem) => {
    const p = Float64Array.of(3);
    const options = { linear: [1], upper: [2] };
    expect(solver.solve(problem, p, options)).toMatchObject({ status: "failed", reason: "startNotFinite" });
    expect(p[0]).toBe(3);
    expect(solver.covariance().esd[0]).toBe(0);
  });
  it("failed where bounds cross or constraints leave no point", () => {
    const p = Float64Array.of(3, 4);
    const two = createNormalLeastSquares(2);
    const problem = linearProblem([[1, 1]], [1]);
    expect(two.solve(problem, p, { lower: [1], upper: [0] })).toMatchObject({ reason: "boundsCrossed" });
    const constraints = createLinearConstraints(2, [parseLinearEquation("a + b = 7", ["a", "b"])], [], p);
    expect(two.solve(problem, p, { constraints, upper: [3, 3] })).toMatchObject({ reason: "noFeasibleStart" });
    expect([...p]).toEqual([3, 4]);
  });
  it("fixed parameters may have crossed bounds, and all may be fixed", () => {
    const p = Float64Array.of(3);
    const summary = solver.solve(one(5), p, { fixed: [1], lower: [1], upper: [0] });
    expect(summary).toMatchObject({ status: "converged", finalCost: 4, linearisations: 0, freeCount: 0 });
    expect(p[0]).toBe(3);
    expect(solver.covariance().esd[0]).toBe(0);
  });
  it("no parameters, and no points", () => {
    const none = createNormalLeastSquares(0);
    const constant = problemOf([5], [1], () => 2);
    expect(none.solve(constant, new Float64Array(0))).toMatchObject({ status: "converged", finalCost: 9 });
    expect(none.solve(linearProblem([], []), new Float64Array(0)).status).toBe("converged");
    expect(none.covariance().matrix.length).toBe(0);
    expect(solver.solve(linearProblem([], []), Float64Array.of(2))).toMatchObject({
      status: "undetermined",
      finalCost: 0,
    });
  });
  it("a model that ends somewhere: shorter steps, by cost() after the first that failed", () => {
    const problem = problemOf([2], [1], (p, _, gradient) => {
      gradient[0] = 1 / p[0]!;
      return Math.log(p[0]!); // NaN below zero; the first full step leads to -45
    });
    const p = Float64Array.of(50);
    const summary = solver.solve(problem, p, exact);
    expect(summary.status).toBe("converged");
    expect(summary.costEvaluations).toBeGreaterThan(0);
    expect(p[0]).toBeCloseTo(Math.exp(2), 9);
  });
  it("derivatives that do not belong to the model are stalled, not converged", () => {
    const problem = problemOf([3], [1], (p, _, gradient) => {
      gradient[0] = -1;
      return p[0]!;
    });
    const p = Float64Array.of(1);
    const summary = solver.solve(problem, p, { maxIterations: 200 });
    expect(summary).toMatchObject({ status: "notConverged", reason: "stalled" });
    expect(p[0]).toBe(1);
  });
  it("says when it ran out of iterations, and when it was cancelled", () => {
    const { problem } = powderLike(1);
    const fit = createNormalLeastSquares(8);
    const p = Float64Array.from(CLOSE);
    expect(fit.solve(problem, p, { maxIterations: 1 })).toMatchObject({ status: "notConverged", reason: "iterations" });
    let asked = 0;
    const isCancelled = () => ++asked > 1;
    const q = Float64Array.from(CLOSE);
    const summary = fit.solve(problem, q, { isCancelled });
    expect(summary).toMatchObject({ status: "cancelled", reason: "cancelled", iterations: 1 });
    expect(summary.finalCost).toBeLessThan(summary.initialCost);
    expect(q).toEqual(p);
  });
});
