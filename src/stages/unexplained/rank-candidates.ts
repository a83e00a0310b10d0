/**
 * Which structure a residual pattern is of: each candidate's whole calculated pattern, its cell free within limits, is
 * held against what the model's own numbers cannot explain.
 *
 *   score = share of sum (residual / sigma)^2 that scale x pattern(cell) explains, background and the model's first
 *           derivatives being free beside it
 *
 * Positions, intensities and absent lines count in one number: a line that is calculated and not there makes the scale
 * small, and so does one that is there and not calculated.
 */
import { type Cell, cellContent, cellFreedom, type Structure } from "../../crystal/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import type { ModelState } from "./model-columns.ts";
import { dot, type Projection } from "./projection.ts";

export interface Candidate {
  /** how a model.yaml names it: a structure of the program, or the path of a CIF */
  readonly name: string;
  readonly structure: Structure;
  /** model: a phase of the model at another cell */
  readonly origin: "library" | "file" | "model";
}

export interface CandidateLine {
  readonly h: number;
  readonly k: number;
  readonly l: number;
  readonly twoThetaDeg: number;
  readonly fwhmDeg: number;
  /** of the calculated pattern, intensity x degrees */
  readonly area: number;
  /** what is observed there over what is calculated */
  readonly ratio: number;
  readonly verdict: "matched" | "missed" | "too strong" | "weak" | "hidden";
}

export interface RankedCandidate {
  readonly name: string;
  readonly origin: Candidate["origin"];
  /** share of what the model cannot explain, 0 to 1 */
  readonly score: number;
  /** score less what its cell was changed by: a cell that is right by itself speaks for a structure */
  readonly rank: number;
  /** at the cell that was found */
  readonly structure: Structure;
  readonly cell: Cell;
  /** relative, of the edges: a, b, c */
  readonly change: readonly number[];
  /** the cell ended at the limit of the search */
  readonly isAtLimit: boolean;
  /** [point] calculated pattern of scale 1 */
  readonly pattern: Float64Array;
  /** [edge][point] what a relative change of each edge by a hundredth of a line's width makes of it */
  readonly slopes: readonly Float64Array[];
  readonly scale: number;
  readonly lines: readonly CandidateLine[];
}

export interface RankOptions {
  readonly reach: number;
  readonly ownReach: number;
  readonly elements?: readonly string[] | undefined;
}

const NAME = "candidate";
/** Where a line ends: a search looks at thousands of patterns. */
const CUTOFF = 5e-3;
/** Of a line's FWHM: steps of the first grid, and where the search for a cell ends. */
const [FIRST_STEP, LAST_STEP] = [0.6, 0.02] as const;
/** Of the score: with less on the first grid a candidate is not looked at more closely. */
const HOPELESS = 0.05;
/** Edges of cells with three free ones are searched one after the other, so often. */
const SWEEPS = 3;
/** What a change of the cell by 1 % takes from the rank. */
const CHANGE_COST = 0.015;
/** Of a candidate's pattern: what the model cannot imitate by itself. With less it is the model's own phase over again. */
const LEAST_NEW = 0.05;
/** Of the strongest line's share of the score: weaker ones say little. */
const WEAK = 0.04;
/** Observed over calculated. */
const [MISSED, TOO_STRONG] = [0.4, 2.5] as const;

/** The candidates that a list of elements allows. */
export function allowedCandidates(all: readonly Candidate[], elements: readonly string[] | undefined): Candidate[] {
  if (!elements) return [...all];
  return all.filter(({ structure }) => [...cellContent(structure).keys()].every((one) => elements.includes(one)));
}

/**
 * @param state the model with its background and peaks; `values` has the host's widths for all of NAME's
 * @param widths by key (size, gaussianStrain ...): what a candidate's lines are broadened by
 * @param remainder [point] of the residual pattern
 * @returns best first
 */
export function rankCandidates(
  kernels: Kernels,
  state: ModelState,
  widths: ReadonlyMap<string, number>,
  projection: Projection,
  remainder: Float64Array,
  candidates: readonly Candidate[],
  options: RankOptions,
): RankedCandidate[] {
  const total = dot(remainder, remainder);
  return allowedCandidates(candidates, options.elements)
    .map((candidate) => {
      const mark = kernels.arena.mark();
      try {
        return tryCandidate(kernels, state, widths, projection, remainder, candidate, options, total);
      } finally {
        kernels.arena.release(mark);
      }
    })
    .filter((one) => one !== undefined)
    .sort((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1));
}

