/**
 * What a cycler wrote while a cell of the study came to its state: rests, constant currents and voltages that move
 * exactly the lithium that the truth says, one lithium for each electron. The voltages are made up to look like those
 * of NMC532 against graphite; nothing is to be read from them but where steps begin and end.
 */
import { intervalOf } from "./fields.ts";
import { createRandom, type Random } from "./random.ts";
import { AS_RECEIVED_X, type StudyCellPlan } from "./study-cells.ts";
import { anodeMeanAt } from "./study-design.ts";
import type { CellTruth } from "./study-truth.ts";

export const FARADAY_C_PER_MOL = 96485.33212;
/** of the electrodes; truth is kept for each mm */
export const ELECTRODE_HEIGHT_MM = 32;

const CUT_OFF_V = { charge: 4.2, discharge: 2.75 } as const;
const RESISTANCE_OHM = 0.18;
const CURRENT_A = { "C/20": 0.04, "C/2": 0.4 } as const;
/** where charging at C/2 reaches its cut-off and goes on at constant voltage */
const HOLD_FROM_X = 0.46;
const FULL_X = { "C/20": 0.27, "C/2": 0.4 } as const;
const EMPTY_X = { "C/20": 0.87, "C/2": 0.834 } as const;

export type CyclingKind = "rest" | "charge" | "discharge";

/** One technique of the cycler, as it writes a file of each. */
export interface CyclingStep {
  readonly kind: CyclingKind;
  /** seconds from the beginning of the whole record */
  readonly startS: number;
  /** from the beginning of the step */
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  /** positive where the cell is charged */
  readonly currentA: Float64Array;
  /** as the cycler counts it, from the beginning of the whole record */
  readonly chargeAh: Float64Array;
}

/** A move from one lithium content of the cathode to another. */
type Move =
  | { readonly kind: "rest"; readonly hours: number }
  | { readonly kind: "current"; readonly amps: number; readonly toX: number }
  | { readonly kind: "hold"; readonly toX: number };

/** Charge in ampere hours that moves the cathode's mean x by one. */
export const capacityPerContentAh = ({ cathode }: CellTruth): number =>
  ((cathode.activeTm + cathode.inactiveTm) * ELECTRODE_HEIGHT_MM * FARADAY_C_PER_MOL) / 3600;

/** Mean x of all of the cathode, what takes no part included. */
export const finalContent = ({ cathode }: CellTruth): number =>
  cathode.lithium / (cathode.activeTm + cathode.inactiveTm);

/** From a cell as received to the state of the plan. */
export function simulateCycling(plan: StudyCellPlan, truth: CellTruth): CyclingStep[] {
  const random = createRandom(plan.seed, 4);
  // a cycler's current is right within its calibration
  const gain = 1 + 2e-4 * random.normal();
  const steps: CyclingStep[] = [];
  let state: State = { x: AS_RECEIVED_X, volts: openCircuit(AS_RECEIVED_X), amps: 0 };
  let [startS, startAh] = [0, 0];
  for (const group of movesOf(plan, finalContent(truth))) {
    const rows: Row[] = [];
    for (const move of group) {
      const traced = trace(move, state, capacityPerContentAh(truth));
      const offset = rows.at(-1)?.timeS ?? 0;
      rows.push(...traced.map((row) => ({ ...row, timeS: row.timeS + offset })));
      state = { x: traced.at(-1)!.x, volts: traced.at(-1)!.volts, amps: traced.at(-1)!.amps };
    }
    const step = record(rows, { kind: kindOf(group), startS, startAh, gain, random });
    steps.push(step);
    startS += step.timeS.at(-1)!;
    startAh = step.chargeAh.at(-1)!;
  }
  return steps;
}

/** Moves of each step. */
function movesOf({ state, rate }: StudyCellPlan, toX: number): Move[][] {
  const rest = (hours: number): Move[] => [{ kind: "rest", hours }];
  if (state === "pristine" || !rate) return [rest(2)];
  const amps = CURRENT_A[rate];
  const discharge = (x: number): Move[] => [{ kind: "current", amps: -amps, toX: x }];
  const charge = (x: number): Move[] =>
    rate === "C/20"
      ? [{ kind: "current", amps, toX: x }]
      : [
          { kind: "current", amps, toX: HOLD_FROM_X },
          { kind: "hold", toX: x },
        ];
  if (state === "charged") return [rest(0.5), discharge(EMPTY_X[rate]), rest(0.5), charge(toX), rest(1)];
  const cycle = [rest(0.5), discharge(EMPTY_X[rate]), rest(0.5), charge(FULL_X[rate]), rest(0.5)];
  return [...cycle, discharge(toX), rest(1)];
}

