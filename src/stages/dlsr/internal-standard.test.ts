import { expect, it } from "vitest";
import { checkStandard, divideByStandard, standardShift } from "./internal-standard.ts";

it("finds the strain that an offset in depth looks like, weighted by esd, and divides it out", () => {
  const shift = standardShift([3.615 * 1.0005, 5 * 1.0009], [1e-5, 1], [3.615, 5])!;
  expect(shift.shift).toBeCloseTo(5e-4, 8);
  expect(shift.esd).toBeCloseTo(1e-5 / 3.615, 9);
  const { cells, esd, commonEsd } = divideByStandard(
    Float64Array.of(2.84 * 1.0005, 14.4 * 1.0005),
    Float64Array.of(1e-4, 1e-3),
    shift,
  );
  expect(cells[0]).toBeCloseTo(2.84, 6);
  expect(cells[1]).toBeCloseTo(14.4, 6);
  expect(esd[1]).toBeCloseTo(1e-3, 6);
  expect(commonEsd).toBeCloseTo(shift.esd, 8);
});

it("knows no shift where neither truth nor esd is known", () => {
  expect(standardShift([3.6, 5], [0, 1e-4], [3.615, undefined])).toBeUndefined();
});

it.each([
  [{ c: 4.05 }, /gives c, but the lattice parameters of Al are a\. .*\{a: 4\.0506\}/],
  [{}, /gives no length/],
  [{ a: 40.495 }, /gives a: 40\.495 Å for Al, where the mean pattern has 4\.0506 Å/],
])("refuses %j as the cell of aluminium", (truth, message) => {
  expect(() => checkStandard("Al", truth, new Map([["a", 4.0506]]))).toThrow(message);
  expect(() => checkStandard("Al", { a: 4.0495 }, new Map([["a", 4.0506]]))).not.toThrow();
});
