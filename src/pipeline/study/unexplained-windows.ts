/** Maps of the misfit in windows of the pattern: those that were asked for, and about lines that are not explained. */
import { InputError, type ParameterMap } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { quantile } from "../../fit/index.ts";
import {
  type MisfitWindow,
  misfitOfWindow,
  pointsOfWindow,
  type UnexplainedConfig,
  windowsOfPeaks,
} from "../../stages/unexplained/index.ts";
import { sliceOf } from "../refine/map-plan.ts";
import { createStripReader } from "../strip-reader.ts";
import type { DescribedComponent } from "./unexplained-components.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";
import type { Step } from "./unexplained-steps.ts";
import type { SliceResiduals } from "./voxel-residuals.ts";

export interface WindowOfSlice extends MisfitWindow {
  /** sum |observed - calculated| / sum |observed| of all voxels */
  readonly r: number;
  /** quantiles over the voxels */
  readonly chi2Median: number;
  readonly chi2Most: number;
  /** index of the voxel with most intensity that is not explained */
  readonly voxel: number;
}

/** @throws InputError "unexplained-window" where a window holds no point, or two have one name */
export function givenWindows({ windows }: UnexplainedConfig, twoThetaDeg: Float64Array): MisfitWindow[] {
  const [low, high] = [twoThetaDeg[0]!, twoThetaDeg.at(-1)!];
  const range = `The model's range is ${low.toFixed(3)} to ${high.toFixed(3)}° 2θ`;
  const names = new Set<string>();
  return windows.map(({ name, fromDeg, toDeg }): MisfitWindow => {
    const window = { name, fromDeg, toDeg, about: "as asked for" };
    const [first, end] = pointsOfWindow(twoThetaDeg, window);
    if (!(fromDeg < toDeg) || first === end)
      throw new InputError(
        "unexplained-window",
        `Window ${name} from ${fromDeg} to ${toDeg}° 2θ holds no point of the patterns. ${range}; give from and to inside it, from first.`,
      );
    if (names.has(name))
      throw new InputError("unexplained-window", `Two windows are called ${name}. Give each a name of its own.`);
    names.add(name);
    return window;
  });
}

/** About the new peaks of components. */
export function automaticWindows(
  components: readonly DescribedComponent[],
  taken: readonly MisfitWindow[],
  { mostWindows }: UnexplainedConfig,
): MisfitWindow[] {
  const peaks = components.map(({ index, peaks: own, best, misfitOf, verdict }) => {
    const isProposed = verdict === "phase" || verdict === "same";
    const of = isProposed ? `, ${best!.name}` : misfitOf === undefined ? "" : `, misfit of ${misfitOf}`;
    return own
      .filter(({ kind }) => kind === "new")
      .map(({ position, fwhm, significance, line }) => {
        const about = `component ${index}${of}${isProposed && line ? ` ${line}` : ""}`;
        return { position, fwhm, significance, about };
      });
  });
  const names = new Set(taken.map(({ name }) => name));
  return windowsOfPeaks(peaks, mostWindows).filter(({ name }) => !names.has(name));
}

/** Quantile that stands for the worst voxels. */
const WORST = 0.99;

/**
 * For each window the maps chi2 (against the voxels' own esds where they have them, else the usual spread of residuals),
 * r, and excess: intensity x degrees beyond what all voxels of a phase miss alike.
 */
export async function mapWindows(
  result: Result,
  { plan }: WholeModel,
  residuals: SliceResiduals,
  { ny, nx, points, row, sigma }: CleanResiduals,
  noise: Float32Array,
  windows: readonly MisfitWindow[],
  step: Step,
): Promise<{ readonly windows: WindowOfSlice[]; readonly maps: ParameterMap[] }> {
  const { twoThetaDeg, bins } = plan;
  const slice = sliceOf(result);
  const readRow = createStripReader(result, slice.name, slice);
  const readErrors = slice.hasSigma ? createStripReader(result, `${slice.name}_esd`, slice) : undefined;
  const width = (twoThetaDeg.at(-1)! - twoThetaDeg[0]!) / (points - 1);
  const blank = (): Float32Array => new Float32Array(ny * nx).fill(Number.NaN);
  const work = windows.map((window) => {
    const range = pointsOfWindow(twoThetaDeg, window);
    let variance = 0;
    for (let k = range[0]; k < range[1]; k++) variance += sigma[k]! ** 2;
    const spread = Math.sqrt(variance) * width;
    return { range, spread, chi2: blank(), r: blank(), excess: blank(), esd: blank(), left: 0, total: 0 };
  });
  const observed = new Float64Array(points);
  const own = Float64Array.from(sigma);
  for (let y = 0; y < ny; y++) {
    const [raw, cleaned] = [residuals.readRow(y), row(y)];
    const seen = readRow(y);
    const errors = readErrors?.(y);
    for (let x = 0; x < nx; x++) {
      const voxel = y * nx + x;
      if (!Number.isFinite(noise[voxel]!)) continue;
      for (const one of work) {
        for (let k = one.range[0]; k < one.range[1]; k++) {
          observed[k] = seen[x * slice.bins + bins[k]!]!;
          if (errors) own[k] = errors[x * slice.bins + bins[k]!]!;
        }
        const { chi2, r } = misfitOfWindow(raw.subarray(x * points, (x + 1) * points), observed, own, one.range);
        let [excess, left, total] = [0, 0, 0];
        for (let k = one.range[0]; k < one.range[1]; k++) {
          excess += cleaned[x * points + k]! * width;
          left += Math.abs(raw[x * points + k]!);
          total += Math.abs(observed[k]!);
        }
        one.chi2[voxel] = chi2;
        one.r[voxel] = r;
        one.excess[voxel] = excess;
        one.esd[voxel] = one.spread * noise[voxel]!;
        one.left += left;
        one.total += total;
      }
    }
    await step();
  }
  return {
    windows: windows.map((window, w): WindowOfSlice => {
      const { chi2, excess, left, total } = work[w]!;
      const known = chi2.filter(Number.isFinite);
      const voxel = excess.reduce((best, value, at) => (value > (excess[best] || -Infinity) ? at : best), 0);
      const quantiles = { chi2Median: quantile(known, 0.5), chi2Most: quantile(known, WORST) };
      return { ...window, r: left / total, ...quantiles, voxel };
    }),
    maps: windows.flatMap(({ name }, w): ParameterMap[] => {
      const { chi2, r, excess, esd } = work[w]!;
      const common = { ny, nx };
      return [
        { ...common, name: `windows/${name}/excess`, unit: "intensity °", values: excess, esd },
        { ...common, name: `windows/${name}/r`, unit: "", values: r },
        { ...common, name: `windows/${name}/chi2`, unit: "", values: chi2 },
      ];
    }),
  };
}
