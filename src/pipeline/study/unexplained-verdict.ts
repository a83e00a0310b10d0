/** What a component of the residuals is: a phase, something that the model has and does not get right, or not known. */
import type { Cell } from "../../crystal/index.ts";
import { STATUS } from "../../data/index.ts";
import type { FoundPeak } from "../../stages/map/index.ts";
import {
  type Candidate,
  cellShift,
  isOwnCell,
  type RankedCandidate,
  type UnexplainedConfig,
} from "../../stages/unexplained/index.ts";
import type { AddedPhase } from "./added-phase.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { HotSpots } from "./unexplained-spots.ts";

/** same: what an earlier component is of; weak: nothing stands out of it, or it does not hold in the hot spots */
export type Verdict = "phase" | "unknown" | "misfit" | "same" | "weak";

export interface Judgement {
  readonly verdict: Verdict;
  readonly why: string;
  /** of a misfit: the phase of the model whose lines these are */
  readonly misfitOf?: string;
}

export interface ComponentPeak extends FoundPeak {
  /** what is left of its height once the model may change its own numbers */
  readonly left: number;
  /** new: no change of the model makes it; misfit: a phase of the model, slightly off */
  readonly kind: "new" | "misfit";
  /** reflection of the best candidate at its place */
  readonly line?: string;
}

export interface Evidence {
  readonly whole: WholeModel;
  readonly spots: HotSpots;
  readonly peaks: readonly ComponentPeak[];
  /** share of the component's pattern that the model explains by changes of its own numbers, to first order */
  readonly misfitShare: number;
  /** best first */
  readonly ranked: readonly RankedCandidate[];
  /** the candidate that is proposed */
  readonly best: RankedCandidate | undefined;
  /** the phases of the model, at the cells that they have in the mean pattern */
  readonly own: readonly Candidate[];
  /** share of the component that a phase of the model explains at all cells up to `reach` beside its own together */
  smeared(phase: string, reach: number): number;
}

/** Candidates whose scores or ranks differ by less cannot be told apart. */
export const TIE = 0.03;
/** Lines at least that speak for a candidate. */
const LEAST_LINES = 2;
/** Of the hot spots: at least this share must be where the map has a phase, for them to be its misfit. */
const LEAST_THERE = 0.5;

