/**
 * The nouns of direct least-squares reconstruction (DLSR): lattice parameters and scales of voxels refined on the
 * sinograms, with the depth along the beam in the model.
 *
 *   z(ray) = sum over phases and voxels of h(ray, voxel) w(voxel) psi(cell(voxel), tau(voxel, angle))
 *
 * Every ray is described by K numbers z = B^T diag(1/sigma) y instead of its channels (Reduction), and so is the pattern
 * psi of a parcel of unit scale (PhaseResponse). tau = t / L is the depth over the distance: a line of true angle
 * two-theta appears at atan((1 - tau) tan two-theta), 1 / (1 - tau)^2 times as strong.
 *
 * Arrays marked (shared) lie in the kernels' memory, where every thread sees them.
 */

/** Where rays and voxels are. Lengths in translation steps unless said. */
export interface DlsrGeometry {
  /** [angle] degrees */
  readonly omegaDeg: Float64Array;
  readonly translations: number;
  /** translation index of the rotation axis, fraction allowed */
  readonly rotationAxis: number;
  /** the grid is size x size, centred on the axis, row 0 at the lowest y */
  readonly size: number;
  readonly stepMm: number;
  /** rotation axis to detector */
  readonly distanceMm: number;
  /** +1: depth t = -x sin(omega) + y cos(omega) grows towards the detector; -1: away from it */
  readonly depthSign: 1 | -1;
}

/** Depths at which patterns are tabulated: tau = first + step i, i < count. */
export interface DepthNodes {
  readonly count: number;
  readonly first: number;
  readonly step: number;
}

/** The voxels of a phase, sorted in squares of 8 x 8 so that neighbours share cached rays. */
export interface VoxelList {
  readonly count: number;
  /** [voxel] index in the [y, x] grid */
  readonly index: Int32Array;
  /** (shared) [voxel, 2] x and y from the axis, steps */
  readonly places: Float32Array;
}

/**
 * The K numbers of a phase's pattern of unit scale as a function of its cell and depth: a table, and for every voxel
 * the node and the weights with which it is looked up.
 */
export interface PhaseResponse {
  readonly phase: string;
  /** free cell parameters, as in the model: "a", "c" */
  readonly cellNames: readonly string[];
  /** (shared) [node, depth, K] */
  readonly table: Float32Array;
  /** weights of a voxel: 4^n of a table over n cell parameters, 1 of a cell for all, 1 + n where voxels have own nodes */
  readonly stencil: number;
  /** (shared) [stencil] nodes of a voxel, from its first */
  readonly offsets: Int32Array;
  /** (shared) [voxel] first node */
  readonly nodes: Int32Array;
  /** (shared) [voxel, stencil] weights of the pattern itself */
  readonly value: Float32Array;
  /** by cell parameter: (shared) [voxel, stencil] weights of its derivative, per angstrom or degree */
  readonly slopes: readonly Float32Array[];
  /** Lowest and highest value of each cell parameter that the table holds. */
  readonly range: readonly (readonly [lower: number, upper: number])[];
  /**
   * Fills nodes, value and slopes for the cells of all voxels.
   *
   * @param cells [voxel, n] spatial, or [n] of a cell for all; inside `range`
   */
  place(cells: Float64Array): void;
  /** Width factor of the phase's lines now tabulated; 1 is the model's width. */
  readonly width: number;
  /** Tabulates again for another width factor or other intensities ([ring] factors on the model's), then place again. */
  retabulate(change: { readonly width?: number; readonly intensities?: Float64Array }): void;
  /** [depth, K] of one cell and width, straight from the lines: for derivatives of what is global, and for tests. */
  direct(cell: ArrayLike<number>, width?: number): Float32Array;
}

/** One phase in a problem. Phases that are eliminated ray by ray are in the reduction and not here. */
export interface DlsrPhase {
  readonly name: string;
  readonly voxels: VoxelList;
  readonly response: PhaseResponse;
  /** spatial: every voxel has its cell; global: one for all voxels, refined; fixed: as given */
  readonly cell: "spatial" | "global" | "fixed";
  /** start: [voxel, n] spatial, [n] else */
  readonly cells: Float64Array;
  /** start, and with `scaleMap` "frozen" the shape: [voxel] */
  readonly scale: Float64Array;
  /** refined: every voxel's; frozen: the map as given times one factor, which is refined where `hasGlobalScale` */
  readonly scaleMap: "refined" | "frozen";
  readonly hasGlobalScale: boolean;
  /** one width factor for the phase, refined */
  readonly refinesWidth: boolean;
}

export interface DlsrProblem {
  readonly geometry: DlsrGeometry;
  readonly depth: DepthNodes;
  /** numbers a ray, a multiple of 8 */
  readonly terms: number;
  /** (shared) [angle, translation, K] reduced rays, not yet weighted */
  readonly data: Float32Array;
  /** [angle, translation] variance of the reduced rays' numbers (1 on average); Infinity: the ray is left out */
  readonly rayVariance: Float32Array;
  readonly phases: readonly DlsrPhase[];
}
