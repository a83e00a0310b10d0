/** Maps of what the model leaves of the voxels. */
import type { ParameterMap } from "../../data/index.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";

/** Positive residuals below this many spreads are noise. */
const POSITIVE = 3;

/** @param rwp [voxel] */
export function residualMaps(
  { ny, nx, points, row, sigma }: CleanResiduals,
  rwp: Float32Array,
  twoThetaDeg: Float64Array,
): ParameterMap[] {
  const rms = new Float32Array(ny * nx).fill(Number.NaN);
  const positive = new Float32Array(ny * nx).fill(Number.NaN);
  const width = (twoThetaDeg.at(-1)! - twoThetaDeg[0]!) / (points - 1);
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let x = 0; x < nx; x++) {
      if (!Number.isFinite(values[x * points]!)) continue;
      let [squares, area] = [0, 0];
      for (let k = 0; k < points; k++) {
        const value = values[x * points + k]!;
        squares += (value / sigma[k]!) ** 2;
        if (value > POSITIVE * sigma[k]!) area += value * width;
      }
      rms[y * nx + x] = Math.sqrt(squares / points);
      positive[y * nx + x] = area;
    }
  }
  const common = { ny, nx };
  return [
    { name: "rwp", ...common, unit: "", values: rwp },
    { name: "residual_rms", ...common, unit: "usual spread", values: rms },
    { name: "positive_residual", ...common, unit: "intensity °", values: positive },
  ];
}
