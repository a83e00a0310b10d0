import { createDlsrPlace, lookUpPattern, placeVoxel } from "./dlsr-place.ts";

/**
 * The diagonal blocks of J^T W J for the unknowns of every voxel, J's columns being dlsrForward of a voxel's weights:
 *
 *   out[voxel, i, l] = angleStep * sum over angles of ((1 - f)^2 w[angle, j] + f^2 w[angle, j + 1]) <p_i, p_l>
 *
 * over every angleStep-th angle. Patterns enter by four depth nodes, so the angles are summed first, over
 * pairs of nodes, and each pair's scalar product is taken once: out = sum of C[d, d'] <E_i[d], E_l[d']>, C in f64.
 *
 * @param out        [voxel, unknowns, unknowns] f64, written for the voxels of the range, both triangles
 * @param rayWeights [angle, translations] f32
 * @param weights    [unknowns, voxels, stencil] f32
 * @param unknowns   1 to 8
 * @param voxels     how many voxels the weights are for
 * @param first,end  voxels
 * @param angles     how many angles the scan has; 0, angleStep, 2 angleStep... take part
 *
 * The others are dlsrForward's.
 */
export function dlsrGram(
  out: Float64Array,
  rayWeights: Float32Array,
  translations: number,
  terms: number,
  places: Float32Array,
  nodes: Int32Array,
  weights: Float32Array,
  unknowns: number,
  voxels: number,
  offsets: Int32Array,
  stencil: number,
  table: Float32Array,
  depths: number,
  first: number,
  end: number,
  directions: Float64Array,
  angles: number,
  angleStep: number,
  rotationAxis: number,
  depthScale: number,
  depthOrigin: number,
  scratch: Float32Array,
): void {
  const place = createDlsrPlace();
  const length = depths * terms;
  const pairs = new Float64Array(depths * depths);
  const pattern = (i: number): Float32Array => scratch.subarray(i * length, (i + 1) * length);
  const mixed = pattern(unknowns);
  for (let v = first; v < end; v++) {
    for (let i = 0; i < unknowns; i++) {
      const weight = (i * voxels + v) * stencil;
      lookUpPattern(pattern(i), weights, weight, nodes[v]!, offsets, stencil, table, length);
    }
    pairs.fill(0);
    for (let a = 0; a < angles; a += angleStep) {
      const [x, y, c, s] = [places[2 * v]!, places[2 * v + 1]!, directions[2 * a]!, directions[2 * a + 1]!];
      placeVoxel(place, x, y, c, s, rotationAxis, depthScale, depthOrigin, depths);
      addPairs(pairs, depths, place, rayShare(place, rayWeights, a * translations, translations));
    }
    for (let l = 0; l < unknowns; l++) {
      mix(mixed, pattern(l), pairs, depths, terms);
      for (let i = 0; i <= l; i++) {
        const sum = angleStep * product(pattern(i), mixed);
        out[(v * unknowns + i) * unknowns + l] = sum;
        out[(v * unknowns + l) * unknowns + i] = sum;
      }
    }
  }
}

function rayShare({ j, left, right }: DlsrPlaceShares, rayWeights: Float32Array, row: number, n: number): number {
  const a = j >= 0 && j < n ? left * left * rayWeights[row + j]! : 0;
  const b = j >= -1 && j < n - 1 ? right * right * rayWeights[row + j + 1]! : 0;
  return a + b;
}

type DlsrPlaceShares = Pick<ReturnType<typeof createDlsrPlace>, "j" | "left" | "right">;

function addPairs(
  pairs: Float64Array,
  depths: number,
  { depth, cubic }: { depth: number; cubic: Float32Array },
  share: number,
): void {
  for (let i = 0; i < 4; i++) {
    for (let l = i; l < 4; l++) {
      const at = (depth + i) * depths + depth + l;
      pairs[at] = pairs[at]! + share * (cubic[i]! * cubic[l]!);
    }
  }
}

/** out[d] = sum over d' of C[d, d'] pattern[d'], C symmetric with a band of three beside the diagonal. */
function mix(out: Float32Array, pattern: Float32Array, pairs: Float64Array, depths: number, terms: number): void {
  const f = Math.fround;
  for (let d = 0; d < depths; d++) {
    for (let k = 0; k < terms; k++) {
      let sum = 0;
      for (let o = Math.max(0, d - 3); o < Math.min(depths, d + 4); o++) {
        const pair = f(pairs[Math.min(d, o) * depths + Math.max(d, o)]!);
        sum = f(sum + f(pair * pattern[o * terms + k]!));
      }
      out[d * terms + k] = sum;
    }
  }
}

/** Four sums in f32, of the elements 0, 1, 2 and 3 modulo 4, added in f64. */
function product(a: Float32Array, b: Float32Array): number {
  const sums = new Float32Array(4);
  for (let i = 0; i < a.length; i++) sums[i & 3] = sums[i & 3]! + Math.fround(a[i]! * b[i]!);
  return sums[0]! + sums[1]! + (sums[2]! + sums[3]!);
}
