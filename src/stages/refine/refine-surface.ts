/**
 * Parametric refinement: some parameters are polynomials of a variable over the whole series, the rest belong to each
 * pattern, and all are refined together against all patterns (surface refinement).
 *
 *   p_k = sum_j c_j u_k^j,   u = (t - origin) / span, within [-1, 1]
 *
 * Gauss-Newton with halved steps. The normal equations of pattern k have a block L of its own parameters and a block P
 * of the polynomials' ones; its own are eliminated (Schur complement), so that what is solved for is as small as the
 * polynomials are, whatever the length of the series:
 *
 *   sum_k Phi^T (A_PP - A_PL A_LL^-1 A_LP) Phi  dc  =  sum_k Phi^T (g_P - A_PL A_LL^-1 g_L)
 *
 * Source of the idea: Stinson & Evans, J. Appl. Cryst. 40 (2007) 87-95.
 */
import { InputError, type Pattern } from "../../data/index.ts";
import { didYouMean } from "../../data/nearest-name.ts";
import { createNormalWorkspace, invertNormalMatrix } from "../../fit/normal-matrix.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { ModelConfig, ModelFiles } from "../../refinement/index.ts";
import { type Eliminated, eliminateOwn, RANK_TOLERANCE, type SurfaceBasis } from "./eliminate-own.ts";
import { openPatternEquations } from "./pattern-equations.ts";
import { settleZero } from "./refine-next.ts";
import { refinePattern } from "./refine-pattern.ts";
import { entryOf, type SeriesEntry } from "./series-entry.ts";

export interface SurfacePolynomial {
  readonly parameter: string;
  readonly unit: string;
  /** value = sum of coefficients[j] (t - origin)^j */
  readonly origin: number;
  readonly coefficients: readonly number[];
  readonly esds: readonly number[];
}

export interface SurfaceResult {
  readonly status: "converged" | "notConverged" | "cancelled";
  readonly iterations: number;
  /** over all patterns that are fitted */
  readonly chi2: number;
  readonly reducedChi2: number;
  /** the same with every parameter free in each pattern, from the sequential refinement before it */
  readonly chi2Free: number;
  readonly points: number;
  readonly parameters: number;
  readonly polynomials: readonly SurfacePolynomial[];
}

const MOST_ITERATIONS = 20;
const MOST_HALVINGS = 6;
/** Converged where the next step promises to lower chi^2 by less than this for each pattern, plus a share of it. */
const [LEAST_GAIN, LEAST_SHARE] = [0.01, 1e-8] as const;

interface Member {
  readonly entry: SeriesEntry;
  readonly u: number;
  /** every parameter of the model */
  values: Map<string, number>;
  /** names of the pattern's own parameters that move */
  readonly own: readonly string[];
}

/**
 * One closure longer than others: passes, steps and the description at the end share the coefficients and the members.
 *
 * @param entries of a sequential refinement of the same series: the starts
 * @throws InputError "series-polynomials"
 */
