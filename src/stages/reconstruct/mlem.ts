/**
 * MLEM: x <- x C A^T (b / A x), the maximum of the Poisson likelihood; never negative.
 *
 * Source: Shepp & Vardi, IEEE Trans. Med. Imaging 1 (1982) 113-122.
 */
import { LANES } from "../../projector/index.ts";
import type { Stopping } from "./stopping.ts";
import type { Work } from "./work.ts";
import { backprojectInto, projectInto, takeSums, type Workspace } from "./workspace.ts";

export function* mlem(workspace: Workspace, stopping: Stopping): Work {
  const { kernels, rays, voxels, measured, residual, image, step, rayMask, voxelWeights, voxelMask, factors, sums } =
    workspace;
  image.fill(1);
  kernels.run.projectWeigh(image, voxelMask, voxels);
  for (let iteration = 0; stopping.anyRunning; iteration++) {
    yield* projectInto(workspace, image, residual);
    sums.fill(0);
    kernels.run.projectRatio(residual, measured, rayMask, sums, rays);
    stopping.judge(iteration, takeSums(workspace));
    if (!stopping.anyRunning) break;
    for (let lane = 0; lane < LANES; lane++) factors[lane] = stopping.isRunning(lane) ? 1 : 0;
    yield* backprojectInto(workspace, residual, step);
    kernels.run.projectScale(image, step, voxelWeights, factors, voxels);
  }
}
