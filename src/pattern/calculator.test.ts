import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { builtInStructure, reflections, type Structure } from "../crystal/index.ts";
import { createPatternCalculator, type PatternCalculator } from "./calculator.ts";
import type { PatternModel, PhaseKind, PhaseModel } from "./model.ts";

const kernels = kernelBuilds.find(({ name }) => name === "simd")!.create();
const WAVELENGTH = 0.2;
const base: PatternModel = {
  radiation: [{ ratio: 1, weight: 1 }],
  polarization: 0,
  lorentz: "azimuthal-mean",
  profile: "tchz",
  hasAsymmetry: false,
  background: { chebyshev: 2 },
  peaks: [],
  phases: [],
  cutoff: 0,
  marginDeg: 0.5,
  holdsWidths: false,
};
const x = Array.from({ length: 3000 }, (_, i) => 1.5 + 0.004 * i);
const phase = (structure: Structure, kind: PhaseKind = "rietveld", more: Partial<PhaseModel> = {}): PhaseModel => ({
  name: structure.name,
  kind,
  structure,
  ...more,
});

function calculatorOf(
  phases: PhaseModel[],
  values: Record<string, number> = {},
  model: Partial<PatternModel> = {},
  points: number[] = x,
): PatternCalculator {
  const calculator = createPatternCalculator(kernels, { ...base, ...model, phases }, WAVELENGTH, points);
  for (const [name, value] of Object.entries({ W: 4e-4, X: 0.005, "background/0": 50, ...values })) {
    calculator.values[calculator.indexOf(name)] = value;
  }
  return calculator;
}
const observedOf = (structure: Structure, values: Record<string, number>) => {
  const calculator = calculatorOf([phase(structure)], values);
  expect(calculator.evaluate(false)).toBe(true);
  const observed = calculator.calculated.slice();
  return { observed, truth: calculator.reflectionsOf(0, observed), terms: calculator.phases[0]! };
};

const cubic = builtInStructure("LaB6");
const hexagonal = builtInStructure("NMC532");

describe.each([
  ["LaB6", cubic],
  ["NMC532", hexagonal],
] as const)("Le Bail on a calculated pattern of %s", (name, structure) => {
  const { observed, truth, terms } = observedOf(structure, { [`${name}/scale`]: 1e-4 });
  const calculator = calculatorOf([phase(structure, "le-bail")]);
  for (let cycle = 0; cycle < 40; cycle++) {
    expect(calculator.evaluate(false)).toBe(true);
    calculator.shareOut(observed);
  }
  calculator.evaluate(false);
  const found = calculator.reflectionsOf(0, observed);
  const own = calculator.phases[0]!;
  /** area of the reflections found between two angles */
  const between = (low: number, high: number, area: Float64Array, at: Float64Array): number =>
    area.reduce((sum, value, r) => (at[r]! > low && at[r]! < high ? sum + value : sum), 0);
  const strongest = Math.max(...truth.area);

  it("finds the intensity of every line that stands alone, and the sum of those that overlap, within 1 %", () => {
    const { twoThetaDeg, fwhm, area } = truth;
    let alone = 0;
    for (let first = 0; first < terms.count; ) {
      let end = first + 1;
      while (end < terms.count && twoThetaDeg[end]! - twoThetaDeg[end - 1]! < 2 * fwhm[end]!) end++;
      const [low, high] = [twoThetaDeg[first]! - 1e-6, twoThetaDeg[end - 1]! + 1e-6];
      const want = between(low, high, area, twoThetaDeg);
      if (high < x.at(-1)! - 0.1 && want > 2e-3 * strongest) {
        const got = between(low, high, found.area, found.twoThetaDeg);
        expect([twoThetaDeg[first], Math.abs(got / want - 1) < 0.01]).toEqual([twoThetaDeg[first], true]);
        if (end === first + 1) alone++;
      }
      first = end;
    }
    expect(alone).toBeGreaterThan(8);
  });

  it("shares a ring by multiplicity", () => {
    for (let r = 1; r < own.count; r++) {
      if (own.ringOf[r] !== own.ringOf[r - 1]) continue;
      expect(own.intensity[r]! / own.intensity[r - 1]!).toBeCloseTo(own.multiplicity[r]! / own.multiplicity[r - 1]!, 9);
    }
  });

  it("leaves the observed areas equal to the calculated ones", () => {
    found.area.forEach((area, r) => {
      if (area < 2e-3 * strongest) return;
      expect(Math.abs(found.observedArea[r]! / area - 1)).toBeLessThan(2e-3);
    });
  });
});

