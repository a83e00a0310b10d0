import type { Kernels } from "../../kernels/index.ts";
import {
  backprojectPacked,
  imageLength,
  LANES,
  type PlacedProjector,
  placeProjector,
  projectPacked,
  rowsLength,
} from "../../projector/index.ts";
import type { ReconstructionPlan } from "./plan.ts";

/** What the iterative methods work on: 16 bins in the kernels' memory, and the weights that all bins share. */
export interface Workspace {
  readonly kernels: Kernels;
  readonly plan: ReconstructionPlan;
  readonly placed: PlacedProjector;
  /** elements of a row stack, angle x rowLength, and of an image, size x size */
  readonly rays: number;
  readonly voxels: number;
  /** [ray, 16] */
  readonly measured: Float32Array;
  /** [ray, 16] */
  readonly residual: Float32Array;
  /** [y, x, 16] */
  readonly image: Float32Array;
  /** [y, x, 16] */
  readonly step: Float32Array;
  /** [ray] 1 over the path of the ray through the sample; 0 where it was not measured or misses the sample */
  readonly rayWeights: Float32Array;
  /** [ray] 1 where rayWeights is above 0 */
  readonly rayMask: Float32Array;
  /** [y, x] 1 over the sum of the voxel's weights in all measured rays; 0 outside the sample */
  readonly voxelWeights: Float32Array;
  /** [y, x] 1 inside the sample */
  readonly voxelMask: Float32Array;
  /** [lane] */
  readonly factors: Float32Array;
  readonly sums: Float64Array;
}

/** A path shorter than this, in steps, tells nothing about the sample. */
const SHORTEST_PATH = 1e-3;

/** Taken from the arena: the caller marks and releases. */
export function createWorkspace(kernels: Kernels, plan: ReconstructionPlan): Workspace {
  const { arena } = kernels;
  const { projector } = plan;
  const rays = projector.angles * projector.rowLength;
  const voxels = projector.size * projector.size;
  const workspace: Workspace = {
    kernels,
    plan,
    placed: placeProjector(kernels, projector),
    rays,
    voxels,
    measured: arena.f32(rowsLength(projector)),
    residual: arena.f32(rowsLength(projector)),
    image: arena.f32(imageLength(projector)),
    step: arena.f32(imageLength(projector)),
    rayWeights: arena.f32(rays),
    rayMask: arena.f32(rays),
    voxelWeights: arena.f32(voxels),
    voxelMask: arena.f32(voxels),
    factors: arena.f32(LANES),
    sums: arena.f64(LANES),
  };
  weighRaysAndVoxels(workspace);
  return workspace;
}

/** residual = A image, pads and all. */
export function projectInto(workspace: Workspace, image: Float32Array, rows: Float32Array): void {
  rows.fill(0);
  projectPacked(workspace.kernels, workspace.placed, image, rows);
}

/** step = A^T rows */
export function backprojectInto(workspace: Workspace, rows: Float32Array, image: Float32Array): void {
  image.fill(0);
  backprojectPacked(workspace.kernels, workspace.placed, rows, image);
}

/** [lane] sum of a b over n elements */
export function dot({ kernels, sums }: Workspace, a: Float32Array, b: Float32Array, n: number): Float64Array {
  sums.fill(0);
  kernels.run.projectDot(sums, a, b, n);
  return sums.slice();
}

/** The row and column sums of A, from the projections of ones. */
function weighRaysAndVoxels(workspace: Workspace): void {
  const { plan, rays, voxels, image, residual, step, rayWeights, rayMask, voxelWeights, voxelMask } = workspace;
  const { angles, rowLength, pad, translations, sample } = plan.projector;
  for (let v = 0; v < voxels; v++) {
    voxelMask[v] = sample[v] === 0 ? 0 : 1;
    image.fill(voxelMask[v]!, v * LANES, (v + 1) * LANES);
  }
  projectInto(workspace, image, residual);
  rayMask.fill(0);
  for (let angle = 0; angle < angles; angle++) {
    for (let element = pad; element < pad + translations; element++) {
      const ray = angle * rowLength + element;
      if (residual[ray * LANES]! > SHORTEST_PATH) rayMask[ray] = 1;
    }
  }
  for (let ray = 0; ray < rays; ray++) {
    const path = residual[ray * LANES]!;
    rayWeights[ray] = rayMask[ray] === 0 ? 0 : 1 / path;
    residual.fill(rayMask[ray]!, ray * LANES, (ray + 1) * LANES);
  }
  backprojectInto(workspace, residual, step);
  for (let v = 0; v < voxels; v++) {
    const seen = step[v * LANES]!;
    voxelWeights[v] = voxelMask[v] === 0 || seen <= 0 ? 0 : 1 / seen;
  }
}
