/** Both coatings of an electrode along its length: thickness, middle of the collector, and where a coating is missing. */
import { median } from "../../fit/index.ts";
import { type CoatProfile, fitProfile, type ProfileFit } from "./coat-profile.ts";
import type { Image } from "./polar.ts";
import { everyVoxel, lengthOf, type Strand, straighten } from "./strand.ts";

export const SIDES = ["inner", "outer"] as const;
export type Side = (typeof SIDES)[number];

/** Lengths in voxels. */
export interface Coatings {
  /** of the whole electrode */
  readonly mean: ProfileFit;
  /** whether the slice tells how thick the coatings are; else they are what is left between the neighbours */
  readonly isMeasured: boolean;
  /** along the electrode, middles of the windows */
  readonly windows: Float64Array;
  /** by window; NaN where a coating is missing or was not fitted */
  readonly thickness: Readonly<Record<Side, Float64Array>>;
  readonly esd: Readonly<Record<Side, Float64Array>>;
  /** by sample of the strand: middle of the collector off the traced line */
  readonly centre: Float64Array;
  /** by sample: distance from the collector's middle to the coating's surface */
  readonly surface: Readonly<Record<Side, Float64Array>>;
  /** by sample: 1 where the coating is there */
  readonly there: Readonly<Record<Side, Uint8Array>>;
}

/** Voxels from offset to offset in a profile. */
const STEP = 0.25;
/** Thickness in blurs from which on a coating can be measured, and its height besides in a window. */
const [MEASURABLE, RESOLVED] = [1.2, 2.5];
/** Of the height that it has elsewhere, below which a coating is missing. */
const MISSING = 0.35;

/**
 * @param coat, line signals of the coating and of the collector
 * @param pitch voxels
 * @param window voxels of length for one thickness
 */
export function measureCoatings(
  strand: Strand,
  coat: Image,
  line: Image | undefined,
  pitch: number,
  window: number,
): Coatings {
  const half = Math.ceil((0.5 * pitch) / STEP);
  const offsets = Float64Array.from({ length: 2 * half + 1 }, (_, i) => (i - half) * STEP);
  const samples = everyVoxel(strand);
  const coats = straighten(coat, strand, samples, offsets);
  const lines = line && straighten(line, strand, samples, offsets);
  const whole = meanProfile(coats, offsets.length, 0, samples.length);
  const wholeLine = lines && meanProfile(lines, offsets.length, 0, samples.length);
  // without a collector's line nothing tells a shift from coatings that differ
  const held = line ? [] : (["centre"] as const);
  const mean = fitProfile(offsets, whole, wholeLine, startOf(whole, pitch), held, 1 / STEP);
  const { profile } = mean;

  const count = Math.max(1, Math.round(lengthOf(strand) / window));
  const windows = Float64Array.from({ length: count }, (_, w) => ((w + 0.5) * lengthOf(strand)) / count);
  const blank = () => ({
    inner: new Float64Array(count).fill(Number.NaN),
    outer: new Float64Array(count).fill(Number.NaN),
  });
  const [thickness, esd] = [blank(), blank()];
  const centres = new Float64Array(count).fill(profile.centre);
  const isResolved = Math.min(profile.inner, profile.outer) > RESOLVED * profile.blur;
  const fixed = [
    ...held,
    "collector",
    "blur",
    "overshoot",
    "floor",
    ...(isResolved ? [] : ["height" as const]),
  ] as const;
  for (let w = 0; w < count; w++) {
    const [from, to] = [Math.floor((w * samples.length) / count), Math.floor(((w + 1) * samples.length) / count)];
    if (to - from < 2) continue;
    const own = meanProfile(coats, offsets.length, from, to);
    const ownLine = lines && meanProfile(lines, offsets.length, from, to);
    const fit = fitProfile(offsets, own, ownLine, profile, fixed, 1 / STEP);
    if (!fit.isConverged) continue;
    centres[w] = Math.max(-0.15 * pitch, Math.min(0.15 * pitch, fit.profile.centre));
    for (const side of SIDES) {
      if (fit.profile.height < MISSING * profile.height || fit.profile[side] < MISSING * profile[side]) continue;
      thickness[side][w] = fit.profile[side];
      esd[side][w] = fit.esd[side];
    }
  }
  const centre = alongStrand(strand, windows, centres, profile.centre);
  const surface = {
    inner: alongStrand(strand, windows, thickness.inner, profile.inner).map((t) => profile.collector + t),
    outer: alongStrand(strand, windows, thickness.outer, profile.outer).map((t) => profile.collector + t),
  };
  const there = findThere(strand, samples, coats, offsets, profile);
  const isMeasured = mean.isConverged && Math.min(profile.inner, profile.outer) > MEASURABLE * profile.blur;
  return {
    mean,
    isMeasured,
    windows,
    thickness,
    esd,
    centre,
    surface,
    there,
  };
}

