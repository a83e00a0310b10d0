/** Phase one: from the small summary of a scan to everything that has to be known to put the whole scan right. */
import { InputError } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import { airPattern } from "./air-pattern.ts";
import {
  type Arrangement,
  arrange,
  arrangeValues,
  cellsOf,
  closeScan,
  describeScan,
  slopeReach,
  sortedByAngle,
  sourceOf,
} from "./arrangement.ts";
import { SinogramConfig } from "./config.ts";
import { findJumps } from "./jumps.ts";
import { findDark, findMissing, hasMaskedValues } from "./missing.ts";
import { checkRecord, incidentFactor, measuredTransmission, type ScanRecord, type Transmission } from "./normalise.ts";
import { findOrder, type LineOrder } from "./order.ts";
import { lineSpectra } from "./registration.ts";
import { CELL, type SinogramReport } from "./report.ts";
import { findRings } from "./rings.ts";
import { type AxisSolution, judgeAxis, solveAxis } from "./solve-axis.ts";
import type { PatternSummary } from "./summary.ts";
import {
  arrangeImage,
  balanceChannels,
  blankMissing,
  channelImage,
  fillImage,
  totalImage,
  type WorkingImage,
  withAbsorption,
} from "./working-image.ts";

/**
 * Order, shifts, normalisation, air, rotation axis, jumps, missing patterns, rings: all found or taken from `config`.
 * Long, because it is the list of the steps in their order, and of what they leave in the report.
 *
 * @param hasSigma whether the patterns come with uncertainties
 * @throws InputError "sinogram-record-shape" | "sinogram-angle-not-finite" | "sinogram-too-small" |
 *   "sinogram-empty" | "sinogram-axis-not-found" | "sinogram-axis-disagreement" | "sinogram-air-missing" |
 *   "sinogram-air-shape" | "sinogram-sigma-missing"
 */
export function analyseSinogram(
  summary: PatternSummary,
  record: ScanRecord,
  options: Partial<SinogramConfig> = {},
  hasSigma = false,
): SinogramReport {
  const config = SinogramConfig.parse(options);
  const { lines, points } = summary;
  checkScan(summary, record);
  const warnings: string[] = [];
  const incident = incidentFactor(record, lines * points, config);
  const read = measuredTransmission(record, lines, points, config);
  const [transmission, unused] = config.transmission === "ignore" ? [undefined, read] : [read, undefined];
  const { cells: missing, weakLines, good } = findMissing(summary, record, incident);
  const sorted = sortedByAngle(record.omegaDeg);
  const order = orderOf(
    blankMissing(channelImage(summary, finite(incident)), missing),
    sorted,
    good,
    transmission,
    config,
  );

  const factor = finite(incident).map((value, i) => value / (transmission ? transmission.values[i]! || 1 : 1));
  const image = blankMissing(channelImage(summary, factor), missing);
  const arranged = arrange(sorted, record.omegaDeg, order);
  const reach = slopeReach(arranged.omegaDeg, points);
  const solve = () => solveAxis(image, arranged, good, transmission, config, reach);
  let solution = solve();
  const jumps =
    config.jumps === "off" ? [] : findJumps(solution.neighbours, solution.signal, arranged, solution.axis, config);
  for (const { angle, steps } of jumps) arranged.shiftSteps[angle] = arranged.shiftSteps[angle]! - steps;
  const dark = markDark(image, arranged, missing, reach);
  if (jumps.length > 0 || dark > 0) solution = solve();
  const { axis, air, signal } = solution;

  const scan = describeScan(arranged, config.closing);
  const kept = closeScan(arranged, scan);
  const angles = kept.lineOfAngle.length;
  const opaqueCells = transmission ? transmission.opaque.reduce((a, b) => a + b, 0) : 0;
  const rings = config.rings === "off" ? [] : findRings(signal, angles, points, axis.value, config.ringSigma);
  const gainMeasured = measuredGain(summary);
  warnOf(order, axis.truncated, opaqueCells, weakLines, config, warnings);
  judgeAxis(axis, config, warnings);
  doubtTheArc(scan, solution.seam, warnings);
  return {
    lines,
    angles,
    translations: points,
    order,
    ...kept,
    factor,
    ...(transmission ? { transmission: arrangeValues(transmission.values, kept, points) } : {}),
    ...(unused ? { unusedTransmission: arrangeValues(unused.values, kept, points) } : {}),
    cells: cellsOf(kept, missing, transmission, points),
    rotationAxis: axis,
    jumps: jumps.map(({ angle, steps }) => ({
      line: arranged.lineOfAngle[angle]!,
      omegaDeg: arranged.omegaDeg[angle]!,
      steps,
    })),
    scan,
    air: airPattern(summary, record, config, kept, air, factor, missing, gainMeasured),
    missingPatterns: missing.reduce((count, bits) => count + (bits ? 1 : 0), 0),
    hasMaskedValues: hasMaskedValues(summary, missing),
    weakLines,
    darkCells: dark,
    opaqueCells,
    rings,
    sigma: sigmaSource(config, hasSigma, gainMeasured),
    hotSpots: { enabled: config.hotSpots === "auto", reach, sigmas: config.hotSigma, relative: config.hotRelative },
    warnings,
  };
}