export async function refineSurface(
  kernels: Kernels,
  config: ModelConfig,
  files: ModelFiles,
  entries: readonly SeriesEntry[],
  read: (index: number) => Promise<Pattern>,
  options: { readonly isCancelled?: () => boolean } = {},
): Promise<{ entries: SeriesEntry[]; result: SurfaceResult }> {
  const settled = settleZero(config, entries);
  const good = entries.filter(
    ({ flag, status }) => flag === "" && (status === "converged" || status === "undetermined"),
  );
  const wanted = Object.entries(config.series.polynomials).map(([name, degree]) => ({ name, degree }));
  check(wanted, good, config);
  const times = good.map(({ variable }) => variable);
  const [low, high] = [Math.min(...times), Math.max(...times)];
  const [origin, span] = [(low + high) / 2, (high - low) / 2 || 1];
  const names = new Set(wanted.map(({ name }) => name));
  const members: Member[] = good.map((entry) => ({
    entry,
    u: (entry.variable - origin) / span,
    values: new Map(entry.parameters.map(({ name, value }) => [name, value])),
    own: entry.parameters
      .filter(({ name, status }) => status === "refined" && !names.has(name))
      .map(({ name }) => name),
  }));
  /** first coefficient of each polynomial in c */
  const offset = wanted.map((_, q) => wanted.slice(0, q).reduce((sum, { degree }) => sum + degree + 1, 0));
  const count = wanted.reduce((sum, { degree }) => sum + degree + 1, 0);
  const basis: SurfaceBasis = { wanted, offset, count };
  let c = startCoefficients(wanted, members, count, offset);
  const polynomialAt = (coefficients: Float64Array, q: number, u: number): number => {
    let sum = 0;
    for (let j = wanted[q]!.degree; j >= 0; j--) sum = sum * u + coefficients[offset[q]! + j]!;
    return sum;
  };
  const work = createNormalWorkspace(count);
  const everything = new Uint8Array(count).fill(1);

  /** One pass over all patterns: chi^2, the reduced normal equations, what each pattern's own step will be. */
  async function pass(coefficients: Float64Array, values: readonly Map<string, number>[]) {
    const normal = new Float64Array(count * count);
    const downhill = new Float64Array(count);
    const eliminated: Eliminated[] = [];
    let [chi2, points, own, promise] = [0, 0, 0, 0];
    for (const [k, member] of members.entries()) {
      const pattern = await read(member.entry.index);
      const mark = kernels.arena.mark();
      try {
        const at = new Map(values[k]!);
        wanted.forEach(({ name }, q) => at.set(name, polynomialAt(coefficients, q, member.u)));
        const moving = [...member.own, ...wanted.map(({ name }) => name)];
        const equations = openPatternEquations(kernels, settled, files, pattern, member.entry.name, moving, at);
        chi2 += equations.chi2;
        points += equations.points;
        own += member.own.length;
        const part = eliminateOwn(equations, member, basis, normal, downhill);
        eliminated.push(part.eliminated);
        promise += part.promise;
      } finally {
        kernels.arena.release(mark);
      }
    }
    return { chi2, points, own, normal, downhill, eliminated, promise };
  }

  let current = await pass(
    c,
    members.map(({ values }) => values),
  );
  const chi2Free = good.reduce((sum, { statistics }) => sum + statistics!.chi2, 0);
  let status: SurfaceResult["status"] = "notConverged";
  let iterations = 0;
  let covariance = invertNormalMatrix(current.normal, everything, RANK_TOLERANCE, work).matrix;
  let before = Infinity;
  for (; iterations < MOST_ITERATIONS && status === "notConverged"; iterations++) {
    const step = new Float64Array(count);
    let promise = current.promise;
    for (let g = 0; g < count; g++) {
      for (let h = 0; h < count; h++) {
        const share = covariance[g * count + h]!;
        if (Number.isFinite(share)) step[g]! += share * current.downhill[h]!;
      }
      promise += step[g]! * current.downhill[g]!;
    }
    if (promise < LEAST_GAIN * members.length + LEAST_SHARE * current.chi2) {
      status = "converged";
      break;
    }
    // on a bound a promise is never kept: what is gained says when to stop
    if (before - current.chi2 < LEAST_GAIN * members.length) {
      status = "converged";
      break;
    }
    before = current.chi2;
    let isBetter = false;
    for (let halving = 0, size = 1; halving < MOST_HALVINGS && !isBetter; halving++, size /= 2) {
      if (options.isCancelled?.()) break;
      const trialC = c.map((value, g) => value + size * step[g]!);
      const trialValues = members.map(({ own, values }, k) => {
        const { shift, coupling, lower, upper } = current.eliminated[k]!;
        const moved = new Map(values);
        own.forEach((name, i) => {
          let change = shift[i]!;
          for (let g = 0; g < count; g++) change -= coupling[i * count + g]! * step[g]!;
          const next = values.get(name)! + size * change;
          moved.set(name, Math.min(Math.max(next, lower[i]!), upper[i]!));
        });
        return moved;
      });
      const trial = await pass(trialC, trialValues);
      if (!(trial.chi2 < current.chi2)) continue;
      isBetter = true;
      c = trialC;
      current = trial;
      members.forEach((member, k) => {
        member.values = trialValues[k]!;
      });
      covariance = invertNormalMatrix(current.normal, everything, RANK_TOLERANCE, work).matrix;
    }
    if (options.isCancelled?.()) status = "cancelled";
    else if (!isBetter) break;
  }

  const parameters = count + current.own;
  const result: SurfaceResult = {
    status,
    iterations,
    chi2: current.chi2,
    reducedChi2: current.chi2 / (current.points - parameters),
    chi2Free,
    points: current.points,
    parameters,
    polynomials: wanted.map(({ name, degree }, q) => ({
      parameter: name,
      unit: good[0]!.parameters.find((one) => one.name === name)!.unit,
      origin,
      coefficients: Array.from({ length: degree + 1 }, (_, j) => c[offset[q]! + j]! / span ** j),
      esds: Array.from(
        { length: degree + 1 },
        (_, j) => Math.sqrt(covariance[(offset[q]! + j) * (count + 1)]!) / span ** j,
      ),
    })),
  };
  return { result, entries: await describe() };

  /** Each pattern once more with the polynomials held: its statistics, weight fractions and own esds. */
  async function describe(): Promise<SeriesEntry[]> {
    const done = new Map<number, SeriesEntry>();
    for (const { entry, u, values } of members) {
      const start = new Map(values);
      wanted.forEach(({ name }, q) => start.set(name, polynomialAt(c, q, u)));
      const pattern = await read(entry.index);
      const refined = refinePattern(kernels, settled, files, pattern, entry.name, { start, hold: names });
      const parameters = refined.parameters.map((one) => {
        const q = wanted.findIndex(({ name }) => name === one.name);
        return q < 0 ? one : { ...one, esd: esdOf(q, u), status: "tied" as const };
      });
      done.set(entry.index, entryOf(entry.index, entry.name, entry.variable, { ...refined, parameters }, "surface"));
    }
    return entries.map((entry) => done.get(entry.index) ?? entry);
  }

  function esdOf(q: number, u: number): number {
    let variance = 0;
    for (let i = 0; i <= wanted[q]!.degree; i++) {
      for (let j = 0; j <= wanted[q]!.degree; j++) {
        variance += u ** (i + j) * covariance[(offset[q]! + i) * count + offset[q]! + j]!;
      }
    }
    return Math.sqrt(variance);
  }
}

