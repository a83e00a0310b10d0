/**
 * One slice laid on another: circles around both give shift and scale, polar images the rotation, least squares the rest.
 */
import * as z from "zod";
import type { Alignment, Free } from "./alignment.ts";
import { finePlacement } from "./fine-placement.ts";
import type { Outline } from "./outline.ts";
import { apply, backward, forward, type Placement, wrapDeg } from "./placement.ts";
import { type PreparedSlice, prepareSlice, withinReach } from "./prepared-slice.ts";
import { type Refined, refinePlacement } from "./refine-placement.ts";
import {
  type Explained,
  type PolarImage,
  polarSize,
  type RotationCurve,
  rotationCurve,
  toPolar,
} from "./rotation-search.ts";
import type { KnownImage, SliceImage } from "./slice-image.ts";

export const RegistrationConfig = z.strictObject({
  scale: z
    .enum(["free", "fixed"])
    .default("free")
    .meta({ description: "whether sizes may differ: free, or fixed where voxel sizes are trusted and cells alike" }),
  scaleRange: z
    .number()
    .min(0)
    .max(0.2)
    .default(0.03)
    .meta({ description: "how far scales are looked for around the one that the outlines give" }),
  allowMirror: z
    .boolean()
    .default(false)
    .meta({ description: "whether the slice may lie the other way up, as an image of another instrument may" }),
  candidates: z.int().min(1).max(60).default(5).meta({ description: "rotations that are looked at closely" }),
});
export type RegistrationConfig = z.output<typeof RegistrationConfig>;

export const REGISTRATION_STATUS = {
  /** one rotation is better than all others */
  unambiguous: "unambiguous",
  /** another rotation fits nearly as well: `nextRotationDeg` */
  ambiguous: "ambiguous",
  /** nothing tells one rotation from another; it is given as 0 */
  noRotation: "no-rotation",
  /** the slices have too little in common */
  failed: "failed",
} as const;
export type RegistrationStatus = (typeof REGISTRATION_STATUS)[keyof typeof REGISTRATION_STATUS];

/** Where the moving slice lies on the fixed one, how sure that is and how alike both are. */
export interface Registration extends Placement {
  readonly status: RegistrationStatus;
  /** standard uncertainties; NaN where there is nothing to tell, 0 where it was held */
  readonly rotationEsdDeg: number;
  readonly shiftEsdMm: readonly [x: number, y: number];
  readonly scaleEsd: number;
  /** mean over channels of the normalised correlation there */
  readonly correlation: number;
  readonly channelCorrelations: Readonly<Record<string, number>>;
  /** correlation of what is not the same all round, here and at the next best rotation */
  readonly rollCorrelation: number;
  readonly nextRollCorrelation: number;
  readonly nextRotationDeg: number;
  /** of the best rotation, in standard deviations of what slices that share no more than noise give */
  readonly significance: number;
  /** share of the fixed sample's voxels that could be compared */
  readonly overlap: number;
}

/** Of slices that share no more than noise, a thousand angles do not reach this many standard deviations. */
const SIGNIFICANT = 6;
/** Voxels over which noise hangs together, as it does after reconstruction: as many count as one. */
const NOISE_VOXELS = 8;
/** A next best rotation with more than this share of the best one's agreement leaves both possible. */
const AS_GOOD = 0.9;
/** Mean correlation below this is none. */
const LEAST_CORRELATION = 0.1;

export interface RegistrationInput {
  /** prepared once where several slices are laid on it */
  readonly fixed: SliceImage | PreparedSlice;
  readonly moving: SliceImage;
  /** names of channels, or what explains what; left out: each by the one of the same name */
  readonly explained?: readonly Explained[];
  /** [y, x] image that the outline is taken from; left out: the channel "casing", else the sum of all channels */
  readonly movingOutline?: Float32Array;
}

/**
 * @throws InputError "registration-image" where an image is too small or has no channel
 */
export function registerSlices(
  input: RegistrationInput,
  options: z.input<typeof RegistrationConfig> = {},
): Registration {
  const config = RegistrationConfig.parse(options);
  const fixed = "image" in input.fixed ? input.fixed : prepareSlice(input.fixed, "The reference");
  const moving = prepareSlice(input.moving, "The slice", input.movingOutline);
  const explained = input.explained ?? sameNames(fixed.image, moving.image);
  const pair: Pair = { fixed, moving, explained, coarseMm: Math.max(fixed.image.voxelMm, moving.image.voxelMm) };
  const hands = config.allowMirror ? [false, true] : [false];
  const found = hands
    .flatMap((isMirrored) => searchRotations(pair, isMirrored, config))
    .sort((a, b) => b.score - a.score);
  const voxels = Math.PI * (fixed.outline.radiusMm / pair.coarseMm) ** 2;
  const significance = Math.max(...found.map(({ highest }) => highest)) * Math.sqrt(voxels / NOISE_VOXELS);
  const isRound = !(significance >= SIGNIFICANT);
  const starts = isRound ? [{ ...found[0]!, rotationDeg: 0, isMirrored: false }] : best(found, config.candidates);
  const free = [!isRound, true, true, config.scale === "free"] as const;
  const [first, ...others] = refineCandidates(pair, starts, free);
  const next = others.find(({ placement }) => isOther(placement, first!.placement));
  return conclude(pair, { isRound, significance, free }, first!, next);
}