/** Dark cells of the ordered lines marked where they were measured, in the image and in `missing`. */
function markDark(image: WorkingImage, arranged: Arrangement, missing: Uint8Array, reach: number): number {
  const { points } = image;
  const { lineOfAngle, turned, shiftSteps } = arranged;
  const total = totalImage(arrangeImage(image, lineOfAngle, turned, shiftSteps));
  const dark = findDark(total, lineOfAngle.length, points, reach);
  for (const cell of dark) {
    const angle = Math.floor(cell / points);
    const { low } = sourceOf(arranged, angle, cell % points, points);
    const at = lineOfAngle[angle]! * points + low;
    if (low >= 0) missing[at] = missing[at]! | CELL.dark;
  }
  if (dark.length > 0) blankMissing(image, missing);
  return dark.length;
}

function checkScan(summary: PatternSummary, record: ScanRecord): void {
  const { lines, points } = summary;
  if (lines < 4 || points < 4)
    throw new InputError(
      "sinogram-too-small",
      `The scan has ${lines} lines of ${points} points: a sinogram needs at least 4 of each.`,
    );
  checkRecord(record, lines, points);
}

/** A missing factor must not blank what is around it; its pattern is marked missing elsewhere. */
const finite = (factor: Float64Array): Float64Array => factor.map((value) => (Number.isFinite(value) ? value : 1));

function orderOf(
  image: WorkingImage,
  sorted: Int32Array,
  good: Uint8Array,
  transmission: Transmission | undefined,
  config: SinogramConfig,
): LineOrder {
  const balanced = balanceChannels(fillImage(image));
  const full = transmission ? withAbsorption(balanced, transmission.values) : balanced;
  return findOrder(lineSpectra(full.data, full.lines, full.channels, full.points), sorted, good, config);
}

/**
 * Patterns were sampled at four places of each line: the median over the lines of each place, and the least of the
 * four, because sharp peaks look like noise and air, at the ends, has none.
 */
function measuredGain({ gainSum, gainCount, lines }: PatternSummary): number {
  const gains = Array.from(gainSum, (sum, i) => (gainCount[i]! > 0 ? sum / gainCount[i]! : Number.NaN));
  const places = gains.length / lines;
  const medians = Array.from({ length: places }, (_, place) => median(gains.filter((_, i) => i % places === place)));
  const finite = medians.filter(Number.isFinite);
  return finite.length > 0 ? Math.min(...finite) : Number.NaN;
}

function sigmaSource(config: SinogramConfig, hasSigma: boolean, gainMeasured: number): SinogramReport["sigma"] {
  const isGiven = hasSigma && (config.sigma === "auto" || config.sigma === "given");
  if (config.sigma === "given" && !hasSigma)
    throw new InputError(
      "sinogram-sigma-missing",
      "sigma: given was asked for, and the patterns come without uncertainties: take sigma: counting, or integrate with uncertainties.",
    );
  const gain = config.countingGain === "auto" ? gainMeasured || 1 : config.countingGain;
  return { source: isGiven ? "given" : config.sigma === "none" ? "none" : "counting", gain, gainMeasured };
}

/** Angles that are wrong by a factor of two reconstruct to nonsense; the ends of the scan tell. */
function doubtTheArc(
  { kind, arcDeg }: SinogramReport["scan"],
  { direct, mirrored }: AxisSolution["seam"],
  warnings: string[],
): void {
  const better = kind === "half-turn" ? direct - mirrored : kind === "full-turn" ? mirrored - direct : 0;
  if (better < 0.2) return;
  const [is, should] = kind === "half-turn" ? ["as they are", "360"] : ["mirrored", "180"];
  warnings.push(
    `The angles span ${arcDeg.toFixed(1)} degrees, yet the first and the last projection look alike ${is}, as after ${should} degrees: check the list of angles.`,
  );
}

function warnOf(
  order: LineOrder,
  truncated: boolean,
  opaqueCells: number,
  weakLines: readonly number[],
  config: SinogramConfig,
  warnings: string[],
): void {
  if (!order.given && order.confidence < 0.8)
    warnings.push(
      `The lines were taken as ${order.kind}, and only ${(order.confidence * 100).toFixed(0)} % of neighbouring lines speak for it: set order if you know it.`,
    );
  if (truncated)
    warnings.push("The sample leaves the field of view: values near the ends of the lines are incomplete.");
  if (opaqueCells > 0)
    warnings.push(
      `${opaqueCells} points transmit less than ${config.minimumTransmission} and were divided by that: their values are too low, and they are flagged.`,
    );
  if (weakLines.length > 0)
    warnings.push(
      `Lines ${weakLines.map((line) => line + 1).join(", ")} hold less than a fifth of the usual intensity and were replaced by interpolation along the angle.`,
    );
}
