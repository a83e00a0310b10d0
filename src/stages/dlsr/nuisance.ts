/**
 * What every ray may hold in any amount, and so is taken out of all patterns before anything is fitted: background and
 * halo as cubic splines, and the patterns of phases that are not looked for in every state that they may be in.
 */
import { halton, hashUnit } from "./low-discrepancy.ts";
import { orthonormalise, projectOff } from "./orthonormal.ts";
import type { PhaseLines } from "./phase-lines.ts";
import { leadingDirections } from "./singular-values.ts";

/** Distances of the spline's knots; undefined: as the range and the widths of lines suggest. */
export interface BackgroundKnots {
  /** at low angles, where a halo of the binder and the air's scattering change quickly; degrees */
  readonly fineDeg?: number | undefined;
  /** up to here, degrees */
  readonly fineToDeg?: number | undefined;
  /** the distances grow to this, degrees */
  readonly coarseDeg?: number | undefined;
}

/** A phase that is taken out of every ray: no map, texture or absorption of it need be known. */
export interface EliminatedPhase {
  readonly lines: PhaseLines;
  /** relative range of the cell about the model's, to each side */
  readonly cellSpread?: number;
  /** the same of the lines' widths */
  readonly widthSpread?: number;
  /** the same of each ring's intensity: coarse grains and texture change from ray to ray */
  readonly intensitySpread?: number;
  /** largest |depth / distance| of it; where not said a quarter more than that of the phases kept, as for a casing */
  readonly depth?: number;
  readonly mostModes?: number;
}

export interface NuisanceSpace {
  /** [count, channel] orthonormal, in channels divided by sigma */
  readonly columns: Float64Array;
  readonly count: number;
  readonly splines: number;
  /** modes of each eliminated phase */
  readonly modes: readonly number[];
}

const SAMPLES = 200;
/** A casing reaches so much deeper than what it holds. */
const CASING = 1.25;
/** Modes below this share of the largest are left in. */
const LEAST_MODE = 0.002;
const GROWTH = 1.5;
/** A knot every so many line widths leaves lines what they are. */
const KNOT_WIDTHS = 6;

/**
 * @param weight [channel] 1 / sigma, 0 where a channel does not count
 * @param depth largest |tau| of the phases kept
 */
export function createNuisanceSpace(
  twoTheta: Float64Array,
  weight: Float64Array,
  knots: BackgroundKnots,
  eliminated: readonly EliminatedPhase[],
  depth: number,
  fwhmDeg: number,
): NuisanceSpace {
  const n = twoTheta.length;
  const weighted = (row: Float64Array): Float64Array => row.map((value, j) => value * weight[j]!);
  const splines = splineRows(twoTheta, knotPositions(twoTheta, knots, fwhmDeg)).map(weighted);
  let columns: Float64Array = orthonormalise(splines, n);
  const splineCount = columns.length / n;
  const modes: number[] = [];
  for (const phase of eliminated) {
    const found = modesOf(depth, phase, weight, columns);
    const next = orthonormalise(found, n, columns);
    modes.push((next.length - columns.length) / n);
    columns = next;
  }
  return { columns, count: columns.length / n, splines: splineCount, modes };
}

/** Directions in which the patterns of a phase lie whatever its state is. */
function modesOf(
  keptDepth: number,
  {
    lines,
    depth = keptDepth * CASING,
    cellSpread = 1.2e-3,
    widthSpread = 0.03,
    intensitySpread = 0.3,
    mostModes = 24,
  }: EliminatedPhase,
  weight: Float64Array,
  columns: Float64Array,
): Float64Array[] {
  const n = weight.length;
  const rows = new Float64Array(SAMPLES * n);
  const free = lines.cell.length;
  const cell = new Float64Array(free);
  const factors = new Float64Array(lines.ringCount).fill(1);
  for (let s = 0; s < SAMPLES; s++) {
    const spread = (dimension: number, half: number): number => half * (2 * halton(s, dimension) - 1);
    // all lengths together and each by itself: a phase may be strained or of another composition
    const common = spread(0, cellSpread);
    for (let q = 0; q < free; q++)
      cell[q] = lines.cell[q]! * (1 + common + (free > 1 ? spread(3 + q, cellSpread / 2) : 0));
    if (intensitySpread > 0) {
      for (let ring = 0; ring < factors.length; ring++) {
        factors[ring] = Math.max(0, 1 + intensitySpread * (2 * hashUnit(s * factors.length + ring) - 1) * Math.sqrt(3));
      }
    }
    const row = rows.subarray(s * n, (s + 1) * n);
    const state = intensitySpread > 0 ? lines.withFactors(factors) : lines;
    state.addPattern(cell, spread(1, depth), 1 + spread(2, widthSpread), row);
    for (let j = 0; j < n; j++) row[j]! *= weight[j]!;
    projectOff(row, columns, columns.length / n);
  }
  const { vectors, values } = leadingDirections(rows, n, mostModes);
  const kept: Float64Array[] = [];
  for (let k = 0; k < mostModes && values[k]! > LEAST_MODE * values[0]!; k++) {
    kept.push(vectors.slice(k * n, (k + 1) * n));
  }
  return kept;
}

/** 6.8 degrees at 0.2 angstrom are the range on which the distances were tried: others are in proportion. */
const TRIED_RANGE = 6.8;

/** Inner and end knots, ascending, degrees. */
function knotPositions(twoTheta: Float64Array, knots: BackgroundKnots, fwhmDeg: number): number[] {
  const first = twoTheta[0]!;
  const last = twoTheta[twoTheta.length - 1]!;
  const scale = (last - first) / TRIED_RANGE;
  const fine = knots.fineDeg ?? Math.max(0.15 * scale, KNOT_WIDTHS * fwhmDeg);
  const fineTo = knots.fineToDeg ?? first + 0.9 * scale;
  const coarse = Math.max(fine, knots.coarseDeg ?? 0.9 * scale);
  const out = [first];
  let step = fine;
  for (let x = first + step; x < last - step / 2; x += step) {
    out.push(x);
    if (x >= fineTo - 1e-9) step = Math.min(coarse, step * GROWTH);
  }
  out.push(last);
  return out;
}

/** Cubic B-splines on the knots, [knots + 2][channel], by de Boor's recursion. */
function splineRows(twoTheta: Float64Array, knots: readonly number[]): Float64Array[] {
  const [first, last] = [knots[0]!, knots[knots.length - 1]!];
  const all = [first, first, first, ...knots, last, last, last];
  const count = all.length - 4;
  const rows = Array.from({ length: count }, () => new Float64Array(twoTheta.length));
  twoTheta.forEach((x, j) => {
    let span = 3;
    while (span < count - 1 && x >= all[span + 1]!) span++;
    const values = [1, 0, 0, 0];
    for (let degree = 1; degree <= 3; degree++) {
      let carried = 0;
      for (let r = 0; r < degree; r++) {
        const right = all[span + r + 1]!;
        const left = all[span + r + 1 - degree]!;
        const share = values[r]! / (right - left);
        values[r] = carried + (right - x) * share;
        carried = (x - left) * share;
      }
      values[degree] = carried;
    }
    for (let r = 0; r <= 3; r++) rows[span - 3 + r]![j] = values[r]!;
  });
  return rows;
}
