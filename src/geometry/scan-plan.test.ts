import { describe, expect, it } from "vitest";
import { planScan, ScanPlanConfig } from "./scan-plan.ts";

describe("planScan", () => {
  // The scan of Vamvakeros et al. 2021: 10.17 mm cell, 20 um steps, 549 x 400 points, 10 ms.
  const plan = planScan(
    ScanPlanConfig.parse({
      diameterMm: 10.17,
      stepMm: 0.02,
      projections: 400,
      margin: 0.077,
      distanceMm: 700,
      energyKeV: 103.5,
    }),
  );
  it("counts translations, frames and bytes", () => {
    expect(plan.translations).toBe(549);
    expect(plan.frames).toBe(219_600);
    expect(plan.rawBytes / 1e12).toBeCloseTo(2.18, 2);
  });
  it("knows full sampling as pi/2 N over 180 degrees and twice that over 360", () => {
    expect(plan.projectionsForFullSampling).toBe(863);
    expect(plan.sampling).toBeCloseTo(400 / 863, 6);
    expect(planScan(ScanPlanConfig.parse({ diameterMm: 10, stepMm: 0.1, rangeDeg: 360 })).projections).toBe(
      Math.ceil(Math.PI * 106),
    );
  });
  it("gives parallax as radius over distance, in pixels as radius tan(2theta) over pixel", () => {
    expect(plan.parallax.relative).toBeCloseTo(5.085 / 700, 10);
    expect(plan.parallax.pixels).toBeCloseTo((5.085 / 0.172) * (126.85 / 700), 6);
    expect(plan.parallax.steps).toBeCloseTo((5.085 / 0.02) * (126.85 / 700), 6);
    expect(plan.advice.join(" ")).toMatch(/Parallax/);
    expect(plan.advice.join(" ")).toMatch(/parallax: true/);
  });
  it("says nothing where all is well", () => {
    expect(planScan(ScanPlanConfig.parse({ diameterMm: 0.5, stepMm: 0.01, distanceMm: 1000 })).advice).toEqual([]);
  });
});
