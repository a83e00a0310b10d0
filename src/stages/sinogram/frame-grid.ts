/**
 * Frames of a sample that turns while its translation steps or creeps, brought onto lines of translations at even
 * angles, as every other scan has them.
 *
 *   angle       between the two frames that enclose it in a turn: linear interpolation, none where frames fall on it
 *   translation all turns that are less than a step away, or the two that enclose it where turns are farther apart,
 *               weighted by 1 - distance / width: the mean of turns at one place, interpolation where it creeps
 *
 * A grid is the same linear combination of frames for every bin and every counter.
 */
import { InputError } from "../../data/index.ts";
import type { Turning } from "./turns.ts";

export interface FrameGrid {
  /** [line] degrees, even */
  readonly omegaDeg: Float64Array;
  readonly points: number;
  /** between points */
  readonly stepMm: number;
  /** of point 0 */
  readonly firstMm: number;
  /** between turns, as measured: half the sum of all gaps is made of gaps up to this one */
  readonly sampledMm: number;
  /** [line x point + 1] where the frames of a cell begin in the two below; none: nothing was measured there */
  readonly from: Int32Array;
  readonly frame: Int32Array;
  /** sum to 1 in each cell */
  readonly share: Float64Array;
}

/** Frames at the angle of a line, sorted by line and position; two frames, the second with `share`. */
interface Crossings {
  readonly line: Int32Array;
  readonly positionMm: Float64Array;
  readonly frame: Int32Array;
  readonly share: Float64Array;
}

interface Angles {
  readonly omegaDeg: Float64Array;
  readonly step: number;
  readonly isFull: boolean;
}

/**
 * Where the frames of a turning sample lie on a grid of angles and translations.
 *
 * @param positionMm [frame] of the translation, in the middle of each exposure
 * @param missing    [frame] 1 where a frame is not there
 * @param stepMm     between points; left out: as finely as the turns lie
 * @throws InputError "turning-positions" where the translation does not move
 */
export function gridFrames(
  turning: Turning,
  positionMm: Float64Array,
  { missing, stepMm }: { readonly missing?: ArrayLike<number>; readonly stepMm?: number } = {},
): FrameGrid {
  const angles = evenAngles(turning);
  const crossings = crossingsOf(turning, positionMm, angles, missing);
  const bounds = boundsOf(crossings.line, angles.omegaDeg.length);
  const sampledMm = sampling(crossings.positionMm, bounds);
  if (!(sampledMm > 0)) {
    throw new InputError(
      "turning-positions",
      `The translation stands at ${positionMm[0]} mm for all ${positionMm.length} frames: there is nothing to reconstruct from. Correct turning.positions, or take more turns.`,
    );
  }
  const step = stepMm ?? sampledMm;
  const { firstMm, points } = extent(crossings.positionMm, bounds, step);
  return {
    omegaDeg: angles.omegaDeg,
    points,
    stepMm: step,
    firstMm,
    sampledMm,
    ...fillCells(crossings, bounds, { firstMm, points, step, sampledMm }),
  };
}

/** As many angles as a turn has frames; a whole turn, or what was gone through. */
function evenAngles({ unwrapped, degPerFrame }: Turning): Angles {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of unwrapped) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const isFull = high - low > 360 - 1.5 * degPerFrame;
  const count = isFull ? Math.round(360 / degPerFrame) : Math.round((high - low) / degPerFrame) + 1;
  const step = isFull ? 360 / count : (high - low) / (count - 1);
  const base = isFull ? unwrapped[0]! : low;
  return { omegaDeg: Float64Array.from({ length: count }, (_, line) => base + line * step), step, isFull };
}

