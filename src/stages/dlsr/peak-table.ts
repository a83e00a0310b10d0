/**
 * The K numbers of one line of unit area by the angle where it appears: the pattern of any cell and depth is then a sum
 * over lines, exact but for the interpolation between close angles.
 */
import { cubicWeights } from "./cubic-interpolation.ts";
import type { PhaseLines } from "./phase-lines.ts";
import { addPseudoVoigt, REACH } from "./profile.ts";
import type { Reduction } from "./reduction.ts";

export interface PeakTable {
  /** out[at + k] += area x the numbers of a line */
  add(out: Float64Array, at: number, line: number, apparentDeg: number, area: number): void;
}

/** Angles a standard deviation of the narrowest line: four of them give a line within 1e-4. */
const PER_SIGMA = 8;
const CHUNK = 32;

/**
 * Angles are worked out where they are first asked for, in runs of CHUNK.
 *
 * @param width factor on the widths of all lines
 */
export function createPeakTable(lines: PhaseLines, reduction: Reduction, width: number): PeakTable {
  const { terms, exact, twoTheta } = reduction;
  const n = twoTheta.length;
  const middle = twoTheta[n >> 1]!;
  const widths = Float64Array.from({ length: lines.lineCount }, (_, line) => width * lines.fwhmOf(line, middle));
  const step = widths.reduce((least, value) => Math.min(least, value), Infinity) / 2.355 / PER_SIGMA;
  const widest = widths.reduce((most, value) => Math.max(most, value), 0);
  const first = twoTheta[0]! - 1.5 * REACH * widest;
  const chunks: (Float64Array | undefined)[][] = [];
  const profile = new Float64Array(n);
  const weights = new Float64Array(4);

  function fill(line: number, chunk: number): Float64Array {
    const out = new Float64Array((CHUNK + 3) * terms);
    for (let i = 0; i < CHUNK + 3; i++) {
      const x = first + (chunk * CHUNK + i) * step;
      profile.fill(0);
      addPseudoVoigt(profile, twoTheta, x, width * lines.fwhmOf(line, x), lines.etaOf(line, x), 1);
      const at = i * terms;
      for (let j = 0; j < n; j++) {
        const value = profile[j]!;
        if (value === 0) continue;
        const from = j * terms;
        for (let k = 0; k < terms; k++) out[at + k]! += value * exact[from + k]!;
      }
    }
    return out;
  }

  function add(out: Float64Array, at: number, line: number, apparentDeg: number, area: number): void {
    const u = (apparentDeg - first) / step;
    const node = Math.floor(u) - 1;
    // from before the first channel or beyond the last nothing is left of it
    if (!(node >= 0) || apparentDeg > twoTheta[n - 1]! + 1.5 * REACH * widest) return;
    const which = lines.hasCommonWidths ? 0 : line;
    chunks[which] ??= [];
    const chunk = Math.floor(node / CHUNK);
    let table = chunks[which][chunk];
    if (!table) {
      table = fill(which, chunk);
      chunks[which][chunk] = table;
    }
    cubicWeights(u - node - 1, weights);
    const a = area * weights[0]!;
    const b = area * weights[1]!;
    const c = area * weights[2]!;
    const d = area * weights[3]!;
    const p = (node - chunk * CHUNK) * terms;
    for (let k = 0; k < terms; k++) {
      out[at + k]! +=
        a * table[p + k]! + b * table[p + terms + k]! + c * table[p + 2 * terms + k]! + d * table[p + 3 * terms + k]!;
    }
  }
  return { add };
}
