/** A cell whose charge, voltage and segments are known by formula, recorded as a cycler would. */
import type { CyclerRecord } from "../src/data/index.ts";

export interface MadeUpStep {
  readonly kind: "rest" | "CC" | "CV" | "CP";
  readonly lengthS: number;
  /** CC: A; CV: A at its start; CP: W */
  readonly size?: number;
  /** CV: s in which its current falls to 1/e */
  readonly decayS?: number;
}

export interface MadeUpOptions {
  readonly everyS?: number;
  /** standard deviations */
  readonly noiseV?: number;
  readonly noiseA?: number;
  readonly random?: () => number;
  /** without the cycler's own numbers of steps */
  readonly isUnnumbered?: boolean;
  readonly hasCount?: boolean;
}

/** V of a cell that holds `capacityAh`, at a state between 0 and 1. */
export const openVoltage = (state: number): number => 3.2 + 0.9 * state;
export const RESISTANCE_OHM = 0.15;
export const CAPACITY_AH = 0.33;

/**
 * The exact charge after each step, in Ah, and the record. CV keeps the voltage that the step before ended with; its
 * charge is I0 tau (1 - exp(-t / tau)).
 */
export function madeUpCell(
  steps: readonly MadeUpStep[],
  { everyS = 10, noiseV = 0, noiseA = 0, random = () => 0, isUnnumbered = false, hasCount = false }: MadeUpOptions = {},
): { readonly record: CyclerRecord; readonly chargeAh: readonly number[] } {
  const [timeS, voltageV, currentA, counted, step]: number[][] = [[], [], [], [], []];
  const ends: number[] = [];
  let [time, charge, voltage] = [0, 0, openVoltage(0.02)];
  const state = (ah: number): number => 0.02 + ah / CAPACITY_AH;
  steps.forEach(({ kind, lengthS, size = 0, decayS = 1 }, k) => {
    const held = voltage;
    const passed = (t: number): number =>
      kind === "CC" ? (size * t) / 3600 : kind === "CV" ? (size * decayS * (1 - Math.exp(-t / decayS))) / 3600 : 0;
    const rows = Math.round(lengthS / everyS);
    let power = charge;
    for (let i = k === 0 ? 0 : 1; i <= rows; i++) {
      const t = (i / rows) * lengthS;
      const now =
        kind === "CP"
          ? size / openVoltage(state(power))
          : kind === "CC"
            ? size
            : kind === "CV"
              ? size * Math.exp(-t / decayS)
              : 0;
      if (kind === "CP" && i > 0) power += (now * lengthS) / rows / 3600;
      const ah = kind === "CP" ? power : charge + passed(t);
      voltage = kind === "CV" ? held : kind === "CP" ? size / now : openVoltage(state(ah)) + now * RESISTANCE_OHM;
      timeS!.push(time + t);
      voltageV!.push(voltage + noiseV * random());
      currentA!.push(now + (kind === "rest" ? 0 : noiseA * random()));
      counted!.push(ah);
      step!.push(k + 1);
    }
    charge = counted!.at(-1)!;
    time += lengthS;
    ends.push(charge);
  });
  const record: CyclerRecord = {
    source: "made up",
    format: "made up",
    timeS: Float64Array.from(timeS!),
    voltageV: Float64Array.from(voltageV!),
    currentA: Float64Array.from(currentA!),
    ...(hasCount && { chargeAh: Float64Array.from(counted!) }),
    ...(!isUnnumbered && { step: Int32Array.from(step!) }),
    notes: [],
  };
  return { record, chargeAh: ends };
}
