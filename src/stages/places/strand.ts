/** One electrode of a roll as a line in the slice, from its inner to its outer end. */
import { median, quantile } from "../../fit/index.ts";
import { direction, type Image, type PolarFrame, polarOf, sampleAt } from "./polar.ts";
import type { Trace } from "./trace-strand.ts";

/** By sample from the inner to the outer end; lengths in voxels, positions as (x, y) = (col, row). */
export interface Strand {
  readonly frame: PolarFrame;
  /** unrolled ray of the first sample; sample i lies on ray first + i */
  readonly first: number;
  readonly radius: Float64Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** across the strand, away from the frame's centre, of length 1 */
  readonly normalX: Float64Array;
  readonly normalY: Float64Array;
  /** from the inner end */
  readonly along: Float64Array;
  /** of what was followed, 1 where it is as high as usual */
  readonly height: Float64Array;
}

/** Of its usual height, below which an electrode is not there. */
const THERE = 0.5;

/**
 * The part of a trace where the electrode is: from end to end the run of samples that speaks most for it, so that gaps
 * within it stay.
 *
 * @param ridges [angle, radius] that were followed
 * @returns undefined where it is nowhere
 */
export function strandOf(trace: Trace, ridges: Float32Array, frame: PolarFrame): Strand | undefined {
  const { angles, radii, step } = frame;
  const heights = Float64Array.from(trace.radius, (r, i) => {
    const ray = (((trace.first + i) % angles) + angles) % angles;
    return ridges[ray * radii + Math.min(radii - 1, Math.round(r / step))]!;
  });
  const level = 0.5 * quantile(heights, 0.9);
  const usual = median(heights.filter((height) => height > level));
  if (!(usual > 0)) return undefined;
  const [from, to] = bestRun(
    heights.map((height) => Math.min(1, height / usual) - THERE),
    // a sample speaks for the length that it stands for
    trace.radius,
  );
  if (to - from < 4) return undefined;
  const height = heights.slice(from, to).map((value) => value / usual);
  return lineOf(frame, trace.first + from, trace.radius.slice(from, to), height);
}

/** The run whose sum is largest (Kadane), from its first element to the one behind its last. */
function bestRun(evidence: Float64Array, weight: Float64Array): [number, number] {
  let [best, from, to, sum, start] = [0, 0, 0, 0, 0];
  for (let i = 0; i < evidence.length; i++) {
    sum += evidence[i]! * weight[i]!;
    if (sum <= 0) [sum, start] = [0, i + 1];
    else if (sum > best) [best, from, to] = [sum, start, i + 1];
  }
  return [from, to];
}

export function lineOf(frame: PolarFrame, first: number, radius: Float64Array, height: Float64Array): Strand {
  const n = radius.length;
  const [x, y, along] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const [cosine, sine] = direction(frame, first + i);
    x[i] = frame.x0 + radius[i]! * cosine;
    y[i] = frame.y0 + radius[i]! * sine;
    if (i > 0) along[i] = along[i - 1]! + Math.hypot(x[i]! - x[i - 1]!, y[i]! - y[i - 1]!);
  }
  const [normalX, normalY] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    const [a, b] = [Math.max(0, i - 1), Math.min(n - 1, i + 1)];
    const [tx, ty] = [x[b]! - x[a]!, y[b]! - y[a]!];
    const length = Math.hypot(tx, ty) || 1;
    // the strand runs with the frame's rays, and its outside is to the right where they run counter-clockwise
    normalX[i] = (frame.sense * ty) / length;
    normalY[i] = (-frame.sense * tx) / length;
  }
  return { frame, first, radius, x, y, normalX, normalY, along, height };
}

export const lengthOf = (strand: Strand): number => strand.along.at(-1)!;

/** Samples of a strand about one voxel of length apart. */
export function everyVoxel({ along }: Strand): Int32Array {
  const picked: number[] = [];
  for (let i = 0; i < along.length; i++) if (along[i]! >= picked.length) picked.push(i);
  return Int32Array.from(picked);
}

