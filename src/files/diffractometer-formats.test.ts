/** .raw, .brml and .xrdml: files made here, measured ones, and damage. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { parseBrml } from "./brml.ts";
import { isBrukerRaw, parseBrukerRaw } from "./bruker-raw.ts";
import { readPattern } from "./pattern-file.ts";
import { isXrdml, parseXrdml } from "./xrdml.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const folder = tempFolder();

/** 3 points from 10 degrees in steps of 0.02, behind a supplementary head of 8 bytes. */
function rawFile(): Uint8Array {
  const bytes = new Uint8Array(712 + 304 + 8 + 12);
  bytes.set(strToU8("RAW1.01"));
  const view = new DataView(bytes.buffer);
  view.setUint32(712, 304, true);
  view.setUint32(716, 3, true);
  view.setFloat64(728, 10, true);
  view.setFloat64(888, 0.02, true);
  view.setUint32(968, 8, true);
  [7, 9, 8].forEach((y, i) => {
    view.setFloat32(1024 + 4 * i, y, true);
  });
  return bytes;
}

const DATUM = "<Datum>96,1,10.0001,5.0001,84</Datum><Datum>96,1,10.0103,5.0052,73</Datum>";
const brml = (datum = DATUM, axis = "TwoTheta"): string =>
  `<?xml version="1.0"?><RawData><DataRoutes><DataRoute RouteFlag="Measured"><ScanInformation><ScanAxes>
<ScanAxisInfo AxisName="${axis}" Unit="°"><Start>10</Start></ScanAxisInfo><ScanAxisInfo AxisName="Theta"></ScanAxisInfo>
</ScanAxes></ScanInformation>${datum}</DataRoute></DataRoutes></RawData>`;
const brmlFile = (xml: string): Uint8Array =>
  zipSync({ "experimentCollection.xml": strToU8("<a/>"), "Experiment0/RawData0.xml": strToU8(xml) });

