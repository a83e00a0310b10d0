/** Mean patterns of the voxels that hold most of a component. */
import { STATUS } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { sliceOf } from "../refine/map-plan.ts";
import { createStripReader } from "../strip-reader.ts";
import type { Amounts } from "./unexplained-amounts.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";
import type { SliceResiduals } from "./voxel-residuals.ts";

export interface HotSpots {
  /** indices, y * nx + x, the strongest first */
  readonly voxels: readonly number[];
  /** of the voxels that were fitted */
  readonly share: number;
  /** [point] means over the voxels */
  readonly residual: Float64Array;
  readonly observed: Float64Array;
  /** [point] of the residual */
  readonly sigma: Float64Array;
  /** [point] of what was observed, where the result has it */
  readonly observedSigma?: Float64Array;
  /** means by parameter */
  readonly shapes: ReadonlyMap<string, number>;
  /** [phase] */
  readonly scales: readonly number[];
  readonly meanAmount: number;
}

/** Mean patterns of the hot spots: what is left of them, and what was observed. */
export function collectSpots(
  result: Result,
  { plan, phases, scales }: WholeModel,
  { shapes }: SliceResiduals,
  { ny, nx, points, row, sigma }: CleanResiduals,
  hot: readonly number[][],
  amounts: readonly Amounts[],
): HotSpots[] {
  const slice = sliceOf(result);
  const readRow = createStripReader(result, slice.name, slice);
  const readErrors = slice.hasSigma ? createStripReader(result, `${slice.name}_esd`, slice) : undefined;
  const residual = hot.map(() => new Float64Array(points));
  const observed = hot.map(() => new Float64Array(points));
  const variance = hot.map(() => new Float64Array(points));
  for (let y = 0; y < ny; y++) {
    const here = hot.map((voxels) => voxels.filter((v) => Math.floor(v / nx) === y));
    if (here.every((voxels) => voxels.length === 0)) continue;
    const left = row(y);
    const rows = readRow(y);
    const errors = readErrors?.(y);
    here.forEach((voxels, k) => {
      for (const voxel of voxels) {
        const x = voxel % nx;
        for (let i = 0; i < points; i++) {
          residual[k]![i]! += left[x * points + i]! / hot[k]!.length;
          observed[k]![i]! += rows[x * slice.bins + plan.bins[i]!]! / hot[k]!.length;
          if (errors) variance[k]![i]! += (errors[x * slice.bins + plan.bins[i]!]! / hot[k]!.length) ** 2;
        }
      }
    });
  }
  const count = phases.length;
  return hot.map((voxels, k) => ({
    voxels,
    residual: residual[k]!,
    sigma: sigma.map((value) => value / Math.sqrt(Math.max(1, voxels.length))),
    observed: observed[k]!,
    ...(slice.hasSigma && { observedSigma: variance[k]!.map(Math.sqrt) }),
    shapes: new Map(
      [...shapes].flatMap(([name, values]) => {
        const known = voxels.map((voxel) => values[voxel]!).filter(Number.isFinite);
        return known.length === 0 ? [] : [[name, known.reduce((a, b) => a + b) / known.length] as const];
      }),
    ),
    scales: phases.map(
      (_, p) => voxels.reduce((sum, voxel) => sum + scales[voxel * count + p]!, 0) / (voxels.length || 1),
    ),
    meanAmount: voxels.reduce((sum, voxel) => sum + amounts[k]!.values[voxel]!, 0) / (voxels.length || 1),
    share: voxels.length / result.readMap("map/rwp").status!.filter((status) => status !== STATUS.notFitted).length,
  }));
}
