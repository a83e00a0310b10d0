/**
 * One slice laid on another: circles around both give shift and scale, polar images the rotation, least squares the rest.
 */
import * as z from "zod";
import { fitOutline, type Outline } from "./outline.ts";
import { forward, type Placement, wrapDeg } from "./placement.ts";
import { type Alignment, type Free, placementCovariance, type Refined, refinePlacement } from "./refine-placement.ts";
import { type Explained, polarSize, type RotationCurve, rotationCurve, toPolar } from "./rotation-search.ts";
import { checkImage, fillAir, type KnownImage, type SliceImage, smoothImage, toMm } from "./slice-image.ts";

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
  readonly fixed: SliceImage;
  readonly moving: SliceImage;
  /** names of channels, or what explains what; left out: each by the one of the same name */
  readonly explained?: readonly Explained[];
  /** [y, x] images that the outlines are taken from; left out: the channel "casing", else the sum of all channels */
  readonly fixedOutline?: Float32Array;
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
  checkImage(input.fixed, "The reference");
  checkImage(input.moving, "The slice");
  const explained = input.explained ?? sameNames(input.fixed, input.moving);
  const fixed = prepare(input.fixed, input.fixedOutline);
  const moving = prepare(input.moving, input.movingOutline);
  const hands = config.allowMirror ? [false, true] : [false];
  const found = hands
    .flatMap((isMirrored) => searchRotations(fixed, moving, explained, isMirrored, config))
    .sort((a, b) => b.score - a.score);
  const voxels = Math.PI * (fixed.outline.radiusMm / Math.max(fixed.image.voxelMm, moving.image.voxelMm)) ** 2;
  const significance = Math.max(...found.map(({ highest }) => highest)) * Math.sqrt(voxels / NOISE_VOXELS);
  const isRound = !(significance >= SIGNIFICANT);
  const starts = isRound ? [{ ...found[0]!, rotationDeg: 0, isMirrored: false }] : best(found, config.candidates);
  const free = [!isRound, true, true, config.scale === "free"] as const;
  const scored = refineCandidates(fixed, moving, explained, starts, free);
  const [first] = scored;
  const next = scored.find(({ refined }) => isOther(refined.placement, first!.refined.placement));
  return conclude({ fixed, moving, explained, isRound, significance, free }, first!, next);
}

interface Prepared {
  readonly image: KnownImage;
  readonly outline: Outline;
  /** the outline is a circle that was found, not a guess */
  readonly isCircle: boolean;
}

function sameNames(fixed: SliceImage, moving: SliceImage): Explained[] {
  return [...moving.channels.keys()]
    .filter((name) => fixed.channels.has(name))
    .map((name) => ({ moving: name, fixed: [name], isSigned: true }));
}

function prepare(given: SliceImage, outlineOf?: Float32Array): Prepared {
  const image = inShares(given);
  const { ny, nx, voxelMm } = image;
  const shown = outlineOf ?? image.channels.get("casing") ?? sumOf(image);
  const circle = fitOutline(shown, ny, nx, voxelMm) ?? fitOutline(sumOf(image), ny, nx, voxelMm);
  const outline = circle ?? boxOutline(sumOf(image), image);
  const isBeyond = (row: number, col: number): boolean => distanceTo(outline, image, row, col) > 1.5 * voxelMm;
  return { image: fillAir(image, circle && isBeyond), outline, isCircle: circle !== undefined };
}

/** From the outline, outwards. */
const distanceTo = ({ centreMm, radiusMm }: Outline, { ny, nx, voxelMm }: SliceImage, row: number, col: number) =>
  Math.hypot(toMm(col, voxelMm, nx) - centreMm[0], toMm(row, voxelMm, ny) - centreMm[1]) - radiusMm;

/** In shares of the strong voxels: no amount is more. */
const WILD = 1.5;

/** Channels in shares of their strong voxels, which single fits gone wild do not set: scales of 1e-10 are numbers too. */
function inShares(image: SliceImage): SliceImage {
  const channels = [...image.channels].map(([name, values]) => {
    const sizes = values.filter((value) => Number.isFinite(value)).map(Math.abs);
    const strong = sizes.sort()[Math.floor(0.98 * (sizes.length - 1))] ?? 0;
    const most = strong > 0 ? strong : (sizes.at(-1) ?? 0);
    return [name, most > 0 ? values.map((value) => Math.max(-WILD, Math.min(WILD, value / most))) : values] as const;
  });
  return { ...image, channels: new Map(channels) };
}

