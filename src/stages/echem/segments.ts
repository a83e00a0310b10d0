/**
 * What the cycler did, found from current and voltage: from each row on, whichever of rest, constant current, constant
 * voltage and constant power holds for the longest. Steps that the cycler numbered are not joined.
 */
import type { CyclerRecord } from "../../data/index.ts";
import { largest } from "./charge.ts";
import type { EchemConfig } from "./config.ts";

export type SegmentKind = "rest" | "CC" | "CV" | "CP" | "pulse" | "varying" | "voltage";

export interface SegmentSpan {
  /** "voltage": the record has a voltage alone */
  readonly kind: SegmentKind;
  /** 1 charges, -1 discharges, 0 neither; of a voltage alone: where it goes */
  readonly direction: 1 | -1 | 0;
  /** rows, the last one included */
  readonly first: number;
  readonly last: number;
}

/** Fewer rows than this say nothing about what was held constant. */
const LEAST_ROWS = 3;
/** Noise within this many standard deviations is no change. */
const SIGMAS = 5;
/** A switch that was caught: this many rows in this many seconds, and this share of what follows. */
const [MOST_SWITCH_ROWS, SWITCH_S, SWITCH_SHARE] = [5, 1, 1e-3] as const;
/** A voltage alone turns where it comes back by this share of its range. */
const TURN_SHARE = 0.05;

type Rule = { readonly kind: SegmentKind; readonly reach: (from: number, end: number) => number };

export function findSegments(record: CyclerRecord, config: EchemConfig): SegmentSpan[] {
  if (!record.currentA) return turns(record);
  const rules = rulesOf(record, config);
  const spans = pieces(record).flatMap(([first, end]) =>
    absorb(splitPiece(record.currentA!, rules, first, end), record),
  );
  return markPulses(spans, record, config);
}

/** Rows of one step of the cycler; of the whole record where it numbers none. [first, end) */
function pieces({ timeS, step, cycle }: CyclerRecord): [number, number][] {
  const starts = [0];
  for (let i = 1; i < timeS.length; i++) {
    if ((step && step[i] !== step[i - 1]) || (cycle && cycle[i] !== cycle[i - 1])) starts.push(i);
  }
  return starts.map((start, k) => [start, starts[k + 1] ?? timeS.length]);
}

function splitPiece(currentA: Float64Array, rules: readonly Rule[], first: number, end: number): SegmentSpan[] {
  const spans: SegmentSpan[] = [];
  for (let at = first; at < end; ) {
    const reached = rules.map(({ reach }) => reach(at, end));
    const best = reached.reduce((most, value, k) => (value > reached[most]! ? k : most), 0);
    const rows = reached[best]! - at;
    const before = spans.at(-1);
    const held = rows < LEAST_ROWS && before?.kind === "CC" ? heldUntil(rules, before.last, end) : at;
    const isClear = rows >= LEAST_ROWS || at + rows === end || rules[best]!.kind === "rest";
    const kind = held > at ? "CV" : rows > 0 && isClear ? rules[best]!.kind : "varying";
    const last = Math.max(at, (held > at ? held : kind === "varying" ? at + 1 : reached[best]!) - 1);
    const direction = kind === "rest" ? 0 : signOf(currentA, at, last);
    if (before?.kind === "varying" && kind === "varying" && before.direction === direction) {
      spans[spans.length - 1] = { ...before, last };
    } else spans.push({ kind, direction, first: at, last });
    at = last + 1;
  }
  return spans;
}

/** A voltage held for a row or two only, at what the constant current before ended with. */
function heldUntil(rules: readonly Rule[], from: number, end: number): number {
  const until = rules.find(({ kind }) => kind === "CV")!.reach(from, end);
  return until - from >= LEAST_ROWS ? until : from;
}

const signOf = (values: Float64Array, first: number, last: number): 1 | -1 | 0 => {
  let sum = 0;
  for (let i = first; i <= last; i++) sum += values[i]!;
  return Math.sign(sum) as 1 | -1 | 0;
};