const xrdml = (points: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5">
<xrdMeasurement><scan scanAxis="Gonio"><dataPoints><positions axis="2Theta" unit="deg">${points}</dataPoints></scan></xrdMeasurement></xrdMeasurements>`;
const EVEN = `<startPosition>10</startPosition><endPosition>10.4</endPosition></positions>
<positions axis="Omega" unit="deg"><startPosition>5</startPosition><endPosition>5.2</endPosition></positions>
<commonCountingTime unit="seconds">10.00</commonCountingTime>`;

describe("Bruker .raw", () => {
  it("start, step and counts", () => {
    const { axis, intensity, sigma } = parseBrukerRaw(rawFile(), "a.raw");
    expect([...axis.values]).toEqual([10, 10.02, 10.04]);
    expect([...intensity]).toEqual([7, 9, 8]);
    expect([axis.unit, sigma]).toEqual(["two-theta", undefined]);
  });

  it("names the kinds it does not read, and leaves texts alone", () => {
    const older = Uint8Array.from([...strToU8("RAW2"), ...new Uint8Array(2000)]);
    expect(isBrukerRaw(older)).toBe(true);
    expect(() => parseBrukerRaw(older, "a.raw")).toThrow(code("raw-unsupported"));
    expect(isBrukerRaw(strToU8("RAW data\n5.01 7300\n5.02 7115\n"))).toBe(false);
  });

  it("is refused where it is cut off", () => {
    expect(() => parseBrukerRaw(rawFile().slice(0, -1), "a.raw")).toThrow(code("raw-damaged"));
    expectOnlyInputErrors(rawFile(), (bytes) => parseBrukerRaw(bytes, "a.raw"));
  });
});

describe("Bruker .brml", () => {
  it("the column of two-theta and the counts", () => {
    const { axis, intensity } = parseBrml(brmlFile(brml()), "a.brml");
    expect([...axis.values]).toEqual([10.0001, 10.0103]);
    expect([...intensity]).toEqual([84, 73]);
  });

  it.each([
    ["no scan over two-theta", brml(DATUM, "Phi"), "brml-no-scan"],
    ["no points", brml(""), "brml-no-scan"],
    ["words for numbers", brml(DATUM.replace("73", "many")), "brml-damaged"],
    ["angles that go back", brml(DATUM.replace("10.0103", "9")), "brml-damaged"],
  ])("%s", (_, xml, wanted) => {
    expect(() => parseBrml(brmlFile(xml), "a.brml")).toThrow(code(wanted));
  });

  it("other archives, and damage", () => {
    expect(() => parseBrml(zipSync({ "a.txt": strToU8("1 2") }), "a.zip")).toThrow(code("brml-no-scan"));
    expectOnlyInputErrors(brmlFile(brml()), (bytes) => parseBrml(bytes, "a.brml"));
  });
});

describe("PANalytical .xrdml", () => {
  it("even steps, intensities", () => {
    const { axis, intensity, sigma } = parseXrdml(
      xrdml(`${EVEN}<intensities unit="counts">100 120 90 80 70</intensities>`),
      "a.xrdml",
    );
    [10, 10.1, 10.2, 10.3, 10.4].forEach((x, i) => {
      expect(axis.values[i]).toBeCloseTo(x, 12);
    });
    expect([...intensity]).toEqual([100, 120, 90, 80, 70]);
    expect(sigma).toBeUndefined();
  });

  it("listed positions; counts behind an attenuator, with the sigma of the counts", () => {
    const list = "<listPositions>10 10.1 10.3</listPositions></positions>";
    const factors = "<beamAttenuationFactors>1 10 1</beamAttenuationFactors><counts>100 400 81</counts>";
    const { axis, intensity, sigma } = parseXrdml(xrdml(list + factors), "a.xrdml");
    expect([...axis.values]).toEqual([10, 10.1, 10.3]);
    expect([...intensity]).toEqual([100, 4000, 81]);
    expect([...sigma!]).toEqual([10, 200, 9]);
  });

  it.each([
    ["no scan over two-theta", xrdml(EVEN).replaceAll("2Theta", "Phi"), "xrdml-no-scan"],
    ["words for numbers", xrdml(`${EVEN}<counts>100 many 3</counts>`), "xrdml-damaged"],
    ["no end", xrdml(`<startPosition>10</startPosition></positions><counts>100 3</counts>`), "xrdml-damaged"],
    [
      "too few factors",
      xrdml(`${EVEN}<counts>1 3</counts><beamAttenuationFactors>1</beamAttenuationFactors>`),
      "xrdml-damaged",
    ],
  ])("%s", (_, text, wanted) => {
    expect(isXrdml(text)).toBe(true);
    expect(() => parseXrdml(text, "a.xrdml")).toThrow(code(wanted));
  });

  it("damage", () => {
    const valid = strToU8(xrdml(`${EVEN}<intensities unit="counts">100 120 90 80 70</intensities>`));
    expectOnlyInputErrors(valid, (bytes) => parseXrdml(new TextDecoder().decode(bytes), "a.xrdml"));
  });
});

it("readPattern tells them apart by what is in them", () => {
  const files = { raw: rawFile(), brml: brmlFile(brml()), xrdml: strToU8(xrdml(`${EVEN}<counts>1 2 3</counts>`)) };
  for (const [kind, bytes] of Object.entries(files)) {
    const path = join(folder, `${kind}.dat`);
    writeFileSync(path, bytes);
    expect(readPattern(path).axis.values[0]).toBeCloseTo(10, 3);
  }
});

describe.skipIf(!hasShared)("measured files (needs ../shared)", () => {
  it("RAW1.01 of LaB6: the 110 line stands where its cell has it", () => {
    const { axis, intensity } = readPattern(shared("data/powder/nist_lab6_lab/LaB6_Jan2018.raw"));
    expect(axis.values).toHaveLength(3040);
    expect(axis.values[0]).toBe(10);
    const top = intensity.indexOf(Math.max(...intensity));
    const expected = (360 / Math.PI) * Math.asin(1.5406 / (2 * (4.156826 / Math.sqrt(2))));
    expect(Math.abs(axis.values[top]! - expected)).toBeLessThan(0.1);
  });

  it(".brml of LiMn2O4: as many points as its head says, over the angles of its head", () => {
    const path = shared("data/powder/scimap_lab/lmo-two-phase.brml");
    const { axis, intensity } = readPattern(path);
    expect(readFileSync(path).subarray(0, 2).toString()).toBe("PK");
    expect(axis.values).toHaveLength(6851);
    expect([axis.values[0], axis.values[6850]]).toEqual([10.0001, 80.0061]);
    expect(intensity[0]).toBe(84);
  });
});