/** What the mean pattern of the hot spots says, before a phase is tried in it. */
export function judge(evidence: Evidence, config: UnexplainedConfig): Judgement {
  const { peaks, misfitShare, best, ranked } = evidence;
  const fresh = peaks.filter(({ kind }) => kind === "new");
  if (fresh.length === 0) {
    const why =
      peaks.length === 0 ? `no peak above ${config.minSignificance} sigma` : "all its peaks are misfits of the model";
    return { verdict: peaks.length > 0 ? "misfit" : "weak", why: `${why} (${percent(misfitShare)} of its pattern)` };
  }
  const atItsCell = ownAtItsCell(evidence, config);
  if (atItsCell) return atItsCell;
  const matched = best?.lines.filter(({ verdict }) => verdict === "matched").length ?? 0;
  if (best && best.score >= config.leastScore && matched >= LEAST_LINES) {
    const missed = best.lines.filter(({ verdict }) => verdict === "missed").length;
    const why = `${best.name} explains ${percent(best.score)} of what the model cannot: ${matched} lines matched, ${missed} missed`;
    return { verdict: "phase", why };
  }
  const smeared = ownSmeared(evidence, config);
  if (smeared) return smeared;
  if (misfitShare > 0.5) {
    return { verdict: "misfit", why: `cells and widths of the model explain ${percent(misfitShare)} of its pattern` };
  }
  const [first] = ranked;
  const tried = first
    ? `the best candidate, ${first.name}, explains ${percent(first.score)}`
    : "no candidate fits at all";
  return { verdict: "unknown", why: `${fresh.length} peaks that the model does not have; ${tried}` };
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/**
 * A phase of the model that explains it as well as any candidate, nearly at a cell that it has in the slice, in voxels
 * where the map has it: depth along the beam or strain, and not another phase.
 */
function ownAtItsCell(
  { whole, spots, ranked, own }: Evidence,
  { cellSpread, leastScore, radius }: UnexplainedConfig,
): Judgement | undefined {
  const most = Math.max(0, ...ranked.map(({ score }) => score));
  const parallax = parallaxAt(whole, spots);
  for (const { name, origin, score, cell } of ranked) {
    if (origin !== "model" || score < most - TIE || score < leastScore / 2) continue;
    const shifts = cellsOf(name, own, spots).map((from) => cellShift(cell, from));
    const near = shifts.find((shift) => isOwnCell(shift, parallax, cellSpread));
    if (!near || thereShare(whole, spots, name, radius) < LEAST_THERE) continue;
    const why = `${name}, which is in the model, explains ${percent(score)} of it with spacings ${(100 * near.uniform).toFixed(2)} % off: ${reachText(parallax, cellSpread)}`;
    return { verdict: "misfit", misfitOf: name, why };
  }
  return undefined;
}

const reachText = (parallax: number, spread: number): string =>
  `${parallax > 0 ? `depth along the beam makes up to ${(100 * parallax).toFixed(2)} % there, ` : ""}strain up to ${(100 * spread).toFixed(2)} %`;

/** Of the mean pattern, and of the hot spots. */
function cellsOf(name: string, own: readonly Candidate[], { shapes }: HotSpots): Cell[] {
  const mean = own.find((candidate) => candidate.name === name)!.structure.cell;
  const a = shapes.get(`${name}/a`) ?? mean.a;
  const like = a / mean.a;
  const b = shapes.get(`${name}/b`) ?? mean.b * like;
  const c = shapes.get(`${name}/c`) ?? mean.c * like;
  return [mean, { ...mean, a, b, c }];
}

/** Relative, between a place before and one behind the axis. */
function parallaxAt({ parallax }: WholeModel, { voxels }: HotSpots): number {
  return 2 * voxels.reduce((most, voxel) => Math.max(most, parallax[voxel]! || 0), 0);
}

/** Share of the hot spots that are where the map found a phase, or within `radius` voxels of it. */
function thereShare({ statuses, ny, nx }: WholeModel, { voxels }: HotSpots, name: string, radius: number): number {
  const status = statuses.get(name);
  if (!status) return 0;
  const isNear = (voxel: number): boolean => {
    const [y, x] = [Math.floor(voxel / nx), voxel % nx];
    for (let v = Math.max(0, y - radius); v <= Math.min(ny - 1, y + radius); v++) {
      for (let u = Math.max(0, x - radius); u <= Math.min(nx - 1, x + radius); u++) {
        const one = status[v * nx + u];
        if (one !== STATUS.notFitted && one !== STATUS.noSignal) return true;
      }
    }
    return false;
  };
  return voxels.filter(isNear).length / voxels.length;
}

/** A phase of the model whose lines, smeared by as much as depth and strain can, are the component. */
function ownSmeared(
  { whole, spots, own, smeared }: Evidence,
  { cellSpread, leastScore, radius }: UnexplainedConfig,
): Judgement | undefined {
  const parallax = parallaxAt(whole, spots);
  const [best] = own
    .filter(({ name }) => thereShare(whole, spots, name, radius) >= LEAST_THERE)
    .map(({ name }) => ({ name, share: smeared(name, parallax + cellSpread) }))
    .sort((a, b) => b.share - a.share);
  if (!best || best.share < leastScore) return undefined;
  const why = `${best.name}, which is in the model, explains ${percent(best.share)} of it where its lines are smeared: ${reachText(parallax, cellSpread)}`;
  return { verdict: "misfit", misfitOf: best.name, why };
}

/** Weight fractions in the hot spots below this many esds are none. */
const LEAST_ESDS = 3;

/** What is left of the verdict phase once it was tried in the mean pattern of the hot spots. */
export function judgeTrial(
  { why }: Judgement,
  { name, before, after, gain }: AddedPhase,
  { mostChance }: UnexplainedConfig,
): Judgement {
  const found = after.phases.find((phase) => phase.name === name)!;
  const rwp = [before, after].map(({ statistics }) => `${(100 * statistics.rwp).toFixed(2)} %`);
  const share = found.weightFraction ?? 0;
  const isThere = !found.isHeld && share > LEAST_ESDS * (found.weightFractionEsd ?? Number.POSITIVE_INFINITY);
  if (isThere && gain.chance <= mostChance) return { verdict: "phase", why };
  const reason = isThere
    ? `F ${gain.f.toFixed(1)} on ${gain.added} and ${gain.left.toFixed(0)} degrees of freedom comes by chance in ${(100 * gain.chance).toPrecision(2)} %`
    : "nothing of it was found";
  return { verdict: "weak", why: `${why}; but refined in its hot spots it makes Rwp ${rwp.join(" to ")}: ${reason}` };
}
