/** Scans whose fast axis is the rotation: where each frame was taken, and the part of them that is taken in time. */
import { InputError } from "../data/index.ts";
import { openFrames } from "../files/frames.ts";
import { type FrameGrid, firstFramesOfTurns, gridFrames, unwrapTurns } from "../stages/sinogram/index.ts";
import { readNumbers } from "./angles.ts";
import { openPatternSource, patternSource } from "./pattern-source.ts";
import type { Scan, TurningConfig } from "./scan-config.ts";

export interface TurningFrames {
  /** frames that are taken, of all in the order of acquisition */
  readonly window: { readonly from: number; readonly count: number };
  /** [frame of the window] degrees, mm */
  readonly omegaDeg: Float64Array;
  readonly positionMm: Float64Array;
}

/**
 * The frames of the turns that are taken.
 *
 * @param count frames of the whole scan
 * @throws InputError "turning-count" | "turning-turns" | "turning-angles"
 */
export function framesOfTurns({ config, path, resolve }: Scan, count: number): TurningFrames {
  const turning = config.turning!;
  const omegaDeg = anglesOfFrames(turning, count, resolve);
  const first = firstFramesOfTurns(unwrapTurns(omegaDeg));
  const positionMm = positionsOfFrames(turning, omegaDeg, first, resolve);
  const turns = first.length - 1;
  const { from = 0, to = turns } = turning.turns ?? {};
  if (to > turns || from >= to) {
    throw new InputError(
      "turning-turns",
      `${path}: turning.turns are ${from} to ${to}, and the scan has ${turns} turns (${count} frames). At least one turn between 0 and ${turns} is needed.`,
    );
  }
  const [begin, end] = [first[from]!, first[to]!];
  return {
    window: { from: begin, count: end - begin },
    omegaDeg: omegaDeg.slice(begin, end),
    positionMm: positionMm.slice(begin, end),
  };
}

function anglesOfFrames({ angles }: TurningConfig, count: number, resolve: Scan["resolve"]): Float64Array {
  if ("file" in angles) return checkCount(readNumbers(resolve(angles.file)), count, resolve(angles.file), "angle");
  return Float64Array.from({ length: count }, (_, i) => angles.first + i * angles.perFrame);
}

/** @param first [turn + 1] its first frame */
function positionsOfFrames(
  { positions, passes }: TurningConfig,
  omegaDeg: Float64Array,
  first: Int32Array,
  resolve: Scan["resolve"],
): Float64Array {
  const out = new Float64Array(omegaDeg.length);
  if ("file" in positions) {
    return checkCount(readNumbers(resolve(positions.file)), out.length, resolve(positions.file), "position");
  }
  const { turns: each, offsetsMm, toAndFro } = passes ?? { turns: first.length - 1, offsetsMm: [0], toAndFro: false };
  for (let turn = 0; turn + 1 < first.length; turn++) {
    const pass = Math.floor(turn / each);
    const offset = offsetsMm[pass % offsetsMm.length]!;
    const [begin, end] = [first[turn]!, first[turn + 1]!];
    const isBack = toAndFro && pass % 2 === 1;
    for (let i = begin; i < end; i++) {
      const moved =
        "mmPerTurn" in positions
          ? (turn - pass * each + turned(omegaDeg, begin, i)) * positions.mmPerTurn
          : Math.floor((turn - pass * each) / positions.turns) * positions.stepMm;
      const whole =
        "mmPerTurn" in positions
          ? each * positions.mmPerTurn
          : (Math.ceil(each / positions.turns) - 1) * positions.stepMm;
      out[i] = positions.first + offset + (isBack ? whole - moved : moved);
    }
  }
  return out;
}

/** Share of a turn since its first frame. */
function turned(omegaDeg: Float64Array, begin: number, i: number): number {
  const by = Math.abs(omegaDeg[i]! - omegaDeg[begin]!) / 360;
  return by - Math.floor(by);
}

function checkCount(values: Float64Array, count: number, path: string, what: string): Float64Array {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (values.length === count && bad < 0) return values;
  throw new InputError(
    "turning-count",
    bad < 0
      ? `${path} has ${values.length} values and the scan has ${count} frames. One ${what} for each frame is needed.`
      : `${path}: value ${bad + 1} is ${values[bad]}. A number is needed for the ${what} of each frame.`,
  );
}

/** @throws as framesOfTurns and gridFrames */
export const gridOf = (
  { omegaDeg, positionMm }: TurningFrames,
  stepMm: number | undefined,
  missing?: ArrayLike<number>,
): FrameGrid =>
  gridFrames(unwrapTurns(omegaDeg), positionMm, {
    ...(stepMm !== undefined && { stepMm }),
    ...(missing && { missing }),
  });

/** What follows from where the frames were taken, filled in: the translation step, and the axis in steps. */
export async function settleTurning(scan: Scan): Promise<Scan> {
  const { config } = scan;
  if (!config.turning) return scan;
  const { axisMm } = config.turning;
  const { stepMm, firstMm, omegaDeg } = gridOf(framesOfTurns(scan, await countFrames(scan)), config.stepMm);
  if (omegaDeg.length < 2) {
    throw new InputError("turning-angles", `${scan.path}: the frames of turning are all at one angle. Correct angles.`);
  }
  return {
    ...scan,
    config: {
      ...config,
      stepMm,
      ...(axisMm !== undefined && { sinogram: { ...config.sinogram, rotationAxis: (axisMm - firstMm) / stepMm } }),
    },
  };
}

async function countFrames(scan: Scan): Promise<number> {
  const { input } = scan.config;
  if (input.kind === "frames") {
    const files = typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve);
    const source = await openFrames(files, { missing: "flag", ...(input.dataset && { dataset: input.dataset }) });
    source.close();
    return source.count;
  }
  const source = await openPatternSource(patternSource(scan));
  source.close();
  return source.lines * source.points;
}
