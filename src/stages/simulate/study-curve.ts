/**
 * How the cell of the simulated NMC532 follows its lithium content. The curve is made to go through the states of
 * Vamvakeros et al., Small Methods (2021) 2100512, with the shape that Maerker et al., Chem. Mater. 31 (2019) 2545
 * measured of NMC811: a falls and flattens below x = 0.4, c is greatest near 0.37. It is a simulation's own and no
 * measurement of NMC532: whoever analyses the simulation has to be given it.
 */
import { intervalOf } from "./fields.ts";

/** x, a, c in angstrom */
export type CurvePoint = readonly [x: number, a: number, c: number];

const ANCHORS: readonly CurvePoint[] = [
  [0.1, 2.8161, 14.32],
  [0.15, 2.8163, 14.372],
  [0.2, 2.8167, 14.419],
  [0.27, 2.8176, 14.472],
  [0.32, 2.8187, 14.499],
  [0.37, 2.8201, 14.5108],
  [0.4, 2.8218, 14.5093],
  [0.45, 2.8257, 14.492],
  [0.5, 2.8302, 14.471],
  [0.6, 2.8388, 14.4257],
  [0.7, 2.8466, 14.3752],
  [0.8, 2.853, 14.3425],
  [0.834, 2.856, 14.329],
  [0.87, 2.859, 14.316],
  [1, 2.8655, 14.292],
];

/** The curve as a table in steps of x, straight lines between: what the simulation follows and what it is analysed by. */
export function calibrationCurve(step = 0.005): CurvePoint[] {
  const x = ANCHORS.map((point) => point[0]);
  const a = monotoneCubic(
    x,
    ANCHORS.map((point) => point[1]),
  );
  const c = monotoneCubic(
    x,
    ANCHORS.map((point) => point[2]),
  );
  const count = Math.round((x.at(-1)! - x[0]!) / step);
  return Array.from({ length: count + 1 }, (_, i) => {
    const at = round(x[0]! + (i * (x.at(-1)! - x[0]!)) / count);
    return [at, round(a(at)), round(c(at))] as const;
  });
}

const round = (value: number): number => Number(value.toFixed(6));

/** a and c in angstrom at a lithium content. */
export function cellAtContent(curve: readonly CurvePoint[], x: number): { readonly a: number; readonly c: number } {
  const { index, share } = intervalOf(
    curve.map((point) => point[0]),
    x,
  );
  const [before, after] = [curve[index]!, curve[index + 1]!];
  return { a: before[1] * (1 - share) + after[1] * share, c: before[2] * (1 - share) + after[2] * share };
}

/** Piecewise cubic without overshoot: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300. */
function monotoneCubic(x: readonly number[], y: readonly number[]): (at: number) => number {
  const n = x.length;
  const width = (i: number): number => x[i + 1]! - x[i]!;
  const secant = (i: number): number => (y[i + 1]! - y[i]!) / width(i);
  const slope = y.map((_, i) => {
    if (i === 0) return secant(0);
    if (i === n - 1) return secant(n - 2);
    const [before, after] = [secant(i - 1), secant(i)];
    if (before * after <= 0) return 0;
    const share = (1 + width(i) / (width(i - 1) + width(i))) / 3;
    return (before * after) / (share * after + (1 - share) * before);
  });
  return (at) => {
    const { index: i, share: t } = intervalOf(x, at);
    const h = width(i);
    const rest = 1 - t;
    return (
      y[i]! * (1 + 2 * t) * rest ** 2 +
      h * slope[i]! * t * rest ** 2 +
      y[i + 1]! * t ** 2 * (3 - 2 * t) -
      h * slope[i + 1]! * t ** 2 * rest
    );
  };
}