/** Two slices, and what they are compared by. */
interface Pair {
  readonly fixed: PreparedSlice;
  readonly moving: PreparedSlice;
  readonly explained: readonly Explained[];
  /** the larger of both voxels */
  readonly coarseMm: number;
}

function sameNames(fixed: SliceImage, moving: SliceImage): Explained[] {
  return [...moving.channels.keys()]
    .filter((name) => fixed.channels.has(name))
    .map((name) => ({ moving: name, fixed: [name], isSigned: true }));
}

interface Candidate extends Placement {
  readonly score: number;
  readonly highest: number;
}

/** Steps of the scale that are looked at: about three rings at the rim. */
const RIM_RINGS = 3;

function searchRotations(pair: Pair, isMirrored: boolean, { scale, scaleRange }: RegistrationConfig): Candidate[] {
  const { fixed, moving, explained } = pair;
  const { radiusMm, centreMm } = fixed.outline;
  const size = polarSize(fixed.outline, fixed.image.voxelMm);
  const still = polarOf(pair, fixed, centreMm, radiusMm);
  const ratio = scale === "fixed" ? 1 : radiusMm / moving.outline.radiusMm;
  const range = scale === "fixed" ? 0 : scaleRange;
  const spacing = Math.max(0.004, RIM_RINGS / size.radii);
  const reach = Math.min(10, Math.ceil(range / spacing));
  const candidates: Candidate[] = [];
  for (let i = -reach; i <= reach; i++) {
    const s = ratio * (1 + (reach === 0 ? 0 : (i * range) / reach));
    const turned = polarOf(pair, moving, moving.outline.centreMm, radiusMm / s, isMirrored);
    const curve = rotationCurve(still, turned, explained);
    for (const at of peaksOf(curve)) {
      const rotationDeg = wrapDeg((360 * at) / size.angles);
      candidates.push({
        ...onMiddles({ rotationDeg, scale: s, isMirrored, shiftMm: [0, 0] }, fixed.outline, moving.outline),
        ...{ score: curve.score[at]!, highest: curve.highest },
      });
    }
  }
  return candidates;
}

/** A slice in the rings of the fixed one; where these are wider than voxels, smoothed first. */
function polarOf(
  { fixed, coarseMm }: Pair,
  slice: PreparedSlice,
  centreMm: readonly [number, number],
  radiusMm: number,
  isMirrored = false,
): PolarImage {
  const size = polarSize(fixed.outline, fixed.image.voxelMm);
  const isWide = fixed.outline.radiusMm / size.radii > 1.5 * slice.image.voxelMm;
  return toPolar(isWide ? slice.smooth(FINE.sigma * coarseMm) : slice.image, centreMm, radiusMm, size, isMirrored);
}

/** Local maxima of the score, the first of a plateau. */
function peaksOf({ score }: RotationCurve): number[] {
  const n = score.length;
  const peaks = [...score.keys()].filter(
    (i) => score[i]! > score[(i + n - 1) % n]! && score[i]! >= score[(i + 1) % n]!,
  );
  return peaks.length > 0 ? peaks : [0];
}

/** The shift that lays the middle of the moving sample on that of the fixed one. */
function onMiddles(placement: Placement, fixed: Outline, moving: Outline): Placement {
  const { xx, xy, yx, yy } = forward(placement);
  const [x, y] = moving.centreMm;
  return { ...placement, shiftMm: [fixed.centreMm[0] - xx * x - xy * y, fixed.centreMm[1] - yx * x - yy * y] };
}

/** Rotations nearer than this are one. */
const APART_DEG = 5;
const isOther = (a: Placement, b: Placement): boolean =>
  a.isMirrored !== b.isMirrored || Math.abs(wrapDeg(a.rotationDeg - b.rotationDeg)) > APART_DEG;

/** The best ones, with at most three (of other scales) for one rotation. */
function best(sorted: readonly Candidate[], count: number): Candidate[] {
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    if (kept.filter((other) => !isOther(candidate, other)).length >= 3) continue;
    kept.push(candidate);
    if (kept.length >= count) break;
  }
  return kept;
}

/** A candidate whose residuals are larger by more than this (of ln rho, a channel) is not looked at more closely. */
const CLEAR = 0.2;
/** Voxels about the sample that are compared as well, so that its edge counts. */
const MARGIN = 4;

/** Coarse to fine: all candidates on smooth images and few voxels, the best few on finer ones. Sigma in voxels. */
const LEVELS = [
  { sigma: 2, keep: 3, voxels: 3_000, precision: 0.05 },
  { sigma: 1, keep: 2, voxels: 8_000, precision: 0.02 },
] as const;

