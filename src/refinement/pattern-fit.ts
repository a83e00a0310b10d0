/** Least squares of a calculated pattern: the calculator's columns become normal equations of the refined parameters. */
import { InputError } from "../data/index.ts";
import {
  type Covariance,
  createLinearConstraints,
  createNormalLeastSquares,
  type LinearConstraints,
  type NormalProblem,
  type NormalSummary,
  parseLinearEquation,
} from "../fit/index.ts";
import type { Kernels } from "../kernels/index.ts";
import { patternNormalScratch } from "../kernels/reference/normal-equations.ts";
import type { PatternCalculator } from "../pattern/calculator.ts";
import type { PatternData } from "./pattern-data.ts";
import type { WeightFractions } from "./weight-fractions.ts";

export interface FitOptions {
  /** refined parameters that may move now, as indices into `refined`; left out: all */
  readonly active?: readonly number[];
  /** all refined parameters keep their column, though only some may move: for many short fits in a row */
  readonly keepsColumns?: boolean;
  /** the linear parameters are at their best already */
  readonly skipsLinear?: boolean;
  /**
   * A step that promises less than this many esd is taken unseen, which saves an evaluation: for maps. Infinity: the
   * first step is, as it is exact where all that moves is linear. The calculated pattern is then that of before.
   */
  readonly lastStepEsd?: number;
  readonly maxIterations?: number;
  readonly damping?: number;
  readonly isCancelled?: (() => boolean) | undefined;
}

/** One pattern (or one after another of the same points) and one set of refined parameters. */
export interface PatternFit {
  /** indices of the refined parameters in the calculator's vector */
  readonly refined: readonly number[];
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** [n] observed and 1 / sigma^2; write here for the next pattern */
  readonly observed: Float64Array;
  readonly weight: Float64Array;
  readonly constraints: LinearConstraints | undefined;
  /** chi^2 at the calculator's values; not finite where the model makes no sense */
  chi2(): number;
  /**
   * What the first solve with keepsColumns would do, at the values as they stand: widths that are held, limits of steps.
   * For who must not depend on where that first one starts.
   */
  prepare(): void;
  /** Improve the calculator's values in place; they, and its calculated pattern, are those of the end (lastStepEsd). */
  solve(options?: FitOptions): NormalSummary;
  /** of the last solve, over `refined` */
  covariance(): Covariance;
}

const MOST_PASSES = 8;

export interface PatternFitSettings {
  readonly refined: readonly number[];
  /** [parameter] of the calculator's vector */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** equations as a person writes them; weight(PHASE) stands for a weight fraction */
  readonly constraints?: readonly string[];
}

/**
 * Least squares of a pattern by its calculator: residuals over sigma and their derivatives in kernel memory.
 *
 * @param settings which parameters are refined, their bounds and linear constraints
 */
