/**
 * The middle of one electrode of a roll, followed from its core to its casing. A roll is never a perfect spiral, but
 * each turn lies on the one before: what is followed is the distance to the neighbouring turn, which changes slowly
 * even where the roll has a kink.
 */
import { median } from "../../fit/index.ts";
import type { PolarFrame } from "./polar.ts";
import { ridgePath } from "./ridge-path.ts";
import { smoothCurve } from "./smooth-curve.ts";
import type { Winding } from "./winding.ts";

/** Radii on rays that go on counting after a full turn. */
export interface Trace {
  /** unrolled number of the first ray; ray j is ray j modulo `frame.angles` */
  readonly first: number;
  /** voxels from the frame's centre, by unrolled ray; grows from turn to turn */
  readonly radius: Float64Array;
}

/** Distances to the neighbouring turn that are looked at, in pitches. */
const [NEAREST, FARTHEST] = [0.55, 1.6];
/** Of a turn, found at a time; what lies at its end is found again with what follows. */
const [PIECE, KEPT] = [1, 0.6];

/**
 * @param ridges [angle, radius], highest along the middle of the electrode and low in the other; the frame runs in the
 *   sense of winding
 * @param own the same of the electrode alone, which is even about its middle where only one side has a neighbour
 * @param limit voxels, by ray: inside of the casing
 * @param smooth voxels along the electrode
 */
export function traceStrand(
  ridges: Float32Array,
  own: Float32Array,
  frame: PolarFrame,
  { pitch }: Winding,
  limit: Float64Array,
  smooth: number,
): Trace {
  const seed = seedTurn(ridges, frame, pitch);
  const turns = extend(extend(seed, ridges, frame, pitch, limit, 1), ridges, frame, pitch, limit, -1);
  const balanced = balance(turns, own, frame, pitch);
  const { angles, step } = frame;
  const window = Float64Array.from(balanced.radius, (k) => smooth / Math.max(0.05, (2 * Math.PI * k * step) / angles));
  const radius = smoothCurve(balanced.radius, window).map((k) => Math.max(0, k) * step);
  return { first: balanced.first, radius };
}

/** Strands that are tried, evenly over the roll. */
const MOST_SEEDS = 12;
/** How far a strand may come from where it starts within a turn: pitches, or shares of its radius in an oval roll. */
const [STRAYS, STRAYS_SHARE] = [3, 0.35];

/** The strand that is seen best over one full turn. Radii in elements of the frame, as within this file. */
function seedTurn(ridges: Float32Array, { angles, radii }: PolarFrame, pitch: number): Trace {
  let best: Float64Array | undefined;
  let most = Number.NEGATIVE_INFINITY;
  // a strand is a local maximum at ray 0
  const starts = Array.from({ length: radii - 2 }, (_, i) => i + 1).filter(
    (k) => ridges[k]! > 0.3 && ridges[k]! >= ridges[k - 1]! && ridges[k]! > ridges[k + 1]!,
  );
  const stride = Math.max(1, starts.length / MOST_SEEDS);
  for (let i = 0; Math.floor(i) < starts.length; i += stride) {
    const start = starts[Math.floor(i)]!;
    const far = Math.ceil(Math.max(STRAYS * pitch, STRAYS_SHARE * start));
    const [low, high] = [Math.max(0, start - far), Math.min(radii, start + far + 1)];
    const width = high - low;
    const turn = new Float32Array((angles + 1) * width);
    for (let j = 0; j <= angles; j++) {
      const ray = j % angles;
      turn.set(ridges.subarray(ray * radii + low, ray * radii + high), j * width);
    }
    const { path, score } = ridgePath(turn, angles + 1, width, { reach: 2, stiffness: 0.02, start: start - low });
    const lag = (path.at(-1)! + low - start) / pitch;
    if (Math.abs(lag - 1) >= 0.35) continue;
    const quality = score - (angles / 10) * crossings(turn, width, path);
    if (quality > most) [best, most] = [Float64Array.from(path, (k) => k + low), quality];
  }
  if (!best) {
    const middle = Math.round(radii * 0.5);
    best = Float64Array.from({ length: angles + 1 }, (_, j) => Math.min(radii - 1, middle + (pitch * j) / angles));
  }
  return { first: 0, radius: best };
}

