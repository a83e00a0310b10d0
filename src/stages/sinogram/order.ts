/**
 * The order in which the points of a line were measured: whether every second line runs backwards, and by how much
 * alternate lines are shifted against each other. Neighbours in angle look alike; a line turned the wrong way does not.
 */

import { median, robustSpread } from "../../fit/index.ts";
import { type LineSpectra, registerLines } from "./registration.ts";

export interface LineOrder {
  readonly kind: "unidirectional" | "zig-zag";
  /** 0 to 1: share of the neighbouring lines that speak for it; 1 where it was given */
  readonly confidence: number;
  readonly given: boolean;
  /** median correlation of neighbouring lines as they are, and with one of them turned round */
  readonly correlationDirect: number;
  readonly correlationMirrored: number;
  /** steps by which every second line, once turned round, has to be moved up to lie on its neighbours */
  readonly shiftSteps: number;
  /** esd of the found shift; NaN where it was given */
  readonly shiftEsd: number;
  /** the shift as measured, before it was taken to a whole number */
  readonly shiftMeasured: number;
}

export interface OrderOptions {
  readonly order: "auto" | "unidirectional" | "zig-zag";
  readonly lineShiftSteps: "auto" | number;
  readonly maxLineShiftSteps: number;
  readonly subStep: "auto" | "never";
}

/**
 * @param spectra      of the lines as measured
 * @param angleOrder   [angle] lines in the order of their angles
 * @param good         [line] 1 where the line can be trusted
 */
export function findOrder(
  spectra: LineSpectra,
  angleOrder: Int32Array,
  good: Uint8Array,
  options: OrderOptions,
): LineOrder {
  const reach = options.maxLineShiftSteps + 0.5;
  const direct: number[] = [];
  const mirrored: number[] = [];
  for (const [a, b] of oppositeNeighbours(angleOrder, good)) {
    direct.push(registerLines(spectra, a, b, { reach }).correlation);
    mirrored.push(registerLines(spectra, a, b, { reach, mirror: true }).correlation);
  }
  const correlationDirect = median(direct);
  const correlationMirrored = median(mirrored);
  const isZigZag =
    options.order === "auto"
      ? direct.length > 0 && correlationMirrored > correlationDirect
      : options.order === "zig-zag";
  const votes = direct.filter((value, i) => mirrored[i]! > value === isZigZag).length;
  const shift = measureShift(spectra, angleOrder, good, isZigZag, reach);
  const found = options.subStep === "never" ? Math.round(shift.value) + 0 : wholeIfNear(shift);
  const isGiven = options.lineShiftSteps !== "auto";
  const shiftSteps = isGiven ? (options.lineShiftSteps as number) : isZigZag ? found : 0;
  return {
    kind: isZigZag ? "zig-zag" : "unidirectional",
    confidence: options.order !== "auto" ? 1 : direct.length > 0 ? votes / direct.length : 0,
    given: options.order !== "auto",
    correlationDirect,
    correlationMirrored,
    shiftSteps,
    shiftEsd: isGiven ? Number.NaN : shift.esd,
    shiftMeasured: shift.value,
  };
}

/** A hundred and fifty neighbours say as much as a thousand; odd, so that lines of both directions are asked. */
const strideOf = (angleOrder: Int32Array): number => Math.floor(angleOrder.length / 150) | 1;

/** Lines next to each other in angle of which one would be turned round and the other not. */
function oppositeNeighbours(angleOrder: Int32Array, good: Uint8Array): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 1; i < angleOrder.length; i += strideOf(angleOrder)) {
    const a = angleOrder[i - 1]!;
    const b = angleOrder[i]!;
    if ((a & 1) !== (b & 1) && good[a] && good[b]) pairs.push([a, b]);
  }
  return pairs;
}

/** Against the mean of both neighbours: what the sample itself moves from line to line cancels. */
function measureShift(
  spectra: LineSpectra,
  angleOrder: Int32Array,
  good: Uint8Array,
  mirror: boolean,
  reach: number,
): { value: number; esd: number } {
  const shifts: number[] = [];
  /** the nearest line of the other direction; in interlaced scans several of one direction lie side by side */
  const opposite = (i: number, step: 1 | -1): number | undefined => {
    for (let k = i + step; k >= 0 && k < angleOrder.length; k += step) {
      if ((angleOrder[k]! & 1) !== (angleOrder[i]! & 1)) return k;
    }
    return undefined;
  };
  for (let i = 1; i + 1 < angleOrder.length; i += strideOf(angleOrder)) {
    const [low, high] = [opposite(i, -1), opposite(i, 1)];
    // where distances are unequal the sample's own motion cancels only in the median
    if (low === undefined || high === undefined) continue;
    const [before, line, after] = [angleOrder[low]!, angleOrder[i]!, angleOrder[high]!];
    if (!good[before] || !good[line] || !good[after]) continue;
    const { shift } = registerLines(spectra, line, [before, after], { mirror, reach });
    // The even lines are the frame. Turned round, a shift of the odd lines looks the same from either side.
    shifts.push(mirror || !(line & 1) ? shift : -shift);
  }
  if (shifts.length === 0) return { value: 0, esd: Number.NaN };
  const value = median(shifts);
  return { value, esd: Math.max(1e-3, (1.25 * robustSpread(shifts, value)) / Math.sqrt(shifts.length)) };
}

function wholeIfNear({ value, esd }: { value: number; esd: number }): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) <= Math.max(0.12, 3 * (esd || 0)) ? whole + 0 : value;
}
