import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { MAH_PER_MOL } from "./formula.ts";
import { graphiteLithium, stageAmountsEsd } from "./graphite.ts";
import { stageOf } from "./graphite-stages.ts";
import { graphiteRow, type LithiumRow } from "./groups.ts";
import { hiddenOxides, unseenShareEsd } from "./hidden-oxide.ts";
import { twoHumps } from "./inactive.ts";
import { closeDifference, closeInventory, countLithium, unitsByCharge } from "./inventory.ts";
import { combine, divide, esdOf, multiply, subtract, uncertain } from "./uncertain.ts";

const row = (electrode: string, x: number, esd: number): LithiumRow => ({
  electrode,
  kind: "all",
  where: "whole slice",
  from: null,
  to: null,
  voxels: 1000,
  x,
  esd,
  total: esd,
  sd: 0,
  heterogeneity: 0,
  unknown: 0,
  ambiguous: 0,
});

describe("numbers that know their uncertainty", () => {
  it("propagate as a Monte Carlo does, shared sources included", () => {
    const a = uncertain(0.42, { table: 0.05, "counting a": 0.01 });
    const b = uncertain(0.85, { table: 0.05, "counting b": 0.02 });
    const mass = uncertain(0.019, { mass: 0.0004 });
    const formula = divide(multiply(subtract(b, a), mass), combine([1, a], [2, b]));
    const random = seededRandom(5);
    const values = Array.from({ length: 40000 }, () => {
      const [t, m] = [0.05 * normal(random), 0.0004 * normal(random)];
      const [va, vb] = [0.42 + t + 0.01 * normal(random), 0.85 + t + 0.02 * normal(random)];
      return ((vb - va) * (0.019 + m)) / (va + 2 * vb);
    });
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const sd = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
    expect(esdOf(formula) / sd).toBeGreaterThan(0.97);
    expect(esdOf(formula) / sd).toBeLessThan(1.03);
    expect(esdOf(subtract(b, a))).toBeCloseTo(Math.hypot(0.01, 0.02), 12);
  });
});

describe("inventory", () => {
  /** moles a mole of oxide: the cathode gave 0.58, films took 0.1, the anode has 0.48 */
  const sums = (cell: string, x: number, anodeX: number) => ({
    cell,
    cathode: row("NMC532", x, 0.001),
    cathodeByScale: 0.004,
    cathodeByCurve: 0.01,
    tableXEsd: 0.05,
    tableSlopeEsd: 0.04,
    tableAnchorX: 1,
    anode: row("anode", anodeX, 0.002),
    stagesEsd: 0.005,
    stageAmountsEsd: 0,
    stages: "LiC12, LiC6",
    carbonPerUnit: 6 * 0.9,
    carbonPerUnitEsd: 0.01,
    scaleRatioEsd: 0.05,
    hidden: [],
    unseenShareEsd: 0,
  });
  const charged = countLithium(sums("charged", 0.42, 0.48 / 0.9), 1, 0);
  const discharged = countLithium(sums("discharged", 0.84, 0.06 / 0.9), 1, 0);
  const units = uncertain(0.02, { mass: 0.0002 });

  it("counts both electrodes in moles a mole of oxide", () => {
    expect(charged.released.value).toBeCloseTo(0.58, 12);
    expect(charged.taken!.value).toBeCloseTo(0.48, 12);
    expect(charged.residual!.value).toBeCloseTo(0.1, 12);
    expect(charged.both!.value).toBeCloseTo(0.9, 12);
    expect(charged.placesRatio!.value).toBeCloseTo(0.9, 12);
    expect(esdOf(charged.cathode)).toBeCloseTo(Math.hypot(0.001, 0.05, 0.04 * 0.58, 0.004, 0.01), 6);
  });

  it("closes against the charge where it fits, and says so where it does not", () => {
    const charge = (mah: number) => uncertain(mah, { cycler: 2 });
    const right = closeInventory(charged, units, charge(0.58 * 0.02 * MAH_PER_MOL));
    const cathode = right.find(({ what }) => what === "cathode, cycler")!;
    expect(cathode.residual.value).toBeCloseTo(0, 6);
    expect(cathode.words).toContain("closes within");
    const anode = right.find(({ what }) => what === "cycler, anode")!;
    expect(anode.residual.value).toBeCloseTo(0.1 * 0.02 * MAH_PER_MOL, 6);
    const wrong = closeInventory(charged, units, charge(150)).find(({ what }) => what === "cathode, cycler")!;
    expect(wrong.z).toBeGreaterThan(4);
    expect(wrong.words).toContain("does not close");
  });

  it("of two states has no error of the table but its slope", () => {
    const closings = closeDifference(charged, discharged, units, uncertain(0.42 * 0.02 * MAH_PER_MOL, { cycler: 2 }));
    const [own, cathode] = closings;
    expect(own!.residual.value).toBeCloseTo(0, 10);
    expect(own!.left.parts.get("table of x")).toBe(0);
    expect(own!.left.parts.get("slope of the table")).toBeCloseTo(0.04 * 0.42, 10);
    expect(cathode!.residual.value).toBeCloseTo(0, 6);
    expect(cathode!.words).toContain("closes within");
  });

  it("finds the mass that the charge asks for", () => {
    const found = unitsByCharge(charged.released, uncertain(0.58 * 0.02 * MAH_PER_MOL, { cycler: 3 }));
    expect(found.value).toBeCloseTo(0.02, 9);
  });

  it("closes within two standard uncertainties 95 times in 100 where errors are drawn as they are said to be", () => {
    const random = seededRandom(11);
    const trials = 2000;
    let inside = 0;
    for (let i = 0; i < trials; i++) {
      const [table, slope, ratio] = [0.05 * normal(random), 0.04 * normal(random), 1 + 0.05 * normal(random)];
      const read = (x: number): number =>
        x + table + 0.01 * normal(random) + slope * (x - 1) + 0.004 * normal(random) + 0.001 * normal(random);
      const anodeX = 0.48 / 0.9 + 0.002 * normal(random) + 0.005 * normal(random);
      const base = sums("one", read(0.52), anodeX);
      const carbonPerUnit = 6 * 0.9 * ratio + 0.01 * normal(random);
      const [first] = closeInventory(countLithium({ ...base, carbonPerUnit }, 1, 0), undefined, undefined);
      if (Math.abs(first!.z) < 1.96) inside++;
    }
    expect(inside / trials).toBeGreaterThan(0.93);
    expect(inside / trials).toBeLessThan(0.97);
  });
});