interface Wanted {
  readonly name: string;
  readonly degree: number;
}

function check(wanted: readonly Wanted[], good: readonly SeriesEntry[], config: ModelConfig): void {
  const fail = (message: string): never => {
    throw new InputError("series-polynomials", `series.polynomials: ${message}`);
  };
  if (wanted.length === 0) fail("a parametric series needs at least one parameter with its degree, as in NMC/a: 2.");
  if (config.constraints.length > 0)
    fail("a parametric series takes no constraints. Remove them, or use mode: sequential.");
  const refined = new Set(
    good.flatMap(({ parameters }) => parameters.filter((p) => p.status !== "fixed").map((p) => p.name)),
  );
  for (const { name, degree } of wanted) {
    if (!refined.has(name)) fail(`"${name}" is none of the refined parameters${didYouMean(name, refined)}.`);
    if (good.length < degree + 2)
      fail(`${name}: degree ${degree} needs at least ${degree + 2} fitted patterns; there are ${good.length}.`);
  }
}

/** Polynomials through the values of the sequential refinement, by their esds. */
function startCoefficients(
  wanted: readonly Wanted[],
  members: readonly Member[],
  count: number,
  offset: readonly number[],
): Float64Array {
  const c = new Float64Array(count);
  wanted.forEach(({ name, degree }, q) => {
    const n = degree + 1;
    const normal = new Float64Array(n * n);
    const right = new Float64Array(n);
    for (const { entry, u } of members) {
      const one = entry.parameters.find((parameter) => parameter.name === name);
      if (!one) continue;
      const weight = one.esd ? 1 / one.esd ** 2 : 0;
      for (let i = 0; i < n; i++) {
        right[i]! += weight * u ** i * one.value;
        for (let j = 0; j < n; j++) normal[i * n + j]! += weight * u ** (i + j);
      }
    }
    const { matrix } = invertNormalMatrix(normal, new Uint8Array(n).fill(1), RANK_TOLERANCE, createNormalWorkspace(n));
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) c[offset[q]! + i]! += (matrix[i * n + j] || 0) * right[j]!;
  });
  return c;
}
