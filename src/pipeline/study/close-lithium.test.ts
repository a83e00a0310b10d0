import { describe, expect, it } from "vitest";
import { countLithium, type LithiumInventory, MAH_PER_MOL, uncertain } from "../../stages/lithium/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { chargeBetween, closeCells } from "./close-lithium.ts";
import { studyCounts } from "./study-counts.ts";

/** A cell of so much oxide that gave or took its charge since x was 0.41. */
function cell(name: string, x: number, moles: number | undefined, esd = 0): AnalysedCell {
  const row = { electrode: "NMC532", kind: "all" as const, where: "", from: null, to: null, voxels: 9, ambiguous: 0 };
  const inventory: LithiumInventory = countLithium(
    {
      cell: name,
      cathode: { ...row, x, esd: 0.0005, total: 0.0005, sd: 0, heterogeneity: 0, unknown: 0 },
      ...{ cathodeByScale: 0, cathodeByCurve: 0, tableXEsd: 0, tableSlopeEsd: 0, tableAnchorX: 1, anode: undefined },
      ...{ stagesEsd: 0, stageAmountsEsd: 0, stages: "", carbonPerUnit: 0, carbonPerUnitEsd: 0, scaleRatioEsd: 0 },
      ...{ hidden: [], unseenShareEsd: 0 },
    },
    1,
    0,
  );
  const mah = (0.41 - x) * (moles ?? 0.02) * MAH_PER_MOL;
  const units = moles && { inCell: uncertain(moles, { [`mass of ${name}`]: esd }), perMm: undefined, source: "" };
  const analysed = {
    ...{ label: name, config: { name, lithium: { capacityMah: mah, capacityEsdMah: 0.2 } } },
    lithium: { inventory, units },
  };
  return analysed as unknown as AnalysedCell;
}

describe("lithium between cells of a study", () => {
  it("closes between cells of other sizes, each charge by its own oxide", () => {
    const cells = [cell("large", 0.27, 0.03), cell("small", 0.83, 0.02), cell("middle", 0.5, 0.025)];
    const closings = closeCells(cells).filter(({ kind }) => kind === "cathode");
    expect(closings.map(({ between }) => between)).toEqual([
      ["large", "small"],
      ["large", "middle"],
      ["middle", "small"],
    ]);
    for (const { residual } of closings) expect(residual.value).toBeCloseTo(0, 9);
    // mAh of the first cell: 0.56 Li a formula unit of 0.03 mol
    expect(closings[0]!.right.value).toBeCloseTo(0.56 * 0.03 * MAH_PER_MOL, 9);
    const counts = studyCounts({ cells });
    for (const { cathodeMAh, cyclerMAh } of counts) expect(cathodeMAh).toBeCloseTo(cyclerMAh, 9);
    // 0.56 in 0.03 mol, and the noise of both
    const [large] = counts;
    expect(large!.cathodeEsd).toBeCloseTo(0.0005 * Math.SQRT2 * 0.03 * MAH_PER_MOL, 6);
  });

  it("has the errors of both weighings, of which one is in what passed and one in its scale", () => {
    const [large, small] = [cell("large", 0.27, 0.03, 3e-4), cell("small", 0.83, 0.02, 2e-4)];
    const passed = chargeBetween(large, small);
    const theirs = 0.42 * 0.03 * MAH_PER_MOL;
    // charge of the small cell times 0.03 / 0.02, 1 % each
    expect(Math.abs(passed!.parts.get("mass of large")!)).toBeCloseTo(0.01 * theirs, 9);
    expect(Math.abs(passed!.parts.get("mass of small")!)).toBeCloseTo(0.01 * theirs, 9);
    expect(passed!.parts.get("charge of large")).toBeCloseTo(0.2, 9);
    expect(Math.abs(passed!.parts.get("charge of small")!)).toBeCloseTo(0.3, 9);
  });

  it("takes cells for alike where the oxide of one is not known", () => {
    const [one, other] = [cell("one", 0.27, 0.02), cell("other", 0.83, undefined)];
    expect(chargeBetween(one, other)!.value).toBeCloseTo(0.56 * 0.02 * MAH_PER_MOL, 9);
  });
});
