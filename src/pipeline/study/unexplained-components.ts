/** One component of the residuals: its peaks, whether the model itself could make it, and which structure it may be of. */
import type { Kernels } from "../../kernels/index.ts";
import { findPeaks, type RietveldPlan } from "../../stages/map/index.ts";
import {
  type Candidate,
  createProjection,
  dot,
  modelColumns,
  phaseAtCells,
  type RankedCandidate,
  rankCandidates,
  type UnexplainedConfig,
} from "../../stages/unexplained/index.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { HotSpots } from "./unexplained-spots.ts";
import { type ComponentPeak, type Judgement, judge, TIE } from "./unexplained-verdict.ts";

export interface ComponentDescription extends Judgement {
  readonly spots: HotSpots;
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

/** Cells that differ by less are the same phase's: parallax moves them by as much from one side to the other. */
const SAME_CELL = 0.01;
/** A peak of which less is left, once the model may change, is the model's. */
const LEFT = 0.5;

/** Cells of a phase whose lines are smeared, of the reach: enough that its lines run into each other. */
const SMEARED = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1] as const;

export function describeComponent(
  kernels: Kernels,
  whole: WholeModel,
  spots: HotSpots,
  { config, candidates }: { readonly config: UnexplainedConfig; readonly candidates: readonly Candidate[] },
): ComponentDescription {
  const { plan } = whole;
  const state = stateOf(whole, spots);
  const columns = modelColumns(kernels, state, refinedNames(whole));
  const backgrounds = [...columns].filter(([name]) => name.startsWith("background/")).map(([, column]) => column);
  const flat = createProjection(backgrounds, spots.sigma);
  const free = createProjection(columns.values(), spots.sigma);
  const [bare, remainder] = [flat.remainder(spots.residual), free.remainder(spots.residual)];
  const misfitShare = 1 - dot(remainder, remainder) / dot(bare, bare);
  const own = ownCandidates(whole);
  const widths = widthsOf(whole, spots, columns);
  const ranked = rankCandidates(kernels, state, widths, free, remainder, [...own, ...candidates], config);
  const { best, alike } = choose(ranked);
  const smeared = (phase: string, reach: number): number => {
    const factors = SMEARED.map((share) => 1 + share * reach);
    const lines = phaseAtCells(kernels, state, phase, factors);
    const left = createProjection([...backgrounds, ...lines], spots.sigma).remainder(spots.residual);
    return 1 - dot(left, left) / dot(bare, bare);
  };
  const peaks = peaksOf(plan, spots, flat.remainder(spots.residual), remainder, best, config);
  return {
    spots,
    misfitShare,
    peaks,
    candidates: best ? [best, ...ranked.filter((one) => one !== best)].slice(0, 10) : [],
    ...(best && { best }),
    alike,
    ...judge({ whole, spots, peaks, misfitShare, ranked, best, own, smeared }, config),
  };
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
  return found.map((one, k): DescribedComponent => {
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
