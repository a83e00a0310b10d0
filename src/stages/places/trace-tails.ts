/**
 * The ends of an electrode that run on where the other electrode has ended: its turns lie on each other there, closer
 * than anywhere else, and often only the collector is left. They are followed by the collector's line.
 */
import { median } from "../../fit/index.ts";
import type { PolarFrame } from "./polar.ts";
import { smoothCurve } from "./smooth-curve.ts";
import { lineOf, passes, raiseWall, type Strand } from "./strand.ts";
import { extend, type Trace } from "./trace-strand.ts";

/** Distances to the neighbouring turn that are looked at, in pitches. */
const RANGE = [0.2, 1.6] as const;
/** Of the usual height of the line, from which on it is seen as well as need be: of two lines the brighter is no better. */
const SEEN = 0.4;
/** Of the usual height, below which the electrode is not there: noise that was followed comes to less. */
const THERE = 0.5;
/** Share of an electrode along which its line has to be there before it is trusted to say where the electrode ends. */
const TRUSTED = 0.9;
/** Voxels from turn to turn, below which lines that lie on each other are one. */
const RESOLVED = 8;
/** How much more what was followed before weighs in smoothing than a tail that joins it. */
const HELD = 1e4;

/**
 * Where the line is not seen well, or turns are too few voxels apart, the electrode is left as it is.
 *
 * @param lines [angle, radius], highest along the collector, over no more than its width
 * @param pitch elements of the frame
 * @param limit voxels, by ray: inside of the casing
 * @param smooth voxels along the electrode
 */
export function withTails(
  strand: Strand,
  other: Strand,
  lines: Float32Array,
  pitch: number,
  limit: Float64Array,
  smooth: number,
): Strand {
  const { frame } = strand;
  const { angles, radii, step } = frame;
  const [from, to] = sharedPart(strand, other);
  if (to - from < angles || pitch * step < RESOLVED) return strand;
  const body: Trace = { first: strand.first + from, radius: strand.radius.slice(from, to).map((r) => r / step) };
  const seen = heightsOf(body, lines, frame);
  const usual = median(seen);
  const share = seen.filter((height) => height > SEEN * usual).length / seen.length;
  if (!(usual > 0 && share > TRUSTED)) return strand;
  const even = lines.map((value) => Math.min(1, value / (SEEN * usual)));
  raiseWall(even, frame, other, pitch);
  const outwards = extend(body, even, frame, pitch, limit, 1, RANGE);
  const inwards = extend(body, even, frame, pitch, limit, -1, RANGE);
  const outer = tailOf(outwards.radius.subarray(body.radius.length), body.first + body.radius.length, 1);
  const inner = tailOf(
    inwards.radius.subarray(0, inwards.radius.length - body.radius.length).toReversed(),
    body.first - 1,
    -1,
  );
  const radius = Float64Array.from([...inner.toReversed(), ...body.radius, ...outer]);
  const first = body.first - inner.length;
  const arc = (k: number): number => Math.max(0.05, (2 * Math.PI * k * step) / angles);
  const weights = radius.map((_, i) => (i < inner.length || i >= inner.length + body.radius.length ? 1 : HELD));
  const smoothed = smoothCurve(
    radius,
    radius.map((k) => smooth / arc(k)),
    weights,
  ).map((k) => Math.max(0, k) * step);
  const tailHeights = heightsOf({ first, radius: smoothed.map((r) => r / step) }, lines, frame);
  const height = smoothed.map((_, i) => {
    const at = i - inner.length + from;
    return i >= inner.length && i < inner.length + body.radius.length ? strand.height[at]! : tailHeights[i]! / usual;
  });
  return lineOf(frame, first, smoothed, height);

  /** As much of a tail as speaks for itself. */
  function tailOf(positions: Float64Array, start: number, way: 1 | -1): Float64Array {
    let [sum, most, length] = [0, 0, 0];
    positions.forEach((k, i) => {
      const ray = (((start + way * i) % angles) + angles) % angles;
      sum += k * (Math.min(1, lines[ray * radii + Math.round(k)]! / usual) - THERE);
      if (sum > most) [most, length] = [sum, i + 1];
    });
    return positions.subarray(0, length);
  }
}

function heightsOf({ first, radius }: Trace, lines: Float32Array, frame: PolarFrame): Float64Array {
  const { angles } = frame;
  return radius.map((k, i) => highestNear(lines, frame, (((first + i) % angles) + angles) % angles, k));
}

/** A line may lie half a voxel beside a curve that was smoothed. */
function highestNear(lines: Float32Array, { radii, step }: PolarFrame, ray: number, k: number): number {
  const reach = Math.round(0.5 / step);
  let most = Number.NEGATIVE_INFINITY;
  for (let at = Math.round(k) - reach; at <= Math.round(k) + reach; at++) {
    if (at >= 0 && at < radii) most = Math.max(most, lines[ray * radii + at]!);
  }
  return most;
}

/** Samples that have the other electrode on both sides, from the first to behind the last. */
function sharedPart(strand: Strand, other: Strand): [number, number] {
  const n = strand.radius.length;
  const isBeside = (i: number, way: 1 | -1): boolean =>
    passes(other, strand.first + i).some(({ radius }) => way * (radius - strand.radius[i]!) > 0);
  let [from, to] = [0, n];
  while (from < n && !isBeside(from, -1)) from++;
  while (to > from && !isBeside(to - 1, 1)) to--;
  return [from, to];
}