describe("oxide that the map has no phase for", () => {
  // 0.97 mol of the map's oxide and 0.03 mol that was left behind, beside 120 g of other matter and 4 g of hidden metal
  const [seenMass, hiddenMass] = [0.97 * 93.7, 0.03 * 96.5];
  const all = seenMass + hiddenMass + 120 + 4;
  const found = {
    name: "left",
    massShare: hiddenMass / all,
    massShareEsd: 0.0005,
    unitMass: 96.5,
    x: 0.41,
    xEsd: 0.02,
  };
  const seen = { massShare: seenMass / (seenMass + 120), unitMass: 93.7 };
  const [oxide] = hiddenOxides([found], seen, (hiddenMass + 4) / all);
  const sums = (cell: string, x: number, share: number, unseen: number) => ({
    ...{ cell, cathode: row("NMC532", x, 0.001), cathodeByScale: 0.001, cathodeByCurve: 0.001 },
    ...{ tableXEsd: 0.05, tableSlopeEsd: 0.002, tableAnchorX: 1, scaleRatioEsd: 0.05 },
    ...{ anode: row("anode", 0.5, 0.002), stagesEsd: 0.005, stageAmountsEsd: 0, stages: "LiC12, LiC6" },
    ...{ carbonPerUnit: 6 * 0.9, carbonPerUnitEsd: 0.01 },
    hidden: share > 0 ? [{ name: "left", share, shareEsd: 0.1 * share, x: 0.41, xEsd: 0.02 }] : [],
    unseenShareEsd: unseen,
  });

  it("is counted in moles, by the masses of what it lies in", () => {
    expect(oxide!.share).toBeCloseTo(0.03, 10);
    // by finite differences of the mass that was found, the rest left as it is
    const more = hiddenOxides([{ ...found, massShare: found.massShare + 1e-6 }], seen, (hiddenMass + 4) / all);
    expect(oxide!.shareEsd / 0.0005).toBeCloseTo((more[0]!.share - oxide!.share) / 1e-6, 4);
  });

  it("of any number and amount is counted as its recipe has it", () => {
    const mole = fc.double({ min: 1e-4, max: 10, noNaN: true });
    const gram = fc.double({ min: 30, max: 300, noNaN: true });
    const recipe = fc.record({
      seen: fc.tuple(mole, gram),
      others: gram,
      hidden: fc.array(fc.tuple(mole, gram), { maxLength: 4 }),
      metal: fc.double({ min: 0, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(recipe, ({ seen: [moles, unitMass], others, hidden, metal }) => {
        const mapped = moles * unitMass + others;
        const mass = hidden.reduce((sum, [n, m]) => sum + n * m, metal);
        const oxides = hiddenOxides(
          hidden.map(([n, m]) => ({ ...found, massShare: (n * m) / (mapped + mass), unitMass: m })),
          { massShare: (moles * unitMass) / mapped, unitMass },
          mass / (mapped + mass),
        );
        const all = hidden.reduce((sum, [n]) => sum + n, moles);
        oxides.forEach(({ share }, h) => {
          expect(share / (hidden[h]![0] / all)).toBeCloseTo(1, 8);
        });
      }),
    );
  });

  it("has its own lithium in the mean, and the anode's places are of all oxide", () => {
    const { cathode, mapped, placesRatio } = countLithium(sums("one", 0.834, 0.03, 0), 1, 0);
    expect(mapped.value).toBe(0.834);
    expect(cathode.value).toBeCloseTo(0.97 * 0.834 + 0.03 * 0.41, 12);
    expect(placesRatio!.value).toBeCloseTo(0.97 * 0.9, 12);
    expect(cathode.parts.get("table of x")).toBeCloseTo(0.05, 12);
  });

  it("has the uncertainty of its amount and of its lithium: as a Monte Carlo", () => {
    const random = seededRandom(21);
    const told = countLithium({ ...sums("one", 0.834, 0.03, 0), tableXEsd: 0, tableSlopeEsd: 0 }, 1, 0).cathode;
    const draws = Array.from({ length: 40000 }, () => {
      const share = 0.03 + 0.003 * normal(random);
      const x = 0.834 + 0.001 * Math.sqrt(3) * normal(random);
      return (1 - share) * x + share * (0.41 + 0.02 * normal(random));
    });
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
    const sd = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length);
    expect(esdOf(told) / sd).toBeCloseTo(1, 1);
  });

  it("makes a balance close that does not without, unless the uncertainty says that nobody looked", () => {
    const units = uncertain(0.02, { mass: 2e-5 });
    // in moles a mole of all oxide: 0.27 charged, 0.97 x 0.834 + 0.03 x 0.41 discharged
    const charge = uncertain((0.97 * 0.834 + 0.03 * 0.41 - 0.27) * 0.02 * MAH_PER_MOL, { cycler: 0.5 });
    const closing = (share: number, unseen: number) => {
      const [charged, discharged] = [sums("charged", 0.27, 0, unseen), sums("discharged", 0.834, share, unseen)];
      const [one, other] = [countLithium(charged, 1, 0), countLithium(discharged, 1, 0)];
      return closeDifference(one, other, units, charge).find(({ kind }) => kind === "cathode")!;
    };
    expect(closing(0.03, 0).residual.value).toBeCloseTo(0, 9);
    expect(closing(0, 0).z).toBeGreaterThan(3);
    const unseen = unseenShareEsd(0.34, false);
    expect(unseen).toBeCloseTo(0.01 / 0.34 / Math.sqrt(3), 12);
    expect(Math.abs(closing(0, unseen).z)).toBeLessThan(2);
    expect(closing(0, unseen).between).toEqual(["charged", "discharged"]);
    expect(unseenShareEsd(0.34, true)).toBeLessThan(unseen);
  });

  it("of two cells closes 95 times in 100 where errors are drawn as they are said to be", () => {
    const random = seededRandom(22);
    const trials = 2000;
    let inside = 0;
    for (let i = 0; i < trials; i++) {
      const [table, slope] = [0.05 * normal(random), 0.002 * normal(random)];
      const read = (x: number): number => x + table + slope * (x - 1) + 0.001 * Math.sqrt(2) * normal(random);
      // what samples lie off the curve is taken to be alike in both; unseen oxide took no part in what passed
      const unseen = [0.005 * normal(random), 0.005 * normal(random)];
      const passed = 0.5 - 0.03 * 0.42;
      const [one, other] = [sums("charged", read(0.33), 0, 0.005), sums("discharged", read(0.83), 0.03, 0.005)];
      const [left] = other.hidden;
      const hidden = [{ ...left!, share: 0.03 + 0.003 * normal(random), x: 0.41 + table + 0.02 * normal(random) }];
      const charge = passed * (1 - unseen[0]! - unseen[1]!) * 0.02 * MAH_PER_MOL + 0.5 * normal(random);
      const closings = closeDifference(
        countLithium(one, 1, 0),
        countLithium({ ...other, hidden }, 1, 0),
        uncertain(0.02),
        uncertain(charge, { cycler: 0.5 }),
      );
      if (Math.abs(closings.find(({ kind }) => kind === "cathode")!.z) < 1.96) inside++;
    }
    expect(inside / trials).toBeGreaterThan(0.93);
    expect(inside / trials).toBeLessThan(0.97);
  });
});

describe("amounts of stages", () => {
  it("move the mean by w (1 - w) times the difference of two stages, for a relative error of their ratio", () => {
    const two = [{ x: 0.5 }, { x: 1 }];
    expect(stageAmountsEsd(two, [0.6, 0.4], 0.05)).toBeCloseTo(0.6 * 0.4 * 0.5 * 0.05, 12);
    expect(stageAmountsEsd(two, [1, 0], 0.05)).toBe(0);
  });

  it("of three stages scatter it as a Monte Carlo does", () => {
    const random = seededRandom(23);
    const stages = [{ x: 0 }, { x: 0.2 }, { x: 1 }];
    const shares = [0.5, 0.3, 0.2];
    const draws = Array.from({ length: 40000 }, () => {
      const drawn = shares.map((share) => share * (1 + (0.05 / Math.SQRT2) * normal(random)));
      return drawn.reduce((sum, n, p) => sum + n * stages[p]!.x, 0) / drawn.reduce((a, b) => a + b);
    });
    const sd = Math.sqrt(draws.reduce((sum, x) => sum + (x - 0.26) ** 2, 0) / draws.length);
    expect(stageAmountsEsd(stages, shares, 0.05) / sd).toBeCloseTo(1, 1);
  });
});

describe("graphite of a voxel", () => {
  const phase = (name: string, x: number, carbon: Float64Array, esd: number) => ({
    name,
    stage: stageOf(x),
    x,
    carbon,
    esd: new Float64Array(carbon.length).fill(esd),
  });

  it("has the esd that noise gives, and no bias; so has the sum", () => {
    const n = 4000;
    const random = seededRandom(3);
    const noisy = (mean: number, esd: number) => Float64Array.from({ length: n }, () => mean + esd * normal(random));
    const phases = [
      phase("LiC6", 1, noisy(30, 1.5), 1.5),
      phase("LiC12", 0.5, noisy(70, 2), 2),
      phase("graphite", 0, noisy(5, 1), 1),
    ];
    const x = (30 + 35) / 105;
    const found = graphiteLithium({ ny: 1, nx: n, phases, spacings: new Map(), leastShare: 0.1 });
    const values = Array.from(found.x.values);
    const mean = values.reduce((s, v) => s + v, 0) / n;
    const sd = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / n);
    expect(Math.abs(mean - x)).toBeLessThan(1e-3);
    const told = Math.sqrt(Array.from(found.x.esd!).reduce((s, esd) => s + esd ** 2, 0) / n);
    expect(sd / told).toBeGreaterThan(0.95);
    expect(sd / told).toBeLessThan(1.05);
    const input = {
      phases,
      x: found.x.values,
      esd: found.x.esd!,
      carbon: found.carbon,
      voxelsPerResolution: 1,
      scaleRatioEsd: 0,
    };
    const all = graphiteRow({ kind: "all", name: "", has: () => true }, input);
    expect(Math.abs(all.x - x) / all.esd).toBeLessThan(3);
    expect(all.heterogeneity).toBeLessThan(0.3 * all.sd);
  });

  it("leaves open what the stages do: LiC12 alone 0.48 to 0.52, graphite alone 0 to 0.04", () => {
    const two = [phase("LiC12", 0.5, Float64Array.of(100, 0), 0), phase("graphite", 0, Float64Array.of(0, 100), 0)];
    const { low, high } = graphiteLithium({ ny: 1, nx: 2, phases: two, spacings: new Map(), leastShare: 0.1 });
    expect([...low.values]).toEqual([expect.closeTo(0.48, 6), expect.closeTo(0, 6)]);
    expect([...high.values]).toEqual([expect.closeTo(0.52, 6), expect.closeTo(0.04, 6)]);
  });
});

describe("two humps", () => {
  const draw = (seed: number, pick: (random: () => number) => number) => {
    const random = seededRandom(seed);
    return Float64Array.from({ length: 3000 }, () => pick(random) + 0.01 * normal(random));
  };
  const ones = new Float64Array(3000).fill(1);
  const esd = new Float64Array(3000).fill(0.01);

  it("are found with their shares and means", () => {
    const x = draw(1, (random) => (random() < 0.12 ? 0.8 : 0.4) + 0.02 * normal(random));
    const found = twoHumps(x, esd, ones, 4)!;
    expect(found.isBimodal).toBe(true);
    expect(Math.abs(found.share - 0.12)).toBeLessThan(2 * found.shareEsd);
    expect(found.means[0]).toBeCloseTo(0.4, 2);
    expect(found.means[1]).toBeCloseTo(0.8, 2);
    expect(found.width).toBeCloseTo(0.02, 2);
  });

  it.each([
    ["one hump", (random: () => number) => 0.4 + 0.02 * normal(random)],
    ["a gradient", (random: () => number) => 0.38 + 0.07 * random()],
    ["a lopsided hump", (random: () => number) => 0.38 + 0.07 * random() ** 2],
  ])("are not seen in %s", (_, pick) => {
    expect(twoHumps(draw(2, pick), esd, ones, 4)!.isBimodal).toBe(false);
  });

  it("say nothing of a few voxels", () => {
    expect(twoHumps(esd.subarray(0, 40), esd.subarray(0, 40), ones, 4)).toBeUndefined();
  });
});