export function createPatternFit(
  kernels: Kernels,
  calculator: PatternCalculator,
  { refined, lower, upper, constraints: equations = [] }: PatternFitSettings,
  weightFractions?: WeightFractions,
): PatternFit {
  const { arena, run } = kernels;
  const { values, parameters, twoTheta } = calculator;
  const n = twoTheta.length;
  const m = refined.length;
  const observed = arena.f64(n);
  const weight = arena.f64(n);
  const matrix = arena.f64(m * m);
  const vector = arena.f64(m);
  const scratch = arena.f64(patternNormalScratch(n));
  const solver = createNormalLeastSquares(m);
  const p = new Float64Array(m);
  const fixed = new Uint8Array(m);
  const linear = Uint8Array.from(refined, (i) => (parameters[i]!.isLinear ? 1 : 0));
  const pick = (from: Float64Array): Float64Array => Float64Array.from(refined, (i) => from[i]!);
  const bounds = { lower: pick(lower), upper: pick(upper) };
  const maxStep = new Float64Array(m).fill(Infinity);
  const all = Array.from({ length: m }, (_, j) => j);
  let constraints = makeConstraints();
  if (constraints) {
    load();
    constraints.expand(p);
    store();
  }
  const holdsWeights = equations.some((text) => text.includes("weight("));
  /** refined parameters that have a column now */
  let moving: readonly number[] = [];
  let isPrepared = false;
  let hasLimits = false;

  function makeConstraints(): LinearConstraints | undefined {
    if (equations.length === 0) return undefined;
    const names = parameters.map(({ name }) => name);
    const position = new Map(refined.map((parameter, j) => [parameter, j]));
    const parsed = equations.map((text) => {
      const equation = weightEquation(text, calculator, weightFractions) ?? parseLinearEquation(text, names);
      // what is not refined is a number
      let { value } = equation;
      const terms: { index: number; factor: number }[] = [];
      for (const { index, factor } of equation.terms) {
        const j = position.get(index);
        if (j === undefined) value -= factor * values[index]!;
        else terms.push({ index: j, factor });
      }
      return { terms, value, source: equation.source };
    });
    load();
    // also when a stage fixes some: what they start from need not meet the equations yet, and the solver sees to it
    return createLinearConstraints(m, parsed, new Uint8Array(m), p);
  }
  function load(): void {
    for (let j = 0; j < m; j++) p[j] = values[refined[j]!]!;
  }
  function store(): void {
    for (let j = 0; j < m; j++) values[refined[j]!] = p[j]!;
  }

  const problem: NormalProblem = {
    cost(q) {
      for (let j = 0; j < m; j++) values[refined[j]!] = q[j]!;
      if (!calculator.evaluate(false)) return Number.NaN;
      return run.chiSquared(observed, calculator.calculated, weight, n);
    },
    linearise(q, normal, downhill) {
      for (let j = 0; j < m; j++) values[refined[j]!] = q[j]!;
      if (!calculator.evaluate(true)) return Number.NaN;
      const k = moving.length;
      const { columns, stride, supports, calculated } = calculator;
      const cost = run.normalEquations(
        matrix,
        vector,
        columns,
        stride,
        supports,
        observed,
        calculated,
        weight,
        n,
        k,
        scratch,
      );
      for (let a = 0; a < k; a++) {
        const row = moving[a]! * m;
        downhill[moving[a]!] = vector[a]!;
        for (let b = 0; b < k; b++) normal[row + moving[b]!] = matrix[a * k + b]!;
      }
      return cost;
    },
  };

  /** Cells move by half a line width at most in one step, so that no line jumps onto its neighbour. */
  function limitSteps(): void {
    hasLimits = true;
    const middle = twoTheta[Math.floor(0.7 * n)]! * (Math.PI / 180);
    const width = typicalWidth(calculator) * (Math.PI / 180);
    const share = width / (2 * Math.tan(middle / 2)) / 2;
    refined.forEach((parameter, j) => {
      const { name } = parameters[parameter]!;
      if (/^[^/]+\/(a|b|c)$/.test(name)) maxStep[j] = share * values[parameter]!;
      else if (/^[^/]+\/(alpha|beta|gamma)$/.test(name)) maxStep[j] = (share * 180) / Math.PI;
      else if (name === "zero") maxStep[j] = (width * 180) / Math.PI;
      else if (name === "wavelength") maxStep[j] = share * values[parameter]!;
    });
  }

  function prepare(next: readonly number[]): void {
    if (isPrepared && next.length === moving.length && next.every((j, k) => j === moving[k])) return;
    moving = next;
    calculator.prepare(moving.map((j) => refined[j]!));
    isPrepared = true;
  }

  function solve(options: FitOptions = {}): NormalSummary {
    const { active, keepsColumns, skipsLinear, lastStepEsd, maxIterations = 60, damping = 1e-4, isCancelled } = options;
    const free = active ? withTied(active) : all;
    fixed.fill(1);
    for (const j of free) fixed[j] = 0;
    prepare(keepsColumns ? all : free);
    if (!hasLimits || !keepsColumns) limitSteps();
    // the masses in an equation over weight fractions are those of the cells before: again, until they agree
    for (let pass = 0, before = Number.NaN, iterations = 0; ; pass++) {
      if (holdsWeights) constraints = makeConstraints();
      const summary = runSolver();
      if (!holdsWeights) return summary;
      iterations += summary.iterations;
      if (pass === MOST_PASSES || Math.abs(before - summary.finalCost) <= 1e-9 * before)
        return { ...summary, iterations };
      before = summary.finalCost;
    }

    function runSolver(): NormalSummary {
      load();
      const summary = solver.solve(problem, p, {
        ...bounds,
        fixed,
        linear: skipsLinear ? undefined : linear,
        maxStep,
        constraints,
        maxIterations,
        damping,
        isCancelled,
        points: n,
        ...(lastStepEsd !== undefined && {
          lastStep: "predicted" as const,
          esdTolerance: lastStepEsd,
          // with esds as wide as the misfit makes them
          costTolerance: Math.min(1, lastStepEsd ** 2 / n),
        }),
      });
      store();
      if (lastStepEsd === undefined) calculator.evaluate(false);
      return summary;
    }
  }

  /** Parameters that an equation ties to an active one move with it. */
  function withTied(active: readonly number[]): number[] {
    const found = new Set(active);
    const rows = constraints?.rows;
    for (let grown = true; rows && grown; ) {
      grown = false;
      rows.dependent.forEach((dependent, r) => {
        const group = [dependent, ...rows.column.subarray(rows.start[r], rows.start[r + 1])];
        if (!group.some((j) => found.has(j))) return;
        for (const j of group) {
          grown ||= !found.has(j);
          found.add(j);
        }
      });
    }
    return [...found].sort((a, b) => a - b);
  }

  return {
    refined,
    ...bounds,
    observed,
    weight,
    get constraints() {
      return constraints;
    },
    chi2: () => (calculator.evaluate(false) ? run.chiSquared(observed, calculator.calculated, weight, n) : Number.NaN),
    prepare() {
      prepare(all);
      limitSteps();
    },
    solve,
    covariance: () => solver.covariance(),
  };
}

