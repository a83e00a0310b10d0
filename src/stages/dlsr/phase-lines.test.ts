import { describe, expect, it } from "vitest";
import { CATALOGUE_WAVELENGTH, catalogueModel } from "../../../tests/catalogue-model.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";

const topOf = (pattern: Float64Array): number => pattern.reduce((most, value) => Math.max(most, value), 0);
const patternOf = (lines: PhaseLines, cell: ArrayLike<number>, tau = 0, width = 1): Float64Array => {
  const out = new Float64Array(lines.twoTheta.length);
  expect(lines.addPattern(cell, tau, width, out)).toBe(true);
  return out;
};
/** largest difference over the top */
const misfit = (found: Float64Array, want: Float64Array): number =>
  found.reduce((most, value, j) => Math.max(most, Math.abs(value - want[j]!)), 0) / topOf(want);

describe("lines of a phase", () => {
  it.each([
    ["cubic", "Cu", {}],
    ["hexagonal", "NMC532", {}],
    ["orthorhombic", "LFP", {}],
    ["displaced", "Cu", { displacement: 3 }],
  ])("at depth 0 in the model's cell are the model's pattern (%s)", (_, name, values) => {
    const calculator = catalogueModel(
      [name],
      { zero: 0.02, [`${name}/size`]: 150, [`${name}/scale`]: 1, ...values },
      { displacement: { geometry: "detector", lengthMm: 1000 } },
    );
    const lines = createPhaseLines(calculator, 0);
    calculator.evaluate(false);
    expect(misfit(patternOf(lines, lines.cell), calculator.calculated)).toBeLessThan(5e-4);
  });

  it("have the widths of their own where size has an axis", () => {
    const calculator = catalogueModel(
      ["NMC532"],
      { "NMC532/size": 60, "NMC532/axialSize": 20 },
      { phases: [{ sizeAxis: [0, 0, 1] } as never] },
    );
    const lines = createPhaseLines(calculator, 0);
    calculator.evaluate(false);
    expect(lines.hasCommonWidths).toBe(false);
    expect(misfit(patternOf(lines, lines.cell), calculator.calculated)).toBeLessThan(1e-3);
  });

  it("move as the model's do when the cell does, while intensities are held", () => {
    const calculator = catalogueModel(["NMC532"]);
    const lines = createPhaseLines(calculator, 0);
    const cell = lines.cell.map((value, q) => value * (q === 0 ? 1.004 : 0.998));
    lines.cellNames.forEach((key, q) => {
      calculator.values[calculator.indexOf(`NMC532/${key}`)] = cell[q]!;
    });
    calculator.evaluate(false);
    const moved = misfit(patternOf(lines, cell), calculator.calculated);
    expect(moved).toBeLessThan(0.02);
    expect(misfit(patternOf(lines, lines.cell), calculator.calculated)).toBeGreaterThan(0.3);
  });

  it("lie at (L - t) tan 2theta on the detector", () => {
    const calculator = catalogueModel(["Cu"], { zero: 0.013 });
    const lines = createPhaseLines(calculator, 0);
    const tangents = new Float64Array(lines.lineCount);
    lines.tangentsOf(lines.cell, tangents);
    const twoTheta = 2 * Math.asin((CATALOGUE_WAVELENGTH * Math.sqrt(3)) / (2 * lines.cell[0]!));
    expect(Math.atan(tangents[0]!)).toBeCloseTo(twoTheta, 12);
    const [distance, depth] = [1000, 4];
    const radius = (distance - depth) * Math.tan(twoTheta);
    const apparent = (Math.atan(radius / distance) * 180) / Math.PI;
    expect(lines.apparentDeg(tangents[0]!, depth / distance)).toBeCloseTo(apparent + 0.013, 12);
    const sum = (tau: number): number => patternOf(lines, lines.cell, tau).reduce((total, value) => total + value);
    expect(sum(4e-3) / sum(0)).toBeCloseTo(1 / 0.996 ** 2, 4);
  });

  it("lose the broadening that is named, and widen by a factor", () => {
    const calculator = catalogueModel(["Cu"], { "Cu/size": 30 });
    const sharp = createPhaseLines(calculator, 0, { withoutBroadening: ["size", "strain"] });
    const wide = createPhaseLines(calculator, 0);
    const x = 5.5;
    const scherrer = ((0.09 * 0.2) / 30 / Math.cos((x * Math.PI) / 360)) * (180 / Math.PI);
    expect(wide.fwhmOf(0, x)).toBeGreaterThan(sharp.fwhmOf(0, x) + 0.6 * scherrer);
    // channels do not lie on the tops of lines
    const ratio = topOf(patternOf(sharp, sharp.cell, 0, 1.1)) / topOf(patternOf(sharp, sharp.cell));
    expect(Math.abs(ratio * 1.1 - 1)).toBeLessThan(0.01);
    expect(calculator.values[calculator.indexOf("Cu/size")]).toBe(30);
  });

  it("take factors on the model's intensities, not on each other's", () => {
    const lines = createPhaseLines(catalogueModel(["Cu"]), 0);
    const doubled = lines.withFactors(new Float64Array(lines.ringCount).fill(2));
    expect(
      misfit(
        patternOf(doubled, lines.cell),
        patternOf(lines, lines.cell).map((value) => 2 * value),
      ),
    ).toBeLessThan(1e-12);
    const again = doubled.withFactors(new Float64Array(lines.ringCount).fill(1));
    expect(again.intensity).toEqual(lines.intensity);
  });

  it("do not depend on the scale that the model has, which may be 0", () => {
    const [none, some] = [0, 7].map((scale) => createPhaseLines(catalogueModel(["Cu"], { "Cu/scale": scale }), 0));
    expect(none!.intensity).toEqual(some!.intensity);
  });

  it("are not made of asymmetric profiles", () => {
    const calculator = catalogueModel(["Cu"], {}, { hasAsymmetry: true });
    expect(() => createPhaseLines(calculator, 0)).toThrow(expect.objectContaining({ code: "dlsr-profile" }));
  });

  it("have no pattern where the cell has no volume", () => {
    const lines = createPhaseLines(catalogueModel(["Cu"]), 0);
    const out = new Float64Array(lines.twoTheta.length);
    expect(lines.addPattern([-1], 0, 1, out)).toBe(false);
    expect(out.every((value) => value === 0)).toBe(true);
  });
});
