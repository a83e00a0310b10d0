/**
 * A pattern seen through an eye that cannot tell spacings apart that differ by less than a share: lines that are far
 * from where a model has them still overlap with them, and a search downhill finds its way.
 */
import type { PatternData } from "../../refinement/index.ts";

export interface BroadenedPattern {
  /** [k] degrees, spaced by a third of the width of a line there */
  readonly twoThetaDeg: Float64Array;
  /** [k] mean of the observed points, weighted by a Gaussian of FWHM 2 share tan(theta) */
  readonly observed: Float64Array;
  /** [k] relative: strong points count less than their share of a plain sum of squares */
  readonly weight: Float64Array;
}

const DEG = 180 / Math.PI;
/** Points for each width of a line. */
const SAMPLING = 3;
/** Below this share of the tallest point all points weigh alike. */
const FLOOR = 0.01;

/** Width in degrees of a line whose spacing is spread by `share`. */
const spreadDeg = (twoThetaDeg: number, share: number): number => 2 * share * Math.tan(twoThetaDeg / 2 / DEG) * DEG;

/**
 * @param share relative spread of spacings (FWHM)
 * @param fwhmDeg of the lines themselves
 */
export function broadenPattern(
  { twoThetaDeg: x, observed: y }: Pick<PatternData, "twoThetaDeg" | "observed">,
  share: number,
  fwhmDeg: number,
): BroadenedPattern {
  const [at, value]: [number[], number[]] = [[], []];
  const n = x.length;
  let from = 0;
  for (let centre = x[0]!; centre <= x[n - 1]!; ) {
    const spread = spreadDeg(centre, share);
    const next = centre + Math.hypot(spread, fwhmDeg) / SAMPLING;
    // at least the points up to the next place, so that none is passed over
    const reach = Math.max(spread, (next - centre) / 2);
    while (from < n && x[from]! < centre - reach) from++;
    let [sum, total] = [0, 0];
    for (let i = from; i < n && x[i]! <= centre + reach; i++) {
      const u = spread > 0 ? (2 * (x[i]! - centre)) / spread : 0;
      const weight = Math.exp(-Math.LN2 * u * u);
      sum += weight * y[i]!;
      total += weight;
    }
    if (total > 0) {
      at.push(centre);
      value.push(sum / total);
    }
    centre = next;
  }
  const top = value.reduce((most, one) => Math.max(most, one), 0);
  const weight = Float64Array.from(value, (one) => 1 / (Math.max(one, 0) + FLOOR * top));
  return { twoThetaDeg: Float64Array.from(at), observed: Float64Array.from(value), weight };
}
