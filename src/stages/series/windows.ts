/**
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
  if (passesPerStep > passes) {
    throw new InputError(
      "series-windows",
      `interlaced.passesPerStep is ${passesPerStep}, and the scan has ${passes} passes. Give at most ${passes}.`,
    );
  }
  const count = Math.floor((passes - passesPerStep) / every) + 1;
  return Array.from({ length: count }, (_, k) => ({
    // lines of a zig-zag keep their direction
    from: 2 * Math.ceil((k * every * linesPerPass) / 2),
    to: (k * every + passesPerStep) * linesPerPass,
    firstPass: k * every,
    passes: passesPerStep,
  }));
}
