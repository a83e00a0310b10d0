import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { hasShared, shared } from "../../../tests/shared.ts";
import { type SimulatedRings, simulateRings } from "../../../tests/simulated-rings.ts";
import type { Frame, Mask } from "../../data/index.ts";
import { fileSource } from "../../files/byte-source.ts";
import { decodeCbf } from "../../files/cbf.ts";
import { openEdf, readEdfFrame } from "../../files/edf.ts";
import { decodeMar345 } from "../../files/mar345.ts";
import { parsePoni } from "../../files/poni.ts";
import { openTiff, readTiffPage } from "../../files/tiff.ts";
import type { Poni } from "../../geometry/index.ts";
import {
  CalibrateConfig,
  type CalibrationResult,
  calibrate,
  calibrationFigureData,
  checkOrientation,
} from "./index.ts";

const px = 172e-6;
const poni = (dist: number, row: number, col: number, rot1: number, rot2: number): Poni => ({
  dist,
  poni1: row * px,
  poni2: col * px,
  rot1,
  rot2,
  rot3: 0,
  pixel1: px,
  pixel2: px,
});
const small = { rows: 400, cols: 360, energyKeV: 40, calibrant: "CeO2", counts: 300, seed: 1 } as const;
const configFor = (simulated: SimulatedRings, changes: object = {}): CalibrateConfig =>
  CalibrateConfig.parse({
    calibrant: simulated.calibrant,
    energyKeV: simulated.energyKeV,
    distanceMm: simulated.poni.dist * 1e3 * 1.05,
    pixelSizeUm: 172,
    ...changes,
  });

/** (found - true) / esd of every refined parameter. */
const pulls = (result: CalibrationResult, truth: Poni): number[] =>
  result.refined.map((name) => (name === "energyKeV" ? 0 : (result.poni[name] - truth[name]) / result.esd[name]!));

describe("simulated frames, the geometry unknown but for a distance 5 % off", () => {
  const cases: Record<string, SimulatedRings> = {
    "5.7 degrees of tilt, module gaps": {
      ...small,
      calibrant: "LaB6",
      hasGaps: true,
      poni: poni(0.15, 170, 150, 0.08, -0.06),
    },
    "the beam off the detector": { ...small, calibrant: "Si", energyKeV: 30, poni: poni(0.2, -130, -70, 0.02, 0.015) },
    "spotty rings": { ...small, hasGaps: true, graininess: 1.2, poni: poni(0.15, 220, 130, -0.02, 0.03) },
    Al2O3: { ...small, calibrant: "Al2O3", energyKeV: 25, poni: poni(0.15, 200, 190, 0.01, 0.01) },
    "eight counts at the top": { ...small, counts: 8, poni: poni(0.15, 200, 180, 0.003, -0.002) },
  };
  it.each(Object.keys(cases))("%s: recovered within 4 of its own esd", (name) => {
    const simulated = cases[name]!;
    const result = calibrate(simulateRings(simulated), undefined, configFor(simulated));
    expect(result.status).toBe("converged");
    expect(result.refined).toEqual(["dist", "poni1", "poni2", "rot1", "rot2"]);
    for (const pull of pulls(result, simulated.poni)) expect(Math.abs(pull)).toBeLessThan(4);
    expect(Math.abs(result.poni.dist / simulated.poni.dist - 1)).toBeLessThan(2e-4);
  });

  it("the energy too where rings go to high angles: both within 4 esd, the correlation told", () => {
    const simulated: SimulatedRings = { ...small, energyKeV: 25, poni: poni(0.09, 200, 180, 0.003, -0.002) };
    const result = calibrate(simulateRings(simulated), undefined, {
      ...configFor(simulated, { energyKeV: 25.1, distanceMm: 91 }),
      refineEnergy: true,
    });
    expect(result.status).toBe("converged");
    expect(Math.abs(result.energyKeV - 25)).toBeLessThan(4 * result.esd.energyKeV!);
    expect(Math.abs(result.poni.dist - 0.09)).toBeLessThan(4 * result.esd.dist!);
    expect(result.correlation[0]!.at(-1)).toBeGreaterThan(0.9);
    expect(result.messages.join()).toContain("correlate");
  });
});