function tryCandidate(
  kernels: Kernels,
  state: ModelState,
  widths: ReadonlyMap<string, number>,
  projection: Projection,
  remainder: Float64Array,
  candidate: Candidate,
  { reach, ownReach }: RankOptions,
  total: number,
): RankedCandidate | undefined {
  const calculator = candidateCalculator(kernels, state, candidate.structure, widths);
  const { values, indexOf } = calculator;
  const { names } = cellFreedom(candidate.structure);
  const edges = names.filter((name) => name.length === 1).map((name) => indexOf(`${NAME}/${name}`));
  const start = edges.map((i) => values[i]!);
  const limit = candidate.origin === "model" ? ownReach : reach;
  const measure = (shifts: readonly number[]): { gain: number; scale: number } => {
    edges.forEach((i, e) => {
      values[i] = start[e]! * (1 + shifts[e]!);
    });
    if (!calculator.evaluate(false)) return { gain: 0, scale: 0 };
    const own = projection.remainder(calculator.calculated);
    const [along, size] = [dot(own, remainder), dot(own, own)];
    const isNew = size > LEAST_NEW * projection.size(calculator.calculated);
    return along > 0 && isNew ? { gain: (along * along) / size, scale: along / size } : { gain: 0, scale: 0 };
  };
  const sharp = sharpness(calculator);
  const shifts = searchShifts((trial) => measure(trial).gain, edges.length, limit, sharp, HOPELESS * total);
  const slopes = shifts.map((_, e) => {
    measure(shifts.map((shift, at) => (at === e ? shift + 0.01 * sharp : shift)));
    return calculator.calculated.slice();
  });
  const { gain, scale } = measure(shifts);
  if (!(gain > 0)) return undefined;
  for (const slope of slopes) for (let k = 0; k < slope.length; k++) slope[k]! -= calculator.calculated[k]!;
  const cell = cellOf(calculator, candidate.structure, names);
  return {
    name: candidate.name,
    origin: candidate.origin,
    score: gain / total,
    rank: gain / total - (CHANGE_COST * Math.max(0, ...shifts.map(Math.abs))) / 0.01,
    structure: { ...candidate.structure, cell },
    cell,
    change: shifts,
    isAtLimit: shifts.some((shift) => Math.abs(shift) > 0.98 * limit),
    pattern: calculator.calculated.slice(),
    slopes,
    scale,
    lines: describeLines(calculator, projection, remainder, scale),
  };
}

function candidateCalculator(
  kernels: Kernels,
  { model, wavelengthA, twoThetaDeg, values: known }: ModelState,
  structure: Structure,
  widths: ReadonlyMap<string, number>,
): PatternCalculator {
  const alone = {
    ...model,
    background: { chebyshev: 0 },
    peaks: [],
    phases: [{ name: NAME, kind: "rietveld" as const, structure }],
    holdsWidths: false,
    cutoff: Math.max(model.cutoff, CUTOFF),
  };
  const calculator = createPatternCalculator(kernels, alone, wavelengthA, twoThetaDeg);
  const { values, parameters } = calculator;
  parameters.forEach(({ name }, i) => {
    const key = name.startsWith(`${NAME}/`) ? name.slice(NAME.length + 1) : undefined;
    const value = key === undefined ? known.get(name) : key === "scale" ? 1 : widths.get(key);
    if (value !== undefined) values[i] = value;
  });
  calculator.prepare([]);
  calculator.evaluate(false);
  return calculator;
}

/** Relative change of a spacing that moves a line by its FWHM, in the middle of the lines. */
function sharpness(calculator: PatternCalculator): number {
  const { twoThetaDeg, fwhm } = calculator.reflectionsOf(0, calculator.calculated);
  const all = [...fwhm.keys()]
    .filter((r) => fwhm[r]! > 0 && Number.isFinite(twoThetaDeg[r]!))
    .map((r) => (fwhm[r]! * RAD) / 2 / Math.tan((twoThetaDeg[r]! * RAD) / 2));
  return all.sort((a, b) => a - b)[all.length >> 2] ?? 0.01;
}
const RAD = Math.PI / 180;

