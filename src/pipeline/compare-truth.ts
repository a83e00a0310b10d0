/** A result of a simulated scan held against the truth that was simulated. */
import { STATUS } from "../data/index.ts";
import type { Result } from "../files/result-reader.ts";

/** A fitted peak and the phase whose truth it shows. */
export interface PeakOfPhase {
  readonly phase: string;
  /** as in map/<peak>/area */
  readonly peak: string;
  /** lattice parameter that the peak's d gives, times this */
  readonly lattice?: { readonly name: "a" | "c"; readonly perD: number };
}

export interface Comparison {
  readonly phase: string;
  readonly peak: string;
  /** of the area map with the true volume fraction, over the slice */
  readonly correlation: number;
  readonly lattice?: {
    readonly name: string;
    /** angstrom: mean true and recovered, mean difference and its root mean square, over the voxels compared */
    readonly truth: number;
    readonly recovered: number;
    readonly bias: number;
    readonly rms: number;
    readonly voxels: number;
  };
}

/** Voxels that hold at least this much of a phase are compared in its lattice parameter. */
const WELL_FILLED = 0.5;

export function compareWithTruth(result: Result, truth: Result, peaks: readonly PeakOfPhase[]): Comparison[] {
  return peaks.map(({ phase, peak, lattice }) => {
    const area = result.readMap(`map/${peak}/area`);
    const fraction = truth.readMap(`truth/${phase}/volume_fraction`).values;
    const seen = [...area.values.keys()].filter((i) => area.status![i] !== STATUS.notFitted);
    const correlation = correlate(
      seen.map((i) => (Number.isFinite(area.values[i]!) ? area.values[i]! : 0)),
      seen.map((i) => fraction[i]!),
    );
    if (!lattice) return { phase, peak, correlation };
    const spacing = result.readMap(`map/${peak}/d`).values;
    const true_ = truth.readMap(`truth/${phase}/${lattice.name}`).values;
    const good = seen.filter(
      (i) => area.status![i] === STATUS.converged && fraction[i]! > WELL_FILLED && Number.isFinite(true_[i]!),
    );
    const differences = good.map((i) => spacing[i]! * lattice.perD - true_[i]!);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      phase,
      peak,
      correlation,
      lattice: {
        name: lattice.name,
        truth: mean(good.map((i) => true_[i]!)),
        recovered: mean(good.map((i) => spacing[i]! * lattice.perD)),
        bias: mean(differences),
        rms: Math.sqrt(mean(differences.map((difference) => difference ** 2))),
        voxels: good.length,
      },
    };
  });
}

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
