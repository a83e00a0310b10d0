/**
 * out[ray] = sum over k of a[ray, k] b[ray, k] in f64: even and odd k apart, added at the end.
 *
 * @param out   [ray] f64, written
 * @param a,b   [ray, K] f32
 * @param terms K, a multiple of 8
 */
export function rayDots(out: Float64Array, a: Float32Array, b: Float32Array, rays: number, terms: number): void {
  for (let ray = 0; ray < rays; ray++) {
    let even = 0;
    let odd = 0;
    for (let i = ray * terms; i < (ray + 1) * terms; i += 2) {
      even += a[i]! * b[i]!;
      odd += a[i + 1]! * b[i + 1]!;
    }
    out[ray] = even + odd;
  }
}

/**
 * out[ray, k] += factors[ray] a[ray, k].
 *
 * @param out,a   [ray, K] f32
 * @param factors [ray] f32
 * @param terms   K, a multiple of 8
 */
export function rayAdd(out: Float32Array, a: Float32Array, factors: Float32Array, rays: number, terms: number): void {
  for (let ray = 0; ray < rays; ray++) {
    const factor = factors[ray]!;
    for (let i = ray * terms; i < (ray + 1) * terms; i++) out[i] = out[i]! + Math.fround(factor * a[i]!);
  }
}

/**
 * out[ray, k] *= factors[ray].
 *
 * @param out     [ray, K] f32
 * @param factors [ray] f32
 * @param terms   K, a multiple of 8
 */
export function rayScale(out: Float32Array, factors: Float32Array, rays: number, terms: number): void {
  for (let ray = 0; ray < rays; ray++) {
    const factor = factors[ray]!;
    for (let i = ray * terms; i < (ray + 1) * terms; i++) out[i] = out[i]! * factor;
  }
}

/**
 * Blurs along the translation with the taps (side, 1 - 2 side, side): the finite width of a voxel. Beyond the ends
 * rays count as 0, which makes it self-adjoint.
 *
 * @param out   [angle, translation, K] f32, written; not the array of rays
 * @param rays  [angle, translation, K] f32
 * @param terms K, a multiple of 8
 * @param side  taken as f32
 */
export function raysBlur(
  out: Float32Array,
  rays: Float32Array,
  angles: number,
  translations: number,
  terms: number,
  side: number,
): void {
  const f = Math.fround;
  const tap = f(side);
  const centre = f(1 - f(2 * tap));
  for (let angle = 0; angle < angles; angle++) {
    for (let j = 0; j < translations; j++) {
      const at = (angle * translations + j) * terms;
      for (let i = at; i < at + terms; i++) {
        const before = j > 0 ? rays[i - terms]! : 0;
        const after = j < translations - 1 ? rays[i + terms]! : 0;
        out[i] = f(centre * rays[i]!) + f(tap * f(before + after));
      }
    }
  }
}
