import { expect, it } from "vitest";
import { builtInStructure } from "../crystal/index.ts";
import { marchDollase, planeCosine2, texturePlaneCosines } from "./texture.ts";

const { cell, operations } = builtInStructure("Si");
const hexagonal = builtInStructure("NMC532");
const out = new Float64Array(2);

it("the axis is the normal of planes hkl: 101 of a hexagonal cell leans by atan(2 c / (sqrt 3 a)) from 001", () => {
  const { a, c } = hexagonal.cell;
  const angle = Math.atan((2 * c) / (Math.sqrt(3) * a));
  expect(planeCosine2(hexagonal.cell, { h: 1, k: 0, l: 1 }, [0, 0, 1])).toBeCloseTo(Math.cos(angle) ** 2, 12);
  expect(planeCosine2(hexagonal.cell, { h: 1, k: 0, l: 0 }, [0, 0, 2])).toBeCloseTo(0, 12);
  expect(planeCosine2(hexagonal.cell, { h: 1, k: 0, l: 0 }, [1, 1, 0])).toBeCloseTo(0.75, 12);
});

it("the equivalents of 100 in a cubic crystal lie at 0 and 90 degrees from 001, one in three at 0", () => {
  const cosines = texturePlaneCosines(cell, operations, { h: 1, k: 0, l: 0 }, [0, 0, 1]);
  const near = cosines.filter((c2) => Math.abs(c2 - 1) < 1e-12).length;
  expect(near / cosines.length).toBeCloseTo(1 / 3, 12);
  expect(cosines.filter((c2) => c2 < 1e-12).length / cosines.length).toBeCloseTo(2 / 3, 12);
});

it.each([0.3, 0.8, 1, 2.5])("the factor's mean over all directions is 1, r = %d", (r) => {
  // cos a is even over -1 to 1
  const steps = 20000;
  const cosines = Float64Array.from({ length: steps }, (_, i) => ((i + 0.5) / steps) ** 2);
  marchDollase(cosines, r, out);
  expect(out[0]).toBeCloseTo(1, 6);
});

it("plates (r < 1) strengthen the lines of the axis by r^-3", () => {
  marchDollase(Float64Array.of(1), 0.5, out);
  expect(out[0]).toBeCloseTo(8, 12);
  marchDollase(Float64Array.of(0), 0.5, out);
  expect(out[0]).toBeCloseTo(0.5 ** 1.5, 12);
});