/** The best first. */
function refineCandidates(pair: Pair, starts: readonly Placement[], free: Free): Refined[] {
  const { explained } = pair;
  let left = [...starts];
  let kept: Refined[] = [];
  let worse: Refined[] = [];
  for (const { sigma, keep, voxels, precision } of LEVELS) {
    const alignment = alignmentOf(pair, (slice) => slice.smooth(sigma * pair.coarseMm), voxels);
    const refined = left
      .map((start) => refinePlacement({ ...alignment, isMirrored: start.isMirrored }, start, free, precision))
      .sort((a, b) => a.L - b.L);
    // of candidates that came to the same place one is enough
    const distinct: Refined[] = [];
    for (const one of refined)
      if (distinct.every((other) => isOther(one.placement, other.placement))) distinct.push(one);
    kept = distinct.slice(0, keep).filter(({ L }) => L < distinct[0]!.L + CLEAR * explained.length);
    worse = distinct.slice(0, keep).filter((one) => !kept.includes(one));
    left = kept.map(({ placement }) => placement);
  }
  // what is told apart on coarse images alone is no second best
  return [...kept, ...worse];
}

/** @param voxels about as many are compared, evenly over the grid */
function alignmentOf(
  { fixed, moving, explained, coarseMm }: Pair,
  shown: (slice: PreparedSlice) => KnownImage,
  voxels: number,
): Alignment {
  const { ny, nx } = fixed.image;
  return {
    ...{ fixed: shown(fixed), moving: shown(moving), explained, isMirrored: false },
    stride: Math.max(1, Math.round(Math.sqrt((ny * nx) / voxels))),
    compared: withinReach(fixed, MARGIN * coarseMm),
  };
}

interface Findings {
  readonly isRound: boolean;
  readonly significance: number;
  readonly free: Free;
}

/** Smoothing of the images that have the last word; after it every second voxel says as much as all. Voxels. */
const FINE = { sigma: 1, voxels: 80_000 } as const;

function conclude(
  pair: Pair,
  { isRound, significance, free }: Findings,
  first: Refined,
  next: Refined | undefined,
): Registration {
  const { explained, coarseMm } = pair;
  const { isMirrored } = first.placement;
  const shown = (slice: PreparedSlice): KnownImage => slice.denoised(FINE.sigma * coarseMm);
  const alignment = { ...alignmentOf(pair, shown, FINE.voxels), isMirrored };
  const fine = finePlacement(alignment, first.placement, first.factors, free);
  const { placement, covariance } = fine ?? { placement: first.placement, covariance: undefined };
  const esd = (i: number): number => (free[i] ? Math.sqrt(covariance?.[5 * i] ?? Number.NaN) : 0);
  const roll = rollAgreement(pair, placement);
  const other = next ? rollAgreement(pair, next.placement) : { correlation: 0, score: 0 };
  const isAlike = first.correlation >= LEAST_CORRELATION && first.count > 0;
  const status: RegistrationStatus = !isAlike
    ? "failed"
    : isRound
      ? "no-rotation"
      : other.score > AS_GOOD * roll.score
        ? "ambiguous"
        : "unambiguous";
  const compared = alignment.compared?.reduce((sum, one) => sum + one, 0) ?? 0;
  return {
    ...placement,
    rotationDeg: wrapDeg(placement.rotationDeg),
    status,
    rotationEsdDeg: isRound ? Number.NaN : (esd(0) * 180) / Math.PI,
    shiftEsdMm: [esd(1), esd(2)],
    scaleEsd: esd(3) * placement.scale,
    correlation: first.correlation,
    channelCorrelations: Object.fromEntries(explained.map(({ moving }, i) => [moving, first.correlations[i]!])),
    rollCorrelation: isRound ? 0 : roll.correlation,
    nextRollCorrelation: other.correlation,
    nextRotationDeg: next ? wrapDeg(next.placement.rotationDeg) : Number.NaN,
    significance,
    overlap: fine && compared > 0 ? Math.min(1, (fine.count * alignment.stride ** 2) / compared) : 0,
  };
}

/** How alike the angular parts are at a placement: rings about the middle of the fixed sample, in both. */
function rollAgreement(pair: Pair, placement: Placement) {
  const { fixed, moving, explained } = pair;
  const { centreMm, radiusMm } = fixed.outline;
  const still = polarOf(pair, fixed, centreMm, radiusMm);
  // the place on the moving slice that lies on the middle of the fixed sample
  const middle = apply(backward(placement), ...centreMm);
  const turned = polarOf(pair, moving, middle, radiusMm / placement.scale, placement.isMirrored);
  const { score, correlation } = rotationCurve(still, turned, explained);
  const { angles } = still;
  const at = Math.round((placement.rotationDeg / 360) * angles);
  const near = [-1, 0, 1].map((step) => (((at + step) % angles) + angles) % angles);
  const highest = near.reduce((a, b) => (score[b]! > score[a]! ? b : a));
  return { score: score[highest]!, correlation: correlation[highest]! };
}
