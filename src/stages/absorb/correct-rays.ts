/** Zero-order correction: what a ray scatters over what of it gets through. */

export interface RayCorrection {
  /** [ray] not under the least that is divided by */
  readonly transmission: Float64Array;
  /** [ray] 1 where the transmission was under it */
  readonly opaque: Uint8Array;
  /** [bin] of the scan: air that was subtracted from rays as if they were not attenuated; the air was */
  readonly air?: ArrayLike<number>;
}

/**
 * A ray through the sample is measured as T (sample + air): the air before and behind is attenuated alike. Where air
 * has been subtracted in full, T sample - (1 - T) air is left, so
 *
 *   sample = left / T + air (1 / T - 1)
 *
 * Sigma goes over T, and is infinite where the ray is opaque. In place.
 *
 * @param values [ray, bin]
 * @param sigma  [ray, bin]
 * @param firstBin of the scan, where the block begins
 */
export function correctRays(
  { transmission, opaque, air }: RayCorrection,
  values: Float32Array,
  sigma: Float32Array | undefined,
  bins: number,
  firstBin = 0,
): void {
  for (let ray = 0; ray < transmission.length; ray++) {
    const factor = 1 / transmission[ray]!;
    const at = ray * bins;
    for (let bin = 0; bin < bins; bin++) {
      const added = air ? air[firstBin + bin]! * (factor - 1) : 0;
      values[at + bin] = values[at + bin]! * factor + added;
    }
    if (!sigma) continue;
    if (opaque[ray]) sigma.fill(Number.POSITIVE_INFINITY, at, at + bins);
    else for (let bin = 0; bin < bins; bin++) sigma[at + bin] = sigma[at + bin]! * factor;
  }
}

/**
 * Transmissions that may be divided by.
 *
 * @returns opaqueShare: opaque rays over rays that the sample attenuates at all (by over 1 %)
 */
export function limitTransmission(
  transmission: ArrayLike<number>,
  minimum: number,
): { transmission: Float64Array; opaque: Uint8Array; opaqueShare: number } {
  const opaque = new Uint8Array(transmission.length);
  let through = 0;
  let count = 0;
  const limited = Float64Array.from(transmission, (value, ray) => {
    if (!Number.isFinite(value)) return 1;
    if (value < 0.99) through++;
    if (value > minimum) return value;
    opaque[ray] = 1;
    count++;
    return minimum;
  });
  return { transmission: limited, opaque, opaqueShare: through > 0 ? count / through : 0 };
}
