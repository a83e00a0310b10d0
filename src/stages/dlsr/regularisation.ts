/**
 * Smoothness of maps: sum over neighbours i, j of omega_ij (x_i - x_j)^2, omega = 1 along the edges of voxels and
 * 1 / sqrt 2 along their diagonals, inside the mask only.
 *
 * With `huber`, differences d beyond it count in proportion: 2 huber (sqrt(huber^2 + d^2) - huber), by weights that are
 * taken anew at each linearisation (iteratively reweighted least squares).
 */
import type { VoxelList } from "./types.ts";

export interface NeighbourGraph {
  /** [edge, 2] voxels of the list */
  readonly edges: Int32Array;
  /** [edge] omega */
  readonly weights: Float64Array;
}

/** Right, and the three below: each pair once. */
const NEIGHBOURS = [
  [1, 0, 1],
  [-1, 1, Math.SQRT1_2],
  [0, 1, 1],
  [1, 1, Math.SQRT1_2],
] as const;

/** @param size of the [y, x] grid */
export function createNeighbourGraph({ count, index }: VoxelList, size: number): NeighbourGraph {
  const listed = new Int32Array(size * size).fill(-1);
  for (let v = 0; v < count; v++) listed[index[v]!] = v;
  const edges: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < count; v++) {
    const x = index[v]! % size;
    const y = Math.floor(index[v]! / size);
    for (const [dx, dy, omega] of NEIGHBOURS) {
      if (x + dx < 0 || x + dx >= size || y + dy >= size) continue;
      const other = listed[(y + dy) * size + x + dx]!;
      if (other < 0) continue;
      edges.push(v, other);
      weights.push(omega);
    }
  }
  return { edges: Int32Array.from(edges), weights: Float64Array.from(weights) };
}

/** The penalty of a map x, [voxel] in units. */
export function roughness({ edges, weights }: NeighbourGraph, x: Float64Array, huber?: number): number {
  let sum = 0;
  for (let e = 0; e < weights.length; e++) {
    const d = x[edges[2 * e]!]! - x[edges[2 * e + 1]!]!;
    sum += weights[e]! * (huber === undefined ? d * d : 2 * huber * (Math.hypot(huber, d) - huber));
  }
  return sum;
}

/** The weights with which a quadratic penalty has the slope of the real one at x. */
export function reweighted({ edges, weights }: NeighbourGraph, x: Float64Array, huber?: number): Float64Array {
  if (huber === undefined) return weights;
  return weights.map((omega, e) => (omega * huber) / Math.hypot(huber, x[edges[2 * e]!]! - x[edges[2 * e + 1]!]!));
}

/** out += factor L x, L the Laplacian of the graph. */
export function addLaplacian(
  { edges }: NeighbourGraph,
  weights: Float64Array,
  x: Float64Array,
  factor: number,
  out: Float64Array,
): void {
  for (let e = 0; e < weights.length; e++) {
    const i = edges[2 * e]!;
    const j = edges[2 * e + 1]!;
    const flow = factor * weights[e]! * (x[i]! - x[j]!);
    out[i] = out[i]! + flow;
    out[j] = out[j]! - flow;
  }
}

/** [voxel] diagonal of L. */
export function degrees({ edges }: NeighbourGraph, weights: Float64Array, count: number): Float64Array {
  const out = new Float64Array(count);
  for (let e = 0; e < weights.length; e++) {
    for (const v of [edges[2 * e]!, edges[2 * e + 1]!]) out[v] = out[v]! + weights[e]!;
  }
  return out;
}
