/** A phantom's rays as a problem for the dense solver. */
import type { DenseProblem } from "./dense-solver.ts";
import { densePhase } from "./phantom-lines.ts";
import { type PhantomScan, SPATIAL } from "./phantoms.ts";

/** Deviation of a channel from the mean of all rays: counting noise, and never under 2 % of the largest mean. */
export function channelSigma(scan: PhantomScan, rays: Float32Array): Float64Array {
  const channels = scan.twoThetaDeg.length;
  const mean = new Float64Array(channels);
  for (let i = 0; i < rays.length; i++) mean[i % channels]! += rays[i]!;
  const variance = mean.map((sum, j) => ((sum / rays.length) * channels) / scan.pixels[j]!);
  const average = variance.reduce((sum, v) => sum + v, 0) / channels;
  return variance.map((v) => Math.sqrt(Math.max(v, 0.02 * average)));
}

/** [angle, translation] variance of a ray's numbers over that of the mean ray. */
export function rayVariances(scan: PhantomScan, rays: Float32Array, sigma: Float64Array): Float64Array {
  const channels = scan.twoThetaDeg.length;
  return Float64Array.from({ length: rays.length / channels }, (_, ray) => {
    let sum = 0;
    for (let j = 0; j < channels; j++) sum += rays[ray * channels + j]! / scan.pixels[j]! / sigma[j]! ** 2;
    return Math.max(0.05, sum / channels);
  });
}

/** Cubic splines on knots this far apart, as columns [channel]: the background and amorphous humps. */
export function splineColumns(twoThetaDeg: ArrayLike<number>, knotDeg: number): Float64Array[] {
  const first = twoThetaDeg[0]!;
  const last = twoThetaDeg[twoThetaDeg.length - 1]!;
  const intervals = Math.max(1, Math.round((last - first) / knotDeg));
  const step = (last - first) / intervals;
  const bump = (x: number): number => {
    const u = Math.abs(x);
    return u < 1 ? (4 - 6 * u * u + 3 * u * u * u) / 6 : u < 2 ? (2 - u) ** 3 / 6 : 0;
  };
  return Array.from({ length: intervals + 3 }, (_, k) =>
    Float64Array.from(twoThetaDeg, (t) => bump((t - first) / step - (k - 1))),
  );
}

/** Scale of the spatial phase that a volume fraction of 1 has: from the mean of all rays, splines left out. */
export function trueScale(scan: PhantomScan, rays: Float32Array, problem: DenseProblem, model: Float64Array): number {
  const channels = scan.twoThetaDeg.length;
  const mean = (values: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(channels);
    for (let i = 0; i < values.length; i++) out[i % channels]! += values[i]!;
    return out;
  };
  // the strongest line is far above any background: first moment about the ends of its window
  const measured = mean(rays);
  const calculated = mean(model);
  const top = calculated.indexOf(Math.max(...calculated));
  const reach = Math.round(
    (6 * problem.spatial.fwhmDeg(scan.twoThetaDeg[top]!)) / (scan.twoThetaDeg[1]! - scan.twoThetaDeg[0]!),
  );
  const above = (y: Float64Array): number => {
    let sum = 0;
    for (let j = top - reach; j <= top + reach; j++) sum += y[j]! - (y[top - reach]! + y[top + reach]!) / 2;
    return sum;
  };
  return above(measured) / above(calculated);
}

/** The spatial phase alone, at its true cells and fractions; what else there is has to be in `nuisance`. */
export function denseProblem(
  scan: PhantomScan,
  rays: Float32Array,
  nuisance: readonly ArrayLike<number>[],
  least = 0.03,
): DenseProblem & { readonly voxels: Int32Array } {
  const { fraction, a, c } = scan.truth[SPATIAL]!;
  const voxels = Int32Array.from([...fraction.keys()].filter((v) => fraction[v]! > least));
  const sigma = channelSigma(scan, rays);
  return {
    omegaDeg: scan.omegaDeg,
    translations: scan.translations,
    rotationAxis: scan.rotationAxis,
    stepMm: scan.stepMm,
    distanceMm: scan.distanceMm,
    depthSign: 1,
    wavelengthA: scan.wavelengthA,
    twoThetaDeg: scan.twoThetaDeg,
    sigma,
    data: rays,
    rayVariance: rayVariances(scan, rays, sigma),
    nuisance,
    blurSide: 1 / 24,
    spatial: densePhase(scan, SPATIAL, { scale: fraction, a, c }, voxels, { a: 2.835, c: 14.42 }),
    refinesScale: true,
    hasRayScale: false,
    lambda: [0, 0, 0],
    voxels,
  };
}