/** Copies a pattern's points into a fit made for as many. */
export function loadData({ observed, weight }: PatternFit, data: PatternData): void {
  observed.set(data.observed);
  weight.set(data.weight);
}

/** FWHM of a line in the middle of the range, degrees. */
function typicalWidth(calculator: PatternCalculator): number {
  const widths = calculator.phases.flatMap((_, p) => {
    const { fwhm, twoThetaDeg } = calculator.reflectionsOf(p, calculator.calculated);
    const { twoTheta } = calculator;
    const last = twoTheta[twoTheta.length - 1]!;
    return [...fwhm].filter((value, r) => value > 0 && twoThetaDeg[r]! >= twoTheta[0]! && twoThetaDeg[r]! <= last);
  });
  if (widths.length === 0) return 0.1;
  return widths.sort((a, b) => a - b)[widths.length >> 1]!;
}

/** "weight(A) = 0.25" or "weight(A) + weight(B) = 0.5" as an equation over scales, at the cells as they stand. @throws InputError "constraint-weight" */
function weightEquation(text: string, calculator: PatternCalculator, weightFractions: WeightFractions | undefined) {
  const match = /^\s*((?:weight\([^)]*\)\s*\+?\s*)+)=\s*([0-9.eE+-]+)\s*$/.exec(text);
  if (!match || !weightFractions) return undefined;
  const share = Number(match[2]);
  if (!(share > 0 && share < 1)) {
    throw new InputError(
      "constraint-weight",
      `The constraint "${text.trim()}" asks for a weight fraction of ${match[2]}: fractions are between 0 and 1, so 75 % is 0.75. A phase that is not there is left out of the model.`,
    );
  }
  const { values, indexOf, model } = calculator;
  const mass = new Float64Array(model.phases.length);
  weightFractions.masses(values, mass);
  const wanted = [...match[1]!.matchAll(/weight\(([^)]*)\)/g)].map(([, name]) => indexOf(`${name}/scale`));
  const terms = weightFractions.phases.map((p) => {
    const index = indexOf(`${model.phases[p]!.name}/scale`);
    const perScale = values[index]! > 0 ? mass[p]! / values[index]! : massPerScale(p);
    return { index, factor: perScale * ((wanted.includes(index) ? 1 : 0) - share) };
  });
  return { terms, value: 0, source: text.trim() };

  function massPerScale(p: number): number {
    const moved = values.slice();
    moved[indexOf(`${model.phases[p]!.name}/scale`)] = 1;
    const out = new Float64Array(mass.length);
    weightFractions!.masses(moved, out);
    return out[p]!;
  }
}
