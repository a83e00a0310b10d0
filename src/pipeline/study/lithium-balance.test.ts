import { describe, expect, it } from "vitest";
import { type Closing, uncertain } from "../../stages/lithium/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { balanceLines, balanceTable } from "./lithium-balance.ts";

const cells = ["one", "one-two", "three"].map((name) => ({
  ...{ label: name, config: { name } },
  lithium: { inventory: { placesRatio: uncertain(name === "three" ? 1.1 : 0.95, { a: 0.05 }) } },
})) as unknown as AnalysedCell[];

const closing = (kind: Closing["kind"], residual: number, parts: Record<string, number>, names: string[]): Closing => {
  const left = uncertain(100 + residual, parts);
  const esd = Math.hypot(...Object.values(parts));
  const z = residual / esd;
  const between = names as unknown as readonly [string, string];
  const words = Math.abs(z) < 2 ? "closes" : "does not close: a loss";
  return {
    ...{ kind, between, z, words, left },
    ...{ what: `${kind}: ${names.join(" against ")}`, unit: "mAh", right: uncertain(100) },
    residual: uncertain(residual, parts),
  };
};

describe("the balance of a study, for people", () => {
  const closings = [
    closing("cathode", 1, { "mass of the cathode of one": 3, "cycler of one-two": 1 }, ["one", "one-two"]),
    closing("cathode", 6, { "mass of the cathode of one-two": 1.5, "cycler of one": 1.5 }, ["one", "three"]),
    closing("anode", -2, { "amounts, of one": 4 }, ["one", "one-two"]),
  ];
  const text = balanceLines(cells, closings).join("\n");

  it("says first how much closes, and names what does not", () => {
    expect(text.split("\n")[0]).toContain("does not add up everywhere");
    expect(text).toContain("2 of 3 comparisons close");
    expect(text).toContain("Open: cathode: one against three: does not close: a loss");
    expect(balanceLines(cells, closings.slice(0, 1))[0]).toContain("**The lithium adds up**: 1 of 1");
  });

  it("says by how much, to which side, and which kind of source has most of the variance, whichever cell's", () => {
    // 9/10 of the first and 1/2 of the second are of the mass
    expect(text).toContain(
      "Cathode less cycler: 1.0 to 6.0 mAh, 2 of 2 positive; stated uncertainties 2.1 to 3.2, mostly from mass of the cathode (70 % of the variance).",
    );
    expect(text).toContain("0 of 1 positive");
  });

  it("holds the scatter of N/P against what is stated of it", () => {
    // 0.95, 0.95, 1.1: mean 1, standard deviation 0.0866
    expect(text).toContain("1.000, scattering by 8.7 % from cell to cell where 5.0 % is stated");
  });

  it("has a line for every two cells", () => {
    const { head, rows } = balanceTable(closings);
    expect(head).toHaveLength(6);
    expect(rows.map(([pair]) => pair)).toEqual(["one − one-two", "one − three"]);
    expect(rows[0]!.at(-1)).toBe("-2(4), z -0.5");
    expect(rows[1]!.at(-1)).toBe("");
  });

  it("says nothing where there is nothing to compare", () => {
    expect(balanceLines(cells, [])).toEqual([]);
  });
});
