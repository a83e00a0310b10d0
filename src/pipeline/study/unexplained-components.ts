/** One component of the residuals: its peaks, whether the model itself could make it, and which structure it may be of. */
import type { Kernels } from "../../kernels/index.ts";
import { type FoundPeak, findPeaks, type RietveldPlan } from "../../stages/map/index.ts";
import {
  type Candidate,
  createProjection,
  dot,
  modelColumns,
  type RankedCandidate,
  rankCandidates,
  type UnexplainedConfig,
} from "../../stages/unexplained/index.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { HotSpots } from "./unexplained-spots.ts";

export interface ComponentPeak extends FoundPeak {
  /** what is left of its height once the model may change its own numbers */
  readonly left: number;
  /** new: no change of the model makes it; misfit: a phase of the model, slightly off */
  readonly kind: "new" | "misfit";
  /** reflection of the best candidate at its place */
  readonly line?: string;
}

/** same: what an earlier component is of; weak: nothing stands out of it */
export type Verdict = "phase" | "unknown" | "misfit" | "same" | "weak";

export interface ComponentDescription {
  readonly spots: HotSpots;
  readonly verdict: Verdict;
  readonly why: string;
  /** share of the component's pattern that the model explains by changes of its own numbers, to first order */
  readonly misfitShare: number;
  readonly peaks: readonly ComponentPeak[];
  readonly candidates: readonly RankedCandidate[];
  /** the candidate that is proposed */
  readonly best?: RankedCandidate;
  /** names that fit about as well */
  readonly alike: readonly string[];
}

export interface DescribedComponent extends ComponentDescription {
  /** from 1 */
  readonly index: number;
  /** of the component that this one is the same phase as: another part of its voxels, or of its lines */
  readonly sameAs?: number;
}

/** Candidates whose ranks differ by less cannot be told apart. */
const TIE = 0.03;
/** Cells that differ by less are the same phase's: parallax moves them by as much from one side to the other. */
const SAME_CELL = 0.01;
/** A peak of which less is left, once the model may change, is the model's. */
const LEFT = 0.5;
/** Lines at least that speak for a candidate. */
const LEAST_LINES = 2;

export function describeComponent(
  kernels: Kernels,
  whole: WholeModel,
  spots: HotSpots,
  { config, candidates }: { readonly config: UnexplainedConfig; readonly candidates: readonly Candidate[] },
): ComponentDescription {
  const { plan } = whole;
  const state = stateOf(whole, spots);
  const columns = modelColumns(kernels, state, refinedNames(whole));
  const isBackground = (name: string): boolean => name.startsWith("background/");
  const flat = createProjection(
    [...columns].filter(([name]) => isBackground(name)).map(([, column]) => column),
    spots.sigma,
  );
  const free = createProjection(columns.values(), spots.sigma);
  const [bare, remainder] = [flat.remainder(spots.residual), free.remainder(spots.residual)];
  const misfitShare = 1 - dot(remainder, remainder) / dot(bare, bare);
  const ranked = rankCandidates(
    kernels,
    state,
    widthsOf(whole, spots, columns),
    free,
    remainder,
    [...ownCandidates(whole), ...candidates],
    config,
  );
  const { best, alike } = choose(ranked);
  const peaks = peaksOf(plan, spots, flat.remainder(spots.residual), remainder, best, config);
  return {
    spots,
    misfitShare,
    peaks,
    candidates: best ? [best, ...ranked.filter((one) => one !== best)].slice(0, 10) : [],
    ...(best && { best }),
    alike,
    ...judge(peaks, misfitShare, best, config),
  };
}

function judge(
  peaks: readonly ComponentPeak[],
  misfitShare: number,
  best: RankedCandidate | undefined,
  { leastScore, minSignificance }: UnexplainedConfig,
): { verdict: Verdict; why: string } {
  const fresh = peaks.filter(({ kind }) => kind === "new");
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const matched = best?.lines.filter(({ verdict }) => verdict === "matched").length ?? 0;
  if (fresh.length === 0) {
    const why =
      peaks.length === 0 ? `no peak above ${minSignificance} sigma` : "all its peaks are misfits of the model";
    return { verdict: peaks.length > 0 ? "misfit" : "weak", why: `${why} (${percent(misfitShare)} of its pattern)` };
  }
  if (best && best.score >= leastScore && matched >= LEAST_LINES) {
    const missed = best.lines.filter(({ verdict }) => verdict === "missed").length;
    const why = `${best.name} explains ${percent(best.score)} of what the model cannot: ${matched} lines matched, ${missed} missed`;
    return { verdict: "phase", why };
  }
  if (misfitShare > 0.5) {
    return { verdict: "misfit", why: `cells and widths of the model explain ${percent(misfitShare)} of its pattern` };
  }
  const tried = best ? `the best candidate, ${best.name}, explains ${percent(best.score)}` : "no candidate fits at all";
  return { verdict: "unknown", why: `${fresh.length} peaks that the model does not have; ${tried}` };
}

