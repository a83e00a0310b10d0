/**
 * The small summary of a scan that one streaming pass over the patterns leaves behind: enough to find the order, the
 * rotation axis, air, missing patterns and the noise, however large the scan is.
 */
import { median } from "../../fit/index.ts";

/** Some lines and some bins of the scan as measured. */
export interface PatternBlock {
  readonly lines: number;
  readonly points: number;
  readonly bins: number;
  /** [line, point, bin], NaN where there is no value */
  readonly intensity: Float32Array;
  /** [line, point, bin] */
  readonly sigma?: Float32Array;
}

export interface PatternSummary {
  readonly lines: number;
  readonly points: number;
  readonly bins: number;
  readonly channels: number;
  /** outermost points kept as patterns at either end of a line */
  readonly edge: number;
  /** [line, point, channel] sum of the finite intensities of a group of neighbouring bins */
  readonly sum: Float64Array;
  /** [line, point, channel] how many bins that were */
  readonly count: Uint32Array;
  /** [line, channel] bins seen by the pass, finite or not */
  readonly seen: Uint32Array;
  /** [parity of the line, end of the line, point from that end, bin] sums and counts: candidates for air */
  readonly edgeSum: Float64Array;
  readonly edgeCount: Uint32Array;
  /** [line, sample] sum and count of variance x n / intensity found between neighbouring bins */
  readonly gainSum: Float64Array;
  readonly gainCount: Uint32Array;
}

const GAIN_SAMPLES = 4;
const CHANNELS = 8;
const EDGE_POINTS = 8;

/** An empty summary of a scan of `lines` x `points` patterns of `bins` bins. */
export function createPatternSummary(lines: number, points: number, bins: number): PatternSummary {
  // many patterns make up for fewer channels, and analysis then stays a matter of a second
  const channels = Math.min(lines * points > 50_000 ? CHANNELS / 2 : CHANNELS, bins);
  const edge = Math.max(1, Math.min(EDGE_POINTS, points >> 3));
  return {
    lines,
    points,
    bins,
    channels,
    edge,
    sum: new Float64Array(lines * points * channels),
    count: new Uint32Array(lines * points * channels),
    seen: new Uint32Array(lines * channels),
    edgeSum: new Float64Array(4 * edge * bins),
    edgeCount: new Uint32Array(4 * edge * bins),
    gainSum: new Float64Array(lines * GAIN_SAMPLES),
    gainCount: new Uint32Array(lines * GAIN_SAMPLES),
  };
}

/**
 * Adds a block of patterns to the summary, in place. Blocks may come by lines, by bins or both, each once.
 *
 * @param at         where the block begins in the scan
 * @param ringLength [bins of the scan] relative number of counts behind an intensity, mean 1; default 1 everywhere
 */
export function summarisePatterns(
  summary: PatternSummary,
  block: PatternBlock,
  at: { line?: number; bin?: number } = {},
  ringLength?: ArrayLike<number>,
): void {
  const { line: firstLine = 0, bin: firstBin = 0 } = at;
  const channelOf = Int32Array.from({ length: block.bins }, (_, b) =>
    Math.floor(((firstBin + b) * summary.channels) / summary.bins),
  );
  for (let l = 0; l < block.lines; l++) {
    for (let b = 0; b < block.bins; b++) {
      const slot = (firstLine + l) * summary.channels + channelOf[b]!;
      summary.seen[slot] = summary.seen[slot]! + 1;
    }
    for (let p = 0; p < block.points; p++) {
      const from = (l * block.points + p) * block.bins;
      const to = ((firstLine + l) * block.points + p) * summary.channels;
      addChannels(summary, block.intensity, from, block.bins, channelOf, to);
      if (Math.min(p, block.points - 1 - p) < summary.edge)
        addEdge(summary, block.intensity.subarray(from, from + block.bins), firstLine + l, p, firstBin);
    }
    addGain(summary, block, l, firstLine, firstBin, ringLength);
  }
}

function addChannels(
  summary: PatternSummary,
  intensity: Float32Array,
  from: number,
  bins: number,
  channelOf: Int32Array,
  to: number,
): void {
  let b = 0;
  while (b < bins) {
    const channel = channelOf[b]!;
    let end = b;
    let sum = 0;
    for (; end < bins && channelOf[end] === channel; end++) sum += intensity[from + end]!;
    let count = end - b;
    // NaN is rare: only then is it looked for
    if (!Number.isFinite(sum)) {
      sum = 0;
      count = 0;
      for (let i = b; i < end; i++) {
        const value = intensity[from + i]!;
        if (!Number.isFinite(value)) continue;
        sum += value;
        count++;
      }
    }
    summary.sum[to + channel] = summary.sum[to + channel]! + sum;
    summary.count[to + channel] = summary.count[to + channel]! + count;
    b = end;
  }
}

function addEdge(summary: PatternSummary, pattern: Float32Array, line: number, point: number, firstBin: number): void {
  const { edge, points, bins } = summary;
  const fromEnd = points - 1 - point;
  const end = point < edge ? 0 : 1;
  const distance = Math.min(point, fromEnd);
  const to = (((line & 1) * 2 + end) * edge + distance) * bins + firstBin;
  for (let b = 0; b < pattern.length; b++) {
    const value = pattern[b]!;
    if (!Number.isFinite(value)) continue;
    summary.edgeSum[to + b] = summary.edgeSum[to + b]! + value;
    summary.edgeCount[to + b] = summary.edgeCount[to + b]! + 1;
  }
}

/** Median over the bins of (second difference)^2 / 6 / (intensity / n): the gain, where the pattern is smooth. */
function addGain(
  summary: PatternSummary,
  block: PatternBlock,
  line: number,
  firstLine: number,
  firstBin: number,
  ringLength: ArrayLike<number> | undefined,
): void {
  for (let sample = 0; sample < GAIN_SAMPLES; sample++) {
    const point = Math.round((sample * (block.points - 1)) / (GAIN_SAMPLES - 1));
    const x = block.intensity.subarray((line * block.points + point) * block.bins).subarray(0, block.bins);
    const ratios: number[] = [];
    for (let b = 1; b + 1 < block.bins; b++) {
      const mean = (x[b - 1]! + x[b]! + x[b + 1]!) / 3;
      const bend = x[b - 1]! - 2 * x[b]! + x[b + 1]!;
      if (mean > 0) ratios.push((bend * bend * (ringLength?.[firstBin + b] ?? 1)) / (6 * mean));
    }
    if (ratios.length < 16) continue;
    const to = (firstLine + line) * GAIN_SAMPLES + sample;
    summary.gainSum[to] = summary.gainSum[to]! + median(ratios) / MEDIAN_CHI_SQUARED;
    summary.gainCount[to] = summary.gainCount[to]! + 1;
  }
}
/** Median of chi^2 with one degree of freedom. */
const MEDIAN_CHI_SQUARED = 0.454936;

/** One summary of several, each of other lines or bins; give them in the order of the scan, whoever made them. */
export function mergeSummaries(parts: readonly PatternSummary[]): PatternSummary {
  const first = parts[0]!;
  const merged = createPatternSummary(first.lines, first.points, first.bins);
  for (const part of parts) {
    for (const key of ["sum", "count", "seen", "edgeSum", "edgeCount", "gainSum", "gainCount"] as const) {
      const to = merged[key];
      const from = part[key];
      for (let i = 0; i < to.length; i++) to[i] = to[i]! + from[i]!;
    }
  }
  return merged;
}
