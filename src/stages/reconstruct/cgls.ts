/**
 * CGLS: conjugate gradients on A^T A x = A^T b. With the bound at 0 the conjugate gradients run in cycles: over the
 * voxels that are above 0 or want to rise, then what went below 0 is set to 0 and the directions start afresh.
 *
 * Sources: Bjorck, Numerical Methods for Least Squares Problems (1996), section 7.4; for the cycles over free
 * variables, More & Toraldo, SIAM J. Optim. 1 (1991) 93-113, here without its line search.
 */
import { LANES } from "../../projector/index.ts";
import type { Stopping } from "./stopping.ts";
import type { Work } from "./work.ts";
import { backprojectInto, dot, projectInto, takeSums, type Workspace } from "./workspace.ts";

/** Iterations between settings to 0. */
const CYCLE = 5;

export function* cgls(workspace: Workspace, stopping: Stopping): Work {
  const { kernels, plan, image } = workspace;
  const { arena } = kernels;
  const mark = arena.mark();
  const direction = arena.f32(image.length);
  const projected = arena.f32(workspace.residual.length);
  const length = plan.config.nonNegative ? CYCLE : plan.iterations;
  image.fill(0);
  for (let iteration = 0; stopping.anyRunning; ) {
    const squares = yield* findResidual(workspace);
    stopping.judge(iteration, squares, iteration === 0 ? 1 : length);
    if (!stopping.anyRunning) break;
    iteration = yield* runCycle(workspace, stopping, { direction, projected }, iteration, length);
    if (plan.config.nonNegative) setNegativeToZero(workspace);
  }
  arena.release(mark);
}

/** residual = b - A image on the measured rays; its sum of squares. */
function* findResidual(workspace: Workspace): Work<Float64Array> {
  const { kernels, image, residual, measured, rayMask, sums, rays } = workspace;
  yield* projectInto(workspace, image, residual);
  sums.fill(0);
  kernels.run.projectResidual(residual, measured, rayMask, sums, rays);
  return takeSums(workspace);
}

interface Directions {
  /** [y, x, 16] */
  readonly direction: Float32Array;
  /** [ray, 16] */
  readonly projected: Float32Array;
}

function* runCycle(
  workspace: Workspace,
  stopping: Stopping,
  { direction, projected }: Directions,
  start: number,
  length: number,
): Work<number> {
  const { kernels, plan, image, residual, step, rayMask, factors, rays, voxels } = workspace;
  const { run } = kernels;
  let gradient = yield* findGradient(workspace);
  direction.set(step);
  const end = Math.min(plan.iterations, start + length);
  for (let iteration = start; iteration < end; iteration++) {
    yield* projectInto(workspace, direction, projected);
    run.projectWeigh(projected, rayMask, rays);
    const curvature = dot(workspace, projected, projected, rays);
    const isMoving = (lane: number) => stopping.isRunning(lane) && curvature[lane]! > 0;
    for (let lane = 0; lane < LANES; lane++) factors[lane] = isMoving(lane) ? gradient[lane]! / curvature[lane]! : 0;
    run.projectAdd(image, direction, factors, voxels);
    for (let lane = 0; lane < LANES; lane++) factors[lane] = -factors[lane]!;
    run.projectAdd(residual, projected, factors, rays);
    if (!plan.config.nonNegative) stopping.judge(iteration + 1, dot(workspace, residual, residual, rays));
    if (iteration + 1 === end || !stopping.anyRunning) break;
    const next = yield* findGradient(workspace);
    for (let lane = 0; lane < LANES; lane++) factors[lane] = gradient[lane]! > 0 ? next[lane]! / gradient[lane]! : 0;
    run.projectTurn(direction, step, factors, voxels);
    gradient = next;
  }
  return end;
}

/** step = A^T residual on the free voxels; its sum of squares. */
function* findGradient(workspace: Workspace): Work<Float64Array> {
  const { kernels, plan, image, residual, step, voxelMask, voxels } = workspace;
  yield* backprojectInto(workspace, residual, step);
  kernels.run.projectWeigh(step, voxelMask, voxels);
  if (plan.config.nonNegative) kernels.run.projectOntoFree(step, image, voxels);
  return dot(workspace, step, step, voxels);
}

function setNegativeToZero({ kernels, image, voxelMask, factors, voxels }: Workspace): void {
  factors.fill(0);
  kernels.run.projectStep(image, image, voxelMask, factors, 0, voxels);
}
