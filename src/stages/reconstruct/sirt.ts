/**
 * SIRT: x <- x + relaxation C A^T R (b - A x), R and C the inverse row and column sums of A; with the bound at 0, a
 * projected gradient method for the least squares weighted by R.
 *
 * Source: Gregor & Benson, IEEE Trans. Med. Imaging 27 (2008) 918-924.
 */
import { LANES } from "../../projector/index.ts";
import type { Stopping } from "./stopping.ts";
import type { Work } from "./work.ts";
import { backprojectInto, projectInto, takeSums, type Workspace } from "./workspace.ts";

export function* sirt(workspace: Workspace, stopping: Stopping): Work {
  const { kernels, plan, rays, voxels, measured, residual, image, step, rayWeights, voxelWeights, factors, sums } =
    workspace;
  const { relaxation, nonNegative } = plan.config;
  const lowest = nonNegative ? 0 : -Infinity;
  image.fill(0);
  for (let iteration = 0; stopping.anyRunning; iteration++) {
    yield* projectInto(workspace, image, residual);
    sums.fill(0);
    kernels.run.projectResidual(residual, measured, rayWeights, sums, rays);
    stopping.judge(iteration, takeSums(workspace));
    if (!stopping.anyRunning) break;
    for (let lane = 0; lane < LANES; lane++) factors[lane] = stopping.isRunning(lane) ? relaxation : 0;
    yield* backprojectInto(workspace, residual, step);
    kernels.run.projectStep(image, step, voxelWeights, factors, lowest, voxels);
  }
}
