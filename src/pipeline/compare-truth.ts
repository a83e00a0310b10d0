/** A result of a simulated scan held against the truth that was simulated. */
import { STATUS } from "../data/index.ts";
import type { Result } from "../files/result-reader.ts";

/** Maps of a phase, and the truth that they show. */
export interface MapsOfPhase {
  readonly phase: string;
  /** how much of it: the area of a peak, or the weight fraction */
  readonly amount: string;
  /** the true map of that, under truth/<phase>/ */
  readonly trueAmount: "volume_fraction" | "weight_fraction";
  /** map/<map> times `factor` is the lattice parameter `name` */
  readonly lattice?: {
    readonly name: "a" | "c";
    readonly map: string;
    readonly factor?: number;
    /** dlsr/<direct> is the same, reconstructed directly */
    readonly direct?: string;
  };
}

export interface Comparison {
  readonly phase: string;
  readonly amount: string;
  /** of the map with the true one, over the slice */
  readonly correlation: number;
  readonly lattice?: {
    readonly name: string;
    /** angstrom: mean true and recovered, mean difference and its root mean square, over the voxels compared */
    readonly truth: number;
    readonly recovered: number;
    readonly bias: number;
    readonly rms: number;
    readonly voxels: number;
    /** of the direct reconstruction, over its own converged voxels */
    readonly direct?: { readonly bias: number; readonly rms: number; readonly voxels: number };
  };
}

/** Voxels that hold at least this much of a phase are compared in its lattice parameter. */
const WELL_FILLED = 0.5;

export function compareWithTruth(result: Result, truth: Result, maps: readonly MapsOfPhase[]): Comparison[] {
  return maps.map(({ phase, amount, trueAmount, lattice }) => {
    const found = result.readMap(`map/${amount}`);
    const fraction = truth.readMap(`truth/${phase}/volume_fraction`).values;
    const expected = truth.readMap(`truth/${phase}/${trueAmount}`).values;
    const seen = [...found.values.keys()].filter((i) => found.status![i] !== STATUS.notFitted);
    const orZero = (values: ArrayLike<number>): number[] =>
      seen.map((i) => (Number.isFinite(values[i]!) ? values[i]! : 0));
    const correlation = correlate(orZero(found.values), orZero(expected));
    if (!lattice) return { phase, amount, correlation };
    const true_ = truth.readMap(`truth/${phase}/${lattice.name}`).values;
    const compare = (map: string, factor = 1) => {
      const { values, status } = result.readMap(map);
      const good = seen.filter(
        (i) => status![i] === STATUS.converged && fraction[i]! > WELL_FILLED && Number.isFinite(true_[i]!),
      );
      const differences = good.map((i) => values[i]! * factor - true_[i]!);
      return {
        truth: mean(good.map((i) => true_[i]!)),
        recovered: mean(good.map((i) => values[i]! * factor)),
        bias: mean(differences),
        rms: Math.sqrt(mean(differences.map((difference) => difference ** 2))),
        voxels: good.length,
      };
    };
    const { name, map, factor, direct } = lattice;
    return {
      phase,
      amount,
      correlation,
      lattice: { name, ...compare(`map/${map}`, factor), ...(direct && { direct: compare(`dlsr/${direct}`) }) },
    };
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's correlation coefficient. */
export function correlate(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    sx += x[i]!;
    sy += y[i]!;
    sxx += x[i]! * x[i]!;
    syy += y[i]! * y[i]!;
    sxy += x[i]! * y[i]!;
  }
  return (sxy - (sx * sy) / n) / Math.sqrt((sxx - (sx * sx) / n) * (syy - (sy * sy) / n));
}
