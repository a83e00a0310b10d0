/**
 * Scans that are cut into steps afterwards, as finely in time as one pass or one turn, or as finely in space as all.
 *
 * Interlaced scans: a sample is scanned in several passes over all angles, each on angles between those of the others.
 * One pass alone is a fast, coarse scan; all of them are a slow, fine one. How many make a step is chosen afterwards.
 *
 * Source: Vamvakeros et al., J. Appl. Cryst. 49 (2016) 485.
 */
import { InputError } from "../../data/index.ts";

/** Lines [from, to) in the order of their acquisition, and the passes they are of. */
export interface PassWindow {
  readonly from: number;
  readonly to: number;
  readonly firstPass: number;
  readonly passes: number;
}

/**
 * Windows of `passesPerStep` passes, each starting `every` passes after the one before; what is left at the end and is
 * no whole window makes no step. Where a pass would begin with an odd line, which may run backwards, that line is left out.
 *
 * @throws InputError "series-windows"
 */
export function passWindows(passes: number, linesPerPass: number, passesPerStep: number, every: number): PassWindow[] {
  return windows(passes, passesPerStep, every, "interlaced.passesPerStep", "passes").map(({ from, to }) => ({
    // lines of a zig-zag keep their direction
    from: 2 * Math.ceil((from * linesPerPass) / 2),
    to: to * linesPerPass,
    firstPass: from,
    passes: passesPerStep,
  }));
}

/** Turns [from, to) of a sample that turns while it is moved. */
export interface TurnWindow {
  readonly from: number;
  readonly to: number;
}

/**
 * Windows of `turnsPerStep` turns, each starting `every` turns after the one before, as passWindows.
 *
 * @throws InputError "series-windows"
 */
export const turnWindows = (turns: number, turnsPerStep: number, every: number): TurnWindow[] =>
  windows(turns, turnsPerStep, every, "turning.turnsPerStep", "turns");

function windows(all: number, perStep: number, every: number, setting: string, what: string): TurnWindow[] {
  if (perStep > all) {
    throw new InputError(
      "series-windows",
      `${setting} is ${perStep}, and the scan has ${all} ${what}. Give at most ${all}.`,
    );
  }
  const count = Math.floor((all - perStep) / every) + 1;
  return Array.from({ length: count }, (_, k) => ({ from: k * every, to: k * every + perStep }));
}
