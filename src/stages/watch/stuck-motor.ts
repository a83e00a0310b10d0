import { median, quantile } from "../../fit/index.ts";
import { isComplete, linesOf, type Notice, placeOf, type WatchedScan } from "./watched-scan.ts";

/** Patterns that change less than this share of what they did in the line before have not moved on. */
const STILL_SHARE = 0.25;
/** Lines that differ from the one before by less than this share of what is usual are at the same angle. */
const SAME_SHARE = 0.35;
/** so many of them in a row */
const SAME_LINES = 2;
/** Lines may be shifted against each other by so many points. */
const REACH = 3;
/** With fewer points such a shift hides what a turn changes. */
const LEAST_POINTS = 32;
/** Points of a line that are enough to tell it from another. */
const COMPARED_POINTS = 160;
/** Places without sample do not change: only where there is this share of what is bright is it said. */
const LEAST_SAMPLE = 0.1;
/** unless it is as much of the line as that */
const MOST_OF_LINE = 0.8;
/** Lines whose least says what a place should do at least: neighbours may be at angles far apart. */
const REFERENCES = 3;
/** Lines that say what is usual. */
const LEAST_LINES = 5;

/**
 * Stretches of a line in which patterns do not change from point to point, where they did in the line before at these
 * places, read in either direction: the translation stands still. What changes less than the noise says nothing.
 */
export function findStuckTranslation(scan: WatchedScan): Notice[] {
  const { points } = scan;
  const window = Math.max(8, Math.round(points / 8));
  const notices: Notice[] = [];
  if (points < 2 * window) return notices;
  let references: readonly Float64Array[] = [];
  let bright = 0;
  for (let line = 0; line < linesOf(scan); line++) {
    if (!isComplete(scan, line)) continue;
    const change = windowMeans(changesAlong(scan, line), window);
    const reference = references[0]?.map((_, i) => Math.min(...references.map((one) => one[i]!)));
    const found = reference ? longestStill(change, reference, window) : undefined;
    const still = found && hasSample(scan, line, found, bright) ? found : undefined;
    if (!still) {
      references = [...references, change].slice(-REFERENCES);
      bright = Math.max(bright, brightOf(scan, line));
      continue;
    }
    const [from, to] = [line * points + still[0], line * points + still[1]];
    const before = notices.at(-1);
    if (before && Math.floor(before.from / points) >= line - 1 - (before.to! - before.from) / points) {
      notices[notices.length - 1] = said(before.from, to, points);
    } else notices.push(said(from, to, points));
  }
  return notices;
}

const totals = ({ sums, bands, points }: WatchedScan, line: number): number[] =>
  Array.from({ length: points }, (_, p) => sums[(line * points + p) * bands]!);

const brightOf = (scan: WatchedScan, line: number): number => quantile(totals(scan, line), 0.9);

function hasSample(scan: WatchedScan, line: number, [from, to]: readonly [number, number], bright: number): boolean {
  return to - from > MOST_OF_LINE * scan.points || median(totals(scan, line).slice(from, to)) > LEAST_SAMPLE * bright;
}

const said = (from: number, to: number, points: number): Notice => ({
  kind: "translation-stuck",
  from,
  to,
  text: `The translation seems to stand still from ${placeOf(from, points)} to ${placeOf(to - 1, points)}: the patterns do not change there, and those of the line before did.`,
});

/** [point - 1] difference of neighbouring patterns, relative to their size */
function changesAlong({ sums, bands, points }: WatchedScan, line: number): Float64Array {
  const at = (point: number, band: number): number => sums[(line * points + point) * bands + band]!;
  return Float64Array.from({ length: points - 1 }, (_, p) => {
    let [difference, size] = [0, 0];
    for (let band = 1; band < bands; band++) {
      const [a, b] = [at(p, band), at(p + 1, band)];
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      difference += Math.abs(a - b);
      size += (Math.abs(a) + Math.abs(b)) / 2;
    }
    return size > 0 ? difference / size : 0;
  });
}

/** [window's first point] */
function windowMeans(values: Float64Array, window: number): Float64Array {
  const out = new Float64Array(values.length - window + 1);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    if (i >= window) sum -= values[i - window]!;
    if (i >= window - 1) out[i - window + 1] = sum / window;
  }
  return out;
}

/** First point and the one after the last of the longest stretch of windows without change. */
function longestStill(change: Float64Array, reference: Float64Array, window: number): [number, number] | undefined {
  const last = reference.length - 1;
  // the edge of the sample wanders with the angle: the least of what was around
  const least = (at: number): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const middle of [at, last - at])
      for (let i = Math.max(0, middle - (window >> 1)); i <= Math.min(last, middle + (window >> 1)); i++)
        lowest = Math.min(lowest, reference[i]!);
    return lowest;
  };
  let best: [number, number] | undefined;
  for (let start = 0; start <= last; start++) {
    let end = start;
    while (end <= last && change[end]! < STILL_SHARE * least(end)) end++;
    if (end > start && (!best || end + window - start > best[1] - best[0])) best = [start, end + window];
    start = Math.max(start, end);
  }
  return best;
}

/**
 * Lines that repeat the one before where others differ from theirs: the rotation stands still. A sample that looks the
 * same from all sides has no such lines, and nothing is said of it.
 */
export function findStuckRotation(scan: WatchedScan): Notice[] {
  const { points } = scan;
  const lines = points < LEAST_POINTS ? 0 : linesOf(scan);
  const complete = Array.from({ length: lines }, (_, line) => isComplete(scan, line));
  const differences = complete.map((is, line) =>
    is && line > 0 && complete[line - 1] ? leastDifference(scan, line - 1, line) : Number.NaN,
  );
  const known = differences.filter(Number.isFinite);
  if (known.length < LEAST_LINES) return [];
  const usual = median(known);
  const notices: Notice[] = [];
  for (let line = 1; line < lines; line++) {
    let end = line;
    while (end < lines && differences[end]! < SAME_SHARE * usual) end++;
    if (end - line >= SAME_LINES) {
      const from = (line - 1) * points;
      notices.push({
        kind: "rotation-stuck",
        from,
        to: end * points,
        text: `The rotation seems to stand still in lines ${line - 1} to ${end - 1}, from ${placeOf(from, points)} on: each repeats the one before.`,
      });
    }
    line = Math.max(line, end);
  }
  return notices;
}

/** Of two lines, relative to their size; the least over both directions and small shifts. */
function leastDifference({ sums, bands, points }: WatchedScan, a: number, b: number): number {
  const step = Math.ceil(points / COMPARED_POINTS);
  let least = Number.POSITIVE_INFINITY;
  for (const isMirrored of [false, true]) {
    for (let shift = -REACH; shift <= REACH; shift++) {
      let [difference, size] = [0, 0];
      for (let p = REACH; p < points - REACH; p += step) {
        const q = (isMirrored ? points - 1 - p : p) + shift;
        if (q < 0 || q >= points) continue;
        for (let band = 1; band < bands; band++) {
          const [x, y] = [sums[(a * points + p) * bands + band]!, sums[(b * points + q) * bands + band]!];
          if (Number.isNaN(x) || Number.isNaN(y)) continue;
          difference += Math.abs(x - y);
          size += (Math.abs(x) + Math.abs(y)) / 2;
        }
      }
      if (size > 0) least = Math.min(least, difference / size);
    }
  }
  return least;
}
