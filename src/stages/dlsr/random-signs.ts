/**
 * Noise of known variance: +- sqrt(variance) by the bits of a hash of seed, ray and number, so that it does not depend on
 * who fills which ray. Sums over many rays are normal whatever the noise of one.
 *
 * Source of the mixing: MurmurHash3's finaliser (A. Appleby, public domain).
 */
export function fillRandomSigns(rays: Float32Array, terms: number, inverseVariance: Float64Array, seed: number): void {
  for (let ray = 0; ray < inverseVariance.length; ray++) {
    const size = inverseVariance[ray]! > 0 ? 1 / Math.sqrt(inverseVariance[ray]!) : 0;
    let bits = 0;
    for (let k = 0; k < terms; k++) {
      if (k % 32 === 0) bits = mixed(mixed(seed + Math.imul(ray, 0x9e3779b1)) + k);
      rays[ray * terms + k] = (bits >>> (k % 32)) & 1 ? size : -size;
    }
  }
}

/** +1 or -1 of a stream's i-th throw. */
export const randomSign = (stream: number, i: number): 1 | -1 => (mixed(mixed(stream) + i) & 1 ? 1 : -1);

function mixed(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
