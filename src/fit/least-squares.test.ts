import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jacobianError } from "../../tests/jacobian-error.ts";
import {
  cauchyLoss,
  correlations,
  createLeastSquares,
  type Evaluate,
  huberLoss,
  withNumericJacobian,
} from "./index.ts";

const line =
  (x: number[], y: number[]): Evaluate =>
  ([a, b], residuals, jacobian) => {
    x.forEach((xi, i) => {
      residuals[i] = a! + b! * xi - y[i]!;
      jacobian?.set([1, xi], 2 * i);
    });
    return true;
  };

const rosenbrock: Evaluate = ([x, y], residuals, jacobian) => {
  residuals.set([10 * (y! - x! * x!), 1 - x!]);
  jacobian?.set([-20 * x!, 10, -1, 0]);
  return true;
};

describe("known problems", () => {
  it("is linear regression for a straight line, with its textbook esd and correlation", () => {
    const x = [0, 1, 2, 3.5, 7, 8];
    const y = [1.2, 2.9, 5.3, 7.7, 15.1, 16.8];
    const n = x.length;
    const mean = (v: number[]): number => v.reduce((p, q) => p + q) / n;
    const sxx = x.reduce((sum, xi) => sum + (xi - mean(x)) ** 2, 0);
    const slope = x.reduce((sum, xi, i) => sum + (xi - mean(x)) * y[i]!, 0) / sxx;
    const solver = createLeastSquares({ parameters: 2, residuals: n });
    const p = Float64Array.of(-30, 40);
    expect(solver.solve(line(x, y), p).status).toBe("converged");
    expect(p[1]).toBeCloseTo(slope, 10);
    expect(p[0]).toBeCloseTo(mean(y) - slope * mean(x), 10);
    const { esd, matrix } = solver.covariance();
    expect(esd[1]).toBeCloseTo(1 / Math.sqrt(sxx), 12);
    expect(esd[0]).toBeCloseTo(Math.sqrt(1 / n + mean(x) ** 2 / sxx), 12);
    expect(correlations(matrix)[1]).toBeCloseTo(-mean(x) / Math.sqrt(sxx / n + mean(x) ** 2), 12);
  });

  it("finds the foot of Rosenbrock's valley", () => {
    const p = Float64Array.of(-1.2, 1);
    const summary = createLeastSquares({ parameters: 2, residuals: 2 }).solve(rosenbrock, p);
    expect(summary.status).toBe("converged");
    expect(summary.finalCost).toBeLessThan(1e-20);
    expect(p[0]).toBeCloseTo(1, 9);
    expect(p[1]).toBeCloseTo(1, 9);
  });

  // NIST StRD, nonlinear regression, "Misra1a": data, certified parameters, standard deviations, residual sum.
  it.each([
    [500, 1e-4],
    [250, 5e-4],
  ])("meets NIST's certified values of Misra1a from start %d, %d", (b1, b2) => {
    const x = [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760];
    const y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78];
    const evaluate = withNumericJacobian(
      (p, out) => {
        for (let i = 0; i < x.length; i++) out[i] = y[i]! - p[0]! * (1 - Math.exp(-p[1]! * x[i]!));
        return true;
      },
      { parameters: 2, residuals: 14 },
      [1e-2, 1e-8],
    );
    const solver = createLeastSquares({ parameters: 2, residuals: 14 });
    const p = Float64Array.of(b1, b2);
    const summary = solver.solve(evaluate, p, { maxIterations: 200 });
    expect(summary.status).toBe("converged");
    expect(p[0]! / 238.94212918).toBeCloseTo(1, 7);
    expect(p[1]! / 5.5015643181e-4).toBeCloseTo(1, 7);
    expect((2 * summary.finalCost) / 1.2455138894e-1).toBeCloseTo(1, 9);
    const scale = Math.sqrt((2 * summary.finalCost) / 12);
    const { esd } = solver.covariance();
    expect((esd[0]! * scale) / 2.7070075241).toBeCloseTo(1, 5);
    expect((esd[1]! * scale) / 7.2668688436e-6).toBeCloseTo(1, 5);
  });
});

