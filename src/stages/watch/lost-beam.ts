import { median, quantile } from "../../fit/index.ts";
import { framesOf, type Notice, placeOf, type WatchedScan } from "./watched-scan.ts";

/** Below this share of the least that its surroundings had in the line before, a frame has lost the beam. */
const DARK_SHARE = 0.2;
/** Darker than this share of what air scatters, there is no beam, wherever the sample is. */
const DARK_AIR = 0.5;
/** of the monitor's usual reading */
const DARK_MONITOR = 0.1;
/** Air that scatters less than this share of the sample is no measure. */
const LEAST_AIR = 0.02;
/** Places are judged by the line before where it had this share of its bright ones. */
const LEAST_SAMPLE = 0.1;
/** A line may be shifted against the one before by so many points, fewer where a line has few. */
const reachOf = (points: number): number => Math.min(3, Math.ceil(points / 32));
/** More than a few: single frames are filled from their neighbours. */
const LEAST_FRAMES = 5;
/** Where only the sample tells, a share of the line: a projection that jumped is dark at its edge, too. */
const LEAST_OF_LINE = 1 / 8;

/**
 * Stretches in which the beam was lost: by the monitor where there is one, and by the mean intensity, against the
 * least of the neighbouring points in the last line that had the beam, read in either direction, or against what the air
 * beside the sample scattered there. The first line has nothing to be held against.
 */
export function findLostBeam(scan: WatchedScan): Notice[] {
  const { points, monitor } = scan;
  const byIntensity = darkByIntensity(scan);
  const byMonitor = monitor && darkByMonitor(monitor);
  const least = (by: Dark): number => (by !== "sample" ? LEAST_FRAMES : Math.max(LEAST_FRAMES, points * LEAST_OF_LINE));
  const notices: Notice[] = [];
  let from = -1;
  const seen = { monitor: 0, air: 0, sample: 0 };
  const end = (to: number | undefined): void => {
    const sure = seen.monitor + seen.air;
    if (sure >= least("air") || sure + seen.sample >= least("sample")) {
      const what =
        seen.monitor > 0
          ? "the monitor reads under a tenth of its usual value"
          : `hardly anything is scattered${monitor ? ", although the monitor reads as usual," : ""}`;
      const back = to === undefined ? "and it has not come back" : `until ${placeOf(to, points)}`;
      notices.push({
        kind: "beam-lost",
        from,
        ...(to !== undefined && { to }),
        text: `The beam was lost: ${what} from ${placeOf(from, points)} on, ${back}.`,
      });
    }
    for (const by of ["monitor", "air", "sample"] as const) seen[by] = 0;
    from = -1;
  };
  for (let frame = 0; frame < framesOf(scan); frame++) {
    const scattered = byIntensity(frame);
    const state = byMonitor?.(frame) === "monitor" ? "monitor" : scattered;
    if (state === undefined) continue;
    if (state === "lit") {
      if (from >= 0) end(frame);
      continue;
    }
    if (from < 0) from = frame;
    seen[state]++;
  }
  if (from >= 0) end(undefined);
  return notices;
}

/** by what it was told: by the monitor or the air, which hold everywhere, or by the sample that should be there */
type Dark = "monitor" | "air" | "sample";
/** undefined where it cannot be told */
type Judge = (frame: number) => Dark | "lit" | undefined;

function darkByMonitor(monitor: ArrayLike<number>): Judge {
  const usual = median(Array.from(monitor).filter(Number.isFinite));
  return (frame) => {
    const value = monitor[frame];
    if (value === undefined || Number.isNaN(value)) return undefined;
    return value < DARK_MONITOR * usual ? "monitor" : "lit";
  };
}

interface Reference {
  readonly line: number;
  /** what the sample and the air beside it scatter */
  readonly bright: number;
  readonly air: number;
}

function darkByIntensity(scan: WatchedScan): Judge {
  const { sums, bands, points } = scan;
  const total = (frame: number): number => sums[frame * bands]!;
  let reference = describeLine(scan, 0);
  let [line, darkInLine] = [0, 0];
  const reach = reachOf(points);
  const expectedAt = (point: number): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const at of [point, points - 1 - point])
      for (let q = Math.max(0, at - reach); q <= Math.min(points - 1, at + reach); q++) {
        const value = total(reference.line * points + q);
        if (value < lowest) lowest = value;
      }
    return lowest;
  };
  return (frame) => {
    const now = Math.floor(frame / points);
    if (now !== line) {
      // a line without the beam is no reference for the next
      if (darkInLine < LEAST_FRAMES && line > 0) reference = describeLine(scan, line);
      [line, darkInLine] = [now, 0];
    }
    const value = total(frame);
    if (line === 0 || Number.isNaN(value)) return undefined;
    const { air, bright } = reference;
    const isAirDark = air > LEAST_AIR * bright && value < DARK_AIR * air;
    const expected = expectedAt(frame % points);
    const isSample = expected > LEAST_SAMPLE * bright && Number.isFinite(expected);
    const isDark = isAirDark || (isSample && value < DARK_SHARE * expected);
    if (isDark) darkInLine++;
    if (isDark) return isAirDark ? "air" : "sample";
    // the air says that there is a beam only where it can be told from none
    return isSample || air > LEAST_AIR * bright ? "lit" : undefined;
  };
}

function describeLine({ sums, bands, points }: WatchedScan, line: number): Reference {
  const values = Array.from({ length: points }, (_, p) => sums[(line * points + p) * bands]!).filter(Number.isFinite);
  if (values.length === 0) return { line, bright: 0, air: 0 };
  return { line, bright: quantile(values, 0.9), air: quantile(values, 0.02) };
}