function sumOf({ channels, ny, nx }: SliceImage): Float32Array {
  const sum = new Float32Array(ny * nx);
  for (const values of channels.values())
    for (let i = 0; i < sum.length; i++) if (values[i]! > 0) sum[i]! += Math.min(1.5, values[i]!);
  return sum;
}

/** Of a sample that is not round: the middle of what is bright, and a circle of its area. */
function boxOutline(values: Float32Array, { ny, nx, voxelMm }: SliceImage): Outline {
  const strong = values.toSorted()[Math.floor(0.98 * (values.length - 1))]!;
  let [x, y, count] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!(values[i]! > 0.25 * strong)) continue;
    x += i % nx;
    y += Math.floor(i / nx);
    count++;
  }
  const middle = count > 0 ? [x / count, y / count] : [(nx - 1) / 2, (ny - 1) / 2];
  return {
    centreMm: [toMm(middle[0]!, voxelMm, nx), toMm(middle[1]!, voxelMm, ny)],
    radiusMm: Math.sqrt(Math.max(1, count) / Math.PI) * voxelMm,
    rmsMm: Number.NaN,
    coverage: 0,
  };
}

interface Candidate extends Placement {
  readonly score: number;
  readonly highest: number;
}

/** Steps of the scale that are looked at: about three voxels at the rim. */
const RIM_VOXELS = 3;