describe("bounds and fixed parameters", () => {
  it("stops at an active bound where the gradient points outwards and says so", () => {
    const p = Float64Array.of(-1.2, 1);
    const solver = createLeastSquares({ parameters: 2, residuals: 2 });
    const summary = solver.solve(rosenbrock, p, { upper: [0.5, Number.NaN], maxIterations: 200 });
    // On the edge x = 1/2 the best y is x^2.
    expect(summary.status).toBe("converged");
    expect(summary.atBound).toEqual([0]);
    expect(p[0]).toBe(0.5);
    expect(p[1]).toBeCloseTo(0.25, 8);
    expect(solver.covariance().esd[0]).toBe(0);
  });

  it("leaves a bound again that only the start touched", () => {
    const p = Float64Array.of(0, 0);
    const summary = createLeastSquares({ parameters: 2, residuals: 2 }).solve(rosenbrock, p, { lower: [0, 0] });
    expect(summary.status).toBe("converged");
    expect(p[0]).toBeCloseTo(1, 8);
  });

  it("never evaluates outside the box and never moves what is fixed", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (low, span) => {
          const inside: Evaluate = (p, residuals, jacobian) => {
            if (p[0]! < low || p[0]! > low + span || p[1] !== 0.3) throw new Error(`left the box: ${p}`);
            return rosenbrock(p, residuals, jacobian);
          };
          const p = Float64Array.of(9, 0.3);
          createLeastSquares({ parameters: 2, residuals: 2 }).solve(inside, p, {
            lower: [low, -9],
            upper: [low + span, 9],
            fixed: [0, 1],
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("what cannot be determined", () => {
  it("names two parameters of which only the sum counts, and leaves the third its esd", () => {
    const evaluate: Evaluate = ([a, b, c], residuals, jacobian) => {
      residuals.set([a! + b! - 3, a! + b! - 3.2, 2 * c! - 1]);
      jacobian?.set([1, 1, 0, 1, 1, 0, 0, 0, 2]);
      return true;
    };
    const solver = createLeastSquares({ parameters: 3, residuals: 3 });
    const p = Float64Array.of(0, 0, 0);
    const summary = solver.solve(evaluate, p);
    expect(summary).toMatchObject({ status: "undetermined", undetermined: [0, 1] });
    expect(p[0]! + p[1]!).toBeCloseTo(3.1, 9);
    const { esd } = solver.covariance();
    expect(esd[0]).toBeNaN();
    expect(esd[2]).toBeCloseTo(0.5, 12);
  });

  it("names a parameter without any effect", () => {
    const evaluate: Evaluate = ([a], residuals, jacobian) => {
      residuals[0] = a! - 1;
      jacobian?.set([1, 0]);
      return true;
    };
    const summary = createLeastSquares({ parameters: 2, residuals: 1 }).solve(evaluate, Float64Array.of(4, 7));
    expect(summary).toMatchObject({ status: "undetermined", undetermined: [1] });
  });
});

describe("a model that cannot be evaluated everywhere", () => {
  const logarithm: Evaluate = ([a], residuals, jacobian) => {
    residuals[0] = Math.log(a!) - 2; // NaN below zero
    jacobian?.set([1 / a!]);
    return true;
  };
  it("takes a shorter step where a residual is NaN", () => {
    const p = Float64Array.of(50); // the first full step leads to -45
    const summary = createLeastSquares({ parameters: 1, residuals: 1 }).solve(logarithm, p);
    expect(summary.status).toBe("converged");
    expect(p[0]).toBeCloseTo(Math.exp(2), 8);
  });
  it.each([
    ["NaN", logarithm],
    ["false", (() => false) as Evaluate],
  ])("is failed, not an exception, where the start gives %s", (_, evaluate) => {
    const p = Float64Array.of(-1);
    expect(createLeastSquares({ parameters: 1, residuals: 1 }).solve(evaluate, p).status).toBe("failed");
    expect(p[0]).toBe(-1);
  });
  it("says notConverged when the iterations run out, with the best point so far", () => {
    const p = Float64Array.of(-1.2, 1);
    const summary = createLeastSquares({ parameters: 2, residuals: 2 }).solve(rosenbrock, p, { maxIterations: 3 });
    expect(summary.status).toBe("notConverged");
    expect(summary.finalCost).toBeLessThan(summary.initialCost);
  });
});

describe("robust losses", () => {
  it.each([
    ["huber", huberLoss(0.1), 0.05],
    ["cauchy", cauchyLoss(0.1), 0.01],
  ])("%s keeps a line through clean points in spite of outliers", (_, loss, tolerance) => {
    const x = Array.from({ length: 40 }, (_, i) => i / 4);
    const y = x.map((xi, i) => 1 + 2 * xi + 0.02 * Math.sin(7 * i) + (i % 10 === 3 ? 25 : 0));
    const p = Float64Array.of(0, 0);
    createLeastSquares({ parameters: 2, residuals: 40 }).solve(line(x, y), p, { loss, maxIterations: 200 });
    expect(Math.abs(p[1]! - 2)).toBeLessThan(tolerance);
  });
  it.each([huberLoss(0.7), cauchyLoss(0.7)])("the weight is the derivative of the cost", (loss) => {
    for (const s of [0.01, 0.3, 0.6, 4, 100]) {
      const h = 1e-5 * s;
      expect((loss.cost(s + h) - loss.cost(s - h)) / (2 * h)).toBeCloseTo(loss.weight(s), 7);
    }
  });
});

describe("jacobianError", () => {
  it("is small for a right Jacobian and names the element of a wrong one", () => {
    expect(jacobianError(rosenbrock, Float64Array.of(0.7, -2), 2).error).toBeLessThan(1e-8);
    const wrong: Evaluate = (p, residuals, jacobian) => {
      rosenbrock(p, residuals, jacobian);
      if (jacobian) jacobian[2]! += 0.5;
      return true;
    };
    const found = jacobianError(wrong, Float64Array.of(0.7, -2), 2);
    expect(found).toMatchObject({ residual: 1, parameter: 0 });
    expect(found.error).toBeCloseTo(0.5 / 14, 6);
  });
});
