/**
 * The geometry that puts the ring points at their Bragg angles:
 *
 *   minimise sum rho(((2theta(point; geometry) - 2theta(d; energy)) / sigma)^2)
 *   sigma^2 = sigma_counting^2 + s^2
 *
 * s is the scatter that counting does not explain (grains, distortion, a sample of finite thickness), in pixels and
 * the same for every point. It is found so that the reduced chi^2 is 1 (the method of Paule & Mandel, J. Res. Natl.
 * Bur. Stand. 87, 1982, 377), and keeps few bright points from deciding alone. Where the points scatter less than
 * their counting esd says, s is 0.
 *
 * Where s outweighs counting, neighbouring points err together (a detector module out of place moves all rings on
 * it), and there are fewer independent points than points. The esd are then widened to those that treat each block
 * of the detector as one observation (the sandwich estimate with clusters: Liang & Zeger, Biometrika 73, 1986, 13).
 */
import { cauchyLoss, createLeastSquares, type Evaluate, median, type SolveSummary } from "../../fit/index.ts";
import type { Poni } from "../../geometry/index.ts";
import {
  GEOMETRY_PARAMETERS,
  geometryVector,
  poniFromVector,
  ringByEnergy,
  ringTwoTheta,
  twoThetaOfPoints,
} from "./ring-geometry.ts";
import { pixelAngle, type RingPoint } from "./ring-points.ts";

const COUNT = GEOMETRY_PARAMETERS.length;

export interface GeometryFit {
  readonly poni: Poni;
  readonly energyKeV: number;
  readonly summary: SolveSummary;
  /** [7, 7] by GEOMETRY_PARAMETERS; scatter included */
  readonly covariance: Float64Array;
  /** indices into GEOMETRY_PARAMETERS */
  readonly undetermined: readonly number[];
  /** [point] observed - calculated two-theta, radians */
  readonly residual: Float64Array;
  /** [point] 1: kept, 0: of a ring left out, or an outlier of more than OUTLIER sigma */
  readonly kept: Uint8Array;
  /** s above, in pixels */
  readonly scatterPx: number;
}

export interface FreeParameters {
  readonly tilt: boolean;
  readonly energy: boolean;
  /** rad; pulls rot1 and rot2 towards 0 while only few rings are in */
  readonly tiltPrior?: number;
}

const OUTLIER = 5;
/** Blocks of the detector along its longer side: about the modules of a large detector. */
const BLOCKS = 6;

/**
 * @param points  as extracted; positions in pixels
 * @param dA      [ring] spacing of each ring that a point may name
 * @param leftOut rings whose points get a residual but no weight
 */
export function fitGeometry(
  points: readonly RingPoint[],
  dA: readonly number[],
  start: Poni,
  startEnergyKeV: number,
  free: FreeParameters,
  leftOut: ReadonlySet<number> = new Set(),
): GeometryFit {
  const problem = createProblem(points, dA, start, free);
  const p = geometryVector(start, startEnergyKeV);
  const wanted = Uint8Array.from(points, (point) => (leftOut.has(point.ring) ? 0 : 1));
  const kept = wanted.slice();
  const counting = Float64Array.from(points, (point) => point.esdTwoTheta);
  const perPixel = Float64Array.from(points, (point) => pixelAngle(start, ringTwoTheta(dA[point.ring]!, p[6]!)));
  // First by a loss that outliers cannot pull, each point alike.
  problem.weigh(
    perPixel.map((angle, i) => Math.max(counting[i]!, 0.5 * angle)),
    kept,
  );
  let summary = problem.solve(p, true);
  let scatterPx = 0;
  for (let round = 0; round < 4; round++) {
    const residual = problem.residual(p);
    rejectOutliers(residual, counting, perPixel, scatterPx, wanted, kept, round === 0);
    scatterPx = excessScatter(residual, counting, perPixel, kept, problem.freeCount);
    problem.weigh(
      counting.map((esd, i) => Math.hypot(esd, scatterPx * perPixel[i]!)),
      kept,
    );
    summary = problem.solve(p, false);
  }
  const { matrix, undetermined } = problem.covariance();
  const typical = median(counting.map((esd, i) => esd / perPixel[i]!));
  if (scatterPx > typical) widenForBlocks(matrix, points, problem.weightedRows(p));
  return {
    poni: poniFromVector(p, start),
    energyKeV: p[6]!,
    summary,
    covariance: matrix,
    undetermined,
    residual: problem.residual(p),
    kept,
    scatterPx,
  };
}

