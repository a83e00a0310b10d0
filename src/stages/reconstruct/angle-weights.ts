/**
 * The angle that each projection stands for, in radians: the d(omega) of the back-projection integral over half a turn.
 *
 * A projection at omega and one at omega + 180 see the same rays, so angles count modulo 180. Each stands for half the
 * way to its neighbours on either side (Voronoi on the circle); projections at one angle (repeats, 0 and 180 both
 * taken, a 360 scan) share its weight. A gap much wider than the others is not measured, and nobody stands for it.
 */
import { median } from "../../fit/index.ts";

/** Angles closer than this, in degrees, are one angle. */
const SAME_DEG = 1e-3;
/** A gap this many times the median gap is a missing wedge. */
const WEDGE = 4;

export interface AngleWeights {
  /** [angle] radians, in the order of the data; they sum to pi less the missing wedges */
  readonly weights: Float64Array;
  /** distinct angles modulo 180 */
  readonly distinct: number;
  /** degrees out of 180 that no projection stands for */
  readonly missingDeg: number;
}

/**
 * The share of the arc that each projection stands for, radians.
 *
 * @param omegaDeg [angle] degrees, in any order
 */
export function angleWeights(omegaDeg: ArrayLike<number>): AngleWeights {
  const folded = Array.from(omegaDeg, (omega) => ((omega % 180) + 180) % 180);
  const order = folded.map((_, i) => i).sort((a, b) => folded[a]! - folded[b]! || a - b);
  const groups: { at: number; members: number[] }[] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last && folded[i]! - last.at < SAME_DEG) last.members.push(i);
    else groups.push({ at: folded[i]!, members: [i] });
  }
  const first = groups[0]!;
  if (groups.length > 1 && first.at + 180 - groups.at(-1)!.at < SAME_DEG) {
    first.members.push(...groups.pop()!.members);
  }
  const n = groups.length;
  // gaps[i] lies between group i and the next
  const gaps = groups.map((group, i) => (i + 1 < n ? groups[i + 1]!.at - group.at : first.at + 180 - group.at));
  const usual = median(gaps);
  const isWedge = (gap: number) => n > 2 && gap > WEDGE * usual;
  const half = gaps.map((gap) => (isWedge(gap) ? usual : gap) / 2);
  const weights = new Float64Array(folded.length);
  groups.forEach(({ members }, i) => {
    const share = (half[i]! + half[(i + n - 1) % n]!) / members.length;
    for (const member of members) weights[member] = (share * Math.PI) / 180;
  });
  const missingDeg = gaps.reduce((sum, gap) => sum + (isWedge(gap) ? gap - usual : 0), 0);
  return { weights, distinct: n, missingDeg };
}
