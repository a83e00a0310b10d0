/** Lays the lines down as found so far and asks every method for the rotation axis. */
import { InputError } from "../../data/index.ts";
import { median, quantile, robustSpread } from "../../fit/index.ts";
import { column, findAir } from "./air.ts";
import { type Arrangement, arrangeValues } from "./arrangement.ts";
import type { SinogramConfig } from "./config.ts";
import type { Transmission } from "./normalise.ts";
import { type LineSpectra, lineSpectra, type Registration, registerLines } from "./registration.ts";
import type { RotationAxisReport } from "./report.ts";
import { type AxisEstimate, axisByCentroid, axisByMirror, axisByWedge } from "./rotation-axis.ts";
import {
  arrangeImage,
  balanceChannels,
  despikeImage,
  fillImage,
  totalImage,
  type WorkingImage,
  withAbsorption,
} from "./working-image.ts";

export interface AxisSolution {
  readonly axis: RotationAxisReport;
  readonly air: { readonly low: number; readonly high: number };
  /** [angle, translation] sum over channels less the air */
  readonly signal: Float64Array;
  /** [angle] each line registered against the one before */
  readonly neighbours: readonly Registration[];
  /** how alike the first and the last projection are, as they are and with one mirrored */
  readonly seam: { readonly direct: number; readonly mirrored: number };
}

/** @param image [line, channel, point] as measured, normalised; @param good [line] */
export function solveAxis(
  image: WorkingImage,
  arrangement: Arrangement,
  good: Uint8Array,
  transmission: Transmission | undefined,
  config: SinogramConfig,
  reach: number,
): AxisSolution {
  const { lineOfAngle, turned, shiftSteps, omegaDeg } = arrangement;
  const { points } = image;
  const angles = lineOfAngle.length;
  const ordered = despikeImage(fillImage(arrangeImage(image, lineOfAngle, turned, shiftSteps)), reach);
  const passed = transmission ? filled(arrangeValues(transmission.values, arrangement, points), points) : undefined;
  const total = totalImage(ordered);
  const air = findAir(total, angles, points, passed);
  const signal = lessAir(total, angles, points, air);
  const isTruncated = leavesTheField(signal, angles, points);
  const balanced = balanceChannels(ordered);
  const full = passed ? withAbsorption(balanced, passed) : balanced;
  const spectra = lineSpectra(full.data, angles, full.channels, points);

  const neighbours = registerNeighbours(spectra, angles);
  const goodAngles = trustedAngles(
    neighbours,
    Uint8Array.from(lineOfAngle, (line) => good[line]!),
  );

  const estimates: AxisEstimate[] = [
    axisByCentroid("centroid", maskLines(signal, goodAngles, points), omegaDeg, points, isTruncated),
    axisByMirror(spectra, omegaDeg, goodAngles),
    axisByWedge(spectra, omegaDeg, goodAngles),
  ];
  if (passed) {
    const absorption = maskLines(
      passed.map((value) => -Math.log(value)),
      goodAngles,
      points,
    );
    const leaves = leavesTheField(absorption, angles, points);
    estimates.splice(1, 0, axisByCentroid("centroid of absorption", absorption, omegaDeg, points, leaves));
  }
  const seam = {
    direct: registerLines(spectra, 0, angles - 1, { reach: points / 8 }).correlation,
    mirrored: registerLines(spectra, 0, angles - 1, { reach: points / 4, mirror: true }).correlation,
  };
  return { axis: combine(estimates, isTruncated, config), air, signal, neighbours, seam };
}

/** [angle] each line against the one before; the first against itself. */
function registerNeighbours(spectra: LineSpectra, angles: number): Registration[] {
  const neighbours: Registration[] = [{ shift: 0, correlation: 1 }];
  for (let i = 1; i < angles; i++) neighbours.push(registerLines(spectra, i - 1, i, { reach: spectra.points / 8 }));
  return neighbours;
}

/** Good lines less those that look like neither neighbour: one such line at the seam would decide the axis. */
function trustedAngles(neighbours: readonly Registration[], good: Uint8Array): Uint8Array {
  const beside = Float64Array.from(neighbours, ({ correlation }, i) =>
    Math.max(i > 0 ? correlation : -1, neighbours[i + 1]?.correlation ?? -1),
  );
  const typical = median(beside);
  const limit = typical - Math.max(0.15, 8 * robustSpread(beside, typical));
  return good.map((isGood, i) => (isGood && beside[i]! > limit ? 1 : 0));
}

function filled(values: Float64Array, points: number): Float64Array {
  return fillImage({ lines: values.length / points, channels: 1, points, data: values }).data;
}

function maskLines(image: Float64Array, good: Uint8Array, points: number): Float64Array {
  return image.map((value, i) => (good[Math.floor(i / points)] ? value : 0));
}

