/**
 * What an electrode looks like across: two coatings beside a collector, blurred by the resolution of the slice. Fitted
 * to profiles averaged over a length of the electrode, so that edges come out finer than a voxel.
 */
import { createLeastSquares } from "../../fit/index.ts";

/** Lengths in voxels, from the traced middle outwards; heights in those of the signals. */
export interface CoatProfile {
  readonly height: number;
  readonly floor: number;
  /** middle of the collector */
  readonly centre: number;
  /** half the collector's thickness */
  readonly collector: number;
  /** thickness of the coating on the side towards the roll's axis */
  readonly inner: number;
  readonly outer: number;
  /** standard deviation of the blur */
  readonly blur: number;
  /** height of the collector's own line */
  readonly line: number;
  /** how far the reconstruction's filter overshoots at edges; 0 for a plain blur */
  readonly overshoot: number;
}
export type ProfileParameter = keyof CoatProfile;

export interface ProfileFit {
  readonly profile: CoatProfile;
  /** NaN where a parameter was fixed or is not determined */
  readonly esd: CoatProfile;
  readonly isConverged: boolean;
}

const ORDER: readonly ProfileParameter[] = [
  "height",
  "floor",
  "centre",
  "collector",
  "inner",
  "outer",
  "blur",
  "line",
  "overshoot",
];
const INDEX = Object.fromEntries(ORDER.map((name, i) => [name, i])) as Record<ProfileParameter, number>;

/**
 * @param offsets voxels across the strand
 * @param coat, line signals there; `line` is left out where the collector has no map
 * @param fixed what keeps its starting value
 * @param correlated neighbouring offsets that hold one voxel's worth of information
 */
export function fitProfile(
  offsets: Float64Array,
  coat: Float64Array,
  line: Float64Array | undefined,
  start: CoatProfile,
  fixed: readonly ProfileParameter[],
  correlated: number,
): ProfileFit {
  const n = offsets.length;
  const m = line ? 2 * n : n;
  const size = ORDER.length;
  const p = Float64Array.from(ORDER, (name) => start[name]);
  const isFixed = ORDER.map((name) => fixed.includes(name) || (!line && name === "line"));
  const solver = createLeastSquares({ parameters: size, residuals: m });
  const half = Math.max(Math.abs(offsets[0]!), Math.abs(offsets.at(-1)!));
  const summary = solver.solve(
    (parameters, residuals, jacobian) => {
      jacobian?.fill(0);
      for (let i = 0; i < n; i++) {
        residuals[i] = profileAt(parameters, offsets[i]!, jacobian?.subarray(i * size, (i + 1) * size)) - coat[i]!;
        if (!line) continue;
        const row = jacobian?.subarray((n + i) * size, (n + i + 1) * size);
        residuals[n + i] = lineAt(parameters, offsets[i]!, row) - line[i]!;
      }
      return true;
    },
    p,
    {
      fixed: isFixed,
      lower: [0, -0.3, -half / 3, 0, 0, 0, 0.2, 0, 0],
      upper: [4, 0.6, half / 3, half / 3, half, half, 2.5, 20, 2],
      maxIterations: 60,
    },
  );
  const free = isFixed.filter((is) => !is).length;
  const noise = Math.sqrt((2 * summary.finalCost) / Math.max(1, m - free)) * Math.sqrt(correlated);
  const { esd } = solver.covariance();
  const values = (of: (i: number) => number): CoatProfile =>
    Object.fromEntries(ORDER.map((name, i) => [name, of(i)])) as unknown as CoatProfile;
  return {
    profile: values((i) => p[i]!),
    esd: values((i) => (isFixed[i] ? Number.NaN : esd[i]! * noise)),
    isConverged: summary.status === "converged" || summary.status === "undetermined",
  };
}

/** The coatings at an offset, with the derivatives by every parameter where `row` is given. */
export function profileAt(p: Float64Array, offset: number, row?: Float64Array): number {
  const [height, floor, centre, collector, inner, outer, blur] = p as unknown as number[];
  const overshoot = p[INDEX.overshoot]!;
  const u = offset - centre!;
  // edges from the inside out: material begins and ends by turns
  const edges = [-collector! - inner!, -collector!, collector!, collector! + outer!];
  let [shape, byBlur, byOvershoot] = [0, 0, 0];
  const slopes = [0, 0, 0, 0];
  for (let e = 0; e < 4; e++) {
    const sign = e % 2 === 0 ? 1 : -1;
    const t = (u - edges[e]!) / blur!;
    const [narrow, wide] = [bell(t) / blur!, bell(t / WIDER) / (WIDER * blur!)];
    const difference = normalShare(t) - normalShare(t / WIDER);
    shape += sign * (normalShare(t) + overshoot * difference);
    byOvershoot += sign * difference;
    slopes[e] = sign * ((1 + overshoot) * narrow - overshoot * wide);
    byBlur -= t * slopes[e]!;
  }
  if (row) {
    const [a, b, c, d] = slopes as [number, number, number, number];
    row[INDEX.height] = shape;
    row[INDEX.floor] = 1;
    row[INDEX.centre] = -height! * (a + b + c + d);
    row[INDEX.collector] = height! * (a + b - c - d);
    row[INDEX.inner] = height! * a;
    row[INDEX.outer] = -height! * d;
    row[INDEX.blur] = height! * byBlur;
    row[INDEX.overshoot] = height! * byOvershoot;
  }
  return floor! + height! * shape;
}

/** The collector's own line: it is thinner than the blur, so that it looks like the blur. */
export function lineAt(p: Float64Array, offset: number, row?: Float64Array): number {
  const [centre, blur, line, overshoot] = [p[INDEX.centre]!, p[INDEX.blur]!, p[INDEX.line]!, p[INDEX.overshoot]!];
  const t = (offset - centre) / blur;
  const narrow = Math.exp(-0.5 * t * t);
  const wide = Math.exp((-0.5 * t * t) / WIDER ** 2) / WIDER;
  const shape = (1 + overshoot) * narrow - overshoot * wide;
  const slope = ((1 + overshoot) * narrow - (overshoot * wide) / WIDER ** 2) * t;
  if (row) {
    row[INDEX.centre] = (line * slope) / blur;
    row[INDEX.blur] = (line * slope * t) / blur;
    row[INDEX.line] = shape;
    row[INDEX.overshoot] = line * (narrow - wide);
  }
  return line * shape;
}

/**
 * The blur is a bell, and as much of a second, wider one is taken away again as was added to the first: what filtered
 * back-projection does to an edge. In widths of the first.
 */
const WIDER = 2;

const bell = (t: number): number => Math.exp(-0.5 * t * t) / Math.sqrt(2 * Math.PI);

/** Share of a normal distribution below t (Abramowitz & Stegun 7.1.26, to 1.5e-7). */
function normalShare(t: number): number {
  const z = Math.abs(t) / Math.SQRT2;
  const k = 1 / (1 + 0.3275911 * z);
  const tail = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))));
  const share = 0.5 * tail * Math.exp(-z * z);
  return t > 0 ? 1 - share : share;
}
