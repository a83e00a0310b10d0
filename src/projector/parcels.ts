/** What the long products of DLSR work on, whoever does them: rays, and parcels of voxels at their depths. */

/** Where rays and depths are; lengths in translation steps. The arguments that all products share. */
export interface RayFrame {
  readonly angles: number;
  readonly translations: number;
  /** K, numbers a ray: a multiple of 8 */
  readonly terms: number;
  /** nodes of depth, at least 4 */
  readonly depths: number;
  /** (shared) [angle, 2] cos and sin of omega */
  readonly directions: Float64Array;
  readonly rotationAxis: number;
  /** depth nodes per step, and the node of the rotation axis */
  readonly depthScale: number;
  readonly depthOrigin: number;
}

/** Voxels and the table in which their patterns are looked up. */
export interface Parcels {
  readonly voxels: number;
  /** (shared) [voxel, 2] x and y from the rotation axis */
  readonly places: Float32Array;
  /** (shared) [voxel] first table node */
  readonly nodes: Int32Array;
  /** (shared) [stencil] table nodes from the first */
  readonly offsets: Int32Array;
  readonly stencil: number;
  /** (shared) [node, depth, K] */
  readonly table: Float32Array;
}

export interface WeightedParcels extends Parcels {
  /** (shared) [voxel, stencil] */
  readonly weights: Float32Array;
}

/** The two long products on another device than the kernels', exact transposes. */
export interface ParcelProducts {
  /** Whether it can take these parcels. */
  holds(parcels: Parcels): boolean;
  /**
   * rays = sum over the parcels of their patterns, not blurred, as kernels/reference/dlsr-forward.ts.
   *
   * @param rays [angle, translation, K], written
   */
  forward(frame: RayFrame, parcels: readonly WeightedParcels[], rays: Float32Array): Promise<void>;
  /**
   * out = the transpose of forward in its weights, as kernels/reference/dlsr-adjoint.ts.
   *
   * @param rays [angle, translation, K]
   * @param out  [voxel, stencil], written
   */
  adjoint(frame: RayFrame, parcels: Parcels, rays: Float32Array, out: Float32Array): Promise<void>;
}