/** The air of each line taken off; without air, what the emptiest two per cent of the cells hold. */
function lessAir(
  total: Float64Array,
  angles: number,
  points: number,
  { low, high }: { low: number; high: number },
): Float64Array {
  const floor = quantile(total, 0.02);
  const signal = new Float64Array(total.length);
  for (let a = 0; a < angles; a++) {
    const line = total.subarray(a * points, (a + 1) * points);
    let base = floor;
    if (low + high >= 4) {
      base = 0;
      for (let t = 0; t < low; t++) base += line[t]! / (low + high);
      for (let t = points - high; t < points; t++) base += line[t]! / (low + high);
    }
    for (let t = 0; t < points; t++) signal[a * points + t] = line[t]! - base;
  }
  return signal;
}

/** More than a tenth of the sample's level at an end of the line, at more than a tenth of the angles. */
function leavesTheField(signal: Float64Array, angles: number, points: number): boolean {
  const level = quantile(signal, 0.9);
  const ends = [0, points - 1].map((t) => quantile(column(signal, angles, points, t), 0.9));
  return Math.max(...ends) > 0.1 * level;
}

/** Mean of the usable methods by their esds; where they disagree the median: one of three that is wrong cannot move it far. */
function combine(estimates: AxisEstimate[], truncated: boolean, config: SinogramConfig): RotationAxisReport {
  const usable = estimates.filter((estimate) => estimate.usable);
  const values = usable.map((estimate) => estimate.value);
  const isOfOneMind = agreeWithinTolerance(usable, config.axisToleranceSteps);
  const found = isOfOneMind && usable.length > 0 ? weightedMean(usable) : median(values);
  const isGiven = config.rotationAxis !== "auto";
  const value = isGiven ? (config.rotationAxis as number) : found;
  const spread = values.length > 1 ? Math.max(...values) - Math.min(...values) : Number.NaN;
  const own = median(usable.map((estimate) => estimate.esd)) || 0;
  const esd = Math.max(own, (spread || 0) / Math.sqrt(12)) || Number.NaN;
  const isNear = !isGiven || Math.abs(found - value) <= config.axisToleranceSteps + 2 * (esd || 0);
  return {
    value,
    esd: isGiven ? Number.NaN : esd,
    given: isGiven,
    estimates,
    spread,
    agree: usable.length > 1 && isNear && isOfOneMind,
    truncated,
  };
}

/** At least what the assumptions of a method are worth; where it is not known, a tenth of a step. */
const esdOf = ({ esd }: AxisEstimate): number => (Number.isFinite(esd) ? Math.max(esd, 0.02) : 0.1);

function weightedMean(estimates: readonly AxisEstimate[]): number {
  let sum = 0;
  let weights = 0;
  for (const estimate of estimates) {
    sum += estimate.value / esdOf(estimate) ** 2;
    weights += 1 / esdOf(estimate) ** 2;
  }
  return sum / weights;
}

/** No two further apart than the tolerance and twice what they say of their own scatter. */
function agreeWithinTolerance(usable: readonly AxisEstimate[], tolerance: number): boolean {
  return usable.every((a) =>
    usable.every((b) => Math.abs(a.value - b.value) <= tolerance + 2 * Math.hypot(esdOf(a), esdOf(b))),
  );
}

/**
 * One clear message where the axis is in doubt.
 *
 * @throws InputError "sinogram-axis-disagreement" where the configuration asks for that, or no method could be used
 */
export function judgeAxis(axis: RotationAxisReport, config: SinogramConfig, warnings: string[]): void {
  const list = axis.estimates
    .map(({ method, value, usable, note }) =>
      usable ? `${method} ${value.toFixed(2)}` : `${method} not usable (${note})`,
    )
    .join(", ");
  if (!Number.isFinite(axis.value))
    throw new InputError(
      "sinogram-axis-not-found",
      `No method could find the rotation axis: ${list}. Give it: rotationAxis (in translation steps) in the sinogram section.`,
    );
  if (axis.agree) return;
  const usable = axis.estimates.filter((estimate) => estimate.usable).length;
  const what = axis.given
    ? `The rotation axis was given as ${axis.value}, and the data say otherwise`
    : usable < 2
      ? "The rotation axis rests on one method alone"
      : `The methods that find the rotation axis differ by ${axis.spread.toFixed(2)} steps (at most ${config.axisToleranceSteps} are allowed)`;
  const message = `${what}: ${list}; used: ${axis.value.toFixed(2)}. Look at a reconstruction, and give rotationAxis if it is blurred or doubled.`;
  if (config.axisDisagreement === "fail" && !axis.given && usable >= 2)
    throw new InputError("sinogram-axis-disagreement", message);
  warnings.push(message);
}