describe("what the user can put right", () => {
  const simulated: SimulatedRings = { ...small, poni: poni(0.17, 200, 180, 0.003, -0.002) };
  let frame: Frame;
  beforeAll(() => {
    frame = simulateRings(simulated);
  });
  const error = (changes: object, given = frame): unknown => {
    try {
      return calibrate(given, undefined, configFor(simulated, changes)).messages;
    } catch (thrown) {
      return thrown;
    }
  };

  it("no rings in the image", () => {
    const flat = { ...frame, data: Int32Array.from(frame.data, (_, i) => 100 + ((i * 2654435761) % 23)) };
    expect(error({}, flat)).toMatchObject({ code: "calibrate-no-rings" });
    const dark = { ...frame, data: new Int32Array(frame.data.length) };
    expect(error({}, dark)).toMatchObject({ code: "calibrate-no-rings" });
    const masked = { ...frame, data: new Int32Array(frame.data.length).fill(-1) };
    expect(error({}, masked)).toMatchObject({ code: "calibrate-no-rings" });
  });
  it("rings that fall off the detector", () => {
    const found = error({ distanceMm: 5000 });
    expect(found).toMatchObject({ code: "calibrate-rings-off-detector", message: expect.stringContaining("5000 mm") });
  });
  it("a distance far off: says which would fit", () => {
    const found = error({ distanceMm: 140 });
    expect(found).toMatchObject({ code: "calibrate-no-match", message: expect.stringMatching(/1(69|70|71) mm/) });
  });
  it("a wrong energy: says which would fit", () => {
    const found = error({ energyKeV: 36, distanceMm: 160 });
    expect(found).toMatchObject({ code: "calibrate-no-match", message: expect.stringMatching(/(39\.\d|40\.\d) keV/) });
  });
  it("a wrong calibrant", () => {
    expect(error({ calibrant: "Al2O3" })).toMatchObject({ code: "calibrate-no-match" });
  });
  it("a mask of another detector", () => {
    const mask: Mask = { rows: 360, cols: 400, data: new Uint8Array(360 * 400) };
    expect(() => calibrate(frame, mask, configFor(simulated))).toThrow(
      expect.objectContaining({ code: "mask-shape", message: expect.stringContaining("transposed") }),
    );
  });
  it("rings of another phase are told, not silently fitted", () => {
    const spoilt = { ...frame, data: Int32Array.from(frame.data) };
    const other = simulateRings({ ...simulated, calibrant: { name: "other", dA: [2.3] }, counts: 200 });
    other.data.forEach((count, i) => {
      spoilt.data[i]! += count;
    });
    expect(error({}, spoilt)).toEqual([expect.stringContaining("1 clear ring is not the calibrant's (two-theta 7.7")]);
  });
});

describe("orientation", () => {
  const simulated: SimulatedRings = { ...small, poni: poni(0.17, 160, 140, 0.02, -0.03) };
  const frame = simulateRings(simulated);
  const flipped = { ...frame, data: Int32Array.from(frame.data) };
  for (let row = 0; row < frame.rows; row++) {
    flipped.data.set(
      frame.data.subarray(row * frame.cols, (row + 1) * frame.cols),
      (frame.rows - 1 - row) * frame.cols,
    );
  }
  it("is as it is, or flipped, or fits not at all", () => {
    expect(checkOrientation(frame, undefined, simulated.poni)).toMatchObject({ verdict: "asIs", orientation: 3 });
    expect(checkOrientation(flipped, undefined, simulated.poni)).toMatchObject({ verdict: "flipped", orientation: 2 });
    const middle = poni(0.17, 200, 180, 0, 0);
    const symmetric = simulateRings({ ...simulated, poni: middle });
    expect(checkOrientation(symmetric, undefined, middle).verdict).toBe("ambiguous");
    expect(checkOrientation(frame, undefined, poni(0.17, 280, 20, 0, 0)).verdict).toBe("none");
  });
});

