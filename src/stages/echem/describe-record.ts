/** A record in numbers: segments, half cycles and cycles with their charge, energy and true C-rate. */
import type { CyclerRecord } from "../../data/index.ts";
import { cumulativeCharge, integratedCharge, largest, type NetCharge, netChargeAh, switchingError } from "./charge.ts";
import type { EchemConfig } from "./config.ts";
import { findSegments, type SegmentSpan } from "./segments.ts";

export interface Segment extends SegmentSpan {
  readonly startS: number;
  readonly lengthS: number;
  /** mean over its time; undefined where the record has no current */
  readonly currentA?: number;
  readonly voltageFromV: number;
  readonly voltageToV: number;
  /** positive where the cell was charged */
  readonly chargeAh?: number;
  readonly chargeEsdAh?: number;
  /** the same by integration, where the cycler counted */
  readonly integratedAh?: number;
  readonly energyWh?: number;
  /** |current| over the capacity that was measured, 1/h */
  readonly trueRate?: number;
  /** |current| over the capacity on the label, 1/h */
  readonly nominalRate?: number;
  readonly cycle?: number;
  readonly step?: number;
}

/** Segments in one direction, with the rests between them. */
export interface HalfCycle {
  readonly direction: 1 | -1;
  /** indices of segments, the last one included */
  readonly first: number;
  readonly last: number;
  /** never negative */
  readonly chargeAh: number;
  readonly chargeEsdAh: number;
  readonly energyWh: number;
  /** of its constant currents, weighted by charge */
  readonly currentA: number;
}

export interface Cycle {
  readonly number: number;
  readonly chargedAh: number;
  readonly dischargedAh: number;
  readonly chargedWh: number;
  readonly dischargedWh: number;
  /** the half that came second over the first: discharge over charge, or charge over discharge */
  readonly efficiency?: number;
  /** relative gains of the two halves cancel in part; this takes them as independent */
  readonly efficiencyEsd?: number;
}

export interface EchemDescription {
  readonly segments: readonly Segment[];
  readonly halfCycles: readonly HalfCycle[];
  readonly cycles: readonly Cycle[];
  /** what rates refer to; undefined where no charge is known */
  readonly capacity?: { readonly ah: number; readonly esd: number; readonly from: string };
  readonly net?: NetCharge;
  readonly notes: readonly string[];
}

/** A half cycle of less than this share of the largest is a pulse or a correction, and does not end the one around it. */
const LEAST_HALF = 0.01;
/** Nothing comes out of a cell that did not go in: a second half larger than this began before the record. */
const LEAD_IN = 1.005;

export function describeRecord(record: CyclerRecord, config: EchemConfig): EchemDescription {
  const spans = findSegments(record, config);
  const charge = cumulativeCharge(record);
  const known: Known = {
    record,
    config,
    charge,
    integrated: record.chargeAh && integratedCharge(record),
    largestA: largest(record.currentA),
  };
  const plain = spans.map((span, k) => describeSpan(known, span, spans[k - 1]));
  const notes = [...record.notes, ...signRemark(record)];
  if (!charge) return { segments: plain, halfCycles: [], cycles: [], notes };
  const halfCycles = halves(plain);
  const capacity = capacityOf(halfCycles, config);
  const rate = (ah: number | undefined, { kind, currentA }: Segment): number | undefined =>
    ah === undefined || kind === "rest" || currentA === undefined ? undefined : Math.abs(currentA) / ah;
  const segments = plain.map((segment) => {
    const [trueRate, nominalRate] = [rate(capacity?.ah, segment), rate(config.nominalCapacityAh, segment)];
    return {
      ...segment,
      ...(trueRate !== undefined && { trueRate }),
      ...(nominalRate !== undefined && { nominalRate }),
    };
  });
  return {
    segments,
    halfCycles,
    cycles: cyclesOf(record, segments, halfCycles, config),
    ...(capacity && { capacity }),
    net: netChargeAh(record, config),
    notes,
  };
}

interface Known {
  readonly record: CyclerRecord;
  readonly config: EchemConfig;
  readonly charge: Float64Array | undefined;
  /** where the cycler counted, too */
  readonly integrated: Float64Array | undefined;
  readonly largestA: number;
}

function describeSpan(
  { record, config, charge, integrated, largestA }: Known,
  span: SegmentSpan,
  before: SegmentSpan | undefined,
): Segment {
  const { timeS, voltageV, currentA, chargeAh, cycle, step } = record;
  const { first, last } = span;
  // the time since the last row of the segment before belongs to this one
  const from = before ? before.last : first;
  const lengthS = timeS[last]! - timeS[from]!;
  const place = {
    ...span,
    startS: timeS[from]!,
    lengthS,
    voltageFromV: voltageV[first]!,
    voltageToV: voltageV[last]!,
    ...(cycle && { cycle: cycle[first]! }),
    ...(step && { step: step[first]! }),
  };
  if (!charge) return place;
  const moved = charge[last]! - charge[from]!;
  const rows = Array.from({ length: last - from }, (_, i) => from + 1 + i);
  const energyWh = rows.reduce(
    (sum, i) =>
      sum + ((voltageV[i]! + (i > first ? voltageV[i - 1]! : voltageV[i]!)) / 2) * (charge[i]! - charge[i - 1]!),
    0,
  );
  return {
    ...place,
    currentA: lengthS > 0 ? (moved * 3600) / lengthS : (currentA?.[first] ?? 0),
    chargeAh: moved,
    chargeEsdAh: Math.hypot(
      config.gainError * moved,
      span.kind === "rest" ? 0 : (config.offsetError * largestA * lengthS) / 3600,
      chargeAh ? 0 : switchingError(record, rows),
    ),
    ...(integrated && { integratedAh: integrated[last]! - integrated[from]! }),
    energyWh,
  };
}

