/**
 * The angles of a sample that turns while frames are taken: unwrapped, cut into runs without a jump, and into turns.
 *
 * A turn is 360 degrees, or one way of a rotation that goes to and fro.
 */
import { InputError } from "../../data/index.ts";
import { median } from "../../fit/index.ts";

/** Frames [from, to) between which the rotation moves one way without a jump. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

export interface Turning {
  /** [frame] degrees, without the jump from 360 to 0 */
  readonly unwrapped: Float64Array;
  readonly runs: readonly Run[];
  /** from one frame to the next, positive */
  readonly degPerFrame: number;
}

/**
 * Angles of a turning sample without their jumps from 360 to 0, degrees.
 *
 * @param omegaDeg [frame] in the order of acquisition, in the middle of each exposure; may fall back from 360 to 0
 * @throws InputError "turning-angles" where the rotation does not move from frame to frame
 */
export function unwrapTurns(omegaDeg: ArrayLike<number>): Turning {
  const frames = omegaDeg.length;
  const unwrapped = new Float64Array(frames);
  const moved = new Float64Array(frames);
  for (let i = 0; i < frames; i++) {
    if (!Number.isFinite(omegaDeg[i]!)) {
      throw new InputError("turning-angles", `The angle of frame ${i + 1} is ${omegaDeg[i]}: a number is needed.`);
    }
    if (i > 0) {
      const by = omegaDeg[i]! - omegaDeg[i - 1]!;
      moved[i] = by - 360 * Math.round(by / 360);
    }
    unwrapped[i] = i > 0 ? unwrapped[i - 1]! + moved[i]! : omegaDeg[0]!;
  }
  const typical = median(moved.subarray(1).map(Math.abs));
  if (!(typical > 1e-6)) {
    throw new InputError(
      "turning-angles",
      `The rotation stands still from frame to frame (${frames} frames from ${omegaDeg[0]}°): turning is for samples that turn while they are moved. Remove the section turning, and give translations and angles, or correct the angles.`,
    );
  }
  const runs = runsOf(moved, typical);
  const [way, steps] = runs.reduce(
    ([way, steps], run) => [
      way + Math.abs(unwrapped[run.to - 1]! - unwrapped[run.from]!),
      steps + run.to - 1 - run.from,
    ],
    [0, 0],
  );
  return { unwrapped, runs, degPerFrame: way / steps };
}

/** A run ends where the rotation jumps or turns back; where it stands for a moment before that, with the last move. */
function runsOf(moved: Float64Array, typical: number): Run[] {
  const runs: Run[] = [];
  let from = 0;
  let last = 0;
  let way = 0;
  for (let i = 1; i < moved.length; i++) {
    const step = moved[i]! / typical;
    const isBack = Math.abs(step) > 0.3 && step * way < 0;
    if (Math.abs(step) > 3 || isBack) {
      const to = isBack && Math.abs(step) < 3 ? last + 1 : i;
      runs.push({ from, to });
      from = to;
      way = 0;
    }
    if (Math.abs(step) > 0.3) last = i;
    if (Math.abs(step) > 0.3 && Math.abs(step) < 3) way = step;
  }
  return [...runs, { from, to: moved.length }];
}

/** [turn + 1] the first frame of each turn, and the number of frames at the end; the last turn may not be whole. */
export function firstFramesOfTurns({ unwrapped, runs, degPerFrame }: Turning): Int32Array {
  const first: number[] = [];
  for (const { from, to } of runs) {
    let turn = -1;
    for (let i = from; i < to; i++) {
      // an encoder that is a little early does not make a turn of its own
      const at = Math.floor((Math.abs(unwrapped[i]! - unwrapped[from]!) + 0.1 * degPerFrame) / 360);
      if (at > turn) first.push(i);
      turn = Math.max(turn, at);
    }
  }
  return Int32Array.from([...first, unwrapped.length]);
}
