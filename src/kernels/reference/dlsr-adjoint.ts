import { createDlsrPlace, placeVoxel } from "./dlsr-place.ts";

/**
 * The transpose of dlsrForward in its weights: what the rays say about every weight of a voxel's stencil.
 *
 *   r = (1 - f) rays[angle, j] + f rays[angle, j + 1],   H[depth + i] = sum over angles of c_i r
 *   out[voxel, q] = <H, table[nodes[voxel] + offsets[q]]>
 *
 * The scalar product is taken in four sums, of the elements 0, 1, 2 and 3 modulo 4.
 *
 * @param out        [voxel, stencil] f32, written for the voxels of the range
 * @param rays       [angle, translations, K] f32
 * @param first,end  voxels
 * @param angle,angleEnd angles to sum over
 *
 * The others are dlsrForward's.
 */
export function dlsrAdjoint(
  out: Float32Array,
  rays: Float32Array,
  translations: number,
  terms: number,
  places: Float32Array,
  nodes: Int32Array,
  offsets: Int32Array,
  stencil: number,
  table: Float32Array,
  depths: number,
  first: number,
  end: number,
  directions: Float64Array,
  angle: number,
  angleEnd: number,
  rotationAxis: number,
  depthScale: number,
  depthOrigin: number,
  scratch: Float32Array,
): void {
  const f = Math.fround;
  const place = createDlsrPlace();
  const length = depths * terms;
  const gathered = scratch.subarray(0, length);
  for (let v = first; v < end; v++) {
    gathered.fill(0);
    const [x, y] = [places[2 * v]!, places[2 * v + 1]!];
    for (let a = angle; a < angleEnd; a++) {
      const [c, s] = [directions[2 * a]!, directions[2 * a + 1]!];
      placeVoxel(place, x, y, c, s, rotationAxis, depthScale, depthOrigin, depths);
      const { j, left, right, cubic } = place;
      const isLeftIn = j >= 0 && j < translations;
      const isRightIn = j >= -1 && j < translations - 1;
      const ray = (a * translations + j) * terms;
      for (let k = 0; k < terms; k++) {
        const r = f(f(isLeftIn ? left * rays[ray + k]! : 0) + f(isRightIn ? right * rays[ray + terms + k]! : 0));
        const h = place.depth * terms + k;
        for (let i = 0; i < 4; i++) gathered[h + i * terms] = gathered[h + i * terms]! + f(cubic[i]! * r);
      }
    }
    for (let q = 0; q < stencil; q++) {
      out[v * stencil + q] = product(gathered, table, (nodes[v]! + offsets[q]!) * length, length);
    }
  }
}

function product(a: Float32Array, b: Float32Array, at: number, length: number): number {
  const f = Math.fround;
  const sums = new Float32Array(4);
  for (let i = 0; i < length; i++) sums[i & 3] = sums[i & 3]! + f(a[i]! * b[at + i]!);
  return f(f(sums[0]! + sums[1]!) + f(sums[2]! + sums[3]!));
}