/** Runs of segments in one direction; brief ones the other way, as pulses, do not divide them. */
function halves(segments: readonly Segment[]): HalfCycle[] {
  const most = Math.max(...runs(segments, 0).map(({ chargeAh }) => chargeAh), 0);
  return runs(segments, LEAST_HALF * most);
}

function runs(segments: readonly Segment[], least: number): HalfCycle[] {
  const found: { direction: 1 | -1; first: number; last: number }[] = [];
  segments.forEach(({ direction, chargeAh = 0 }, k) => {
    if (direction === 0 || Math.abs(chargeAh) < least) return;
    const before = found.at(-1);
    if (before?.direction === direction) before.last = k;
    else found.push({ direction, first: k, last: k });
  });
  return found.map((run) => {
    const within = segments.slice(run.first, run.last + 1);
    const sum = (of: (segment: Segment) => number): number => within.reduce((total, segment) => total + of(segment), 0);
    const constant = within.filter(({ kind, direction }) => kind !== "CV" && direction === run.direction);
    const weights = constant.map(({ chargeAh = 0 }) => Math.abs(chargeAh));
    const weight = weights.reduce((a, b) => a + b, 0);
    return {
      ...run,
      chargeAh: run.direction * sum(({ chargeAh = 0 }) => chargeAh),
      // one gain for all of them: their errors add up
      chargeEsdAh: sum(({ chargeEsdAh = 0 }) => chargeEsdAh),
      energyWh: run.direction * sum(({ energyWh = 0 }) => energyWh),
      currentA: weight > 0 ? constant.reduce((a, { currentA = 0 }, i) => a + currentA * weights[i]!, 0) / weight : 0,
    };
  });
}

function capacityOf(
  halfCycles: readonly HalfCycle[],
  { capacityAh }: EchemConfig,
): { ah: number; esd: number; from: string } | undefined {
  if (capacityAh !== undefined) return { ah: capacityAh, esd: 0, from: "given" };
  const named = halfCycles
    .filter((half) => half.chargeAh > 0)
    .map((half, k) => ({
      ...half,
      from: half.direction === 1 ? "largest charge" : "largest discharge",
      isWhole: k > 0,
    }));
  // a discharge that follows a charge began where that ended; any other may have begun anywhere
  const after = named.filter(({ direction, isWhole }) => direction === -1 && isWhole);
  const of = after.length > 0 ? after.map((half) => ({ ...half, from: "largest discharge after a charge" })) : named;
  if (of.length === 0) return undefined;
  const { chargeAh, chargeEsdAh, from } = of.reduce((best, half) => (half.chargeAh > best.chargeAh ? half : best));
  return { ah: chargeAh, esd: chargeEsdAh, from };
}

/** By the cycler's own numbers where it has several, else by pairs of half cycles. */
function cyclesOf(
  { cycle }: CyclerRecord,
  segments: readonly Segment[],
  halfCycles: readonly HalfCycle[],
  { gainError }: EchemConfig,
): Cycle[] {
  const isNumbered = cycle?.some((number) => number !== cycle[0]);
  const numberOf = new Map<Segment, number>();
  if (isNumbered) for (const segment of segments) numberOf.set(segment, segment.cycle!);
  else {
    const lead = isLeadIn(halfCycles) ? 1 : 0;
    halfCycles.forEach(({ first, last }, k) => {
      for (const segment of segments.slice(first, last + 1))
        numberOf.set(segment, k < lead ? 0 : 1 + ((k - lead) >> 1));
    });
  }
  return [...new Set(numberOf.values())].map((number) => {
    const within = segments.filter((segment) => numberOf.get(segment) === number && segment.direction !== 0);
    const sum = (direction: 1 | -1, of: "chargeAh" | "energyWh"): number =>
      within.reduce((total, segment) => total + (segment.direction === direction ? Math.abs(segment[of] ?? 0) : 0), 0);
    const [into, out] = [sum(1, "chargeAh"), sum(-1, "chargeAh")];
    const ratio = within[0]?.direction === 1 ? out / into : into / out;
    const isWhole = into > 0 && out > 0;
    return {
      number,
      chargedAh: into,
      dischargedAh: out,
      chargedWh: sum(1, "energyWh"),
      dischargedWh: sum(-1, "energyWh"),
      ...(isWhole && { efficiency: ratio, efficiencyEsd: ratio * gainError * Math.SQRT2 }),
    };
  });
}

/** A cell that was neither full nor empty at the start is first brought there: no half of a cycle. */
function isLeadIn([first, second]: readonly HalfCycle[]): boolean {
  return first !== undefined && second !== undefined && second.chargeAh > LEAD_IN * first.chargeAh;
}

/** A resistance is positive: where the current rises at once, so does the voltage. Else a sign is the wrong way round. */
function signRemark({ currentA, voltageV }: CyclerRecord): string[] {
  if (!currentA) return [];
  const least = 0.3 * largest(currentA);
  let [right, wrong] = [0, 0];
  for (let i = 1; i < currentA.length; i++) {
    const step = currentA[i]! - currentA[i - 1]!;
    if (!(Math.abs(step) > least)) continue;
    if (step * (voltageV[i]! - voltageV[i - 1]!) >= 0) right++;
    else wrong++;
  }
  return wrong > 3 * right && wrong >= 1
    ? ["where the current rises the voltage falls: the sign of the current may be the wrong way round (--flip-current)"]
    : [];
}
