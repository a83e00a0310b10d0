import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { hallOperations } from "./hall-symbol.ts";
import { findSpaceGroup, spaceGroupSettings } from "./space-group.ts";
import { formatOperation, parseOperation } from "./symmetry.ts";

interface Group {
  number: number;
  hm: string;
  ext: string;
  hall: string;
  ops: string[];
}

describe.skipIf(!hasShared)("Hall symbols against gemmi's operations (needs ../shared)", () => {
  const groups = hasShared ? sharedJson<Group[]>("reference/tables/space_groups_gemmi.json") : [];
  it("gives the operations of all 559 settings", () => {
    const normal = (ops: readonly string[]): string[] => ops.map((op) => formatOperation(parseOperation(op))).sort();
    for (const { hall, ops } of groups) {
      expect({ hall, ops: hallOperations(hall).map(formatOperation).sort() }).toEqual({ hall, ops: normal(ops) });
    }
    expect(groups.length).toBe(spaceGroupSettings.length);
  });
});

describe("hallOperations", () => {
  it.each([
    ["P 1", 1],
    ['-R 3 2"', 36],
    ["-P 6c 2c", 24],
    ["-F 4vw 2vw 3", 192],
    ["-I 4bd 2c 3", 96],
    ["P 61 2 (0 0 5)", 12],
  ])("%s has %i operations, the identity first", (hall, order) => {
    const operations = hallOperations(hall).map(formatOperation);
    expect(operations).toHaveLength(order);
    expect(operations[0]).toBe("x,y,z");
  });
  it.each(["", "Q 2", "P 5", "P 2 2 (0 0", "R -3 m"])("refuses %j", (hall) => {
    expect(() => hallOperations(hall)).toThrow(expect.objectContaining({ code: "bad-hall-symbol" }));
  });
});

describe("findSpaceGroup", () => {
  const hexagonal = { a: 2.87, b: 2.87, c: 14.25, alpha: 90, beta: 90, gamma: 120 };
  const rhombohedral = { a: 5, b: 5, c: 5, alpha: 33, beta: 33, gamma: 33 };
  it("takes the setting that the symbol names", () => {
    expect(findSpaceGroup("F d -3 m:2").hall).toBe("-F 4vw 2vw 3");
    expect(findSpaceGroup("Fd-3m :1").hall).toBe("F 4d 2 3 -1d");
    expect(findSpaceGroup("F d -3 m Z").hall).toBe("-F 4vw 2vw 3");
    expect(findSpaceGroup("P 21/c").hall).toBe("-P 2ybc");
    expect(findSpaceGroup("F m 3 m").hall).toBe("-F 4 2 3");
  });
  it("takes the axes of the cell for a rhombohedral group", () => {
    expect(findSpaceGroup("R -3 m", hexagonal).extension).toBe("H");
    expect(findSpaceGroup("R -3 m", rhombohedral).extension).toBe("R");
  });
  it("refuses to guess an origin, and says what to write", () => {
    expect(() => findSpaceGroup("F d -3 m")).toThrow(
      expect.objectContaining({ code: "ambiguous-origin", message: expect.stringContaining("F d -3 m:2") }),
    );
  });
  it("refuses a symbol that no group has", () => {
    expect(() => findSpaceGroup("F z -3 m")).toThrow(expect.objectContaining({ code: "unknown-space-group" }));
  });
});
