/**
 * The inverse of a voxel's own block of J^T J, with the penalties' degrees and the damping on its diagonal, and of the
 * global unknowns' block: what conjugate gradients start from, and the diagonal estimate of uncertainties.
 */
import { tieOf } from "./forward-model.ts";
import type { Linearisation } from "./linearisation.ts";
import { degrees } from "./regularisation.ts";
import type { PhaseWork, SolverWorkspace } from "./solver-workspace.ts";

export interface Preconditioner {
  precondition(r: Float64Array, out: Float64Array): void;
  /** [unknown] diagonal of the inverse of the blocks; 0 where an unknown does not move */
  variances(): Float64Array;
}

export function createPreconditioner(w: SolverWorkspace, lin: Linearisation, damping: number): Preconditioner {
  const { free, active } = lin;
  const { firstGlobal, count } = w.unknowns;
  const blocks = w.phases.map((work, p) => voxelInverses(w, work, lin, p, damping));
  const global = globalInverse(lin, firstGlobal, damping);
  return {
    precondition(r, out) {
      out.fill(0);
      w.phases.forEach(({ part }, p) => {
        multiplyBlocks(blocks[p]!, part.perVoxel, part.phase.voxels.count, r, out, part.first);
      });
      active.forEach((i, row) => {
        let sum = 0;
        active.forEach((l, column) => {
          sum += global[row * active.length + column]! * r[firstGlobal + l]!;
        });
        out[firstGlobal + i] = sum;
      });
      for (let i = 0; i < count; i++) if (free[i] === 0) out[i] = 0;
    },
    variances() {
      const out = new Float64Array(count);
      w.phases.forEach(({ part }, p) => {
        const { perVoxel: n, first } = part;
        const voxels = part.phase.voxels.count;
        for (let v = 0; v < voxels; v++) {
          for (let u = 0; u < n; u++) out[first + u * voxels + v] = blocks[p]![(v * n + u) * n + u]!;
        }
      });
      active.forEach((i, row) => {
        out[firstGlobal + i] = global[row * active.length + row]!;
      });
      for (let i = 0; i < count; i++) if (free[i] === 0) out[i] = 0;
      return out;
    },
  };
}

function multiplyBlocks(
  blocks: Float64Array,
  n: number,
  voxels: number,
  r: Float64Array,
  out: Float64Array,
  first: number,
): void {
  for (let v = 0; v < voxels; v++) {
    for (let u = 0; u < n; u++) {
      let sum = 0;
      for (let l = 0; l < n; l++) sum += blocks[(v * n + u) * n + l]! * r[first + l * voxels + v]!;
      out[first + u * voxels + v] = sum;
    }
  }
}

function voxelInverses(
  w: SolverWorkspace,
  { part, gram, graph }: PhaseWork,
  lin: Linearisation,
  p: number,
  damping: number,
): Float64Array {
  const { perVoxel: n, first } = part;
  const voxels = part.phase.voxels.count;
  const out = new Float64Array(voxels * n * n);
  const added = Array.from({ length: n }, (_, u) => {
    const degree = degrees(graph, lin.edgeWeights[p]![u]!, voxels);
    const tie = tieOf(w, part, u);
    return degree.map((d) => lin.penalties[p]![u]! * (d + tie) + damping * lin.meanDiagonals[p]![u]!);
  });
  const block = new Float64Array(n * n);
  for (let v = 0; v < voxels; v++) {
    for (let i = 0; i < n * n; i++) block[i] = gram[v * n * n + i]!;
    for (let u = 0; u < n; u++) {
      const at = u * n + u;
      block[at] = block[at]! + added[u]![v]!;
      if (lin.free[first + u * voxels + v] === 0 || !(block[at]! > 0)) isolate(block, n, u);
    }
    invertPositive(block, n);
    out.set(block, v * n * n);
  }
  return out;
}

function globalInverse(
  { active, globalGram, free }: Linearisation,
  firstGlobal: number,
  damping: number,
): Float64Array {
  const n = active.length;
  const block = globalGram.slice();
  active.forEach((i, row) => {
    block[row * n + row] = block[row * n + row]! * (1 + Math.max(damping, LEAST_DAMPING));
    if (free[firstGlobal + i] === 0) isolate(block, n, row);
  });
  invertPositive(block, n);
  return block;
}

/** Global columns may be nearly alike; the inverse is only where conjugate gradients start. */
const LEAST_DAMPING = 1e-9;

function isolate(block: Float64Array, n: number, row: number): void {
  for (let i = 0; i < n; i++) {
    block[row * n + i] = 0;
    block[i * n + row] = 0;
  }
  block[row * n + row] = 1;
}

/** In place, by Gauss and Jordan, which a positive matrix needs no pivots for; a pivot lost to rounding counts as its diagonal. */
export function invertPositive(a: Float64Array, n: number): void {
  const largest = Float64Array.from({ length: n }, (_, i) => a[i * n + i]!);
  for (let p = 0; p < n; p++) {
    const pivot = a[p * n + p]! > 1e-13 * largest[p]! ? a[p * n + p]! : largest[p]!;
    const inverse = 1 / pivot;
    a[p * n + p] = 1;
    for (let j = 0; j < n; j++) a[p * n + j] = a[p * n + j]! * inverse;
    for (let i = 0; i < n; i++) {
      if (i === p) continue;
      const factor = a[i * n + p]!;
      a[i * n + p] = 0;
      for (let j = 0; j < n; j++) a[i * n + j] = a[i * n + j]! - factor * a[p * n + j]!;
    }
  }
}
