/**
 * The projector pair with a factor for every voxel, angle and bin: the rest of the absorption, A / T, that dividing rays
 * by their transmission leaves. Angle by angle: voxels times factor, then the plain pair; exact transposes again.
 */
import type { Kernels } from "../kernels/index.ts";
import type { ProjectorGeometry } from "./geometry.ts";
import { nodeWeights, type PathOut } from "./path-out.ts";
import {
  backprojectPacked,
  imageLength,
  LANES,
  type PlacedProjector,
  placeProjector,
  projectPacked,
} from "./project.ts";

export interface AttenuatedPair {
  /** The 16 bins that follow, by tan^2 2theta. */
  aim(tanSquared: ArrayLike<number>): void;
  /** rows += A image, packed */
  project(image: Float32Array, rows: Float32Array): void;
  /** image += A^T rows, packed */
  backproject(rows: Float32Array, image: Float32Array): void;
}

/** Taken from the arena: the caller marks and releases. */
export function placeAttenuated(kernels: Kernels, geometry: ProjectorGeometry, path: PathOut): AttenuatedPair {
  const scaled = kernels.arena.f32(imageLength(geometry));
  const { angles, size, rowLength } = geometry;
  const voxels = size * size;
  const placed = Array.from({ length: angles }, (_, angle): PlacedProjector => {
    const directions = geometry.directions.subarray(2 * angle, 2 * angle + 2);
    return placeProjector(kernels, { ...geometry, angles: 1, directions });
  });
  const low = new Float32Array(LANES);
  const high = new Float32Array(LANES);
  const rowsOf = (rows: Float32Array, angle: number): Float32Array =>
    rows.subarray(angle * rowLength * LANES, (angle + 1) * rowLength * LANES);
  /** out (+)= image times the factor of one angle */
  const scale = (image: Float32Array, angle: number, out: Float32Array, isAdded: boolean): void => {
    const first = path.excess.subarray(2 * angle * voxels, (2 * angle + 1) * voxels);
    const second = path.excess.subarray((2 * angle + 1) * voxels, (2 * angle + 2) * voxels);
    for (let v = 0; v < voxels; v++) {
      const [a, b] = [first[v]!, second[v]!];
      const at = v * LANES;
      for (let lane = 0; lane < LANES; lane++) {
        const value = image[at + lane]! * (1 + low[lane]! * a + high[lane]! * b);
        out[at + lane] = isAdded ? out[at + lane]! + value : value;
      }
    }
  };
  return {
    aim(tanSquared) {
      for (let lane = 0; lane < LANES; lane++) {
        const [first, second] = nodeWeights(path.nodes, tanSquared[Math.min(lane, tanSquared.length - 1)]!);
        low[lane] = first;
        high[lane] = second;
      }
    },
    project(image, rows) {
      for (let angle = 0; angle < angles; angle++) {
        scale(image, angle, scaled, false);
        projectPacked(kernels, placed[angle]!, scaled, rowsOf(rows, angle));
      }
    },
    backproject(rows, image) {
      for (let angle = 0; angle < angles; angle++) {
        scaled.fill(0);
        backprojectPacked(kernels, placed[angle]!, rowsOf(rows, angle), scaled);
        scale(scaled, angle, image, true);
      }
    },
  };
}
