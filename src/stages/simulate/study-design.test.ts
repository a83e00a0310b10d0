import { describe, expect, it } from "vitest";
import { REGIONS } from "../../data/places.ts";
import { AS_RECEIVED_X, STUDY_CELLS } from "./study-cells.ts";
import { calibrationCurve, cellAtContent } from "./study-curve.ts";
import { capacityPerContentAh, ELECTRODE_HEIGHT_MM, finalContent, simulateCycling } from "./study-cycling.ts";
import { CARBON_RATIO, designStudyCell, INVENTORY } from "./study-design.ts";
import { studyTruthMaps } from "./study-truth.ts";

const SIZE = 91;
const designs = STUDY_CELLS.map((plan) => designStudyCell(plan, SIZE));
const of = (name: string) => designs.find(({ plan }) => plan.name === name)!;

/** Means of the paper, angstrom; NaN where it says nothing. */
const PAPER: readonly (readonly [string, number, number])[] = [
  ["pristine", 2.822, 14.507],
  ["charged-C2", 2.822, 14.508],
  ["charged-C20", Number.NaN, 14.472],
  ["discharged-C20", 2.859, 14.316],
  ["discharged-C2", 2.856, 14.329],
];

describe("the cells of the study", () => {
  it.each(PAPER)("%s has the mean cell of the paper", (name, a, c) => {
    const { meanA, meanC } = of(name).truth.cathode;
    if (!Number.isNaN(a)) expect(Math.abs(meanA - a)).toBeLessThan(0.001);
    expect(Math.abs(meanC - c)).toBeLessThan(0.0005);
  });

  it.each([
    ["charged-C2", 3.4, 21.1],
    ["charged-C20", 10.5, 13.4],
  ])("%s holds LiC6 and LiC12 as the paper does, within 0.6 % of the weight of the slice", (name, liC6, liC12) => {
    const { weightFractions } = of(name).truth;
    expect(Math.abs(100 * weightFractions["LiC6"]! - liC6)).toBeLessThan(0.6);
    expect(Math.abs(100 * weightFractions["LiC12"]! - liC12)).toBeLessThan(0.6);
  });

  it("hold as much lithium for each transition metal, and as many places for it", () => {
    for (const { truth, plan } of designs) {
      const { cathode, anode } = truth;
      const tm = cathode.activeTm + cathode.inactiveTm;
      expect((cathode.lithium + anode.lithium) / tm).toBeCloseTo(INVENTORY, 4);
      expect(cathode.meanX).toBeCloseTo(plan.cathodeX, 4);
      // sizes on the stage differ, and so do the edges of voxels
      expect(anode.c6 / tm / CARBON_RATIO).toBeCloseTo(1, 1.9);
    }
  });

  it("have a hidden phase below 1 % of the slice that is above 20 % of a voxel", () => {
    for (const { truth, config, plan } of designs) {
      const share = truth.weightFractions["NMC532-inactive"];
      expect(share === undefined).toBe(plan.inactive === undefined);
      if (share === undefined) continue;
      expect(share).toBeGreaterThan(0.001);
      expect(share).toBeLessThan(0.01);
      const hot = config.materials["hot"] as { points: { phases: Record<string, number> }[] };
      const { phases } = hot.points[0]!;
      expect(phases["NMC532-inactive"]! / (phases["NMC532-inactive"]! + phases["NMC532"]!)).toBeGreaterThan(0.3);
    }
  });

  it("exchange less near casing, core and tab: the sign turns with the state, and with the electrode", () => {
    for (const { config, plan } of designs) {
      const [x, y] = [config.fields["x"]!, config.fields["y"]!];
      const sign = plan.state === "discharged" ? -1 : 1;
      x.near.forEach(({ change }, i) => {
        expect(Math.sign(change)).toBe(sign);
        expect(y.near[i]!.change).toBeCloseTo(-change / CARBON_RATIO, 10);
      });
    }
    const casing = (name: string): number => Math.abs(of(name).plan.lessExchanged.casing);
    expect(casing("charged-C2")).toBeGreaterThan(casing("charged-C20"));
    expect(casing("discharged-C2")).toBeGreaterThan(casing("discharged-C20"));
  });

  it("label what their shapes are, with depths from separator to collector", () => {
    const { config } = of("discharged-C20");
    const maps = new Map(studyTruthMaps(config).map((map) => [map.name, map.values]));
    const region = Float64Array.from(maps.get("truth/places/region")!);
    const depth = Float64Array.from(maps.get("truth/places/depth")!);
    const area = (label: number): number => region.filter((value) => value === label).length * (11 / (SIZE - 1)) ** 2;
    const { scale } = config.placement;
    expect(area(REGIONS.casing) / (Math.PI * (5.085 ** 2 - 4.865 ** 2) * scale ** 2)).toBeCloseTo(1, 0.9);
    expect(area(REGIONS.anode) / area(REGIONS.cathode)).toBeGreaterThan(0.9);
    const coated = region.reduce((n, label, i) => {
      const isCoating = label === REGIONS.cathode || label === REGIONS.anode;
      expect(Number.isFinite(depth[i]!)).toBe(isCoating);
      return n + (isCoating ? 1 : 0);
    }, 0);
    const mean = depth.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0) / coated;
    expect(mean).toBeCloseTo(0.5, 1);
  });
});

