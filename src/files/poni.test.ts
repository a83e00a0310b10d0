import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { formatPoni, parsePoni, readPoni } from "./poni.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const geometry = "Poni1: 0.1\nPoni2: 0.2\nRot1: 0.01\nRot2: -0.02\nRot3: 0\nWavelength: 1.7e-11\n";
const version1 = `# a comment: not a key\nPixelSize1: 0.0001\nPixelSize2: 0.0002\nDistance: 0.5\n${geometry}`;

describe(".poni files", () => {
  it("of version 1 give pixel sizes by key", () => {
    expect(parsePoni(version1, "a.poni")).toEqual({
      dist: 0.5,
      poni1: 0.1,
      poni2: 0.2,
      rot1: 0.01,
      rot2: -0.02,
      rot3: 0,
      wavelength: 1.7e-11,
      pixel1: 0.0001,
      pixel2: 0.0002,
    });
  });
  it.each([
    ["2", "{}", undefined],
    ["2.1", '{"orientation": 2}', 2],
    ["3", '{"orientation": 3, "sensor": {"material": "Si", "thickness": 0.00045}}', 3],
  ])("of version %s give pixel sizes by the detector's name, and the orientation", (version, config, orientation) => {
    const text = `poni_version: ${version}\nDetector: Pilatus2M\nDetector_config: ${config}\nDistance: 0.5\n${geometry}`;
    const poni = parsePoni(text, "a.poni");
    expect([poni.pixel1, poni.pixel2, poni.orientation]).toEqual([172e-6, 172e-6, orientation]);
  });
  it("with several calibrations give the last", () => {
    expect(parsePoni(`${version1}\n# later\n${version1.replace("0.5", "0.6")}`, "a.poni").dist).toBe(0.6);
  });
  it("come back as they were written", () => {
    const number = fc.double({ min: -3, max: 3, noNaN: true }).map((x) => x + 0); // no -0, which text does not keep
    const poni = fc.record({
      dist: fc.double({ min: 0.01, max: 20, noNaN: true }),
      poni1: number,
      poni2: number,
      rot1: number,
      rot2: number,
      rot3: number,
      wavelength: fc.double({ min: 1e-12, max: 1e-9, noNaN: true }),
      pixel1: fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
      pixel2: fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
      orientation: fc.constantFrom(1, 2, 4) as fc.Arbitrary<1 | 2 | 4>,
    });
    fc.assert(
      fc.property(poni, (given) => {
        expect(parsePoni(formatPoni(given, ["made by a test"]), "x.poni")).toEqual({ ...given, detector: "Detector" });
      }),
    );
  });
  it("keep the detector's name where its pixels are as named, and drop it where they are not", () => {
    const poni = { ...parsePoni(version1, "a.poni"), pixel1: 172e-6, pixel2: 172e-6, detector: "Pilatus2M" };
    expect(formatPoni(poni)).toContain("poni_version: 2\nDetector: Pilatus2M\nDetector_config: {}\n");
    expect(formatPoni({ ...poni, orientation: 3 })).toBe(formatPoni(poni)); // 3 changes nothing
    expect(formatPoni({ ...poni, pixel1: 86e-6 })).toContain('Detector: Detector\nDetector_config: {"pixel1":0.000086');
  });
  it.each([
    ["not a geometry", "a: 1", "poni-not-recognised"],
    ["without a rotation", version1.replace(/Rot2.*\n/, ""), "poni-missing"],
    ["without pixel sizes", version1.replace(/PixelSize1.*\n/, ""), "poni-missing"],
    ["with NaN", version1.replace("Poni1: 0.1", "Poni1: nan"), "poni-value"],
    ["with inf", version1.replace("Distance: 0.5", "Distance: inf"), "poni-value"],
    ["with a distance in mm", version1.replace("Distance: 0.5", "Distance: 500"), "poni-value"],
    ["with a wavelength in angstrom", version1.replace("1.7e-11", "0.17"), "poni-value"],
    ["with a pixel of no size", version1.replace("0.0001", "0"), "poni-value"],
    ["with broken JSON", `Detector_config: {pixel1}\n${version1}`, "poni-value"],
    ["with orientation 7", `Detector_config: {"orientation": 7}\n${version1}`, "poni-value"],
    ["with a distortion file", `SplineFile: /tmp/a.spline\n${version1}`, "poni-unsupported"],
    ["with sensor parallax", `poni_version: 3\nParallax: True\n${version1}`, "poni-unsupported"],
    ["with a curved detector", `Detector: Aarhus\n${version1}`, "poni-unsupported"],
    ["of a later version", `poni_version: 7\n${version1}`, "poni-unsupported"],
  ])("%s are refused", (_, text, wanted) => {
    expect(() => parsePoni(text, "bad.poni")).toThrow(code(wanted));
    expect(() => parsePoni(text, "bad.poni")).toThrow(/^bad\.poni: /);
  });
  it("damaged in any way give an InputError or a geometry", () => {
    expectOnlyInputErrors(Buffer.from(version1), (bytes) => parsePoni(Buffer.from(bytes).toString(), "fuzz.poni"));
  });
});

describe.skipIf(!hasShared)("measured .poni files (needs ../shared)", () => {
  const read = (path: string) => readPoni(shared(`data/detector/${path}`));
  it("CeO2.poni gives the last of its three calibrations", () => {
    expect(read("ndtomo_ceo2_71keV/CeO2.poni")).toMatchObject({ dist: 0.543892076611, poni1: 0.144719659691 });
  });
  it("Dioptas' file, without a detector", () => {
    expect(read("dioptas_ceo2_30keV/CeO2_Pilatus1M.poni")).toMatchObject({ dist: 0.208651380603, pixel1: 0.000172 });
  });
  it("version 2 with Detector_config", () => {
    expect(read("ndtomo_ceo2_71keV/Spotty_calib.poni")).toMatchObject({
      pixel1: 2.53e-5,
      wavelength: 9.537246033323096e-11,
    });
  });
});