function stateOf({ plan, phases }: WholeModel, spots: HotSpots) {
  const values = new Map<string, number>(plan.values);
  for (const [name, value] of spots.shapes) values.set(name, value);
  phases.forEach(({ name }, p) => {
    if (spots.scales[p]! > 0) values.set(`${name}/scale`, spots.scales[p]!);
  });
  const { model, wavelengthA, twoThetaDeg } = plan;
  return { model, wavelengthA, twoThetaDeg, values };
}

/** All that the mean pattern's refinement had free: widths too. */
const refinedNames = ({ refinement }: WholeModel): string[] =>
  refinement.parameters.filter(({ status }) => status !== "fixed").map(({ name }) => name);

const WIDTHS = ["size", "axialSize", "strain", "axialStrain", "gaussianSize", "gaussianStrain", "width"] as const;

/** A candidate's lines are as broad as those of the phase that it is found beside. */
function widthsOf(
  { plan, phases }: WholeModel,
  { scales }: HotSpots,
  columns: ReadonlyMap<string, Float64Array>,
): ReadonlyMap<string, number> {
  const strength = phases.map(({ name }, p) => {
    const column = columns.get(`${name}/scale`);
    return column ? Math.max(0, scales[p]!) * column.reduce((sum, value) => sum + value, 0) : 0;
  });
  const host = phases[strength.indexOf(Math.max(...strength))]?.name;
  const values = new Map(plan.values);
  return new Map(
    WIDTHS.flatMap((key) => {
      const value = values.get(`${host}/${key}`);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** The phases of the model, at the cells that they have there. */
function ownCandidates({ plan }: WholeModel): Candidate[] {
  const values = new Map(plan.values);
  return plan.model.phases
    .filter(({ kind, structure }) => kind === "rietveld" && structure.sites.length > 0)
    .map(({ name, structure }) => {
      const at = (key: "a" | "b" | "c"): number => values.get(`${name}/${key}`) ?? Number.NaN;
      const [a, b, c] = [at("a"), at("b"), at("c")];
      const cell = {
        ...structure.cell,
        ...(a > 0 && { a, b: b > 0 ? b : structure.cell.b * (a / structure.cell.a) }),
        ...(c > 0 ? { c } : { c: structure.cell.c * (a > 0 ? a / structure.cell.a : 1) }),
      };
      return { name, structure: { ...structure, cell }, origin: "model" as const };
    });
}

/** Of those that fit about as well a structure that is in the model already goes first: it asks for nothing new. */
function choose(ranked: readonly RankedCandidate[]): { best?: RankedCandidate; alike: string[] } {
  const [first] = ranked;
  if (!first) return { alike: [] };
  const tied = ranked.filter(({ rank }) => rank > first.rank - TIE);
  const best = tied.find(({ origin, isAtLimit }) => origin === "model" && !isAtLimit) ?? first;
  return { best, alike: tied.filter((one) => one !== best).map(({ name }) => name) };
}

/** Numbers components, and says which are of the same phase as a better one. */
export function numberComponents(found: readonly ComponentDescription[]): DescribedComponent[] {
  const order = [...found.keys()].filter((k) => found[k]!.verdict === "phase");
  order.sort((a, b) => found[b]!.best!.score - found[a]!.best!.score || a - b);
  const heads: number[] = [];
  const headOf = new Map<number, number>();
  for (const k of order) {
    const head = heads.find((other) => isSamePhase(found[other]!.best!, found[k]!.best!));
    if (head === undefined) heads.push(k);
    else headOf.set(k, head);
  }
  return found.map((one, k) => {
    const head = headOf.get(k);
    if (head === undefined) return { ...one, index: k + 1 };
    const why = `the same phase as component ${head + 1}: ${one.why}`;
    return { ...one, index: k + 1, sameAs: head + 1, verdict: "same", why };
  });
}

function isSamePhase(one: RankedCandidate, other: RankedCandidate): boolean {
  const near = (key: "a" | "b" | "c"): boolean => Math.abs(one.cell[key] / other.cell[key] - 1) < SAME_CELL;
  return one.name === other.name && near("a") && near("b") && near("c");
}

function peaksOf(
  { twoThetaDeg, wavelengthA }: RietveldPlan,
  { residual, sigma }: HotSpots,
  bare: Float64Array,
  remainder: Float64Array,
  best: RankedCandidate | undefined,
  { minSignificance }: UnexplainedConfig,
): ComponentPeak[] {
  const axis = { unit: "two-theta" as const, values: twoThetaDeg };
  const found = findPeaks({ axis, intensity: residual, sigma }, { wavelengthA, minSignificance });
  return found.map((peak) => {
    let [before, after] = [0, 0];
    for (let k = 0; k < twoThetaDeg.length; k++) {
      if (Math.abs(twoThetaDeg[k]! - peak.position) > peak.fwhm / 2) continue;
      before += bare[k]! * sigma[k]!;
      after += remainder[k]! * sigma[k]!;
    }
    const left = before > 0 ? after / before : 0;
    const line = best?.lines.find(({ twoThetaDeg: at, fwhmDeg }) => Math.abs(at - peak.position) < 0.6 * fwhmDeg);
    return {
      ...peak,
      left,
      kind: left >= LEFT ? "new" : "misfit",
      ...(line && { line: `${line.h}${line.k}${line.l}` }),
    };
  });
}
