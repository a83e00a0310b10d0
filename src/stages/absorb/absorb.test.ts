import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { builtInStructure, linearAttenuationPerMm } from "../../crystal/index.ts";
import { createProjectorGeometry } from "../../projector/index.ts";
import {
  AbsorbConfig,
  type AbsorbConfigInput,
  attenuationMap,
  attenuationOfComposition,
  compareTransmission,
  correctRays,
  expectedChange,
  findFixedPoint,
  findScaleFactor,
  largestChange,
  limitTransmission,
  lineIntegrals,
  logDifference,
  meanOverRays,
  phaseVolumes,
  placeImage,
  registerImage,
  transmissionOf,
  withHoles,
} from "./index.ts";

const SIZE = 41;
const STEP_MM = 0.1;
const omegaDeg = Array.from({ length: 30 }, (_, i) => 6 * i);
const geometry = createProjectorGeometry({ omegaDeg, translations: 45, rotationAxis: 21.7, size: SIZE });
const [kernelsOf] = kernelBuilds.map(({ create }) => create);
const kernels = kernelsOf!();

/** [y, x] share of each voxel in a ring, by 16 x 16 points. */
const ring = (inner: number, outer: number): Float64Array =>
  Float64Array.from({ length: SIZE * SIZE }, (_, i) => {
    let inside = 0;
    for (let k = 0; k < 256; k++) {
      const x = (i % SIZE) - (SIZE - 1) / 2 + ((k % 16) + 0.5) / 16 - 0.5;
      const y = Math.floor(i / SIZE) - (SIZE - 1) / 2 + (Math.floor(k / 16) + 0.5) / 16 - 0.5;
      const r = Math.hypot(x, y) * STEP_MM;
      if (r >= inner && r < outer) inside++;
    }
    return inside / 256;
  });

