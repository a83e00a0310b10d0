import { describe, expect, it } from "vitest";
import { madeUpCell } from "../../../tests/made-up-cell.ts";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { alignSeries, findClockOffset } from "./align-series.ts";
import { EchemConfig } from "./config.ts";
import { patternChange } from "./pattern-change.ts";
import { findSegments } from "./segments.ts";

const config = EchemConfig.parse({});
const { record } = madeUpCell([
  { kind: "rest", lengthS: 600 },
  { kind: "CC", lengthS: 20000, size: 0.04 },
  { kind: "CC", lengthS: 18000, size: -0.04 },
  { kind: "CC", lengthS: 10000, size: 0.04 },
]);
const segments = findSegments(record, config);
const charge = (time: number): number =>
  (0.04 / 3600) *
  (time < 600 ? 0 : time < 20600 ? time - 600 : time < 38600 ? 41200 - time - 600 : time - 38600 + 2000);
const times = Array.from({ length: 60 }, (_, k) => 3000 + 700 * k);
const random = seededRandom(11);
/** A lattice parameter that follows the charge in a curve, seen 900 s later by the clock of the scans. */
const quantity = (noise: number): number[] =>
  times.map((time) => 14.4 + 0.3 * charge(time + 900) - 0.8 * charge(time + 900) ** 2 + noise * (2 * random() - 1));

describe("alignSeries", () => {
  it("gives voltage, current, charge and segment at each pattern; nothing outside", () => {
    const states = alignSeries(record, segments, [-5, 300, 10600, 30600, 60000]);
    expect([...states.segment]).toEqual([-1, 0, 1, 2, -1]);
    expect(states.chargeAh![2]).toBeCloseTo(charge(10600), 6);
    expect(states.chargeAh![3]).toBeCloseTo(charge(30600), 6);
    expect([states.currentA![1], states.currentA![2], states.currentA![3]]).toEqual([0, 0.04, -0.04]);
    expect([states.voltageV[0], states.voltageV[4]]).toEqual([Number.NaN, Number.NaN]);
  });

  it("adds the offset of the clocks", () => {
    expect(alignSeries(record, segments, [9600], 1000).chargeAh![0]).toBeCloseTo(charge(10600), 6);
  });
});

describe("findClockOffset", () => {
  it.each([0, 2e-4])("finds it within its uncertainty, noise %s", (noise) => {
    const found = findClockOffset(record, segments, times, quantity(noise), { rangeS: 2500 });
    expect(found.status).toBe("found");
    expect(Math.abs(found.offsetS - 900)).toBeLessThan(3 * found.esdS);
    expect(found.esdS).toBeLessThan(150);
    expect(found.unexplained).toBeLessThan(found.unexplainedAtZero);
  });

  it("finds it from a voltage alone, by its turns", () => {
    const { currentA: _, step: __, ...alone } = record;
    const found = findClockOffset(alone, findSegments(alone, config), times, quantity(0), { rangeS: 2500 });
    expect(found.status).toBe("found");
    expect(Math.abs(found.offsetS - 900)).toBeLessThan(200);
  });

  it("does not claim one where the charge runs one way, or the quantity does not follow it", () => {
    const early = times.filter((time) => time > 3200 && time < 17000);
    const straight = findClockOffset(
      record,
      segments,
      early,
      early.map((time) => 14.4 + 0.3 * charge(time + 900)),
      { rangeS: 2500 },
    );
    expect(straight).toMatchObject({ status: "undetermined", esdS: Number.POSITIVE_INFINITY });
    const noise = seededRandom(5);
    expect(findClockOffset(record, segments, times, times.map(noise), { rangeS: 2500 }).status).toBe("undetermined");
    expect(
      findClockOffset(record, segments, times.slice(0, 5), quantity(0).slice(0, 5), { rangeS: 2500 }).reason,
    ).toContain("needed");
  });
});

describe("patternChange", () => {
  it("is what moves between two patterns, whatever the beam does", () => {
    const [a, b] = [0, 1].map((k) =>
      Float64Array.from({ length: 50 }, (_, i) => 10 + Math.exp(-((i - 20 - 5 * k) ** 2) / 8)),
    );
    const shares = [0, 0.1, 0.4, 0.9, 1, 0.6, 0.2];
    const patterns = shares.map((share, k) =>
      a!.map((value, i) => (1 + 0.2 * (k % 2)) * ((1 - share) * value + share * b![i]!)),
    );
    const scores = patternChange([...patterns, new Float64Array(50).fill(Number.NaN)]);
    const line = (k: number): number => (scores[k]! - scores[0]!) / (scores[4]! - scores[0]!);
    shares.forEach((share, k) => expect(line(k)).toBeCloseTo(share, 2));
    expect(scores[7]).toBeNaN();
  });
});
