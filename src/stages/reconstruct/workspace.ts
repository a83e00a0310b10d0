import type { Kernels } from "../../kernels/index.ts";
import {
  type AttenuatedPair,
  backprojectPacked,
  backprojectShifted,
  LANES,
  type Parallax,
  type PathOut,
  placeProjector,
  placeShifted,
  projectPacked,
  projectShifted,
  type ShiftedWindow,
} from "../../projector/index.ts";
import type { ReconstructionPlan } from "./plan.ts";
import type { AwayPair, Product, Work } from "./work.ts";

/**
 * What the iterative methods work on, in the kernels' memory: stacks of 16 lanes a row element or voxel, and the weights
 * that all bins share. Plain, the lanes are 16 bins, each with its own steps. With parallax all bins of a window depend
 * on each other: a ray or voxel has several elements of 16 lanes, and one step serves all.
 */
export interface Workspace {
  readonly kernels: Kernels;
  readonly plan: ReconstructionPlan;
  /** elements of a row stack, angle x rowLength, and of an image, size x size; times a window's elements */
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
  /** one step for all lanes */
  readonly isJoint: boolean;
  /** rows, which are 0, become A image, pads and all */
  readonly project: (image: Float32Array, rows: Float32Array) => Product;
  /** image, which is 0, becomes A^T rows */
  readonly backproject: (rows: Float32Array, image: Float32Array) => Product;
}

/** What absorbs on the way out, and the 2theta of each bin that is reconstructed. */
export interface WayOut {
  readonly path: PathOut;
  /** [bin] tan^2 2theta */
  readonly tanSquared: Float64Array;
}

/** A window of bins that parallax couples. */
export interface JointBins {
  readonly parallax: Parallax;
  readonly window: ShiftedWindow;
}

/** A path shorter than this, in steps, tells nothing about the sample. */
const SHORTEST_PATH = 1e-3;

/** Taken from the arena: the caller marks and releases. */
export function createWorkspace(
  kernels: Kernels,
  plan: ReconstructionPlan,
  joint?: JointBins,
  pair?: AttenuatedPair | AwayPair,
): Workspace {
  const { arena } = kernels;
  const { projector } = plan;
  const ofRay = joint ? joint.window.rowStride / LANES : 1;
  const ofVoxel = joint ? joint.window.imageBins / LANES : 1;
  const rays = projector.angles * projector.rowLength * ofRay;
  const voxels = projector.size * projector.size * ofVoxel;
  const workspace: Workspace = {
    kernels,
    plan,
    rays,
    voxels,
    measured: arena.f32(LANES * rays),
    residual: arena.f32(LANES * rays),
    image: arena.f32(LANES * voxels),
    step: arena.f32(LANES * voxels),
    rayWeights: arena.f32(rays),
    rayMask: arena.f32(rays),
    voxelWeights: arena.f32(voxels),
    voxelMask: arena.f32(voxels),
    factors: arena.f32(LANES),
    sums: arena.f64(LANES),
    isJoint: joint !== undefined,
    ...pairOf(pair ?? placePair(kernels, plan, joint)),
  };
  weighRaysAndVoxels(workspace, ofRay, ofVoxel);
  return workspace;
}

const pairOf = ({ project, backproject }: KernelPair | AwayPair): Pick<Workspace, "project" | "backproject"> => ({
  project: (image, rows) => project(image, rows) || undefined,
  backproject: (rows, image) => backproject(rows, image) || undefined,
});

type KernelPair = Pick<AttenuatedPair, "project" | "backproject">;

function placePair(kernels: Kernels, { projector }: ReconstructionPlan, joint: JointBins | undefined): KernelPair {
  if (joint) {
    const shift = placeShifted(kernels, projector, joint.parallax, joint.window);
    return {
      project: (image, rows) => projectShifted(kernels, shift, image, rows),
      backproject: (rows, image) => backprojectShifted(kernels, shift, rows, image),
    };
  }
  const placed = placeProjector(kernels, projector);
  return {
    project: (image, rows) => projectPacked(kernels, placed, image, rows),
    backproject: (rows, image) => backprojectPacked(kernels, placed, rows, image),
  };
}

/** Bytes that createWorkspace takes, and what cgls takes on top of it. */
export function workspaceMemory({ projector }: ReconstructionPlan, window?: ShiftedWindow): number {
  const { angles, rowLength, size } = projector;
  const rays = angles * rowLength * (window?.rowStride ?? LANES);
  const voxels = size * size * (window?.imageBins ?? LANES);
  return 4 * (3 * rays + 3 * voxels) + (8 * (rays + voxels)) / LANES + 64 * (window?.imageBins ?? 0);
}

/** rows = A image, pads and all. */
export function* projectInto(workspace: Workspace, image: Float32Array, rows: Float32Array): Work {
  rows.fill(0);
  yield workspace.project(image, rows);
}

/** image = A^T rows */
export function* backprojectInto(workspace: Workspace, rows: Float32Array, image: Float32Array): Work {
  image.fill(0);
  yield workspace.backproject(rows, image);
}

/** [lane] sum of a b over n elements */
export function dot(workspace: Workspace, a: Float32Array, b: Float32Array, n: number): Float64Array {
  workspace.sums.fill(0);
  workspace.kernels.run.projectDot(workspace.sums, a, b, n);
  return takeSums(workspace);
}

/** [lane] what the kernels summed up; of all lanes together where they go jointly. */
export function takeSums({ sums, isJoint }: Workspace): Float64Array {
  if (!isJoint) return sums.slice();
  return new Float64Array(LANES).fill(sums.reduce((total, sum) => total + sum, 0));
}

/**
 * The row and column sums of A, from the projections of ones; those of the plain pair serve with parallax too, whose
 * taps sum to 1.
 */
function weighRaysAndVoxels(workspace: Workspace, ofRay: number, ofVoxel: number): void {
  const { kernels, plan, image, residual, step, rayWeights, rayMask, voxelWeights, voxelMask } = workspace;
  const { angles, rowLength, pad, translations, sample } = plan.projector;
  const mark = kernels.arena.mark();
  const placed = placeProjector(kernels, plan.projector);
  const rays = angles * rowLength;
  const path = residual.subarray(0, LANES * rays).fill(0);
  const seen = step.subarray(0, LANES * sample.length).fill(0);
  sample.forEach((inside, v) => {
    image.fill(inside === 0 ? 0 : 1, v * LANES, (v + 1) * LANES);
    voxelMask.fill(inside === 0 ? 0 : 1, v * ofVoxel, (v + 1) * ofVoxel);
  });
  projectPacked(kernels, placed, image, path);
  rayMask.fill(0);
  rayWeights.fill(0);
  for (let ray = 0; ray < rays; ray++) {
    const element = ray % rowLength;
    const through = path[ray * LANES]!;
    const isFitted = element >= pad && element < pad + translations && through > SHORTEST_PATH;
    path.fill(isFitted ? 1 : 0, ray * LANES, (ray + 1) * LANES);
    if (!isFitted) continue;
    rayMask.fill(1, ray * ofRay, (ray + 1) * ofRay);
    rayWeights.fill(1 / through, ray * ofRay, (ray + 1) * ofRay);
  }
  backprojectPacked(kernels, placed, path, seen);
  sample.forEach((inside, v) => {
    const sum = seen[v * LANES]!;
    voxelWeights.fill(inside === 0 || sum <= 0 ? 0 : 1 / sum, v * ofVoxel, (v + 1) * ofVoxel);
  });
  kernels.arena.release(mark);
}