/** The same electrode with coatings of a thickness that was not measured. @param half voxels from middle to surface */
export function assumeCoatings(strand: Strand, coatings: Coatings, half: number): Coatings {
  const missing = () => new Float64Array(coatings.windows.length).fill(Number.NaN);
  const surface = () => new Float64Array(strand.along.length).fill(half);
  const nothing = Object.fromEntries(Object.keys(coatings.mean.esd).map((key) => [key, Number.NaN]));
  return {
    ...coatings,
    mean: {
      ...coatings.mean,
      profile: { ...coatings.mean.profile, centre: 0, collector: 0, inner: half, outer: half },
      esd: nothing as unknown as CoatProfile,
    },
    isMeasured: false,
    thickness: { inner: missing(), outer: missing() },
    esd: { inner: missing(), outer: missing() },
    surface: { inner: surface(), outer: surface() },
  };
}

function meanProfile(values: Float32Array, width: number, from: number, to: number): Float64Array {
  const mean = new Float64Array(width);
  for (let s = from; s < to; s++) for (let o = 0; o < width; o++) mean[o]! += values[s * width + o]! / (to - from);
  return mean;
}

/** A band whose area is right at the height that is seen, with a thin collector in its middle. */
function startOf(whole: Float64Array, pitch: number): CoatProfile {
  const height = Math.max(...whole, 1e-3);
  const area = STEP * whole.reduce((sum, value) => sum + Math.max(0, value), 0);
  const coat = Math.max(0.2, Math.min(0.45 * pitch, 0.5 * (area / height)));
  return {
    height,
    floor: 0,
    centre: 0,
    collector: 0.05 * pitch,
    inner: coat,
    outer: coat,
    blur: 0.6,
    line: 1,
    overshoot: 0.1,
  };
}

/** Values of windows at every sample; `usual` takes the place of those that are missing, and ends go on as they are. */
function alongStrand(strand: Strand, windows: Float64Array, values: Float64Array, usual: number): Float64Array {
  const level = Number.isFinite(median(values)) ? median(values) : usual;
  const filled = values.map((value) => (Number.isFinite(value) ? value : level));
  let w = 0;
  return strand.along.map((s) => {
    while (w + 2 < windows.length && windows[w + 1]! < s) w++;
    if (windows.length < 2) return filled[0]!;
    const share = Math.max(0, Math.min(1, (s - windows[w]!) / (windows[w + 1]! - windows[w]!)));
    return filled[w]! + share * (filled[w + 1]! - filled[w]!);
  });
}

/** Where each coating is at least partly as high as usual, over a few voxels of length. */
function findThere(
  strand: Strand,
  samples: Int32Array,
  coats: Float32Array,
  offsets: Float64Array,
  { centre, collector, inner, outer }: CoatProfile,
): Record<Side, Uint8Array> {
  const ranges = {
    inner: [centre - collector - inner, centre - collector],
    outer: [centre + collector, centre + collector + outer],
  } as const;
  const of = (side: Side): Uint8Array => {
    const picked = [...offsets.keys()].filter((o) => offsets[o]! >= ranges[side][0] && offsets[o]! <= ranges[side][1]);
    const heights = Float64Array.from(samples, (_, s) => {
      let sum = 0;
      for (const o of picked) sum += coats[s * offsets.length + o]!;
      return picked.length > 0 ? sum / picked.length : 1;
    });
    const usual = median(heights);
    const calm = heights.map((_, s) => median(heights.subarray(Math.max(0, s - 2), s + 3)));
    return spread(strand, samples, calm, (height) => (height > MISSING * usual ? 1 : 0));
  };
  return { inner: of("inner"), outer: of("outer") };
}

function spread(strand: Strand, samples: Int32Array, values: Float64Array, to: (value: number) => number): Uint8Array {
  const out = new Uint8Array(strand.along.length);
  let s = 0;
  for (let i = 0; i < out.length; i++) {
    while (s + 1 < samples.length && samples[s + 1]! <= i) s++;
    out[i] = to(values[s]!);
  }
  return out;
}
