import { median } from "../../fit/index.ts";
import { framesOf, type Notice, placeOf, type WatchedScan } from "./watched-scan.ts";

/** Below this share of the least that its surroundings in the line before had, a frame has lost the beam. */
const DARK_SHARE = 0.2;
/** of the monitor's usual reading */
const DARK_MONITOR = 0.1;
/** A line may be shifted against the one before by so many points. */
const REACH = 3;
/** More than a few: single frames are filled from their neighbours. */
const LEAST_FRAMES = 5;

/**
 * Stretches in which the beam was lost. By the monitor where there is one; else by the mean intensity, against the
 * least of the neighbouring points in the last line that had the beam, read in either direction: the edge of the
 * sample, which is dark as well, is not taken for it. The first line has nothing to be held against.
 */
export function findLostBeam(scan: WatchedScan): Notice[] {
  const isDark = scan.monitor ? darkByMonitor(scan.monitor) : darkByIntensity(scan);
  const notices: Notice[] = [];
  let [from, seen, last] = [-1, 0, -1];
  const end = (to: number | undefined): void => {
    if (seen >= LEAST_FRAMES) {
      const what = scan.monitor ? "the monitor reads under a tenth of its usual value" : "hardly anything is scattered";
      const back = to === undefined ? "and it has not come back" : `until ${placeOf(to, scan.points)}`;
      notices.push({
        kind: "beam-lost",
        from,
        ...(to !== undefined && { to }),
        text: `The beam was lost: ${what} from ${placeOf(from, scan.points)} on, ${back}.`,
      });
    }
    seen = 0;
  };
  for (let frame = 0; frame < framesOf(scan); frame++) {
    const state = isDark(frame);
    if (state === undefined) continue;
    if (state) {
      if (seen === 0) from = frame;
      seen++;
      last = frame;
    } else if (seen > 0) end(frame);
  }
  // what follows may not have been judged yet
  if (seen > 0 && last >= 0) end(undefined);
  return notices;
}

/** @returns true for dark, false for lit, undefined where it cannot be told */
function darkByMonitor(monitor: ArrayLike<number>): (frame: number) => boolean | undefined {
  const usual = median(Array.from(monitor).filter(Number.isFinite));
  return (frame) => {
    const value = monitor[frame];
    return value === undefined || Number.isNaN(value) ? undefined : value < DARK_MONITOR * usual;
  };
}

function darkByIntensity({ sums, bands, points }: WatchedScan): (frame: number) => boolean | undefined {
  const total = (frame: number): number => sums[frame * bands]!;
  let reference = 0;
  let [line, darkInLine, judgedInLine] = [0, 0, 0];
  const least = (point: number): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const at of [point, points - 1 - point])
      for (let q = Math.max(0, at - REACH); q <= Math.min(points - 1, at + REACH); q++) {
        const value = total(reference * points + q);
        if (value < lowest) lowest = value;
      }
    return lowest;
  };
  return (frame) => {
    const now = Math.floor(frame / points);
    if (now !== line) {
      // a line without the beam is no reference for the next
      if (darkInLine < LEAST_FRAMES && (judgedInLine > 0 || line === 0)) reference = line;
      [line, darkInLine, judgedInLine] = [now, 0, 0];
    }
    const value = total(frame);
    if (line === 0 || Number.isNaN(value)) return undefined;
    const expected = least(frame % points);
    if (!(expected > 0) || !Number.isFinite(expected)) return undefined;
    const isDark = value < DARK_SHARE * expected;
    judgedInLine++;
    if (isDark) darkInLine++;
    return isDark;
  };
}