/** In the order in which they win where they reach equally far. */
function rulesOf({ currentA, voltageV }: CyclerRecord, config: EchemConfig): Rule[] {
  const current = currentA!;
  const rest = Math.max(config.restShare * largest(current), 1e-12);
  const [noiseA, noiseV] = [noiseOf(current), noiseOf(voltageV)];
  const isRest = (i: number): boolean => Math.abs(current[i]!) <= rest;
  const tolerance = config.currentTolerance;
  const steady = (values: (i: number) => number, allowed: (mean: number) => number) => (from: number, end: number) =>
    reach(values, allowed, (i) => !isRest(i) && Math.sign(current[i]!) === Math.sign(current[from]!), from, end);
  const ofCurrent = (mean: number): number => Math.max(tolerance * Math.abs(mean), SIGMAS * noiseA);
  const power = (i: number): number => current[i]! * voltageV[i]!;
  return [
    { kind: "rest", reach: (from, end) => restReach(isRest, from, end) },
    { kind: "CC", reach: steady((i) => current[i]!, ofCurrent) },
    {
      kind: "CV",
      reach: steady(
        (i) => voltageV[i]!,
        () => Math.max(config.voltageToleranceV, SIGMAS * noiseV),
      ),
    },
    { kind: "CP", reach: steady(power, (mean) => tolerance * Math.abs(mean)) },
  ];
}

function restReach(isRest: (i: number) => boolean, from: number, end: number): number {
  let at = from;
  while (at < end && isRest(at)) at++;
  return at;
}

/** Up to where the values stay by their running mean; a row alone may be off, and is if the next one is not. */
function reach(
  values: (i: number) => number,
  allowed: (mean: number) => number,
  isOf: (i: number) => boolean,
  from: number,
  end: number,
): number {
  let [sum, count] = [0, 0];
  for (let i = from; i < end; i++) {
    const fits = (k: number): boolean =>
      isOf(k) && (count === 0 || Math.abs(values(k) - sum / count) <= allowed(sum / count));
    if (fits(i)) {
      sum += values(i);
      count++;
    } else if (count < LEAST_ROWS || i + 1 >= end || !fits(i + 1)) return i;
  }
  return end;
}

/** Standard deviation of the noise, from the differences of neighbours; 0 where most are alike. */
export function noiseOf(values: Float64Array): number {
  const differences = values.subarray(1).map((value, i) => Math.abs(value - values[i]!));
  return differences.length === 0 ? 0 : differences.sort()[differences.length >> 1]! / (0.6745 * Math.SQRT2);
}

/** Rows that a cycler writes within a switch, whatever they say, are of what follows in the same step. */
function absorb(spans: readonly SegmentSpan[], { timeS }: CyclerRecord): SegmentSpan[] {
  const kept: SegmentSpan[] = [];
  let carried: number | undefined;
  spans.forEach((span, k) => {
    const next = spans[k + 1];
    const lasts = timeS[span.last]! - timeS[span.first]!;
    const nextLasts = next ? timeS[next.last]! - timeS[next.first]! : 0;
    const isBrief = span.last - span.first < MOST_SWITCH_ROWS && lasts <= SWITCH_S;
    if (next && isBrief && lasts <= SWITCH_SHARE * nextLasts) carried ??= span.first;
    else {
      kept.push(carried === undefined ? span : { ...span, first: carried });
      carried = undefined;
    }
  });
  return kept;
}

function markPulses(spans: readonly SegmentSpan[], { timeS }: CyclerRecord, { pulseS }: EchemConfig): SegmentSpan[] {
  return spans.map((span, k) => {
    const isBetween = k > 0 && k < spans.length - 1;
    const lasts = timeS[span.last]! - timeS[Math.max(0, span.first - 1)]!;
    return span.kind === "CC" && isBetween && lasts <= pulseS ? { ...span, kind: "pulse" } : span;
  });
}

/** Where a voltage rises and where it falls. */
function turns({ voltageV }: CyclerRecord): SegmentSpan[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of voltageV) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const enough = Math.max(TURN_SHARE * (high - low), SIGMAS * noiseOf(voltageV), 1e-9);
  const spans: SegmentSpan[] = [];
  let [first, extreme, lowest, highest] = [0, 0, 0, 0];
  let direction: 1 | -1 | 0 = 0;
  for (let i = 1; i < voltageV.length; i++) {
    const value = voltageV[i]!;
    if (direction === 0) {
      if (value < voltageV[lowest]!) lowest = i;
      if (value > voltageV[highest]!) highest = i;
      if (value - voltageV[lowest]! > enough) [direction, extreme] = [1, i];
      else if (voltageV[highest]! - value > enough) [direction, extreme] = [-1, i];
    } else if (direction * (value - voltageV[extreme]!) >= 0) extreme = i;
    else if (direction * (voltageV[extreme]! - value) > enough) {
      spans.push({ kind: "voltage", direction, first, last: extreme });
      [first, direction, extreme] = [extreme + 1, -direction as 1 | -1, i];
    }
  }
  return [...spans, { kind: "voltage", direction, first, last: voltageV.length - 1 }];
}
