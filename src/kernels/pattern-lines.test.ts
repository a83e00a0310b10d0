import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import * as reference from "./reference/index.ts";

/** Fused multiply-add rounds once where the twin rounds twice; relative to the largest value of the array. */
const FUSED = 1e-13;
/** exp2 to 2e-14, a Gaussian cut at 2^-60, and some ten roundings; relative to the largest sum of absolute terms. */
const FORMULA = 1e-13;

interface Line {
  position: number;
  fwhm: number;
  eta: number;
  area: number;
  span: [number, number];
  /** column, then the factors of P, dP/dposition, dP/dfwhm, dP/deta */
  terms: [number, number, number, number, number][];
}
interface Problem {
  x: Float64Array;
  columns: number;
  stride: number;
  lines: Line[];
}

const grid = (n: number, first: number, step: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => first + step * i);

/** Lines of every kind over x with gaps: sharp, broad, outside the range, eta in and out of 0 to 1, odd spans. */
function mixedProblem(seed: number, n = 403, lines = 24): Problem {
  const random = seededRandom(seed);
  const x = new Float64Array(n);
  let at = 1;
  for (let i = 0; i < n; i++) {
    x[i] = at;
    at += random() < 0.01 ? 1.7 : 0.01 * (0.5 + random());
  }
  const range = at - 1;
  const one = (_: unknown, l: number): Line => {
    const first = Math.floor(random() * 40);
    const factor = (): number => 2 * random() - 1;
    const shapes = l % 16 < 8;
    return {
      position: 1 + range * (1.2 * random() - 0.1),
      fwhm: [0.05, 0.0004, 1.5][l % 3]! * (0.5 + random()),
      eta: [0.4, 0, 1, -0.05, 1.1][l % 5]!,
      area: 10 * random() - (l === 7 ? 20 : 0),
      span: l % 4 === 0 ? [0, n] : [first, first + Math.floor(random() * (n - first))],
      terms: Array.from({ length: l % 8 }, () => [
        Math.floor(random() * 5),
        factor(),
        random() < 0.4 ? 0 : factor(),
        shapes ? factor() : 0,
        shapes ? factor() : 0,
      ]),
    };
  };
  return { x, columns: 5, stride: n + 3, lines: Array.from({ length: lines }, one) };
}

function flatten({ lines }: Problem) {
  const terms = lines.flatMap((line) => line.terms);
  let term = 0;
  const spans = lines.flatMap(({ span, terms: { length } }) => {
    term += length;
    return [...span, term - length, term];
  });
  return {
    lines: Float64Array.from(lines.flatMap(({ position, fwhm, eta, area }) => [position, fwhm, eta, area])),
    spans: Int32Array.from(spans),
    terms: Float64Array.from(terms.flatMap(([, ...factors]) => factors)),
    termColumns: Int32Array.from(terms.map(([column]) => column)),
  };
}

/** P and its derivatives by position, fwhm, eta as physics writes them, with exp and one division each. */
function pseudoVoigt(x: number, { position, fwhm: H, eta }: Line): [number, number, number, number] {
  const d = x - position;
  const lorentz = 2 / (Math.PI * H) / (1 + 4 * (d / H) ** 2);
  const gauss = (2 / H) * Math.sqrt(Math.LN2 / Math.PI) * Math.exp(-4 * Math.LN2 * (d / H) ** 2);
  const lorentzSlope = (8 * d * lorentz) / (H * H + 4 * d * d);
  const gaussSlope = (8 * Math.LN2 * d * gauss) / (H * H);
  return [
    eta * lorentz + (1 - eta) * gauss,
    eta * lorentzSlope + (1 - eta) * gaussSlope,
    // a profile of unit area scales as f(d / H) / H, so d/dH = (d d/dposition - 1) / H
    (eta * (d * lorentzSlope - lorentz) + (1 - eta) * (d * gaussSlope - gauss)) / H,
    lorentz - gauss,
  ];
}

/** The double loop, and what the same sums are with every term taken as positive: the scale of rounding. */
function naive(problem: Problem) {
  const { x, columns, stride, lines } = problem;
  const result = { y: new Float64Array(x.length), columns: new Float64Array(columns * stride) };
  const sizes = { y: new Float64Array(x.length), columns: new Float64Array(columns * stride) };
  for (const line of lines) {
    for (let i = line.span[0]; i < line.span[1]; i++) {
      const derivatives = pseudoVoigt(x[i]!, line);
      result.y[i] = result.y[i]! + line.area * derivatives[0];
      sizes.y[i] = sizes.y[i]! + Math.abs(line.area) / line.fwhm;
      for (const [column, ...factors] of line.terms) {
        const at = column * stride + i;
        const units = [1, 1 / line.fwhm, 1 / line.fwhm, 1];
        factors.forEach((factor, k) => {
          result.columns[at] = result.columns[at]! + factor * derivatives[k]!;
          sizes.columns[at] = sizes.columns[at]! + (10 * Math.abs(factor) * units[k]!) / line.fwhm;
        });
      }
    }
  }
  return { result, sizes };
}

