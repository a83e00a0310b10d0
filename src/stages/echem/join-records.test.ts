import { describe, expect, it } from "vitest";
import type { CyclerRecord } from "../../data/index.ts";
import { netChargeAh } from "./charge.ts";
import { EchemConfig } from "./config.ts";
import { joinRecords } from "./join-records.ts";

const record = (source: string, startedAt: string | undefined, current = 1): CyclerRecord => ({
  source,
  format: "made up",
  ...(startedAt !== undefined && { startedAt }),
  timeS: Float64Array.of(0, 1800, 3600),
  voltageV: Float64Array.of(3, 3.5, 4),
  currentA: new Float64Array(3).fill(current),
  notes: [],
});

describe("joinRecords", () => {
  it("puts files in the order of their start, says the gap, and counts no charge in it", () => {
    const joined = joinRecords([record("b", "2020-01-01T03:00:00", -1), record("a", "2020-01-01T00:00:00")]);
    expect(joined.source).toBe("a + b");
    expect([...joined.timeS]).toEqual([0, 1800, 3600, 3600, 10800, 10800, 12600, 14400]);
    expect([...joined.currentA!]).toEqual([1, 1, 1, 0, 0, -1, -1, -1]);
    expect(joined.notes).toEqual(["b follows after 2.0 h without a record"]);
    const { ah, chargedAh, dischargedAh } = netChargeAh(joined, EchemConfig.parse({}));
    expect([ah, chargedAh, dischargedAh]).toEqual([0, 1, 1]);
  });

  it("without dates, as given and without gaps", () => {
    const joined = joinRecords([record("a", undefined), record("b", undefined, -1)]);
    expect([...joined.timeS]).toEqual([0, 1800, 3600, 3600, 5400, 7200]);
    expect(joined.notes.join()).toContain("follow one another as given");
  });

  it("keeps the count of the cycler running on", () => {
    const counted = (source: string, startedAt: string): CyclerRecord => ({
      ...record(source, startedAt),
      chargeAh: Float64Array.of(0, 0.5, 1),
    });
    const joined = joinRecords([counted("a", "2020-01-01T00:00:00"), counted("b", "2020-01-01T01:00:00")]);
    expect([...joined.chargeAh!]).toEqual([0, 0.5, 1, 1, 1.5, 2]);
    expect(new Set(joined.step).size).toBe(2);
  });

  it("refuses files that overlap, and a current that only some have", () => {
    const late = record("b", "2020-01-01T00:30:00");
    expect(() => joinRecords([record("a", "2020-01-01T00:00:00"), late])).toThrow(
      expect.objectContaining({ code: "echem-overlap", message: expect.stringContaining("1800 s") }),
    );
    const { currentA: _, ...alone } = record("b", "2020-01-01T02:00:00");
    expect(() => joinRecords([record("a", "2020-01-01T00:00:00"), alone])).toThrow(
      expect.objectContaining({ code: "echem-no-current" }),
    );
  });
});
