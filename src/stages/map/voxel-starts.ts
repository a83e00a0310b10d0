import { type ParameterMap, STATUS } from "../../data/index.ts";
import { STRONG } from "./refine-voxels.ts";
import type { RietveldPlan } from "./rietveld-plan.ts";

/** What voxels were in an earlier scan of the same slice; NaN where nothing is known. */
export interface VoxelStarts {
  /** by the name of a refined parameter: [voxel] */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** [voxel] goodness of fit, or residual, that they had */
  readonly gof: Float32Array;
}

/**
 * What is worth taking over of earlier maps: cells and widths of phases that were surely there. Where a phase was weak
 * its cell may have ended in a minimum of its own.
 *
 * @param find a map by its name without `map/`
 */
export function voxelStarts(plan: RietveldPlan, find: (name: string) => ParameterMap | undefined): VoxelStarts {
  const fit = find("gof") ?? find("residual");
  const size = fit?.values.length ?? 0;
  const gof = new Float32Array(size).fill(Number.NaN);
  for (let voxel = 0; voxel < size; voxel++) {
    if (!fit!.status || fit!.status[voxel] === STATUS.converged) gof[voxel] = fit!.values[voxel]!;
  }
  const values = new Map<string, Float32Array>();
  for (const { name, group } of plan.parameters) {
    const map = find(name);
    const lead = find(`${group}/scale`) ?? find(`${group}/area`);
    if (!map || !lead?.esd || !plan.refined.includes(name) || /\/(scale|area)$/.test(name)) continue;
    const isSure = (voxel: number): boolean => {
      const misfit = plan.weights === "uniform" ? 1 : Math.max(1, gof[voxel]!);
      const isGood = lead.status === undefined || lead.status[voxel] === STATUS.converged;
      return isGood && lead.values[voxel]! > STRONG * plan.config.minSignificance * lead.esd![voxel]! * misfit;
    };
    values.set(
      name,
      Float32Array.from({ length: size }, (_, voxel) => (isSure(voxel) ? map.values[voxel]! : Number.NaN)),
    );
  }
  return { values, gof };
}
