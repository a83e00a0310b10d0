/** A scan while it is measured: what goes wrong is said while something can be done about it. */
export { type FoundOrder, judgeOrder } from "./judge-order.ts";
export { findLostBeam } from "./lost-beam.ts";
export { findMissingFrames } from "./missing-frames.ts";
export { findStuckRotation, findStuckTranslation } from "./stuck-motor.ts";
export { framesOf, isComplete, linesOf, type Notice, placeOf, type WatchedScan } from "./watched-scan.ts";