describe("the curve of the simulated material", () => {
  const curve = calibrationCurve();
  it("rises in a all the way, and has one maximum of c near 0.37", () => {
    const top = curve.findIndex(([x]) => x >= 0.37);
    curve.forEach(([, a, c], i) => {
      if (i === 0) return;
      expect(a).toBeGreaterThan(curve[i - 1]![1]);
      if (i <= top) expect(c).toBeGreaterThanOrEqual(curve[i - 1]![2]);
      else expect(c).toBeLessThan(curve[i - 1]![2]);
    });
  });
  it("is read along straight lines", () => {
    const [before, after] = [curve[20]!, curve[21]!];
    const { a, c } = cellAtContent(curve, (before[0] + after[0]) / 2);
    expect(a).toBeCloseTo((before[1] + after[1]) / 2, 12);
    expect(c).toBeCloseTo((before[2] + after[2]) / 2, 12);
  });
});

describe("cycling to the state of a cell", () => {
  it.each(designs.map((design) => [design.plan.name, design] as const))(
    "%s moves the lithium of the truth",
    (_, design) => {
      const { plan, truth } = design;
      const steps = simulateCycling(plan, truth);
      // Faraday, from the moles of the truth
      const { activeTm, inactiveTm, lithium } = truth.cathode;
      const moved = AS_RECEIVED_X * (activeTm + inactiveTm) - lithium;
      const expectedAh = (moved * ELECTRODE_HEIGHT_MM * 96485.33212) / 3600;
      const passedAh = steps.reduce((sum, { timeS, currentA }) => {
        let part = 0;
        for (let i = 1; i < timeS.length; i++) {
          part += (((currentA[i]! + currentA[i - 1]!) / 2) * (timeS[i]! - timeS[i - 1]!)) / 3600;
        }
        return sum + part;
      }, 0);
      // what flowed, both ways; the cycler's gain is right within 2e-4
      const throughput = 1.1 * capacityPerContentAh(truth);
      expect(Math.abs(passedAh - expectedAh)).toBeLessThan(1e-3 * throughput);
      expect(Math.abs(steps.at(-1)!.chargeAh.at(-1)! - passedAh)).toBeLessThan(1e-3 * throughput);
      expect(finalContent(truth)).toBeCloseTo(AS_RECEIVED_X - expectedAh / capacityPerContentAh(truth), 8);
      for (const { voltageV } of steps) {
        for (const volts of voltageV) {
          expect(volts).toBeGreaterThan(2.74);
          expect(volts).toBeLessThan(4.21);
        }
      }
    },
  );
});