/** The best shifts of the edges: a grid over all there is, then finer and finer about the best. */
function searchShifts(
  gain: (shifts: readonly number[]) => number,
  count: number,
  limit: number,
  sharp: number,
  least: number,
): number[] {
  let best = new Array<number>(count).fill(0);
  let most = gain(best);
  const tryAll = (axes: readonly number[], from: readonly number[], steps: number, step: number): void => {
    const walk = (e: number, trial: number[]): void => {
      if (e === axes.length) {
        const value = gain(trial);
        if (value > most) [best, most] = [[...trial], value];
        return;
      }
      for (let k = -steps; k <= steps; k++) {
        const shift = from[axes[e]!]! + k * step;
        if (Math.abs(shift) > limit * (1 + 1e-9)) continue;
        const next = [...trial];
        next[axes[e]!] = shift;
        walk(e + 1, next);
      }
    };
    walk(0, [...from]);
  };
  const steps = Math.ceil(limit / (FIRST_STEP * sharp));
  let step = limit / steps;
  const all = best.map((_, e) => e);
  if (count <= 2) tryAll(all, best, steps, step);
  else {
    // all edges alike first, as in a solid solution; then one after the other
    for (let k = -steps; k <= steps; k++) {
      const trial = all.map(() => k * step);
      const value = gain(trial);
      if (value > most) [best, most] = [trial, value];
    }
    for (let sweep = 0; sweep < SWEEPS; sweep++) for (const e of all) tryAll([e], best, steps, step);
  }
  for (; most > least && step > LAST_STEP * sharp; step /= 2) tryAll(all, best, 1, step / 2);
  return best;
}

function cellOf({ values, indexOf }: PatternCalculator, structure: Structure, names: readonly string[]): Cell {
  const freedom = cellFreedom(structure);
  const free = names.map((name) => values[indexOf(`${NAME}/${name}`)]!);
  const six = [0, 1, 2, 3, 4, 5].map((i) =>
    free.reduce((sum, value, q) => sum + freedom.matrix[i * names.length + q]! * value, freedom.constant[i]!),
  );
  return { a: six[0]!, b: six[1]!, c: six[2]!, alpha: six[3]!, beta: six[4]!, gamma: six[5]! };
}

/** What each line says, at the cell and scale that were found. */
function describeLines(
  calculator: PatternCalculator,
  projection: Projection,
  remainder: Float64Array,
  scale: number,
): CandidateLine[] {
  const { twoTheta } = calculator;
  const own = projection.remainder(calculator.calculated);
  const { twoThetaDeg, fwhm, area } = calculator.reflectionsOf(0, calculator.calculated);
  const { h, k, l } = calculator.phases[0]!;
  const weightOf = (r: number): { calculated: number; observed: number } => {
    let [calculated, observed] = [0, 0];
    for (let i = 0; i < twoTheta.length; i++) {
      if (Math.abs(twoTheta[i]! - twoThetaDeg[r]!) > 0.6 * fwhm[r]!) continue;
      calculated += own[i]! * own[i]! * scale;
      observed += own[i]! * remainder[i]!;
    }
    return { calculated, observed };
  };
  const inside = [...twoThetaDeg.keys()]
    .filter((r) => twoThetaDeg[r]! >= twoTheta[0]! && twoThetaDeg[r]! <= twoTheta[twoTheta.length - 1]!)
    .sort((a, b) => area[b]! - area[a]!);
  // lines that fall together are one, named after its strongest
  const apart = inside.filter((r, i) =>
    inside.slice(0, i).every((q) => Math.abs(twoThetaDeg[q]! - twoThetaDeg[r]!) > 0.5 * fwhm[r]!),
  );
  const strongest = Math.max(...apart.map((r) => weightOf(r).calculated));
  const tallest = Math.max(...apart.map((r) => area[r]!));
  return apart
    .map((r): CandidateLine => {
      const { calculated, observed } = weightOf(r);
      const ratio = calculated > 0 ? observed / calculated : Number.NaN;
      const isWeak = !(calculated > WEAK * strongest);
      const verdict = !isWeak
        ? ratio < MISSED
          ? "missed"
          : ratio > TOO_STRONG
            ? "too strong"
            : "matched"
        : area[r]! > 0.1 * tallest
          ? "hidden"
          : "weak";
      const place = { twoThetaDeg: twoThetaDeg[r]!, fwhmDeg: fwhm[r]!, area: area[r]! * scale };
      return { h: h[r]!, k: k[r]!, l: l[r]!, ...place, ratio, verdict };
    })
    .sort((a, b) => a.twoThetaDeg - b.twoThetaDeg);
}
