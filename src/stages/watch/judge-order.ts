import type { Notice } from "./watched-scan.ts";

/** What the sinogram stage finds of a part of a scan; its order is looked for, whatever the settings say. */
export interface FoundOrder {
  readonly order: {
    readonly kind: "unidirectional" | "zig-zag";
    readonly confidence: number;
    readonly shiftSteps: number;
    readonly correlationDirect: number;
    readonly correlationMirrored: number;
  };
  readonly jumps: readonly { readonly line: number; readonly steps: number }[];
  /** of the axis: whether its methods agree */
  readonly axis: { readonly agree: boolean; readonly given: boolean; readonly spread: number };
  readonly arcDeg: number;
}

/** Less than that and lines say too little of which way they run. */
const SURE = 0.8;
/** How much better one way has to fit than the other. */
const CLEARLY = 0.02;
/** Shifts that are put right without a word; more than that is no play of a motor. */
const MUCH_SHIFTED = 1.75;
/** Single lines so far off have lost a frame or a step. */
const JUMPED = 1;
/** Where methods can be held against each other. */
const ENOUGH_ARC_DEG = 120;

/**
 * Whether lines run as the settings say, and lie where they should.
 *
 * @param given order in the settings
 */
export function judgeOrder(
  { order, jumps, axis, arcDeg }: FoundOrder,
  given: "auto" | "unidirectional" | "zig-zag",
  points: number,
): Notice[] {
  const notices: Notice[] = [];
  const isClear = order.confidence >= SURE && Math.abs(order.correlationDirect - order.correlationMirrored) > CLEARLY;
  if (given !== "auto" && given !== order.kind && isClear) {
    const way = order.kind === "zig-zag" ? "every second line runs backwards" : "all lines run the same way";
    notices.push({
      kind: "order",
      from: 0,
      text: `sinogram.order is ${given}, and ${way}: lines fit each other with a correlation of ${Math.max(order.correlationDirect, order.correlationMirrored).toFixed(3)}, instead of ${Math.min(order.correlationDirect, order.correlationMirrored).toFixed(3)}. Set sinogram.order: ${order.kind}, or auto.`,
    });
  }
  if (Math.abs(order.shiftSteps) > MUCH_SHIFTED) {
    notices.push({
      kind: "order",
      from: points,
      text: `Every second line is shifted by ${order.shiftSteps.toFixed(2)} steps. It is put right; see that the trigger of the detector and the motor start together.`,
    });
  }
  for (const { line, steps } of jumps) {
    if (Math.abs(steps) < JUMPED) continue;
    notices.push({
      kind: "jump",
      from: line * points,
      to: (line + 1) * points,
      text: `Line ${line} stands ${Math.abs(steps).toFixed(2)} steps away from its neighbours. It is put right; a frame or a step may have been lost.`,
    });
  }
  if (!axis.given && !axis.agree && arcDeg > ENOUGH_ARC_DEG && Number.isFinite(axis.spread)) {
    notices.push({
      kind: "axis",
      from: 0,
      text: `The methods that find the rotation axis differ by ${axis.spread.toFixed(2)} steps over ${arcDeg.toFixed(0)}°. The sample may be moving, or cut off at the side of the scan.`,
    });
  }
  return notices;
}