describe("Pawley", () => {
  it("has one intensity for 300 and 221 of a cubic cell, named after the first", () => {
    const names = calculatorOf([phase(cubic, "pawley")]).parameters.map((one) => one.name);
    expect(names).toContain("LaB6/I(3 0 0)");
    expect(names).not.toContain("LaB6/I(2 2 1)");
  });

  it("gives the Rietveld pattern where its intensities are the sums of S m |F|^2", () => {
    const { observed, terms } = observedOf(cubic, { "LaB6/scale": 1e-4 });
    const calculator = calculatorOf([phase(cubic, "pawley")]);
    const sums = new Float64Array(terms.rings.count);
    terms.intensity.forEach((value, r) => {
      sums[terms.ringOf[r]!]! += value;
    });
    const named = new Set<number>();
    terms.ringOf.forEach((ring, r) => {
      if (named.has(ring)) return;
      named.add(ring);
      calculator.values[calculator.indexOf(`LaB6/I(${terms.h[r]} ${terms.k[r]} ${terms.l[r]})`)] = sums[ring]!;
    });
    calculator.evaluate(false);
    observed.forEach((value, i) => {
      expect(Math.abs(calculator.calculated[i]! / value - 1)).toBeLessThan(1e-12);
    });
  });

  it("has columns that are independent: no two of them in proportion", () => {
    const calculator = calculatorOf([phase(hexagonal, "pawley")]);
    const refined = [...calculator.parameters.keys()].filter((i) => /\/I\(/.test(calculator.parameters[i]!.name));
    calculator.prepare(refined);
    calculator.evaluate(true);
    const column = (j: number) => calculator.columns.subarray(j * calculator.stride, j * calculator.stride + x.length);
    const dot = (p: Float64Array, q: Float64Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0);
    for (let j = 1; j < refined.length; j++) {
      const [p, q] = [column(j - 1), column(j)];
      expect(dot(p, q) ** 2 / (dot(p, p) * dot(q, q))).toBeLessThan(1 - 1e-6);
    }
  });
});

describe("reflections", () => {
  it("on one ring are listed each, and their sum is what they were apart", () => {
    const calculator = calculatorOf([phase(cubic)], { "LaB6/scale": 1e-4 });
    calculator.evaluate(false);
    const [terms] = calculator.phases;
    expect(terms!.count).toBeGreaterThan(terms!.rings.count);
    const { twoThetaDeg, area } = calculator.reflectionsOf(0, calculator.calculated);
    const list = reflections(cubic, 0.5);
    for (const { h, k, l, dA, multiplicity, fSquared } of list.filter((one) =>
      [9, 14].includes(one.h ** 2 + one.k ** 2 + one.l ** 2),
    )) {
      const r = [...terms!.h.keys()].find((i) => terms!.h[i] === h && terms!.k[i] === k && terms!.l[i] === l)!;
      const sine = WAVELENGTH / (2 * dA);
      const lp = 1 / (sine * sine * Math.sqrt(1 - sine * sine));
      expect(twoThetaDeg[r]).toBeCloseTo((360 / Math.PI) * Math.asin(sine), 9);
      expect(area[r]! / (1e-4 * multiplicity * fSquared * lp)).toBeCloseTo(1, 9);
    }
  });

  it("that no site of the structure can show are left out; one that is 0 by chance is not", () => {
    // odd h vanish for atoms at x = 1/4 and -1/4, and x is free
    const byChance: Structure = {
      name: "chance",
      cell: { a: 4, b: 4, c: 4, alpha: 90, beta: 90, gamma: 90 },
      operations: ["x,y,z", "-x,-y,-z"],
      sites: [{ label: "Cu1", scatterer: "Cu", x: 0.25, y: 0, z: 0, occupancy: 1, bIso: 0.5 }],
    };
    const calculator = calculatorOf([phase(byChance)]);
    calculator.evaluate(false);
    const [terms] = calculator.phases;
    const r = [...terms!.h.keys()].find((i) => terms!.h[i] === 1 && terms!.k[i] === 0 && terms!.l[i] === 0)!;
    expect(terms!.intensity[r]).toBeLessThan(1e-20);
    calculator.values[calculator.indexOf("chance/Cu1/x")] = 0.2;
    calculator.evaluate(false);
    expect(terms!.intensity[r]).toBeGreaterThan(1);
    const silicon = calculatorOf([phase(builtInStructure("Si"))]).phases[0]!;
    const indices = [...silicon.h.keys()].map((i) => `${silicon.h[i]} ${silicon.k[i]} ${silicon.l[i]}`);
    expect(indices).toContain("1 1 1");
    expect(indices).not.toContain("2 2 2");
  });

  it("come into reach and leave it without harm", () => {
    const points = Array.from({ length: 500 }, (_, i) => 100 + 0.16 * i);
    const calculator = createPatternCalculator(
      kernels,
      { ...base, phases: [phase(cubic)], marginDeg: 2 },
      1.54,
      points,
    );
    calculator.values[calculator.indexOf("W")] = 0.01;
    calculator.prepare([calculator.indexOf("wavelength"), calculator.indexOf("LaB6/a")]);
    for (const wavelength of [1.5, 1.54, 1.571, 1.6]) {
      calculator.values[calculator.indexOf("wavelength")] = wavelength;
      expect(calculator.evaluate(true)).toBe(true);
      expect(calculator.calculated.every(Number.isFinite)).toBe(true);
      expect(calculator.columns.every(Number.isFinite)).toBe(true);
      expect(Math.max(...calculator.calculated)).toBeGreaterThan(1);
    }
  });
});

describe("evaluate", () => {
  it("follows sites, cell and texture to where they go, as a calculator made there", () => {
    const textured = phase(hexagonal, "rietveld", { texture: [{ hkl: [0, 0, 1] }] });
    const calculator = calculatorOf([textured]);
    const moves = [
      { "NMC532/O5/z": 0.25, "NMC532/a": 2.87 },
      { "NMC532/O5/z": 0.26, "NMC532/Ni1/occupancy": 0.4, "NMC532/a": 2.88 },
      { "NMC532/O5/z": 0.24, "NMC532/texture": 0.8, "NMC532/O5/b": 1.4 },
    ];
    const so = {};
    for (const move of moves) {
      Object.assign(so, move);
      for (const [name, value] of Object.entries(move)) calculator.values[calculator.indexOf(name)] = value;
      calculator.evaluate(false);
      const fresh = calculatorOf([textured], so);
      fresh.evaluate(false);
      expect(calculator.calculated).toEqual(fresh.calculated);
    }
  });

  it("refuses a cell without volume, and recovers", () => {
    const calculator = calculatorOf([phase(cubic)]);
    calculator.evaluate(false);
    const before = calculator.calculated.slice();
    const a = calculator.indexOf("LaB6/a");
    const start = calculator.values[a]!;
    calculator.values[a] = -1;
    expect(calculator.evaluate(false)).toBe(false);
    expect(calculator.evaluate(true)).toBe(false);
    calculator.values[a] = start;
    expect(calculator.evaluate(false)).toBe(true);
    expect(calculator.calculated).toEqual(before);
  });

  it("leaves out a phase that is off", () => {
    const calculator = calculatorOf([phase(cubic), phase(hexagonal)]);
    calculator.isOff[0] = 1;
    calculator.evaluate(false);
    const alone = calculatorOf([phase(hexagonal)]);
    alone.evaluate(false);
    expect(calculator.calculated).toEqual(alone.calculated);
  });

  it("is the sum of background, peaks and phases", () => {
    const calculator = calculatorOf(
      [phase(cubic), phase(hexagonal)],
      { "peaks/halo/area": 20, "peaks/halo/position": 6, "peaks/halo/fwhm": 2 },
      { peaks: ["halo"] },
    );
    calculator.evaluate(false);
    const whole = calculator.calculated.slice();
    const parts = [0, 1].map((p) => {
      const out = new Float64Array(x.length);
      calculator.phasePattern(p, out);
      return out;
    });
    for (const name of ["LaB6", "NMC532"]) calculator.values[calculator.indexOf(`${name}/scale`)] = 0;
    calculator.evaluate(false);
    whole.forEach((value, i) => {
      const sum = calculator.calculated[i]! + parts[0]![i]! + parts[1]![i]!;
      expect(Math.abs(sum - value)).toBeLessThan(1e-11 * value);
    });
  });

  it("holds widths at those of prepare", () => {
    const values = { "LaB6/size": 50, "LaB6/a": 4.157 };
    const calculator = calculatorOf([phase(cubic)], values, { holdsWidths: true });
    calculator.prepare([]);
    calculator.evaluate(false);
    const before = calculator.calculated.slice();
    calculator.values[calculator.indexOf("LaB6/size")] = 20;
    calculator.evaluate(false);
    expect(calculator.calculated).toEqual(before);
    calculator.prepare([]);
    calculator.evaluate(false);
    const fresh = calculatorOf([phase(cubic)], { ...values, "LaB6/size": 20 });
    fresh.evaluate(false);
    expect(calculator.calculated).toEqual(fresh.calculated);
  });
});

it("a misspelt parameter is named", () => {
  expect(() => calculatorOf([phase(cubic)]).indexOf("LaB6/scael")).toThrow(
    expect.objectContaining({ code: "model-parameter", message: expect.stringContaining("LaB6/scael") }),
  );
});

it("a model prepared with a cell that has no volume is evaluated once it has one", () => {
  const calculator = calculatorOf([phase(cubic)], { SL: 0.01, HL: 0.01 }, { hasAsymmetry: true });
  const a = calculator.indexOf("LaB6/a");
  const start = calculator.values[a]!;
  calculator.values[a] = -1;
  calculator.prepare([a]);
  calculator.values[a] = start;
  expect(calculator.evaluate(true)).toBe(true);
  calculator.prepare([a]);
  expect(calculator.evaluate(true)).toBe(true);
  expect(Math.max(...calculator.calculated)).toBeGreaterThan(100);
});

describe("a phase whose shape is held", () => {
  const names = ["LaB6/scale", "LaB6/a", "NMC532/scale", "NMC532/a", "background/0"];
  const make = (): PatternCalculator => {
    const calculator = calculatorOf([phase(cubic), phase(hexagonal)], { "LaB6/scale": 1e-4, "NMC532/scale": 2e-4 });
    calculator.prepare(names.map(calculator.indexOf));
    return calculator;
  };
  const move = ({ values, indexOf }: PatternCalculator, scale: number, a: number, other: number): void => {
    values[indexOf("NMC532/scale")] = scale;
    values[indexOf("NMC532/a")] = a;
    values[indexOf("LaB6/a")] = other;
  };
  const a = hexagonal.cell.a;
  const steps = [
    [2e-4, a, 4.156],
    [3e-4, a, 4.157],
    [0, a, 4.158],
    [-1e-4, a, 4.158],
    [2e-4, a * 1.001, 4.158],
    [1e-4, a * 1.001, 4.159],
    [1e-4, a, 4.156],
  ] as const;

  it("gives the pattern and the columns of the rest as without, whatever moves", () => {
    const [held, plain] = [make(), make()];
    held.holdsShape[1] = 1;
    for (const [turn, [scale, own, other]] of steps.entries()) {
      for (const calculator of [held, plain]) move(calculator, scale, own, other);
      held.evaluate(turn % 3 !== 1);
      plain.evaluate(true);
      const top = plain.calculated.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
      held.calculated.forEach((y, i) => {
        expect(Math.abs(y - plain.calculated[i]!)).toBeLessThan(1e-12 * top);
      });
      if (turn % 3 === 1) continue;
      for (const j of [0, 1, 2, 4]) {
        const column = (from: PatternCalculator) => from.columns.subarray(j * from.stride, j * from.stride + x.length);
        expect(column(held)).toEqual(column(plain));
      }
      expect(held.columns.subarray(3 * held.stride, 3 * held.stride + x.length).every((v) => v === 0)).toBe(true);
    }
  });

  it("costs no lines once its pattern is known, and is whole again when let go", () => {
    const calculator = make();
    calculator.holdsShape[1] = 1;
    calculator.evaluate(true);
    const lines = calculator.reflectionsOf(1, calculator.calculated).area.filter((area) => area > 0).length;
    calculator.evaluate(true);
    expect(lines).toBeGreaterThan(10);
    expect(calculator.reflectionsOf(1, calculator.calculated).area.some((area) => area > 0)).toBe(false);
    calculator.holdsShape[1] = 0;
    calculator.evaluate(true);
    const plain = make();
    plain.evaluate(true);
    expect(calculator.columns).toEqual(plain.columns);
    expect(calculator.calculated).toEqual(plain.calculated);
  });
});