describe.skipIf(!hasShared)("measured frames (needs ../shared)", () => {
  const read = (path: string): Uint8Array => readFileSync(shared(`data/detector/${path}`));
  const shipped = (path: string): Poni => parsePoni(new TextDecoder().decode(read(path)), path);

  describe("CeO2 on a Pilatus 2M, 71 keV, calibrated at the beamline", () => {
    const folder = "ndtomo_ceo2_71keV";
    const config = CalibrateConfig.parse({ energyKeV: 71, distanceMm: 500, pixelSizeUm: 172 });
    let frame: Frame;
    let truth: Poni;
    beforeAll(() => {
      frame = decodeCbf(read(`${folder}/CeO2.cbf`), "CeO2.cbf");
      truth = shipped(`${folder}/CeO2.poni`);
    });

    it("finds the shipped distance to 0.05 % and leaves less than 200 ppm above 5 degrees", () => {
      const edf = readEdfFrame(openEdf(fileSource(shared(`data/detector/${folder}/mask.edf`))), 0);
      const mask = { rows: edf.rows, cols: edf.cols, data: Uint8Array.from(edf.data, (v) => (v ? 1 : 0)) };
      const result = calibrate(frame, mask, config);
      expect(result.status).toBe("converged");
      expect(Math.abs(result.poni.dist / truth.dist - 1)).toBeLessThan(5e-4);
      const high = result.rings.filter((ring) => ring.used && ring.twoThetaDeg > 5);
      expect(high.length).toBeGreaterThan(15);
      for (const ring of high) expect(Math.abs(ring.meanPpm)).toBeLessThan(200);
      const { rings } = calibrationFigureData(result, frame);
      expect(rings.filter((ring) => ring.polylines.length > 0).length).toBeGreaterThan(20);
    });

    it("also without the mask, from 600 mm, and with the energy free, which it says cannot be told", () => {
      const result = calibrate(frame, undefined, { ...config, distanceMm: 600, refineEnergy: true });
      expect(Math.abs(result.poni.dist / truth.dist - 1)).toBeLessThan(5e-4);
      expect(result.status).toBe("undetermined");
      expect(result.messages[0]).toContain("the energy was held as given");
    });
  });

  it("a MAR345 frame of CeO2 on steel agrees with its published calibration, and the steel is told", () => {
    const frame = decodeMar345(read("mar2300_steel_ceo2_100keV/nx09_strain_001.mar2300"), "nx09_strain_001.mar2300");
    const config = CalibrateConfig.parse({ energyKeV: 100, distanceMm: 1100, pixelSizeUm: 150 });
    const result = calibrate(frame, undefined, config);
    expect(Math.abs(result.poni.dist / 1.118899 - 1)).toBeLessThan(5e-4);
    expect(Math.abs(result.beamCentrePx.row - (2300 - 173.475 / 0.15))).toBeLessThan(0.3);
    expect(Math.abs(result.beamCentrePx.col - 168.604 / 0.15)).toBeLessThan(0.3);
    expect(Math.abs(result.tiltDeg - 1.225)).toBeLessThan(0.15);
    expect(result.messages.join()).toContain("not the calibrant's");
  });

  it("the Dioptas frame fits its .poni only upside down, and calibrates to it from about 200 mm", () => {
    const frame = readTiffPage(openTiff(fileSource(shared("data/detector/dioptas_ceo2_30keV/CeO2_Pilatus1M.tif"))), 0);
    const truth = shipped("dioptas_ceo2_30keV/CeO2_Pilatus1M.poni");
    const config = CalibrateConfig.parse({ energyKeV: 30.5, distanceMm: 200, pixelSizeUm: 172 });
    const result = calibrate(frame, undefined, config, { reference: truth });
    expect(result.orientation).toMatchObject({ verdict: "flipped", orientation: 2 });
    expect(result.messages).toContain(result.orientation.message);
    expect(Math.abs(result.poni.dist / truth.dist - 1)).toBeLessThan(5e-4);
    // In the file's own rows the tilt about the horizontal changes its sign.
    expect(Math.abs(result.poni.rot1 - truth.rot1)).toBeLessThan(1e-3);
    expect(Math.abs(result.poni.rot2 + truth.rot2)).toBeLessThan(1e-3);
  });
});
