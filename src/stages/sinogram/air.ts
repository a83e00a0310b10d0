/** Translations at the ends of the lines that hold no sample at any angle. */
import { quantile } from "../../fit/index.ts";

/** A sample that takes less than this of the beam does not show in its transmission, and would pass for air. */
const LEAST_DEPTH = 0.05;

/**
 * How many translations at the low and the high end are air.
 *
 * @param total        [angle, translation] sum over channels
 * @param transmission [angle, translation] where it was measured: it decides alone, unless the sample hardly attenuates
 */
export function findAir(
  total: Float64Array,
  angles: number,
  translations: number,
  transmission?: Float64Array,
): { low: number; high: number } {
  const depth = transmission ? 1 - quantile(transmission, 0.02) : 0;
  const isAir =
    transmission && depth > LEAST_DEPTH
      ? (t: number) =>
          1 - quantile(column(transmission, angles, translations, t), 0.05) < Math.min(LEAST_DEPTH / 2, depth / 10)
      : emptyByIntensity(total, angles, translations);
  const limit = Math.floor(translations / 3);
  let low = 0;
  while (low < limit && isAir(low)) low++;
  let high = 0;
  while (high < limit && isAir(translations - 1 - high)) high++;
  // the point beside the sample catches the flank of the beam
  return { low: Math.max(0, low - 1), high: Math.max(0, high - 1) };
}

/**
 * Without a diode: weak against the sample and the same at all angles. Strong air scatter behind little sample is
 * therefore not recognised, and nothing is subtracted.
 */
function emptyByIntensity(total: Float64Array, angles: number, translations: number): (t: number) => boolean {
  const sample = quantile(total, 0.9);
  const base = Math.min(
    quantile(column(total, angles, translations, 0), 0.5),
    quantile(column(total, angles, translations, translations - 1), 0.5),
  );
  if (!(base < 0.3 * sample)) return () => false;
  const contrast = sample - base;
  return (t) =>
    column(total, angles, translations, t).filter((value) => Math.abs(value - base) > 0.03 * contrast).length <=
    0.02 * angles;
}

/** [angle] one translation of an image [angle, translation]. */
export function column(image: Float64Array, angles: number, translations: number, t: number): Float64Array {
  return Float64Array.from({ length: angles }, (_, a) => image[a * translations + t]!);
}