describe("attenuation of matter", () => {
  it("is that of the structure for a composition of its density", () => {
    const fe = builtInStructure("Fe");
    expect(attenuationOfComposition({ Fe: 1 }, 7.8742201, 80)).toBeCloseTo(linearAttenuationPerMm(fe, 80), 6);
  });

  it("is that of water at 100 keV: 0.1707 cm²/g (NIST)", () => {
    expect(attenuationOfComposition({ H: 2, O: 1 }, 1, 100) * 10).toBeCloseTo(0.1707, 3);
  });

  it.each([
    [{ Xx: 1 }, 50, "unknown-scatterer"],
    [{ Fe: 1 }, 500, "energy-out-of-range"],
    [{ Fe: 1 }, 1, "energy-out-of-range"],
  ])("refuses %j at %d keV", (composition, energy, code) => {
    expect(() => attenuationOfComposition(composition as Record<string, number>, 1, energy)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe("scales to volume fractions", () => {
  const can = ring(1.4, 1.8);
  const core = ring(0, 1.4).map((share) => 0.5 * share);
  const K = 4e-4;
  const phases = [
    { name: "can", scale: can.map((share) => share / (K * 30 ** 2)), volume: 30, muPerMm: 0.6 },
    { name: "core", scale: core.map((share) => share / (K * 100 ** 2)), volume: 100, muPerMm: 0.2 },
  ];
  const scattering = Uint8Array.from(can, (share, i) => (share + core[i]! > 0 ? 1 : 0));
  const volumes = phaseVolumes(phases, scattering, SIZE);
  const rest = { muPerMm: 0.05, least: 0.1, fillsHoles: false };
  const truth = can.map(
    (share, i) =>
      0.6 * share + 0.2 * core[i]! + (share + core[i]! >= 0.1 ? 0.05 * Math.max(0, 1 - share - core[i]!) : 0),
  );
  const measured = {
    values: transmissionOf(kernels, geometry, truth, STEP_MM),
    usable: new Uint8Array(30 * 45).fill(1),
    integrate: (perMm: Float64Array) => lineIntegrals(kernels, geometry, perMm, STEP_MM),
  };
  const config = (scale: AbsorbConfigInput["scale"]) => AbsorbConfig.parse({ scale }).scale;

  it("by the transmission that was measured, the rest included", () => {
    const { factor, muPerMm } = attenuationMap(config({}), { volumes, scattering, rest, measured });
    expect(factor.by).toBe("transmission");
    expect(factor.value / K).toBeCloseTo(1, 4);
    muPerMm.forEach((mu, i) => {
      expect(Math.abs(mu - truth[i]!)).toBeLessThan(1e-4);
    });
  });

  it("by a dense phase that is alone somewhere", () => {
    const factor = findScaleFactor(config({ phase: "can" }), { volumes, scattering, rest });
    expect(factor.by).toBe("phase");
    expect(factor.value / K).toBeCloseTo(1, 3);
  });

  it("by the densest voxels where nothing else is said, and says so", () => {
    const factor = findScaleFactor(config({}), { volumes, scattering, rest });
    expect(factor.by).toBe("densest");
    expect(factor.value / K).toBeCloseTo(1, 2);
    expect(factor.note).toContain("for want of anything better");
  });

  it("by the number given", () => {
    expect(findScaleFactor(config({ factor: 3 }), { volumes, scattering, rest }).value).toBe(3);
  });

  it.each([
    [{ by: "transmission" }, "absorb-no-transmission"],
    [{ by: "phase" }, "absorb-scale-phase"],
    [{ by: "phase", phase: "casing" }, "absorb-scale-phase"],
    [{ by: "factor" }, "absorb-scale-factor"],
  ] as const)("refuses %j", (scale, code) => {
    expect(() => findScaleFactor(config(scale), { volumes, scattering, rest })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it("refuses a dense phase that is nowhere alone, and a transmission above 1", () => {
    const mixed = phases.map((phase) => ({ ...phase, scale: phases[0]!.scale }));
    const input = { volumes: phaseVolumes(mixed, scattering, SIZE), scattering, rest };
    expect(() => findScaleFactor(config({ phase: "can" }), input)).toThrow(
      expect.objectContaining({ code: "absorb-scale-phase" }),
    );
    const inverse = { ...measured, values: measured.values.map((t) => 1 / t) };
    expect(() => findScaleFactor(config({}), { volumes, scattering, rest: undefined, measured: inverse })).toThrow(
      expect.objectContaining({ code: "absorb-scale-transmission" }),
    );
  });

  it("fills scales that are missing from their neighbours, and refuses where there are none", () => {
    const holed = phases.map((phase) => {
      const scale = Float64Array.from(phase.scale);
      scale[20 * SIZE + 20] = Number.NaN;
      return { ...phase, scale };
    });
    const { filled, total } = phaseVolumes(holed, scattering, SIZE);
    expect(filled).toBe(2);
    expect(total[20 * SIZE + 20]! * K).toBeCloseTo(0.5, 6);
    const empty = phases.map((phase) => ({ ...phase, scale: new Float64Array(SIZE * SIZE) }));
    expect(() => phaseVolumes(empty, scattering, SIZE)).toThrow(expect.objectContaining({ code: "absorb-no-signal" }));
  });

  it("fills holes of the sample, not the air about it", () => {
    const shell = Uint8Array.from(can, (share) => (share > 0.01 ? 1 : 0));
    const inside = withHoles(shell, SIZE);
    expect(inside[20 * SIZE + 20]).toBe(1);
    expect(inside[0]).toBe(0);
    expect(inside.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(Math.PI * 17.5 ** 2);
  });
});

describe("transmission of rays", () => {
  it("is exp(-mu chord) of a disc", () => {
    const [radius, mu] = [1.6, 0.3];
    const transmission = transmissionOf(
      kernels,
      geometry,
      ring(0, radius).map((share) => mu * share),
      STEP_MM,
    );
    for (let angle = 0; angle < 30; angle++) {
      for (let t = 0; t < 45; t++) {
        const s = (t - 21.7) * STEP_MM;
        if (Math.abs(s) > 0.9 * radius) continue;
        const wanted = Math.exp(-2 * mu * Math.sqrt(radius ** 2 - s ** 2));
        expect(Math.abs(transmission[angle * 45 + t]! / wanted - 1)).toBeLessThan(0.02);
      }
    }
  });

  it("averages over the rays through a voxel", () => {
    const mean = meanOverRays(kernels, geometry, new Float64Array(30 * 45).fill(3));
    expect(mean[20 * SIZE + 20]).toBeCloseTo(3, 5);
    const alternating = Float64Array.from({ length: 30 * 45 }, (_, ray) => (Math.floor(ray / 45) % 2 ? 2 : 4));
    expect(meanOverRays(kernels, geometry, alternating)[20 * SIZE + 20]).toBeCloseTo(3, 2);
  });

  it("is told from a measured one by its bias and scatter", () => {
    const compared = compareTransmission([0.51, 0.2, 0.9, 1], [0.5, 0.25, 0, 1], [1, 0, 1, 1]);
    expect(compared.rays).toBe(1);
    expect(compared.bias).toBeCloseTo(0.02, 10);
    expect(compared.rms).toBeCloseTo(0.02, 10);
  });
});

describe("rays put right", () => {
  const random = seededRandom(3);
  const bins = 5;
  const air = Float64Array.from({ length: 8 }, () => 10 * random());
  const sample = Array.from({ length: 6 * bins }, () => 100 * random());
  const transmission = Float64Array.from([1, 0.8, 0.5, 0.1, 0.015, 0.001]);

  it("are what they were without absorption: air subtracted in full is given back", () => {
    const { transmission: limited, opaque } = limitTransmission(transmission, 0.02);
    const values = Float32Array.from(sample, (value, i) => {
      const t = transmission[Math.floor(i / bins)]!;
      return t * (value + air[2 + (i % bins)]!) - air[2 + (i % bins)]!;
    });
    const sigma = new Float32Array(values.length).fill(2);
    correctRays({ transmission: limited, opaque, air }, values, sigma, bins, 2);
    for (let ray = 0; ray < 4; ray++) {
      for (let bin = 0; bin < bins; bin++) {
        expect(Math.abs(values[ray * bins + bin]! - sample[ray * bins + bin]!)).toBeLessThan(1e-3);
        expect(sigma[ray * bins + bin]).toBeCloseTo(2 / transmission[ray]!, 4);
      }
    }
    expect([...opaque]).toEqual([0, 0, 0, 0, 1, 1]);
    expect(sigma.subarray(4 * bins).every((value) => value === Number.POSITIVE_INFINITY)).toBe(true);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it("says which share of the rays through the sample is opaque", () => {
    const { opaqueShare, transmission: limited } = limitTransmission([1, 0.9995, 0.5, 0.01, Number.NaN], 0.02);
    expect(opaqueShare).toBeCloseTo(0.5, 10);
    expect([...limited]).toEqual([1, 0.9995, 0.5, 0.02, 1]);
  });
});

describe("a loop that comes to its end", () => {
  it("expects changes in proportion to that of ln T", () => {
    const [none, last, next] = [
      [1, 1],
      [0.5, 0.4],
      [0.49, 0.392],
    ];
    expect(logDifference(none!, last!)).toBeCloseTo(Math.sqrt((Math.log(0.5) ** 2 + Math.log(0.4) ** 2) / 2), 10);
    const share = logDifference(last!, next!) / logDifference(none!, last!);
    expect(expectedChange(none!, last!, next!, 0.03)).toBeCloseTo(0.03 * share, 10);
    expect(largestChange({ Fe: 0.5, Cu: 0.5 }, { Fe: 0.53, Cu: 0.47 })).toBeCloseTo(0.03, 10);
  });

  it("finds fixed points, slow ones soon, and says where there is none", () => {
    const slow = findFixedPoint((x) => x.map((value, i) => 0.9 * value + 0.1 * (i + 1)), new Float64Array(3), {
      rounds: 20,
      tolerance: 1e-10,
    });
    expect(slow.isSettled).toBe(true);
    expect(slow.rounds).toBeLessThan(15);
    slow.x.forEach((value, i) => {
      expect(value).toBeCloseTo(i + 1, 8);
    });
    expect(
      findFixedPoint((x) => x.map((value) => value + 1), new Float64Array(1), { rounds: 9, tolerance: 1e-6 }).isSettled,
    ).toBe(false);
  });
});

describe("an attenuation image made elsewhere", () => {
  const spots = (x: number, y: number): number =>
    (Math.hypot(x, y) < 1.5 ? 0.2 : 0) +
    Math.exp(-((x - 0.7) ** 2 + (y - 0.4) ** 2) / 0.08) +
    0.5 * Math.exp(-((x + 0.6) ** 2 + (y - 0.1) ** 2) / 0.05);
  const place = { xMm: 0.23, yMm: -0.31, rotationDeg: 7 };
  /** as measured with pixels of 40 um, the sample moved and turned in it */
  const image = {
    rows: 110,
    cols: 120,
    pixelMm: 0.04,
    values: Float64Array.from({ length: 110 * 120 }, (_, i) => {
      const [u, v] = [((i % 120) - 59.5) * 0.04, (Math.floor(i / 120) - 54.5) * 0.04];
      const [c, s] = [Math.cos((7 * Math.PI) / 180), Math.sin((7 * Math.PI) / 180)];
      return spots(c * u - s * v + place.xMm, s * u + c * v + place.yMm);
    }),
  };
  const wanted = Float64Array.from({ length: SIZE * SIZE }, (_, i) =>
    spots(((i % SIZE) - 20) * STEP_MM, (Math.floor(i / SIZE) - 20) * STEP_MM),
  );

  it("is put where it is said to be", () => {
    const found = placeImage(image, place, SIZE, STEP_MM);
    const smooth = [...wanted.keys()].filter((i) => Math.hypot((i % SIZE) - 20, Math.floor(i / SIZE) - 20) < 13);
    for (const i of smooth) expect(Math.abs(found[i]! - wanted[i]!)).toBeLessThan(0.03);
  });

  it("is found by correlation with what the sample scatters", () => {
    const range = { searchMm: 0.6, searchDeg: 12 };
    const start = { xMm: 0, yMm: 0, rotationDeg: 0 };
    const found = registerImage(
      image,
      start,
      wanted.map((value) => 3 * value + 1),
      SIZE,
      STEP_MM,
      range,
    );
    expect(found.correlation).toBeGreaterThan(0.99);
    expect(Math.abs(found.xMm - place.xMm)).toBeLessThan(0.01);
    expect(Math.abs(found.yMm - place.yMm)).toBeLessThan(0.01);
    expect(Math.abs(found.rotationDeg - place.rotationDeg)).toBeLessThan(0.5);
  });

  it("is refused where it shows something else", () => {
    const random = seededRandom(9);
    const other = { ...image, values: image.values.map(() => random()) };
    const range = { searchMm: 0.3, searchDeg: 0 };
    expect(() => registerImage(other, { xMm: 0, yMm: 0, rotationDeg: 0 }, wanted, SIZE, STEP_MM, range)).toThrow(
      expect.objectContaining({ code: "absorb-image-registration" }),
    );
  });
});

describe("settings", () => {
  it.each([
    [{ rest: { composition: { C: 1 } } }, "densityGCm3"],
    [{ rest: { composition: {}, densityGCm3: 1 } }, "at least one element"],
    [{ uniform: {} }, "give muPerMm"],
    [{ uniform: { composition: { C: 1 } } }, "give muPerMm"],
    [{ image: { pixelMm: 1 } }, "file"],
    [{ from: "phase" }, "from"],
    [{ minimumTransmission: 0 }, "minimumTransmission"],
  ])("%j is refused, saying %s", (given, word) => {
    const { error } = AbsorbConfig.safeParse(given);
    expect(JSON.stringify(error?.issues)).toContain(word);
  });
});