describe.each(kernelBuilds)("patternLines, $name", ({ exact, create }) => {
  const kernels = create();
  const { arena } = kernels;
  const given = <T extends Float64Array | Int32Array>(values: T): T => {
    const array = values instanceof Int32Array ? arena.i32(values.length) : arena.f64(values.length);
    array.set(values);
    return array as T;
  };

  function run(problem: Problem, { derivatives = 1, from = 0, to = problem.lines.length, fill = 0 } = {}) {
    const { x, columns, stride } = problem;
    const mark = arena.mark();
    const flat = flatten(problem);
    const y = given(new Float64Array(x.length).fill(fill));
    const jacobian = given(new Float64Array(columns * stride).fill(fill));
    const [lines, spans, terms, termColumns] = [flat.lines, flat.spans, flat.terms, flat.termColumns].map((array) =>
      given<Float64Array | Int32Array>(array),
    ) as [Float64Array, Int32Array, Float64Array, Int32Array];
    kernels.run.patternLines(y, jacobian, given(x), stride, lines, spans, terms, termColumns, from, to, derivatives);
    const result = { y: Float64Array.from(y), columns: Float64Array.from(jacobian) };
    arena.release(mark);
    return result;
  }

  const profile = (line: Partial<Line>, x: Float64Array): Float64Array =>
    run({
      ...{ x, columns: 0, stride: x.length },
      lines: [{ position: 0, fwhm: 1, eta: 0.5, area: 1, span: [0, x.length], ...line, terms: [] }],
    }).y;

  it.each([1, 2, 3])("equals its twin on mixed lines, seed %i", (seed) => {
    const problem = mixedProblem(seed);
    const flat = flatten(problem);
    const [y, columns] = [new Float64Array(403), new Float64Array(5 * 406)];
    const { x, stride, lines } = problem;
    reference.patternLines(
      ...([y, columns, x, stride, flat.lines, flat.spans] as const),
      ...([flat.terms, flat.termColumns, 0, lines.length, 1] as const),
    );
    const got = run(problem);
    for (const [a, b] of [
      [got.y, y],
      [got.columns, columns],
    ] as const) {
      if (exact) expect([...a]).toEqual([...b]);
      const size = Math.max(...b.map(Math.abs));
      a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(FUSED * size));
    }
  });

  it.each([1, 2, 3])("equals the double loop over the formulas, seed %i", (seed) => {
    const problem = mixedProblem(seed);
    const { result, sizes } = naive(problem);
    const got = run(problem);
    for (const key of ["y", "columns"] as const) {
      let worst = 0;
      got[key].forEach((value, i) => {
        if (sizes[key][i] === 0) expect(value).toBe(0);
        else worst = Math.max(worst, Math.abs(value - result[key][i]!) / sizes[key][i]!);
      });
      expect(worst).toBeLessThan(FORMULA);
    }
  });

  it("tails are right to a few ulp, however small beside the top", () => {
    const x = grid(64, 5, 20);
    const line: Line = { position: 0, fwhm: 0.02, eta: 0.3, area: 1, span: [0, 64], terms: [] };
    profile(line, x).forEach((value, i) => expect(value / pseudoVoigt(x[i]!, line)[0]).toBeCloseTo(1, 13));
  });

  it.each([
    ["core and tail", 0.05, 0.4],
    ["only core", 30, 0.4],
    ["Gaussian", 0.3, 0],
    ["Lorentzian", 0.3, 1],
    ["eta below 0", 0.3, -0.1],
    ["eta above 1", 0.3, 1.2],
  ])("derivatives are those of the profile: %s", (_, fwhm, eta) => {
    const x = grid(61, 1, 0.047);
    const line: Line = {
      ...{ position: 2.4, fwhm, eta, area: 1, span: [1, 60] as [number, number] },
      terms: [0, 1, 2, 3].map((k) => [k, ...[0, 1, 2, 3].map((j) => (j === k ? 1 : 0))] as Line["terms"][number]),
    };
    const { y, columns } = run({ x, columns: 4, stride: 61, lines: [line] });
    expect([...columns.subarray(0, 61)].map((v, i) => v - y[i]!).every((v) => Math.abs(v) < 1e-14 / fwhm)).toBe(true);
    for (const [k, key] of (["position", "fwhm", "eta"] as const).entries()) {
      const step = key === "eta" ? 1e-2 : 1e-4 * fwhm;
      const at = (shift: number): Float64Array => profile({ ...line, [key]: line[key] + shift }, x);
      const [a, b, c, d] = [at(-2 * step), at(-step), at(step), at(2 * step)];
      const got = columns.subarray(61 * (k + 1), 61 * (k + 2));
      const largest = Math.max(...got.map(Math.abs));
      got.forEach((value, i) => {
        const central = (a[i]! - 8 * b[i]! + 8 * c[i]! - d[i]!) / (12 * step);
        expect(Math.abs(value - central)).toBeLessThan(1e-9 * largest + (1e-15 / fwhm / step) * 4);
      });
    }
  });

  it.each([-0.05, 0, 0.37, 1, 1.1])("unit area on a wide grid, eta %f", (eta) => {
    const x = grid(40001, -200, 0.01);
    const y = profile({ position: 0.003, fwhm: 0.2, eta }, x);
    // what the Lorentzian has within the grid, in closed form; the trapezoid rule is exact for smooth peaks
    const inside = (Math.atan((200 - 0.003) / 0.1) + Math.atan((200 + 0.003) / 0.1)) / Math.PI;
    const sum = 0.01 * (y.reduce((a, b) => a + b) - (y[0]! + y[40000]!) / 2);
    expect(sum).toBeCloseTo(eta * inside + 1 - eta, 9);
  });

  it("half of the top at half a width from the position", () => {
    const y = profile({ fwhm: 0.25, eta: 0.6 }, Float64Array.of(-0.125, 0, 0.125));
    expect(y[0]! / y[1]!).toBeCloseTo(0.5, 13);
    expect(y[2]! / y[1]!).toBeCloseTo(0.5, 13);
  });

  it("points outside a span keep their bits; an empty span does nothing", () => {
    const problem = mixedProblem(4, 101, 1);
    const terms: Line["terms"] = [[1, 1, 1, 1, 1]];
    for (const span of [
      [0, 0],
      [101, 101],
      [17, 17],
      [17, 18],
      [16, 24],
      [1, 8],
      [7, 9],
      [9, 100],
      [0, 101],
    ] as [number, number][]) {
      const line: Line = { position: 1.4, fwhm: 0.03, eta: 0.5, area: 3, span, terms };
      const { y, columns } = run({ ...problem, lines: [line] }, { fill: 0.125 });
      y.forEach((value, i) => expect(value === 0.125).toBe(i < span[0] || i >= span[1]));
      columns.forEach((value, i) => {
        expect(value === 0.125).toBe(i < 104 + span[0] || i >= 104 + span[1]);
      });
    }
  });

  it("a line does not depend on which others are added in the same call", () => {
    const problem = mixedProblem(5);
    const whole = run(problem);
    const parts = [run(problem, { to: 9 }), run(problem, { from: 9 })];
    const only = run({ ...problem, lines: problem.lines.slice(0, 9) });
    expect([...parts[0]!.y]).toEqual([...only.y]);
    expect([...parts[0]!.columns]).toEqual([...only.columns]);
    whole.y.forEach((value, i) => expect(value).toBeCloseTo(parts[0]!.y[i]! + parts[1]!.y[i]!, 8));
  });

  it("without derivatives the columns keep their bits and y is the same", () => {
    const problem = mixedProblem(6);
    const values = run(problem, { derivatives: 0, fill: 0.5 });
    expect(values.columns.every((value) => value === 0.5)).toBe(true);
    expect([...values.y]).toEqual([...run(problem, { fill: 0.5 }).y]);
  });

  it.each([0, 0.3])("many terms on one column are one term with the sum of the factors (cH %f)", (cH) => {
    const x = grid(57, 0, 0.1);
    const line: Line = { position: 2.2, fwhm: 0.2, eta: 0.5, area: 1, span: [3, 57], terms: [] };
    const many: Line["terms"] = Array.from({ length: 11 }, (_, k) => [1, k - 4, 0.5 * k, cH, cH * k]);
    const sum: Line["terms"] = [[1, 11, 27.5, 11 * cH, 55 * cH]];
    const results = [many, sum].map((terms) => run({ x, columns: 2, stride: 57, lines: [{ ...line, terms }] }));
    expect([...results[0]!.y]).toEqual([...results[1]!.y]);
    const [a, b] = results.map(({ columns }) => columns);
    const size = Math.max(...b!.map(Math.abs));
    a!.forEach((value, i) => expect(Math.abs(value - b![i]!)).toBeLessThan(1e-13 * size));
    expect(a!.subarray(0, 57).every((value) => value === 0)).toBe(true);
  });

  it("a width far below the step gives the Lorentzian's tail and, on the point, the top", () => {
    const x = grid(40, 0, 1);
    const line: Line = { position: 11, fwhm: 1e-9, eta: 0.5, area: 1, span: [0, 40], terms: [] };
    profile(line, x).forEach((value, i) => expect(value / pseudoVoigt(x[i]!, line)[0]).toBeCloseTo(1, 12));
  });

  it.each([
    [1e300, 0.1],
    [-1e160, 1e-5],
    [1e80, 0.1],
    [3, 1e-40],
    [3, 1e-60],
    [1e20, 1e60],
    [1e200, 1e-60],
    [1e9, 1e-12],
  ])("nothing overflows at position %f, fwhm %f", (position, fwhm) => {
    const terms: Line["terms"] = [
      [0, 1, 1, 0, 0],
      [1, 1, 1, 1, 1],
    ];
    const line: Line = { position, fwhm, eta: 0.5, area: 1, span: [0, 40], terms };
    for (const some of [terms.slice(0, 1), terms]) {
      const { y, columns } = run({ x: grid(40, 0.05, 1), columns: 2, stride: 40, lines: [{ ...line, terms: some }] });
      expect([...y, ...columns].every(Number.isFinite)).toBe(true);
    }
  });
});