/** Of the height along a path, below 0, from which on it runs through what lies between two turns. */
const BETWEEN = 0.3;

/** How often a path goes through what lies between two turns: it has then left its strand for another. */
function crossings(turn: Float32Array, width: number, path: Int32Array): number {
  const heights = Float64Array.from(path, (k, j) => turn[j * width + k]!);
  const level = -BETWEEN * median(heights);
  let count = 0;
  for (let j = 1; j < heights.length; j++) if (heights[j]! < level && heights[j - 1]! >= level) count++;
  return count;
}

/**
 * Goes on outwards (1) or inwards (-1), as far as there is room.
 *
 * @param trace radii in elements of the frame, at least one turn
 * @param pitch elements
 * @param range distances to the neighbouring turn that are looked at, in pitches
 */
export function extend(
  trace: Trace,
  ridges: Float32Array,
  frame: PolarFrame,
  pitch: number,
  limit: Float64Array,
  way: 1 | -1,
  [nearest, farthest]: readonly [number, number] = [NEAREST, FARTHEST],
): Trace {
  const { angles, radii, step } = frame;
  // in the order in which they are found
  const found = [...trace.radius];
  if (way < 0) found.reverse();
  const last = way > 0 ? trace.first + found.length - 1 : trace.first;
  const size = Math.round(angles * PIECE);
  const [low, high] = [Math.floor(pitch * nearest), Math.ceil(pitch * farthest)];
  const width = high - low + 1;
  const score = new Float32Array((size + 1) * width);
  let at = last;
  for (;;) {
    for (let s = 0; s <= size; s++) {
      const ray = mod(at + way * s, angles);
      const base = found[found.length - 1 - angles + s]!;
      for (let g = 0; g < width; g++) {
        const k = base + way * (low + g);
        score[s * width + g] = k < 0 || k * step > limit[ray]! ? -0.5 : between(ridges, ray, k, radii);
      }
    }
    const start = Math.round(way * (found.at(-1)! - found[found.length - 1 - angles]!)) - low;
    const clamped = Math.min(width - 1, Math.max(0, start));
    const { path } = ridgePath(score, size + 1, width, { reach: 1, stiffness: 0.15, start: clamped });
    const keep = Math.round(size * KEPT);
    let isOut = false;
    for (let s = 1; s <= keep && !isOut; s++) {
      const k = found[found.length - angles]! + way * (low + path[s]!);
      at += way;
      isOut = k < 1 || k * step > limit[mod(at, angles)]! + pitch * step;
      if (isOut) at -= way;
      else found.push(k);
    }
    if (isOut) break;
  }
  if (way > 0) return { first: trace.first, radius: Float64Array.from(found) };
  return { first: at, radius: Float64Array.from(found.reverse()) };
}

const mod = (j: number, n: number): number => ((j % n) + n) % n;

function between(ridges: Float32Array, ray: number, k: number, radii: number): number {
  const low = Math.floor(k);
  if (low < 0 || low + 1 >= radii) return 0;
  const share = k - low;
  return (1 - share) * ridges[ray * radii + low]! + share * ridges[ray * radii + low + 1]!;
}

/** Between the elements: where the ridge falls off alike to both sides. Left as it is where there is no ridge. */
function balance(trace: Trace, ridges: Float32Array, { angles, radii }: PolarFrame, pitch: number): Trace {
  const reach = Math.max(1, 0.2 * pitch);
  const radius = trace.radius.map((k0, i) => {
    const ray = mod(trace.first + i, angles);
    let k = k0;
    for (let round = 0; round < 4; round++) {
      const [a, b, c] = [k - reach, k, k + reach].map((at) => between(ridges, ray, at, radii)) as [
        number,
        number,
        number,
      ];
      const curvature = 2 * b - a - c;
      if (!(curvature > 0.1)) return k0;
      k += Math.max(-0.5 * reach, Math.min(0.5 * reach, (0.5 * reach * (c - a)) / curvature));
    }
    return Math.abs(k - k0) < reach ? k : k0;
  });
  return { first: trace.first, radius };
}
