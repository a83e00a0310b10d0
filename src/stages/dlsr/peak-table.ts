/**
 * The K numbers of each line of unit area by where it hits the detector: the pattern of any cell and depth is then a sum
 * over lines, exact but for the interpolation between close places.
 */
import type { Kernels } from "../../kernels/index.ts";
import type { PhaseLines } from "./phase-lines.ts";
import { addPseudoVoigt } from "./profile.ts";
import type { Reduction } from "./reduction.ts";
import type { DepthNodes } from "./types.ts";

/** In the layout of the kernel tabulateLines; places are u = (reach - tau) tan 2theta. */
export interface PeakTable {
  /** (shared) [node, K] */
  readonly peaks: Float32Array;
  /** (shared) [line, 2] u of the first node, nodes a unit of u */
  readonly origins: Float64Array;
  /** (shared) [line, 2] first node, number of nodes; 0: the line is never in reach */
  readonly parts: Int32Array;
  /** Works out all places for another width of the lines. */
  fill(width: number): void;
}

/** Places a standard deviation of a line: four of them give a line within 1e-4. */
const PER_SIGMA = 8;
/** Nodes beyond the outermost place on each side. */
const PAD = 3;

/**
 * @param cells [n] lowest and highest value of each cell parameter
 * @param width about what the lines will have: places are chosen for it
 */
export function createPeakTable(
  kernels: Kernels,
  lines: PhaseLines,
  reduction: Reduction,
  cells: readonly (readonly [lower: number, upper: number])[],
  depth: DepthNodes,
  width: number,
): PeakTable {
  const { arena } = kernels;
  const { terms } = reduction;
  const runs = runsOf(lines, spansOf(lines, cells, depth), width);
  const nodes = runs.reduce((sum, run) => sum + run.count, 0);
  const peaks = arena.f32(nodes * terms);
  const origins = arena.f64(2 * lines.lineCount);
  const parts = arena.i32(2 * lines.lineCount);
  origins.fill(0);
  parts.fill(0);
  for (const run of runs) {
    for (const line of run.lines) {
      origins[2 * line] = run.first;
      origins[2 * line + 1] = 1 / run.step;
      parts[2 * line] = run.base;
      parts[2 * line + 1] = run.count;
    }
  }
  return { peaks, origins, parts, fill: (now) => fillPeaks(lines, reduction, runs, now, peaks) };
}

/** Neighbouring places that lines share. */
interface Run {
  readonly first: number;
  readonly step: number;
  readonly base: number;
  readonly count: number;
  readonly lines: readonly number[];
}

type Span = readonly [low: number, high: number];

/** [line] lowest and highest u over all cells and depths; undefined where never in reach. */
function spansOf(
  lines: PhaseLines,
  cells: readonly (readonly [lower: number, upper: number])[],
  depth: DepthNodes,
): (Span | undefined)[] {
  const low = new Float64Array(lines.lineCount).fill(Infinity);
  const high = new Float64Array(lines.lineCount).fill(-Infinity);
  const tangents = new Float64Array(lines.lineCount);
  const depths = [depth.first, depth.first + depth.step * (depth.count - 1)];
  for (let corner = 0; corner < 2 ** cells.length; corner++) {
    if (
      !lines.tangentsOf(
        cells.map((ends, q) => ends[(corner >> q) & 1]!),
        tangents,
      )
    )
      continue;
    tangents.forEach((tangent, line) => {
      if (Number.isNaN(tangent)) return;
      for (const tau of depths) {
        low[line] = Math.min(low[line]!, (lines.reach - tau) * tangent);
        high[line] = Math.max(high[line]!, (lines.reach - tau) * tangent);
      }
    });
  }
  return Array.from(low, (value, line) => (high[line]! >= value ? [value, high[line]!] : undefined));
}

/** Lines whose places overlap share them, where they have one width. */
function runsOf(lines: PhaseLines, spans: readonly (Span | undefined)[], width: number): Run[] {
  const steps = spans.map((span, line) => {
    if (!span) return Infinity;
    const fwhm = width * lines.fwhmOf(line, lines.apparentDeg(span[0] / lines.reach, 0));
    return ((fwhm / 2.355 / PER_SIGMA) * Math.PI * (1 + span[0] ** 2)) / 180;
  });
  const finest = steps.reduce((least, step) => Math.min(least, step), Infinity);
  const order = [...spans.keys()].filter((line) => spans[line]).sort((p, q) => spans[p]![0] - spans[q]![0]);
  const merged: { span: [number, number]; step: number; lines: number[] }[] = [];
  for (const line of order) {
    const [low, high] = spans[line]!;
    const last = merged[merged.length - 1];
    if (lines.hasCommonWidths && last && low <= last.span[1]) {
      last.span[1] = Math.max(last.span[1], high);
      last.lines.push(line);
    } else merged.push({ span: [low, high], step: lines.hasCommonWidths ? finest : steps[line]!, lines: [line] });
  }
  let base = 0;
  return merged.map(({ span, step, lines: own }) => {
    const count = Math.ceil((span[1] - span[0]) / step) + 2 * PAD;
    const run = { first: span[0] - PAD * step, step, base, count, lines: own };
    base += count;
    return run;
  });
}

function fillPeaks(
  lines: PhaseLines,
  { terms, exact, twoTheta }: Reduction,
  runs: readonly Run[],
  width: number,
  peaks: Float32Array,
): void {
  const n = twoTheta.length;
  const profile = new Float64Array(n);
  const sums = new Float64Array(terms);
  for (const { first, step, base, count, lines: own } of runs) {
    for (let i = 0; i < count; i++) {
      const x = lines.apparentDeg((first + step * i) / lines.reach, 0);
      profile.fill(0);
      sums.fill(0);
      addPseudoVoigt(profile, twoTheta, x, width * lines.fwhmOf(own[0]!, x), lines.etaOf(own[0]!, x), 1);
      for (let j = 0; j < n; j++) {
        const value = profile[j]!;
        if (value === 0) continue;
        const from = j * terms;
        for (let k = 0; k < terms; k++) sums[k]! += value * exact[from + k]!;
      }
      peaks.set(sums, (base + i) * terms);
    }
  }
}