const kindOf = ([first]: readonly Move[]): CyclingKind =>
  first!.kind !== "current" ? "rest" : first!.amps > 0 ? "charge" : "discharge";

interface State {
  readonly x: number;
  readonly volts: number;
  readonly amps: number;
}
interface Row extends State {
  readonly timeS: number;
}

/** @param perContentAh charge that moves x by one */
function trace(move: Move, from: State, perContentAh: number): Row[] {
  if (move.kind === "rest") {
    const relaxed = openCircuit(from.x);
    return timesTo(move.hours * 3600, 60).map((timeS) => {
      return { timeS, x: from.x, volts: relaxed + (from.volts - relaxed) * Math.exp(-timeS / 300), amps: 0 };
    });
  }
  const chargeS = (from.x - move.toX) * perContentAh * 3600;
  if (move.kind === "hold") {
    const lastA = CURRENT_A["C/20"];
    const decayS = chargeS / (from.amps - lastA);
    const endS = decayS * Math.log(from.amps / lastA);
    return timesTo(endS, 10).map((timeS) => {
      const amps = from.amps * Math.exp(-timeS / decayS);
      const moved = (decayS * (from.amps - amps)) / (perContentAh * 3600);
      return { timeS, x: from.x - moved, volts: CUT_OFF_V.charge, amps };
    });
  }
  const { amps, toX } = move;
  const limit = amps > 0 ? CUT_OFF_V.charge : CUT_OFF_V.discharge;
  const missing = limit - openCircuit(toX) - amps * RESISTANCE_OHM;
  return timesTo(chargeS / amps, amps ** 2 < 0.01 ? 60 : 10).map((timeS) => {
    const x = from.x - (timeS * amps) / (perContentAh * 3600);
    const near = Math.exp(-Math.abs(x - toX) / 0.02);
    return { timeS, x, volts: openCircuit(x) + amps * RESISTANCE_OHM + missing * near, amps };
  });
}

/** 0, stepS, ... and endS itself. */
const timesTo = (endS: number, stepS: number): number[] => [
  ...Array.from({ length: Math.ceil(endS / stepS - 1e-9) }, (_, i) => i * stepS),
  endS,
];

interface Circumstances {
  readonly kind: CyclingKind;
  readonly startS: number;
  readonly startAh: number;
  readonly gain: number;
  readonly random: Random;
}

function record(rows: readonly Row[], { kind, startS, startAh, gain, random }: Circumstances): CyclingStep {
  const chargeAh = new Float64Array(rows.length);
  rows.forEach((row, i) => {
    const before = rows[i - 1];
    const passed = before ? ((row.amps + before.amps) / 2) * (row.timeS - before.timeS) : 0;
    chargeAh[i] = (before ? chargeAh[i - 1]! : startAh) + (gain * passed) / 3600;
  });
  return {
    kind,
    startS,
    timeS: Float64Array.from(rows, ({ timeS }) => timeS),
    voltageV: Float64Array.from(rows, ({ volts }) => volts + 3e-4 * random.normal()),
    currentA: Float64Array.from(rows, ({ amps }) => (amps === 0 ? 0 : gain * amps * (1 + 2e-4 * random.normal()))),
    chargeAh,
  };
}

/** Content and volts against lithium. */
const CATHODE_V: readonly (readonly [number, number])[] = [
  [0.2, 4.42],
  [0.27, 4.28],
  [0.33, 4.18],
  [0.4, 4.08],
  [0.5, 3.94],
  [0.6, 3.83],
  [0.7, 3.76],
  [0.8, 3.7],
  [0.88, 3.63],
  [0.95, 3.5],
];
const ANODE_V: readonly (readonly [number, number])[] = [
  [0, 0.6],
  [0.03, 0.35],
  [0.08, 0.22],
  [0.15, 0.18],
  [0.25, 0.13],
  [0.5, 0.115],
  [0.55, 0.09],
  [0.8, 0.08],
];

function openCircuit(x: number): number {
  const along = (points: typeof CATHODE_V, at: number): number => {
    const { index, share } = intervalOf(
      points.map(([content]) => content),
      at,
    );
    return points[index]![1] * (1 - share) + points[index + 1]![1] * share;
  };
  return along(CATHODE_V, x) - along(ANODE_V, anodeMeanAt(x));
}
