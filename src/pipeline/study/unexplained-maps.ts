/** Maps of what the model leaves of the voxels. */
import type { ParameterMap } from "../../data/index.ts";
import { spreadOfRows } from "../../stages/unexplained/index.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";
import type { Step } from "./unexplained-steps.ts";

/** Positive residuals below this many spreads are noise. */
const POSITIVE = 3;

export interface ResidualSurvey {
  /** [voxel] spread over the bins, over the usual one; at least 1. NaN for voxels that were left out */
  readonly noise: Float32Array;
  readonly maps: readonly ParameterMap[];
}

/** @param rwp [voxel] */
export async function surveyResiduals(
  { ny, nx, points, row, sigma }: CleanResiduals,
  rwp: Float32Array,
  twoThetaDeg: Float64Array,
  step: Step,
): Promise<ResidualSurvey> {
  const blank = (): Float32Array => new Float32Array(ny * nx).fill(Number.NaN);
  const [noise, rms, positive] = [blank(), blank(), blank()];
  const width = (twoThetaDeg.at(-1)! - twoThetaDeg[0]!) / (points - 1);
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let i = 0; i < values.length; i++) values[i]! /= sigma[i % points]!;
    const spread = spreadOfRows(values, points);
    for (let x = 0; x < nx; x++) {
      if (!Number.isFinite(values[x * points]!)) continue;
      let [squares, area] = [0, 0];
      for (let k = 0; k < points; k++) {
        const value = values[x * points + k]!;
        squares += value * value;
        if (value > POSITIVE) area += value * sigma[k]! * width;
      }
      noise[y * nx + x] = Math.max(1, spread[x]!);
      rms[y * nx + x] = Math.sqrt(squares / points);
      positive[y * nx + x] = area;
    }
    await step();
  }
  const common = { ny, nx };
  const maps = [
    { name: "rwp", ...common, unit: "", values: rwp },
    { name: "residual_rms", ...common, unit: "usual spread", values: rms },
    { name: "positive_residual", ...common, unit: "intensity °", values: positive },
  ];
  return { noise, maps };
}