/** A signal across a strand. @returns [sample, offset], offsets outwards */
export function straighten(image: Image, strand: Strand, samples: Int32Array, offsets: Float64Array): Float32Array {
  const out = new Float32Array(samples.length * offsets.length);
  for (let s = 0; s < samples.length; s++) {
    const i = samples[s]!;
    for (let o = 0; o < offsets.length; o++) {
      const offset = offsets[o]!;
      out[s * offsets.length + o] = sampleAt(
        image,
        strand.x[i]! + offset * strand.normalX[i]!,
        strand.y[i]! + offset * strand.normalY[i]!,
      );
    }
  }
  return out;
}

/** Where a point lies at a strand. */
export interface Foot {
  /** sample, which may lie between two */
  readonly at: number;
  /** distance from the strand, outwards */
  readonly offset: number;
}

/** The turn that lies nearest to a point on its ray; undefined where the strand does not pass that ray. */
export function footOf(strand: Strand, x: number, y: number): Foot | undefined {
  const { frame, first, radius } = strand;
  const [ray, r] = polarOf(frame, x, y);
  let best: Foot | undefined;
  const n = radius.length;
  for (
    let at = ray - first - frame.angles * Math.floor((ray - first) / frame.angles);
    at <= n - 1;
    at += frame.angles
  ) {
    const low = Math.floor(at);
    const high = Math.min(n - 1, low + 1);
    const here = radius[low]! + (at - low) * (radius[high]! - radius[low]!);
    if (best !== undefined && Math.abs(r - here) >= Math.abs(best.offset)) continue;
    best = { at, offset: r - here };
  }
  // the frame's own centre lies on every ray
  if (best === undefined || r < 1e-6) return best;
  // from along the ray to across the strand
  const i = Math.round(best.at);
  const [dx, dy] = [(x - frame.x0) / (r || 1), (y - frame.y0) / (r || 1)];
  const cosine = strand.normalX[i]! * dx + strand.normalY[i]! * dy;
  const tangential = frame.sense * (strand.normalX[i]! * dy - strand.normalY[i]! * dx);
  const spacing =
    (strand.along[Math.min(n - 1, i + 1)]! - strand.along[Math.max(0, i - 1)]!) / (i > 0 && i < n - 1 ? 2 : 1);
  const shift = (best.offset * tangential) / (spacing || 1);
  return { at: Math.min(n - 1, Math.max(0, best.at + shift)), offset: best.offset * cosine };
}

/** Radii at which the strand passes a ray, with the sample; ascending. */
export function passes(strand: Strand, ray: number): { readonly at: number; readonly radius: number }[] {
  const { frame, first, radius } = strand;
  const found = [];
  const start = ray - first - frame.angles * Math.floor((ray - first) / frame.angles);
  for (let at = start; at <= radius.length - 1; at += frame.angles) {
    const low = Math.floor(at);
    const high = Math.min(radius.length - 1, low + 1);
    found.push({ at, radius: radius[low]! + (at - low) * (radius[high]! - radius[low]!) });
  }
  return found;
}

/** A value by sample, between two. */
export function valueAt(values: Float64Array, at: number): number {
  const low = Math.max(0, Math.min(values.length - 1, Math.floor(at)));
  const high = Math.min(values.length - 1, low + 1);
  return values[low]! + (at - low) * (values[high]! - values[low]!);
}

/** Of a pitch: half the thickness of what cannot be crossed. */
const WALL = 0.06;

/** Makes a strand impassable. @param ridges [angle, radius] @param pitch elements of the frame */
export function raiseWall(
  ridges: Float32Array,
  { angles, radii, step }: PolarFrame,
  wall: Strand,
  pitch: number,
): void {
  const half = Math.max(1, Math.round(WALL * pitch));
  wall.radius.forEach((radius, i) => {
    const ray = (((wall.first + i) % angles) + angles) % angles;
    const middle = Math.round(radius / step);
    for (let k = Math.max(0, middle - half); k <= Math.min(radii - 1, middle + half); k++) {
      // more than a whole turn on a ridge is worth
      ridges[ray * radii + k] = -angles;
    }
  });
}