/** The least-squares problem in scaled parameters; two rows more hold the tilt where a prior is given. */
function createProblem(points: readonly RingPoint[], dA: readonly number[], start: Poni, free: FreeParameters) {
  const n = points.length;
  const y = Float64Array.from(points, (point) => point.row * start.pixel1);
  const x = Float64Array.from(points, (point) => point.col * start.pixel2);
  const twoTheta = new Float64Array(n);
  const weight = new Float64Array(n);
  const solver = createLeastSquares({ parameters: COUNT, residuals: n + 2 });
  // rot3 turns the rings in themselves: nothing can be said about it.
  const fixed = [false, false, false, !free.tilt, !free.tilt, true, !free.energy];

  const evaluate: Evaluate = (p, residuals, jacobian) => {
    twoThetaOfPoints(p, y, x, twoTheta, jacobian);
    for (let i = 0; i < n; i++) {
      const d = dA[points[i]!.ring]!;
      residuals[i] = (twoTheta[i]! - ringTwoTheta(d, p[6]!)) * weight[i]!;
      if (!jacobian) continue;
      const row = i * COUNT;
      jacobian[row + 6] = -ringByEnergy(d, p[6]!);
      for (let j = 0; j < COUNT; j++) jacobian[row + j]! *= weight[i]!;
    }
    const stiffness = free.tiltPrior ? 1 / free.tiltPrior : 0;
    for (const k of [0, 1]) {
      residuals[n + k] = stiffness * p[3 + k]!;
      jacobian?.fill(0, (n + k) * COUNT, (n + k + 1) * COUNT);
      if (jacobian) jacobian[(n + k) * COUNT + 3 + k] = stiffness;
    }
    return true;
  };
  return {
    evaluate,
    freeCount: fixed.filter((isFixed) => !isFixed).length,
    weigh(sigma: Float64Array, kept: Uint8Array): void {
      for (let i = 0; i < n; i++) weight[i] = kept[i] ? 1 / sigma[i]! : 0;
    },
    solve: (p: Float64Array, robust: boolean): SolveSummary =>
      solver.solve(evaluate, p, { fixed, maxIterations: 100, ...(robust && { loss: cauchyLoss(1) }) }),
    residual(p: Float64Array): Float64Array {
      twoThetaOfPoints(p, y, x, twoTheta, null);
      return twoTheta.map((value, i) => value - ringTwoTheta(dA[points[i]!.ring]!, p[6]!));
    },
    covariance: () => solver.covariance(),
    /** [n, 7] Jacobian and [n] residuals of the points at p, weighted */
    weightedRows(p: Float64Array): { jacobian: Float64Array; residuals: Float64Array } {
      const residuals = new Float64Array(n + 2);
      const jacobian = new Float64Array((n + 2) * COUNT);
      evaluate(p, residuals, jacobian);
      return { jacobian, residuals };
    },
  };
}

/** Scale a covariance so that no esd is smaller than with each block of the detector as one observation. */
function widenForBlocks(
  covariance: Float64Array,
  points: readonly RingPoint[],
  { jacobian, residuals }: { jacobian: Float64Array; residuals: Float64Array },
): void {
  const side = Math.max(...points.map((point) => Math.max(point.row, point.col))) / BLOCKS;
  const scores = new Map<string, Float64Array>();
  points.forEach((point, i) => {
    const block = `${Math.floor(point.row / side)} ${Math.floor(point.col / side)}`;
    const score = scores.get(block) ?? new Float64Array(COUNT);
    scores.set(block, score);
    for (let j = 0; j < COUNT; j++) score[j]! += jacobian[i * COUNT + j]! * residuals[i]!;
  });
  const blocks = scores.size;
  if (blocks <= COUNT + 2) return;
  const scale = new Float64Array(COUNT).fill(1);
  for (let j = 0; j < COUNT; j++) {
    let variance = 0;
    for (const score of scores.values()) {
      let shift = 0;
      for (let k = 0; k < COUNT; k++) shift += covariance[j * COUNT + k]! * score[k]!;
      variance += shift * shift;
    }
    const ratio = ((variance / covariance[j * COUNT + j]!) * blocks) / (blocks - COUNT);
    if (ratio > 1) scale[j] = Math.sqrt(ratio);
  }
  for (let j = 0; j < COUNT; j++) for (let k = 0; k < COUNT; k++) covariance[j * COUNT + k]! *= scale[j]! * scale[k]!;
}

/** For the gradient check in the tests. */
export const geometryEvaluate = (points: readonly RingPoint[], dA: readonly number[], poni: Poni): Evaluate => {
  const problem = createProblem(points, dA, poni, { tilt: true, energy: true, tiltPrior: 0.1 });
  problem.weigh(
    Float64Array.from(points, (point) => point.esdTwoTheta),
    new Uint8Array(points.length).fill(1),
  );
  return problem.evaluate;
};

/** Further than OUTLIER sigma; at first the spread is not known yet and the median of the residuals stands for it. */
function rejectOutliers(
  residual: Float64Array,
  counting: Float64Array,
  perPixel: Float64Array,
  scatterPx: number,
  wanted: Uint8Array,
  kept: Uint8Array,
  isFirst: boolean,
): void {
  const pixels = residual.map((r, i) => Math.abs(r / perPixel[i]!)).filter((_, i) => wanted[i]);
  const spread = isFirst ? 1.4826 * median(pixels) : scatterPx;
  for (let i = 0; i < residual.length; i++) {
    const sigma = Math.hypot(counting[i]!, spread * perPixel[i]!);
    kept[i] = wanted[i] && Math.abs(residual[i]!) < OUTLIER * sigma ? 1 : 0;
  }
}

/** s in pixels with sum residual^2 / (counting^2 + s^2) = degrees of freedom, by bisection. */
function excessScatter(
  residual: Float64Array,
  counting: Float64Array,
  perPixel: Float64Array,
  kept: Uint8Array,
  freeCount: number,
): number {
  const freedom = kept.reduce((sum, k) => sum + k, 0) - freeCount;
  const chi2 = (s: number): number => {
    let sum = 0;
    for (let i = 0; i < residual.length; i++) {
      if (kept[i]) sum += residual[i]! ** 2 / (counting[i]! ** 2 + (s * perPixel[i]!) ** 2);
    }
    return sum;
  };
  if (freedom <= 0 || chi2(0) <= freedom) return 0;
  let [low, high] = [0, 1];
  while (chi2(high) > freedom && high < 1e4) high *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (chi2(middle) > freedom) low = middle;
    else high = middle;
  }
  return high;
}
