import { expect, it } from "vitest";
import { type CoatProfile, fitProfile, lineAt, profileAt } from "./coat-profile.ts";

const truth: CoatProfile = {
  height: 1.1,
  floor: 0.02,
  centre: 0.3,
  collector: 0.4,
  inner: 3.1,
  outer: 3.6,
  blur: 0.7,
  line: 0.9,
  overshoot: 0.3,
};
const parameters = Float64Array.from(Object.values(truth));

it.each([
  ["coatings", profileAt],
  ["line", lineAt],
] as const)("derivatives of the %s are those of finite differences", (_, model) => {
  for (let offset = -6; offset <= 6; offset += 0.37) {
    const row = new Float64Array(9);
    model(parameters, offset, row);
    for (let k = 0; k < 9; k++) {
      const [up, down] = [parameters.slice(), parameters.slice()];
      up[k]! += 1e-5;
      down[k]! -= 1e-5;
      // the error function is an approximation good to 1.5e-7
      expect(Math.abs(row[k]! - (model(up, offset) - model(down, offset)) / 2e-5)).toBeLessThan(2e-3);
    }
  }
});

it("finds two coatings and a collector thinner than the blur", () => {
  const offsets = Float64Array.from({ length: 81 }, (_, i) => (i - 40) * 0.2);
  const coat = offsets.map((o) => profileAt(parameters, o));
  const line = offsets.map((o) => lineAt(parameters, o));
  const start = { ...truth, height: 1, centre: 0, collector: 0.6, inner: 2.5, outer: 2.5, blur: 0.5, overshoot: 0 };
  const { profile, isConverged } = fitProfile(offsets, coat, line, start, [], 1);
  expect(isConverged).toBe(true);
  for (const key of Object.keys(truth) as (keyof CoatProfile)[]) expect(profile[key]).toBeCloseTo(truth[key], 2);
});
