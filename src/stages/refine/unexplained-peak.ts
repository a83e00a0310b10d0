/** The largest thing in a pattern that the model does not have. */
export interface UnexplainedPeak {
  readonly twoThetaDeg: number;
  /** observed - calculated, summed over a line width, over its standard uncertainty */
  readonly significance: number;
  /** the same area over that of the tallest line */
  readonly share: number;
}

/** @param fwhmDeg of a line; one of this width is looked for, and one four times as broad */
export function unexplainedPeak(
  x: Float64Array,
  observed: Float64Array,
  calculated: Float64Array,
  background: Float64Array,
  weight: Float64Array,
  fwhmDeg: number,
): UnexplainedPeak | undefined {
  const [narrow, broad] = [1, 4].map((factor) =>
    largestExcess(x, observed, calculated, background, weight, factor * fwhmDeg),
  );
  return (broad?.significance ?? 0) > (narrow?.significance ?? 0) ? broad : narrow;
}

function largestExcess(
  x: Float64Array,
  observed: Float64Array,
  calculated: Float64Array,
  background: Float64Array,
  weight: Float64Array,
  fwhmDeg: number,
): UnexplainedPeak | undefined {
  let best: UnexplainedPeak | undefined;
  let tallest = 0;
  let [from, to] = [0, 0];
  let [difference, variance, net] = [0, 0, 0];
  // a window of one width that slides over the points
  for (let i = 0; i < x.length; i++) {
    for (; to < x.length && x[to]! <= x[i]! + fwhmDeg / 2; to++) {
      difference += observed[to]! - calculated[to]!;
      variance += 1 / weight[to]!;
      net += observed[to]! - background[to]!;
    }
    for (; x[from]! < x[i]! - fwhmDeg / 2; from++) {
      difference -= observed[from]! - calculated[from]!;
      variance -= 1 / weight[from]!;
      net -= observed[from]! - background[from]!;
    }
    if (net > tallest) tallest = net;
    const significance = difference / Math.sqrt(variance);
    if (significance > (best?.significance ?? 0)) {
      best = { twoThetaDeg: x[i]!, significance, share: difference };
    }
  }
  if (!best || !(tallest > 0)) return undefined;
  const middle = best.twoThetaDeg;
  let [moment, total] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Math.abs(x[i]! - middle) > fwhmDeg / 2) continue;
    const excess = Math.max(0, observed[i]! - calculated[i]!);
    moment += excess * x[i]!;
    total += excess;
  }
  return { ...best, twoThetaDeg: total > 0 ? moment / total : middle, share: best.share / tallest };
}