function searchRotations(
  fixed: Prepared,
  moving: Prepared,
  explained: readonly Explained[],
  isMirrored: boolean,
  { scale, scaleRange }: RegistrationConfig,
): Candidate[] {
  const size = polarSize(fixed.outline, fixed.image.voxelMm);
  const radiusMm = fixed.outline.radiusMm;
  const still = toPolar(fixed.image, fixed.outline.centreMm, radiusMm, size);
  const ratio = scale === "fixed" ? 1 : radiusMm / moving.outline.radiusMm;
  const range = scale === "fixed" ? 0 : scaleRange;
  const spacing = Math.max(0.004, (RIM_VOXELS * fixed.image.voxelMm) / radiusMm);
  const reach = Math.min(10, Math.ceil(range / spacing));
  const candidates: Candidate[] = [];
  for (let i = -reach; i <= reach; i++) {
    const s = ratio * (1 + (reach === 0 ? 0 : (i * range) / reach));
    const turned = toPolar(moving.image, moving.outline.centreMm, radiusMm / s, size, isMirrored);
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

interface Scored {
  readonly refined: Refined;
  readonly alignment: Alignment;
}

/** A candidate whose residuals are larger by more than this (of ln rho, a channel) is not looked at more closely. */
const CLEAR = 0.2;

/** Coarse to fine: all candidates on smooth images and few voxels, the best few on the images as they are. */
const LEVELS = [
  { sigma: 2, keep: 3, voxels: 6_000, precision: 0.02 },
  { sigma: 1.5, keep: 2, voxels: 12_000, precision: 2e-3 },
  { sigma: 1, keep: 2, voxels: 40_000, precision: 5e-4 },
] as const;

function refineCandidates(
  fixed: Prepared,
  moving: Prepared,
  explained: readonly Explained[],
  starts: readonly Placement[],
  free: Free,
): Scored[] {
  const coarse = Math.max(fixed.image.voxelMm, moving.image.voxelMm);
  let left = [...starts];
  let scored: Scored[] = [];
  const worse: Scored[] = [];
  for (const { sigma, keep, voxels, precision } of LEVELS) {
    const smooth = ({ image }: Prepared): KnownImage => smoothImage(image, (sigma * coarse) / image.voxelMm);
    const [still, moved] = [smooth(fixed), smooth(moving)];
    const stride = Math.max(1, Math.round(Math.sqrt((fixed.image.ny * fixed.image.nx) / voxels)));
    const isCompared = (row: number, col: number): boolean =>
      distanceTo(fixed.outline, fixed.image, row, col) < 4 * coarse || !fixed.isCircle;
    scored = left
      .map((start): Scored => {
        const alignment = { fixed: still, moving: moved, explained, isMirrored: start.isMirrored, stride, isCompared };
        return { alignment, refined: refinePlacement(alignment, start, free, precision) };
      })
      .sort((a, b) => a.refined.L - b.refined.L);
    // of candidates that came to the same place one is enough
    const distinct: Scored[] = [];
    for (const one of scored)
      if (distinct.every((other) => isOther(one.refined.placement, other.refined.placement))) distinct.push(one);
    scored = distinct.slice(0, keep);
    // what is told apart on coarse images alone is no second best
    worse.length = 0;
    const kept = scored.filter(({ refined }) => refined.L < scored[0]!.refined.L + CLEAR * explained.length);
    left = kept.map(({ refined }) => refined.placement);
    worse.push(...scored.filter((one) => !kept.includes(one)));
  }
  return [...scored, ...worse.sort((a, b) => a.refined.L - b.refined.L)];
}

interface Context {
  readonly fixed: Prepared;
  readonly moving: Prepared;
  readonly explained: readonly Explained[];
  readonly isRound: boolean;
  readonly significance: number;
  readonly free: Free;
}

function conclude(context: Context, first: Scored, next: Scored | undefined): Registration {
  const { fixed, explained, isRound, significance, free } = context;
  const { refined, alignment } = first;
  const { placement, correlation } = refined;
  const covariance = placementCovariance(alignment, refined, free);
  const esd = (i: number): number => (free[i] ? Math.sqrt(covariance?.[5 * i] ?? Number.NaN) : 0);
  const roll = rollAgreement(context, placement);
  const other = next ? rollAgreement(context, next.refined.placement) : { correlation: 0, score: 0 };
  const isAlike = correlation >= LEAST_CORRELATION && refined.count > 0;
  const status: RegistrationStatus = !isAlike
    ? "failed"
    : isRound
      ? "no-rotation"
      : other.score > AS_GOOD * roll.score
        ? "ambiguous"
        : "unambiguous";
  return {
    ...placement,
    rotationDeg: wrapDeg(placement.rotationDeg),
    status,
    rotationEsdDeg: isRound ? Number.NaN : (esd(0) * 180) / Math.PI,
    shiftEsdMm: [esd(1), esd(2)],
    scaleEsd: esd(3) * placement.scale,
    correlation,
    channelCorrelations: Object.fromEntries(explained.map(({ moving }, i) => [moving, refined.correlations[i]!])),
    rollCorrelation: isRound ? 0 : roll.correlation,
    nextRollCorrelation: other.correlation,
    nextRotationDeg: next ? wrapDeg(next.refined.placement.rotationDeg) : Number.NaN,
    significance,
    overlap: Math.min(1, (refined.count * alignment.stride ** 2) / sampleVoxels(fixed, alignment)),
  };
}

function sampleVoxels({ outline, image }: Prepared, { isCompared }: Alignment): number {
  let count = 0;
  for (let row = 0; row < image.ny; row++)
    for (let col = 0; col < image.nx; col++) if (isCompared?.(row, col) ?? true) count++;
  return count || outline.radiusMm;
}

/** How alike the angular parts are at a placement: rings about the middle of the fixed sample, in both. */
function rollAgreement({ fixed, moving, explained }: Context, placement: Placement) {
  const size = polarSize(fixed.outline, fixed.image.voxelMm);
  const { centreMm, radiusMm } = fixed.outline;
  const still = toPolar(fixed.image, centreMm, radiusMm, size);
  // the place on the moving slice that lies on the middle of the fixed sample
  const { xx, xy, yx, yy, x0, y0 } = forward(placement);
  const [dx, dy] = [centreMm[0] - x0, centreMm[1] - y0];
  const determinant = xx * yy - xy * yx;
  const middle = [(yy * dx - xy * dy) / determinant, (xx * dy - yx * dx) / determinant] as const;
  const turned = toPolar(moving.image, middle, radiusMm / placement.scale, size, placement.isMirrored);
  const { score, correlation } = rotationCurve(still, turned, explained);
  const at = Math.round((placement.rotationDeg / 360) * size.angles);
  const near = [-1, 0, 1].map((step) => (((at + step) % size.angles) + size.angles) % size.angles);
  const highest = near.reduce((a, b) => (score[b]! > score[a]! ? b : a));
  return { score: score[highest]!, correlation: correlation[highest]! };
}
