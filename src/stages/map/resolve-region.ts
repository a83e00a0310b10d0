/** From a region's configuration to start values, bounds and ties of every peak parameter. */
import { type Axis, type AxisContext, InputError, type Pattern } from "../../data/index.ts";
import type { PeakConfig, PeakParameter, PeakRegion } from "./config.ts";
import { positionOfD } from "./lattice-spacing.ts";

export const PEAK_PARAMETERS = ["area", "position", "fwhm", "eta"] as const;
export type PeakParameterName = (typeof PEAK_PARAMETERS)[number];

/** One parameter of one peak. */
export interface PeakSlot {
  readonly parameter: PeakParameterName;
  readonly refine: "voxel" | "sum" | "no";
  /** start; the summed pattern's fit writes its result here */
  value: number;
  /** as the user gave them */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** slot that this one follows: value = factor * other + offset */
  readonly tie: number | undefined;
  readonly factor: number;
  readonly offset: number;
}

export interface ResolvedRegion {
  readonly region: PeakRegion;
  /** first bin, and how many */
  readonly from: number;
  readonly points: number;
  /** [4 peaks] area, position, fwhm, eta of each peak */
  readonly slots: PeakSlot[];
}

/** @throws InputError "map-region-outside" | "map-start-unknown" | "map-tie-unknown" | "map-bounds" */
export function resolveRegion(
  region: PeakRegion,
  axis: Axis,
  context: AxisContext,
  summed: Pattern | undefined,
): ResolvedRegion {
  const { from, points } = window(region, axis);
  const slots: PeakSlot[] = [];
  for (const peak of region.peaks) {
    const position = startPosition(region, peak, axis, context, summed, from, points);
    for (const parameter of PEAK_PARAMETERS) {
      const spec = peak[parameter];
      const value = startValue(parameter, spec, region, peak, position, axis, summed, from, points);
      const refine = spec?.refine ?? (parameter === "eta" ? "sum" : "voxel");
      const tie = spec?.tie === undefined ? undefined : tiedSlot(region, peak, parameter, spec.tie);
      const [factor, offset] = [spec?.factor ?? 1, spec?.offset ?? 0];
      if (spec?.min !== undefined && spec.max !== undefined && !(spec.min < spec.max)) {
        throw new InputError(
          "map-bounds",
          `Region "${region.name}", peak "${peak.name}": the bounds of ${parameter} are ${spec.min} to ${spec.max}; ` +
            `min must be under max. To hold the parameter write refine: no.`,
        );
      }
      slots.push({ parameter, refine, value, min: spec?.min, max: spec?.max, tie, factor, offset });
    }
  }
  return { region, from, points, slots };
}

function window({ name, range, peaks, background }: PeakRegion, { values, unit }: Axis): Window {
  let from = 0;
  while (from < values.length && values[from]! < range[0]) from++;
  let to = from;
  while (to < values.length && values[to]! <= range[1]) to++;
  const points = to - from;
  const needed = 4 * peaks.length + background + 2;
  if (points >= needed) return { from, points };
  throw new InputError(
    "map-region-outside",
    `Region "${name}" asks for ${range[0]} to ${range[1]} (${unit}) and ${points} bins of the patterns lie there; ` +
      `at least ${needed} are needed for ${peaks.length} peak(s). The patterns go from ${values[0]} to ` +
      `${values[values.length - 1]} in ${values.length} bins: change range, or the number of bins of integrate.`,
  );
}

interface Window {
  from: number;
  points: number;
}

