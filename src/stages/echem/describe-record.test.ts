/** Segments, capacities and rates of a cell whose truth is a formula. */
import { describe, expect, it } from "vitest";
import { CAPACITY_AH, type MadeUpStep, madeUpCell, RESISTANCE_OHM } from "../../../tests/made-up-cell.ts";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { netChargeAh } from "./charge.ts";
import { EchemConfig } from "./config.ts";
import { describeRecord } from "./describe-record.ts";

const config = EchemConfig.parse({});
/** Charge at 40 mA and to a trickle, rest, discharge at 400 mA. */
const CYCLE: readonly MadeUpStep[] = [
  { kind: "rest", lengthS: 600 },
  { kind: "CC", lengthS: 26000, size: 0.04 },
  { kind: "CV", lengthS: 3000, size: 0.04, decayS: 900 },
  { kind: "rest", lengthS: 1800 },
  { kind: "CC", lengthS: 2600, size: -0.4 },
  { kind: "rest", lengthS: 600 },
];
const KINDS = ["rest0", "CC1", "CV1", "rest0", "CC-1", "rest0"];

describe("segments", () => {
  it.each([
    ["numbered", 0, 0, false],
    ["numbered, noisy", 1e-3, 2e-4, false],
    ["unnumbered", 0, 0, true],
    ["unnumbered, noisy", 1e-3, 2e-4, true],
  ] as const)("%s steps are found as they were", (_, noiseV, noiseA, isUnnumbered) => {
    const uniform = seededRandom(7);
    const random = (): number => normal(uniform);
    const { record } = madeUpCell(CYCLE, { noiseV, noiseA, isUnnumbered, random });
    const { segments } = describeRecord(record, config);
    expect(segments.map(({ kind, direction }) => `${kind}${direction}`)).toEqual(KINDS);
    segments.forEach(({ lengthS }, k) =>
      expect(Math.abs(lengthS - CYCLE[k]!.lengthS)).toBeLessThan(isUnnumbered ? 120 : 1),
    );
  });

  it("constant power is told from constant current", () => {
    const { record } = madeUpCell(
      [
        { kind: "rest", lengthS: 60 },
        { kind: "CP", lengthS: 3000, size: 0.8 },
        { kind: "rest", lengthS: 60 },
      ],
      { everyS: 5 },
    );
    expect(describeRecord(record, config).segments.map(({ kind }) => kind)).toEqual(["rest", "CP", "rest"]);
  });

  it("brief currents between rests are pulses", () => {
    const pulse: readonly MadeUpStep[] = [
      { kind: "CC", lengthS: 30, size: 0.3 },
      { kind: "rest", lengthS: 600 },
    ];
    const { record } = madeUpCell([{ kind: "rest", lengthS: 600 }, ...pulse, ...pulse], { everyS: 5 });
    expect(describeRecord(record, config).segments.map(({ kind }) => kind)).toEqual([
      "rest",
      "pulse",
      "rest",
      "pulse",
      "rest",
    ]);
  });

  it("two currents in one step are two segments", () => {
    const { record } = madeUpCell(
      [
        { kind: "CC", lengthS: 6000, size: 0.04 },
        { kind: "CC", lengthS: 600, size: 0.16 },
      ],
      { isUnnumbered: true },
    );
    expect(describeRecord(record, config).segments.map(({ currentA }) => Number(currentA!.toFixed(2)))).toEqual([
      0.04, 0.16,
    ]);
  });

  it("of a voltage alone are its ways up and down", () => {
    const {
      currentA: _,
      step: __,
      ...record
    } = madeUpCell(
      CYCLE.filter(({ kind }) => kind === "CC"),
      {},
    ).record;
    const { segments, capacity } = describeRecord(record, config);
    expect(segments.map(({ kind, direction }) => `${kind}${direction}`)).toEqual(["voltage1", "voltage-1"]);
    expect(capacity).toBeUndefined();
  });
});

