/**
 * What the model of a Rietveld map leaves of the voxels: observed - calculated.
 *
 * Cells, and whatever else is not linear, are given (the map's own values, or those of the surroundings); scales,
 * background and areas of peaks are solved again, which a map does not keep in full. At the map's own values that is
 * the minimum that the map found.
 */

import type { Kernels } from "../../kernels/index.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import { createPatternFit, createWeightFractions } from "../../refinement/index.ts";
import type { VoxelBlock } from "./fit-peaks.ts";
import type { RietveldPlan } from "./rietveld-plan.ts";
import { weighBySlice } from "./slice-weights.ts";

/** [voxel] of a block by the name of the parameter; where it is not finite the summed pattern's value is taken. */
export type VoxelShapes = ReadonlyMap<string, ArrayLike<number>>;

export interface ResidualBlock {
  /** [voxel, point] observed - calculated, intensity; 0 where there is no value, NaN for voxels that were left out */
  readonly residual: Float32Array;
  /** [voxel] as in the maps, of this fit */
  readonly rwp: Float32Array;
}

export interface VoxelResiduals {
  residuals(block: VoxelBlock, shapes: VoxelShapes): ResidualBlock;
  /** gives the memory back */
  close(): void;
}

/** Names of what a map refines and what is not linear: of what the shapes of patterns depend on. */
export function shapeParameters(plan: RietveldPlan): string[] {
  return plan.refined.filter((name) => !LINEAR.test(name));
}
const LINEAR = /^background\/|\/scale$|\/area$/;

/** One step, which is exact where all is linear; a second where a bound was met. */
const LINEAR_FIT = {
  keepsColumns: true,
  skipsLinear: true,
  lastStepEsd: Number.POSITIVE_INFINITY,
  damping: 1e-12,
  maxIterations: 3,
} as const;

/** Takes memory of the kernels' arena until it is closed. */
export function createVoxelResiduals(kernels: Kernels, plan: RietveldPlan): VoxelResiduals {
  const mark = kernels.arena.mark();
  const calculator = createPatternCalculator(kernels, plan.model, plan.wavelengthA, plan.twoThetaDeg);
  const { values, parameters, indexOf } = calculator;
  for (const [name, value] of plan.values) values[indexOf(name)] = value;
  const sum = values.slice();
  const linear = plan.refined.filter((name) => parameters[indexOf(name)]!.isLinear);
  const lower = Float64Array.from(parameters, ({ min }) => min);
  const upper = Float64Array.from(parameters, ({ max }) => max);
  if (plan.config.scales === "free") {
    for (const name of linear) if (name.endsWith("/scale")) lower[indexOf(name)] = -Infinity;
  }
  for (const [name, low, high] of plan.bounds) {
    if (Number.isFinite(low)) lower[indexOf(name)] = low;
    if (Number.isFinite(high)) upper[indexOf(name)] = high;
  }
  const fit = createPatternFit(
    kernels,
    calculator,
    {
      refined: linear.map(indexOf),
      lower,
      upper,
      constraints: plan.constraints.filter(
        (text) => linear.some((name) => text.includes(name)) || /weight\(/.test(text),
      ),
    },
    createWeightFractions(calculator),
  );
  const n = plan.bins.length;
  // so that the columns are there before the first voxel
  fit.solve({ keepsColumns: true, maxIterations: 1 });

  function load({ patterns, sigma }: VoxelBlock, at: number): boolean {
    const { observed, weight } = fit;
    let points = 0;
    for (let k = 0; k < n; k++) {
      const y = patterns[at + plan.bins[k]!]!;
      const s = plan.weights !== "uniform" && plan.weights !== "poisson" && sigma ? sigma[at + plan.bins[k]!]! : 1;
      const isGood = Number.isFinite(y) && s > 0 && Number.isFinite(s);
      observed[k] = isGood ? y : 0;
      weight[k] = isGood ? 1 / (s * s) : 0;
      if (isGood && y !== 0) points++;
    }
    if (plan.sliceSigma) weighBySlice(weight, plan.sliceSigma);
    return points > linear.length;
  }

  return {
    residuals(block, shapes) {
      const voxels = block.mask?.length ?? 0;
      const bins = block.patterns.length / voxels;
      const residual = new Float32Array(voxels * n).fill(Number.NaN);
      const rwp = new Float32Array(voxels).fill(Number.NaN);
      // widths that are held are those of the sum, whatever this thread has fitted before
      values.set(sum);
      calculator.isOff.fill(0);
      // only scales move: the pattern of a phase is summed once for a cell
      calculator.holdsShape.fill(1);
      calculator.prepare(linear.map(indexOf));
      const moved = [...shapes].map(([name, of]) => [indexOf(name), of] as const);
      for (let voxel = 0; voxel < voxels; voxel++) {
        if (block.mask![voxel] || !load(block, voxel * bins)) continue;
        values.set(sum);
        for (const [i, of] of moved) if (Number.isFinite(of[voxel]!)) values[i] = of[voxel]!;
        const { finalCost } = fit.solve(LINEAR_FIT);
        if (!Number.isFinite(finalCost) || !calculator.evaluate(false)) continue;
        let [left, total] = [0, 0];
        for (let k = 0; k < n; k++) {
          const weight = fit.weight[k]!;
          const difference = weight > 0 ? fit.observed[k]! - calculator.calculated[k]! : 0;
          residual[voxel * n + k] = difference;
          left += weight * difference * difference;
          total += weight * fit.observed[k]! ** 2;
        }
        rwp[voxel] = Math.sqrt(left / total);
      }
      return { residual, rwp };
    },
    close: () => kernels.arena.release(mark),
  };
}
