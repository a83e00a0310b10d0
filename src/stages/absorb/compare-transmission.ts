/** A transmission that was predicted against one that was measured. */
export interface TransmissionComparison {
  /** rays compared: through the sample, measured, not opaque */
  readonly rays: number;
  /** predicted / measured - 1: mean, root mean square, largest */
  readonly bias: number;
  readonly rms: number;
  readonly largest: number;
}

/**
 * How well the calculated transmission of the rays agrees with the measured one, [angle, translation] each.
 *
 * @param usable [ray] 1 where the measured one can be believed
 */
export function compareTransmission(
  predicted: ArrayLike<number>,
  measured: ArrayLike<number>,
  usable: ArrayLike<number>,
): TransmissionComparison {
  let [rays, sum, squares, largest] = [0, 0, 0, 0];
  for (let ray = 0; ray < measured.length; ray++) {
    if (!usable[ray] || !(measured[ray]! > 0) || (predicted[ray]! > 0.99 && measured[ray]! > 0.99)) continue;
    const difference = predicted[ray]! / measured[ray]! - 1;
    rays++;
    sum += difference;
    squares += difference * difference;
    largest = Math.max(largest, Math.abs(difference));
  }
  const n = Math.max(1, rays);
  return { rays, bias: sum / n, rms: Math.sqrt(squares / n), largest };
}