describe("charge", () => {
  const { record, chargeAh } = madeUpCell(CYCLE);

  it("of each segment is that of the formula, within its uncertainty, counted or integrated", () => {
    const counted = describeRecord(madeUpCell(CYCLE, { hasCount: true }).record, config).segments;
    describeRecord(record, config).segments.forEach((segment, k) => {
      const truth = chargeAh[k]! - (chargeAh[k - 1] ?? 0);
      expect(counted[k]!.chargeAh).toBeCloseTo(truth, 12);
      expect(Math.abs(segment.chargeAh! - truth)).toBeLessThanOrEqual(2 * segment.chargeEsdAh!);
      expect(Math.abs(segment.chargeAh! - truth)).toBeLessThan(2e-5);
    });
  });

  it("gives energy as the integral of V dQ", () => {
    const [, charge] = describeRecord(record, config).segments;
    // V = 3.2 + 0.9 (0.02 + Q / C) + R I, from Q = 0
    const q = charge!.chargeAh!;
    const energy = (3.2 + 0.018 + RESISTANCE_OHM * 0.04) * q + (0.45 * q * q) / CAPACITY_AH;
    expect(charge!.energyWh).toBeCloseTo(energy, 5);
  });

  it("as a rate refers to what was measured, not to the label", () => {
    // the paper's cells: "C/20" was 40 mA and "C/2" 400 mA, of 800 mAh; the label says 600, the cells gave 0.29
    const { segments, capacity } = describeRecord(record, { ...config, nominalCapacityAh: 0.6 });
    expect(capacity).toMatchObject({ from: "largest discharge after a charge" });
    expect(capacity!.ah).toBeCloseTo(0.4 * (2600 / 3600), 4);
    expect(segments[1]!.trueRate).toBeCloseTo(0.04 / 0.28889, 3);
    expect(segments[4]!.trueRate).toBeCloseTo(0.4 / 0.28889, 3);
    expect(segments[4]!.nominalRate).toBeCloseTo(0.4 / 0.6, 3);
    expect(segments[0]!.trueRate).toBeUndefined();
  });

  it("counts a cycle from its first half, with the efficiency of charge", () => {
    const { cycles } = describeRecord(record, config);
    const charged = 0.04 * (26000 / 3600) + (0.04 * 900 * (1 - Math.exp(-3000 / 900))) / 3600;
    expect(cycles).toHaveLength(1);
    expect(cycles[0]!.efficiency).toBeCloseTo((0.4 * 2600) / 3600 / charged, 4);
  });

  it("leaves out what only brought the cell to its start", () => {
    const half = (size: number, lengthS: number): MadeUpStep => ({ kind: "CC", size, lengthS });
    const { record: lead } = madeUpCell([
      half(-0.04, 600),
      half(0.04, 9000),
      half(-0.04, 8800),
      half(0.04, 9000),
      half(-0.04, 8800),
    ]);
    const { cycles } = describeRecord(lead, config);
    expect(cycles.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(cycles[1]!.efficiency).toBeCloseTo(8800 / 9000, 3);
  });

  it("says where the current has its sign the wrong way round", () => {
    const turned = { ...record, currentA: record.currentA!.map((value) => -value) };
    expect(describeRecord(record, config).notes).toEqual([]);
    expect(describeRecord(turned, config).notes.join()).toContain("--flip-current");
  });
});

describe("net charge", () => {
  const { record, chargeAh } = madeUpCell(CYCLE);

  it("is what remains in the cell, of all or between two times", () => {
    expect(netChargeAh(record, config).ah).toBeCloseTo(chargeAh.at(-1)!, 4);
    const part = netChargeAh(record, config, { fromS: 600 + 3600, toS: 600 + 7200 });
    expect(part.ah).toBeCloseTo(0.04, 9);
    expect(part).toMatchObject({ from: "integrated", dischargedAh: 0 });
  });

  it("carries the errors of gain, zero and sampling", () => {
    const plain = { gainError: 0, offsetError: 0, restShare: 0.001 };
    const [into, out] = [netChargeAh(record, config).chargedAh, netChargeAh(record, config).dischargedAh];
    const counted = madeUpCell(CYCLE, { hasCount: true }).record;
    expect(netChargeAh(counted, { ...plain, gainError: 0.01 }).esd).toBeCloseTo(0.01 * Math.hypot(into, out), 5);
    // 400 mA and 31 600 s with a current
    expect(netChargeAh(counted, { ...plain, offsetError: 0.001 }).esd).toBeCloseTo((0.0004 * 31600) / 3600, 4);
    expect(netChargeAh(counted, plain).esd).toBe(0);
    expect(netChargeAh(record, plain).esd).toBeGreaterThan(0);
  });

  it("states an uncertainty that covers what sparse rows lose", () => {
    for (const everyS of [100, 200, 300]) {
      const sparse = madeUpCell(CYCLE, { everyS });
      const { ah, esd } = netChargeAh(sparse.record, { gainError: 0, offsetError: 0, restShare: 0.001 });
      expect(Math.abs(ah - sparse.chargeAh.at(-1)!)).toBeLessThan(2 * esd);
    }
  });

  it("is refused where the record has neither current nor charge, or the time lies outside", () => {
    const { currentA: _, ...voltage } = record;
    expect(() => netChargeAh(voltage, config)).toThrow(expect.objectContaining({ code: "echem-no-current" }));
    expect(() => netChargeAh(record, config, { toS: 1e9 })).toThrow(
      expect.objectContaining({ code: "echem-time-outside" }),
    );
  });
});