/** Every passing of the rotation through the angle of a line. */
function crossingsOf(
  { unwrapped, runs }: Turning,
  positionMm: Float64Array,
  { omegaDeg, step, isFull }: Angles,
  missing: ArrayLike<number> | undefined,
): Crossings {
  const lines: number[] = [];
  const positions: number[] = [];
  const frames: number[] = [];
  const shares: number[] = [];
  for (const { from, to } of runs) {
    const way = unwrapped[to - 1]! < unwrapped[from]! ? -1 : 1;
    const [first, last] = way > 0 ? [from, to - 1] : [to - 1, from];
    const place = (frame: number): number => (unwrapped[frame]! - omegaDeg[0]!) / step;
    let at = first;
    // half a frame beyond the ends the frame there still holds
    for (let k = Math.ceil(place(first) - 0.5); k <= Math.floor(place(last) + 0.5); k++) {
      const line = isFull ? ((k % omegaDeg.length) + omegaDeg.length) % omegaDeg.length : k;
      if (line < 0 || line >= omegaDeg.length) continue;
      while (at !== last && place(at + way) < k) at += way;
      const next = at === last ? at : at + way;
      const gap = place(next) - place(at);
      const exact = gap > 0 ? Math.min(1, Math.max(0, (k - place(at)) / gap)) : 0;
      const share = exact < SMALL ? 0 : exact > 1 - SMALL ? 1 : exact;
      if ((missing?.[at] && share < 1) || (missing?.[next] && share > 0)) continue;
      lines.push(line);
      // two frames that lie side by side
      frames.push(Math.min(at, next));
      shares.push(next >= at ? share : 1 - share);
      positions.push((1 - share) * positionMm[at]! + share * positionMm[next]!);
    }
  }
  const order = Int32Array.from(lines.keys()).sort((a, b) => lines[a]! - lines[b]! || positions[a]! - positions[b]!);
  return {
    line: Int32Array.from(order, (i) => lines[i]!),
    positionMm: Float64Array.from(order, (i) => positions[i]!),
    frame: Int32Array.from(order, (i) => frames[i]!),
    share: Float64Array.from(order, (i) => shares[i]!),
  };
}
/** shares below this are rounding */
const SMALL = 1e-6;

/** [line + 1] where the crossings of a line begin */
function boundsOf(line: Int32Array, lines: number): Int32Array {
  const bounds = new Int32Array(lines + 1);
  for (const one of line) bounds[one + 1]!++;
  for (let i = 0; i < lines; i++) bounds[i + 1]! += bounds[i]!;
  return bounds;
}

/** The gap that half of the way is made of gaps up to: turns at one place, and an encoder's noise, count for nothing. */
function sampling(positionMm: Float64Array, bounds: Int32Array): number {
  const gaps: number[] = [];
  const lines = bounds.length - 1;
  for (let line = 0; line < lines; line += Math.ceil(lines / 60)) {
    for (let i = bounds[line]! + 1; i < bounds[line + 1]!; i++) gaps.push(positionMm[i]! - positionMm[i - 1]!);
  }
  gaps.sort((a, b) => a - b);
  let left = (1 - 1e-9) * (gaps.reduce((sum, gap) => sum + gap, 0) / 2);
  for (const gap of gaps) {
    left -= gap;
    if (left <= 0) return gap;
  }
  return 0;
}

/** What most lines have measured. */
function extent(positionMm: Float64Array, bounds: Int32Array, step: number): { firstMm: number; points: number } {
  const ends: [number, number][] = [];
  for (let line = 0; line + 1 < bounds.length; line++) {
    if (bounds[line + 1]! > bounds[line]!) ends.push([positionMm[bounds[line]!]!, positionMm[bounds[line + 1]! - 1]!]);
  }
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
  const firstMm = middle(ends.map(([first]) => first));
  const lastMm = middle(ends.map(([, last]) => last));
  return { firstMm, points: Math.max(1, Math.floor((lastMm - firstMm) / step + 1e-6) + 1) };
}

interface Points {
  readonly firstMm: number;
  readonly points: number;
  readonly step: number;
  readonly sampledMm: number;
}

