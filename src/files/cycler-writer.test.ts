import { describe, expect, it } from "vitest";
import { parseEcLabText } from "./biologic-mpt.ts";
import { type CyclerStep, formatEcLabText, formatGamryDta } from "./cycler-writer.ts";
import { parseGamryDta } from "./gamry-dta.ts";

const STARTED_AT = new Date("2026-03-17T22:30:00Z");
const step = (kind: CyclerStep["kind"], startS: number, amps: number): CyclerStep => {
  const timeS = Float64Array.of(0, 60, 120, 173.25);
  return {
    kind,
    startS,
    timeS,
    voltageV: Float64Array.from(timeS, (t) => 3.5 + amps * t * 1e-2),
    currentA: Float64Array.from(timeS, () => amps),
    chargeAh: Float64Array.from(timeS, (t) => (amps * t) / 3600),
  };
};
const expectClose = (found: ArrayLike<number> | undefined, expected: ArrayLike<number>): void => {
  expect(found?.length).toBe(expected.length);
  Array.from(expected, (value, i) => expect(found![i]).toBeCloseTo(value, 4));
};

describe("cycler files", () => {
  describe.each([
    ["decimal points", false],
    ["decimal commas", true],
  ])("a Gamry .DTA with %s", (_, hasComma) => {
    it.each([
      ["charge", 0.04],
      ["discharge", -0.4],
      ["rest", 0],
    ] as const)("of a %s says what was given", (kind, amps) => {
      const given = step(kind, 7200, amps);
      const text = formatGamryDta(given, STARTED_AT, hasComma);
      const found = parseGamryDta(text, "1.DTA");
      expectClose(found.timeS, given.timeS);
      expectClose(found.voltageV, given.voltageV);
      expectClose(found.currentA, given.currentA);
      // two hours later it is the next day
      expect(found.startedAt).toBe("2026-03-18T00:30:00");
      expect(found.notes).toEqual([]);
      expect(text.includes("3,5")).toBe(hasComma);
    });
  });

  it("an EC-Lab text says what was given, one step after the other", () => {
    const steps = [step("discharge", 0, -0.04), step("rest", 173.25, 0), step("charge", 346.5, 0.04)];
    const found = parseEcLabText(formatEcLabText(steps, STARTED_AT), "a.mpt");
    expectClose(
      found.timeS,
      steps.flatMap(({ timeS, startS }) => [...timeS].map((t) => t + startS)),
    );
    expectClose(
      found.currentA,
      steps.flatMap(({ currentA }) => [...currentA]),
    );
    expectClose(
      found.chargeAh,
      steps.flatMap(({ chargeAh }) => [...chargeAh]),
    );
    expect(found.startedAt).toBe("2026-03-17T22:30:00");
  });

  it("an EC-Lab text says how many lines its head has", () => {
    const lines = formatEcLabText([step("rest", 0, 0)], STARTED_AT).split("\r\n");
    const head = Number(/Nb header lines : (\d+)/.exec(lines[1]!)![1]);
    expect(lines[head - 1]).toMatch(/^mode\t.*time\/s/);
    expect(lines[head]).toMatch(/^3\t/);
  });
});
