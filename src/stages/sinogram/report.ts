import type { LineOrder } from "./order.ts";
import type { AxisEstimate } from "./rotation-axis.ts";

/** Why a cell [angle, translation] is not simply what was measured; bits, added together. */
export const CELL = {
  measured: 0,
  /** no pattern: missing frame or NaN; filled along the angle */
  missing: 1,
  /** a whole line far too weak, taken as missing */
  weakLine: 2,
  /** nothing was measured there because the line was shifted; filled along the angle */
  vacated: 4,
  /** transmission below the least that means anything; the least was used */
  opaque: 8,
  /** some bins were hot and replaced */
  hot: 16,
  /** a constant offset of this translation was taken off */
  ring: 32,
  /** far below everything around it (lost frame, closed shutter), taken as missing */
  dark: 64,
} as const;
/** Cells whose values are interpolated: their sigma is infinite. */
export const FILLED = CELL.missing | CELL.weakLine | CELL.vacated | CELL.dark;

export interface RotationAxisReport {
  /** in translation steps, fraction allowed */
  readonly value: number;
  readonly esd: number;
  readonly given: boolean;
  readonly estimates: readonly AxisEstimate[];
  /** largest difference between two usable methods, steps; NaN with fewer than two */
  readonly spread: number;
  readonly agree: boolean;
  readonly truncated: boolean;
}

export interface Jump {
  readonly line: number;
  readonly omegaDeg: number;
  /** steps by which the projection stood too far to higher translations */
  readonly steps: number;
}

/** Everything found out about a scan, and all that applySinogram needs. */
export interface SinogramReport {
  readonly lines: number;
  readonly angles: number;
  readonly translations: number;
  readonly order: LineOrder;
  /** [angle] the measured line that became this projection */
  readonly lineOfAngle: Int32Array;
  /** [angle] degrees, ascending */
  readonly omegaDeg: Float64Array;
  /** [angle] 1 where the line is turned round */
  readonly turned: Uint8Array;
  /** [angle] steps by which the line, once turned, is moved up */
  readonly shiftSteps: Float64Array;
  /** [line, point] what each intensity is multiplied by: monitor, exposure, 1 / transmission */
  readonly factor: Float64Array;
  /** [angle, translation] measured transmission where there is one, 1 in air */
  readonly transmission?: Float64Array;
  /** [angle, translation] measured, but not divided by (transmission: ignore) */
  readonly unusedTransmission?: Float64Array;
  /** [angle, translation] bits of CELL */
  readonly cells: Uint8Array;
  readonly rotationAxis: RotationAxisReport;
  readonly jumps: readonly Jump[];
  readonly scan: {
    readonly kind: "half-turn" | "full-turn" | "other";
    readonly arcDeg: number;
    readonly regular: boolean;
    /** what became of the projection that repeats the first */
    readonly closing: "none" | "dropped" | "averaged" | "kept";
    readonly closingLine: number;
  };
  readonly air: {
    readonly source: "given" | "outermost" | "none";
    /** translations at the low and the high end that hold no sample */
    readonly low: number;
    readonly high: number;
    /** [bin] subtracted after normalisation; absent where nothing is */
    readonly pattern?: Float64Array;
    readonly patternSigma?: Float64Array;
  };
  readonly missingPatterns: number;
  /** some patterns that are there have bins without value */
  readonly hasMaskedValues: boolean;
  readonly weakLines: readonly number[];
  readonly darkCells: number;
  readonly opaqueCells: number;
  /** translations with a constant offset, and how significant it is in the summary */
  readonly rings: readonly { readonly translation: number; readonly sigmas: number }[];
  readonly sigma: {
    readonly source: "given" | "counting" | "none";
    /** variance = gain x intensity / n, where counting */
    readonly gain: number;
    /** gain found between neighbouring bins of the smoothest patterns; a check on what is used */
    readonly gainMeasured: number;
  };
  readonly hotSpots: {
    readonly enabled: boolean;
    readonly reach: number;
    readonly sigmas: number;
    readonly relative: number;
  };
  /** sentences for the user, each naming what was found and what to do */
  readonly warnings: readonly string[];
}
