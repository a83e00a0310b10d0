import { createDlsrPlace, lookUpPattern, placeVoxel } from "./dlsr-place.ts";

/**
 * Adds the K reduced numbers of voxels to the rays that they fall on (direct least-squares reconstruction). Every voxel
 * has a pattern at each depth node, looked up in a table with the weights of a stencil; at each angle the pattern at its
 * depth is a cubic of four nodes, shared between the two nearest rays:
 *
 *   E[depth] = sum over q of weights[voxel, q] table[nodes[voxel] + offsets[q], depth]
 *   lateral = rotationAxis + x cos + y sin,   u = depthOrigin + depthScale (y cos - x sin) in nodes
 *   rays[angle, j] += (1 - f) p,   rays[angle, j + 1] += f p,   p = sum of four c_i E[depth + i],   f = lateral - j
 *
 * What falls beside the scan is lost. Voxels are added in their order at every angle, so that rays do not depend on how
 * angles and voxels are split into calls. With the weights of a derivative in place of the values' this is one column
 * block of the Jacobian. Sum and products are rounded to f32 one by one, positions are f64.
 *
 * @param rays       [angle, translations >= 2, K] f32, added to; angle counts from the scan's first, whatever the range
 * @param terms      K, a multiple of 8
 * @param places     [voxel, 2] f32: x and y from the rotation axis, in translation steps
 * @param nodes      [voxel] i32: first table node of a voxel
 * @param weights    [voxel, stencil] f32
 * @param offsets    [stencil] i32: table nodes from the first
 * @param table      [node, depths, K] f32; depths >= 4
 * @param first,end  voxels to add
 * @param directions [angle, 2] f64: cos and sin of omega
 * @param angle,angleEnd angles to add
 * @param depthScale,depthOrigin depth nodes per step, and the node of the rotation axis
 * @param scratch    [dlsrScratchLength(terms, depths)] f32
 */
export function dlsrForward(
  rays: Float32Array,
  translations: number,
  terms: number,
  places: Float32Array,
  nodes: Int32Array,
  weights: Float32Array,
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
  const pattern = scratch.subarray(0, depths * terms);
  for (let v = first; v < end; v++) {
    lookUpPattern(pattern, weights, v * stencil, nodes[v]!, offsets, stencil, table, depths * terms);
    const [x, y] = [places[2 * v]!, places[2 * v + 1]!];
    for (let a = angle; a < angleEnd; a++) {
      const [c, s] = [directions[2 * a]!, directions[2 * a + 1]!];
      placeVoxel(place, x, y, c, s, rotationAxis, depthScale, depthOrigin, depths);
      const { j, left, right, cubic } = place;
      const isLeftIn = j >= 0 && j < translations;
      const isRightIn = j >= -1 && j < translations - 1;
      const ray = (a * translations + j) * terms;
      for (let k = 0; k < terms; k++) {
        const e = place.depth * terms + k;
        let p = f(cubic[0]! * pattern[e]!);
        for (let i = 1; i < 4; i++) p = f(p + f(cubic[i]! * pattern[e + i * terms]!));
        if (isLeftIn) rays[ray + k] = rays[ray + k]! + f(left * p);
        if (isRightIn) rays[ray + terms + k] = rays[ray + terms + k]! + f(right * p);
      }
    }
  }
}
