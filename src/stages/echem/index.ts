export {
  alignSeries,
  type ClockOffset,
  type ClockOffsetOptions,
  findClockOffset,
  type SeriesStates,
} from "./align-series.ts";
export { cumulativeCharge, integratedCharge, type NetCharge, netChargeAh } from "./charge.ts";
export { EchemConfig } from "./config.ts";
export { type Cycle, describeRecord, type EchemDescription, type HalfCycle, type Segment } from "./describe-record.ts";
export {
  type DifferentialCapacity,
  type DifferentialVoltage,
  differentialCapacity,
  differentialVoltage,
} from "./differential.ts";
export { joinRecords } from "./join-records.ts";
export { patternChange } from "./pattern-change.ts";
export { findSegments, type SegmentKind, type SegmentSpan } from "./segments.ts";