function fillCells(
  crossings: Crossings,
  bounds: Int32Array,
  { firstMm, points, step, sampledMm }: Points,
): Pick<FrameGrid, "from" | "frame" | "share"> {
  const lines = bounds.length - 1;
  const from = new Int32Array(lines * points + 1);
  const frame: number[] = [];
  const share: number[] = [];
  for (let line = 0; line < lines; line++) {
    const [begin, end] = [bounds[line]!, bounds[line + 1]!];
    let right = begin;
    for (let point = 0; point < points; point++) {
      const at = firstMm + point * step;
      while (right < end && crossings.positionMm[right]! < at) right++;
      for (const [one, weight] of weightsAt(crossings.positionMm, begin, end, right, at, step, sampledMm)) {
        const second = crossings.share[one]!;
        if (second < 1) {
          frame.push(crossings.frame[one]!);
          share.push(weight * (1 - second));
        }
        if (second > 0) {
          frame.push(crossings.frame[one]! + 1);
          share.push(weight * second);
        }
      }
      from[line * points + point + 1] = frame.length;
    }
  }
  return { from, frame: Int32Array.from(frame), share: Float64Array.from(share) };
}

/**
 * @param right the first crossing at or after `at`
 * @returns crossings and their weights, which sum to 1; none in a hole, and half a step beyond the ends
 */
function weightsAt(
  positionMm: Float64Array,
  begin: number,
  end: number,
  right: number,
  at: number,
  step: number,
  sampledMm: number,
): [number, number][] {
  const before = right > begin ? at - positionMm[right - 1]! : Number.POSITIVE_INFINITY;
  const after = right < end ? positionMm[right]! - at : Number.POSITIVE_INFINITY;
  const nearest = Math.min(before, after);
  const gap = before + after;
  const reach = Math.max(step, sampledMm);
  if (!(gap <= HOLE * reach) && !(nearest <= (Number.isFinite(gap) ? 0.3 : 0.55) * reach)) return [];
  const width = Number.isFinite(gap) && nearest > SMALL * gap ? Math.max(step, gap) : Math.max(step, 2 * nearest);
  const found: [number, number][] = [];
  const add = (i: number): boolean => {
    const weight = 1 - Math.abs(positionMm[i]! - at) / width;
    if (weight > SMALL) found.push([i, weight]);
    return weight > 0;
  };
  for (let i = right - 1; i >= begin && add(i); i--);
  for (let i = right; i < end && add(i); i++);
  const sum = found.reduce((all, [, weight]) => all + weight, 0);
  return found.map(([i, weight]) => [i, weight / sum]);
}
/** steps between two turns that are still interpolated between: one lost turn is, two are not */
const HOLE = 2.2;

/**
 * [cell] of values of each frame; NaN where nothing was measured.
 *
 * @param values [frame]
 */
export function onGrid({ from, frame, share }: FrameGrid, values: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: from.length - 1 }, (_, cell) => {
    let sum = from[cell]! < from[cell + 1]! ? 0 : Number.NaN;
    for (let k = from[cell]!; k < from[cell + 1]!; k++) sum += share[k]! * values[frame[k]!]!;
    return sum;
  });
}

/**
 * Patterns of the cells from those of the frames.
 *
 * @param patterns [frame, bin]
 * @param out      [cell, bin]; NaN where nothing was measured
 * @param isSigma  standard uncertainties, which add as their squares
 */
export function patternsOnGrid(
  { from, frame, share }: FrameGrid,
  patterns: Float32Array,
  bins: number,
  out: Float32Array,
  isSigma = false,
): void {
  const sum = new Float64Array(bins);
  for (let cell = 0; cell + 1 < from.length; cell++) {
    sum.fill(from[cell]! < from[cell + 1]! ? 0 : Number.NaN);
    for (let k = from[cell]!; k < from[cell + 1]!; k++) {
      const [weight, row] = [share[k]!, frame[k]! * bins];
      for (let bin = 0; bin < bins; bin++) {
        const value = weight * patterns[row + bin]!;
        sum[bin]! += isSigma ? value * value : value;
      }
    }
    for (let bin = 0; bin < bins; bin++) out[cell * bins + bin] = isSigma ? Math.sqrt(sum[bin]!) : sum[bin]!;
  }
}