function startPosition(
  region: PeakRegion,
  peak: PeakConfig,
  axis: Axis,
  context: AxisContext,
  summed: Pattern | undefined,
  from: number,
  points: number,
): number {
  let position = peak.position?.value;
  if (position === undefined && peak.d !== undefined) {
    position = positionOfD(peak.d, axis.unit, context);
    if (position === undefined) {
      throw new InputError(
        "axis-needs-wavelength",
        `Region "${region.name}", peak "${peak.name}" is given by d = ${peak.d} Å and the patterns by ${axis.unit}: ` +
          `give the energy (energy_keV in scan.yaml), or the peak's position.`,
      );
    }
  }
  const isOnlyPeak = region.peaks.length === 1;
  if (position === undefined && isOnlyPeak && summed) position = highestPoint(summed, from, points);
  if (position === undefined) {
    throw new InputError(
      "map-start-unknown",
      `Region "${region.name}", peak "${peak.name}" has neither position nor d` +
        (isOnlyPeak ? ", and there is no summed pattern to find it in." : ", and the region has several peaks.") +
        " Give one of them.",
    );
  }
  const [low, high] = region.range;
  if (position >= low && position <= high) return position;
  throw new InputError(
    "map-region-outside",
    `Region "${region.name}", peak "${peak.name}" starts at ${position} (${axis.unit}), outside the region's range ` +
      `${low} to ${high}: change range, position or d.`,
  );
}

function startValue(
  parameter: PeakParameterName,
  spec: PeakParameter | undefined,
  region: PeakRegion,
  peak: PeakConfig,
  position: number,
  axis: Axis,
  summed: Pattern | undefined,
  from: number,
  points: number,
): number {
  if (parameter === "position") return position;
  if (spec?.value !== undefined) return spec.value;
  if (parameter === "area") return 0;
  if (parameter === "eta") return 0.5;
  if (spec?.tie !== undefined) return Number.NaN; // follows the other peak
  if (summed) return widthAt(summed, from, points, position);
  throw new InputError(
    "map-start-unknown",
    `Region "${region.name}", peak "${peak.name}" has no fwhm, and there is no summed pattern to estimate it from: ` +
      `give fwhm (${axis.unit}).`,
  );
}

function tiedSlot(region: PeakRegion, peak: PeakConfig, parameter: PeakParameterName, tie: string): number {
  const other = region.peaks.findIndex(({ name }) => name === tie);
  if (other >= 0 && region.peaks[other] !== peak && region.peaks[other]![parameter]?.tie === undefined) {
    return 4 * other + PEAK_PARAMETERS.indexOf(parameter);
  }
  throw new InputError(
    "map-tie-unknown",
    `Region "${region.name}", peak "${peak.name}": ${parameter} is tied to "${tie}", which is not another peak of ` +
      `the region with a ${parameter} of its own. Peaks there: ${region.peaks.map(({ name }) => name).join(", ")}.`,
  );
}

/** Axis value of the largest height over the straight line between the region's ends. */
function highestPoint({ axis, intensity }: Pattern, from: number, points: number): number {
  let best = -Infinity;
  let at = from;
  for (let i = 0; i < points; i++) {
    const height = intensity[from + i]! - baseline(intensity, from, points, i);
    if (height > best) {
      best = height;
      at = from + i;
    }
  }
  return axis.values[at]!;
}

/** Full width where the pattern falls to half of its height at the position, on the narrower side. */
function widthAt({ axis, intensity }: Pattern, from: number, points: number, position: number): number {
  const { values } = axis;
  let top = from;
  for (let i = from; i < from + points; i++) {
    if (Math.abs(values[i]! - position) < Math.abs(values[top]! - position)) top = i;
  }
  const height = (i: number): number => intensity[i]! - baseline(intensity, from, points, i - from);
  const half = height(top) / 2;
  let reach = 1;
  while (
    top - reach >= from &&
    top + reach < from + points &&
    height(top - reach) > half &&
    height(top + reach) > half
  ) {
    reach++;
  }
  const step = (values[from + points - 1]! - values[from]!) / (points - 1);
  return Math.max(2 * reach - 1, 2) * step;
}

function baseline(intensity: ArrayLike<number>, from: number, points: number, i: number): number {
  const [first, last] = [endLevel(intensity, from, 1), endLevel(intensity, from + points - 1, -1)];
  return first + ((last - first) * i) / (points - 1);
}

/** Mean of three points at an end of the region that are numbers. */
function endLevel(intensity: ArrayLike<number>, from: number, direction: 1 | -1): number {
  const three = [0, 1, 2].map((k) => intensity[from + k * direction]!).filter(Number.isFinite);
  return three.length === 0 ? 0 : three.reduce((a, b) => a + b) / three.length;
}
