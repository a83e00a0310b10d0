/** Places of a cell against phantoms of which everything is known, and against measured images. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REGIONS } from "../src/data/index.ts";
import { arraySource } from "../src/files/byte-source.ts";
import { openTiff, readTiffPage } from "../src/files/tiff.ts";
import { findPlacesOfImage } from "../src/pipeline/study/find-places.ts";
import {
  createUnwinder,
  depthProfile,
  type FoundPlaces,
  findPlaces,
  PlacesConfig,
} from "../src/stages/places/index.ts";
import { makeRoll, PITCH_MM, ROLES, type RollPhantom } from "./places-phantom.ts";
import { hasShared, shared } from "./shared.ts";

const config = PlacesConfig.parse({});
const fine: RollPhantom = {
  size: 231,
  voxelMm: 0.02,
  sense: 1,
  startDeg: 0,
  ovality: 0,
  noise: 0.03,
  innerMm: 0.4,
  turns: 3.4,
  casingMm: 2,
  scale: 1,
  centreMm: [0, 0],
};
const PHANTOMS: [string, RollPhantom][] = [
  ["real layers at 20 um", fine],
  ["clockwise, from 130 degrees, off the axis", { ...fine, sense: -1, startDeg: 130, centreMm: [0.06, -0.04] }],
  ["oval by 4 %, noisier", { ...fine, startDeg: 250, ovality: 0.04, noise: 0.1, casingMm: 2.1 }],
  [
    "thick layers of a small scan",
    { ...fine, size: 97, voxelMm: 0.1, scale: 3, innerMm: 0.6, turns: 2.5, casingMm: 4.4 },
  ],
  [
    "layers of about one voxel",
    { ...fine, size: 101, voxelMm: 0.06, innerMm: 0.6, turns: 5.2, casingMm: 2.8, sense: -1 },
  ],
];

/** Share of right labels among voxels whose neighbours all have the label of their own. */
function rightAwayFromEdges(found: Uint8Array, truth: Uint8Array, size: number): { share: number; count: number } {
  let [right, count] = [0, 0];
  for (let row = 1; row < size - 1; row++) {
    for (let col = 1; col < size - 1; col++) {
      const i = row * size + col;
      const around = [-size - 1, -size, -size + 1, -1, 1, size - 1, size, size + 1];
      if (!around.every((d) => truth[i + d] === truth[i])) continue;
      count++;
      if (found[i] === truth[i]) right++;
    }
  }
  return { share: right / count, count };
}

describe.each(PHANTOMS)("a phantom: %s", (_, phantom) => {
  const truth = makeRoll(phantom);
  const places = findPlaces(truth.slice, ROLES, config);
  const electrode = (name: "cathode" | "anode") => places.report.electrodes.find((e) => e.electrode === name)!;

  it("finds the sense of winding, the pitch to 1 % and the lengths to 2 %", () => {
    const { winding } = places.report;
    expect(winding!.sense).toBe(phantom.sense === 1 ? "outwards-counterclockwise" : "outwards-clockwise");
    expect(winding!.pitchMm / (PITCH_MM * phantom.scale)).toBeCloseTo(1, 1.7);
    expect(Math.abs(winding!.pitchMm / (PITCH_MM * phantom.scale) - 1)).toBeLessThan(0.01);
    for (const name of ["cathode", "anode"] as const) {
      expect(Math.abs(electrode(name).lengthMm / truth.lengthMm[name] - 1)).toBeLessThan(0.02);
      expect(Math.abs(electrode(name).turns - phantom.turns)).toBeLessThan(0.05);
    }
  });

  it("finds the casing's inside to a tenth of a voxel", () => {
    const { casing } = places.report;
    expect(Math.abs(casing!.insideRadiusMm - phantom.casingMm)).toBeLessThan(0.1 * phantom.voxelMm);
    expect(casing!.centreMm[0]).toBeCloseTo(phantom.centreMm[0], 2);
    expect(casing!.centreMm[1]).toBeCloseTo(phantom.centreMm[1], 2);
  });

  it("labels more than 95 % of the voxels right that lie off an edge", () => {
    const { share, count } = rightAwayFromEdges(places.region, truth.region, phantom.size);
    expect(count).toBeGreaterThan(0.2 * phantom.size ** 2);
    expect(share).toBeGreaterThan(0.95);
  });

  it("knows the layer, and the depth to 0.15", () => {
    let [squares, count, wrong] = [0, 0, 0];
    truth.layer.forEach((layer, i) => {
      if (layer < 0 || places.layer[i]! < 0) return;
      count++;
      if (places.layer[i] !== layer) wrong++;
      else squares += (places.depth[i]! - truth.depth[i]!) ** 2;
    });
    expect(count).toBeGreaterThan(0.7 * truth.layer.filter((layer) => layer >= 0).length);
    expect(wrong / count).toBeLessThan(0.05);
    expect(Math.sqrt(squares / count)).toBeLessThan(0.15);
  });
});

describe("coatings and unwinding", () => {
  const truth = makeRoll(fine);
  const places = findPlaces(truth.slice, ROLES, config);

  it("measures coatings of three voxels to 3 um and collectors of half a voxel to 3 um", () => {
    const expected = [0.065, 0.065, 0.075, 0.075];
    for (const [i, { thicknessMm }] of places.layers.entries()) {
      expect(Math.abs(thicknessMm - expected[i]!)).toBeLessThan(0.003);
    }
    const [cathode, anode] = places.report.electrodes;
    expect(Math.abs(cathode!.collectorMm - 0.015)).toBeLessThan(0.003);
    expect(Math.abs(anode!.collectorMm - 0.01)).toBeLessThan(0.003);
  });

  it("gives back a parameter that falls with depth and rises with length", () => {
    const { slice } = truth;
    const values = Float32Array.from(truth.depth, (depth) => 14.5 - 0.1 * depth);
    const esd = new Float32Array(values.length).fill(0.002);
    const map = { name: "map/NMC532/c", ny: slice.ny, nx: slice.nx, unit: "Å", values, esd };
    const unwound = createUnwinder(places, { depths: 5 })!.unwind(map);
    for (const layer of unwound) {
      for (const { at, mean, esd: meanEsd, voxels } of depthProfile(layer)) {
        expect(Math.abs(mean - (14.5 - 0.1 * at))).toBeLessThan(0.01);
        // bins share voxels, so that the mean is known better than a voxel and not better than all of them allow
        expect(meanEsd).toBeLessThan(0.002);
        expect(meanEsd).toBeGreaterThan(0.3 * (0.002 / Math.sqrt(voxels)));
      }
    }
  });

  it("counts the area of a coating once: length times thickness", () => {
    const { slice } = truth;
    const map = {
      name: "one",
      ny: slice.ny,
      nx: slice.nx,
      unit: "",
      values: new Float32Array(slice.ny * slice.nx).fill(1),
    };
    for (const { layer, area, values } of createUnwinder(places)!.unwind(map)) {
      const { lengthMm, thicknessMm } = places.layers[layer]!;
      const sum = area.reduce((total, value) => total + value, 0) * fine.voxelMm ** 2;
      expect(Math.abs(sum / (lengthMm * thicknessMm) - 1)).toBeLessThan(0.05);
      expect(values.filter(Number.isFinite).every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
    }
  });

  it("refuses a map of another grid, and roles that no map has", () => {
    const map = { name: "x", ny: 5, nx: 5, unit: "", values: new Float32Array(25) };
    expect(() => createUnwinder(places)!.unwind(map)).toThrow(/5 x 5 voxels/);
    const wrong = { ...ROLES, cathode: ["NMC811"] };
    expect(() => findPlaces(truth.slice, wrong, config)).toThrow(/NMC811/);
    const none = { ...ROLES, cathode: [], anode: [] };
    expect(() => findPlaces(truth.slice, none, config)).toThrow(/cathode or the anode/);
  });
});

describe("distances", () => {
  it("to the casing is the radius that is left", () => {
    const { slice } = makeRoll({ ...fine, noise: 0 });
    const places = findPlaces(slice, ROLES, config);
    const middle = 115 * 231 + 115;
    for (const [dx, dy] of [
      [30, 0],
      [0, -50],
      [20, 40],
    ] as const) {
      const i = middle + dy * 231 + dx;
      expect(Math.abs(places.toCasingMm[i]! - (2 - 0.02 * Math.hypot(dx, dy)))).toBeLessThan(0.004);
    }
    expect(places.region[middle]).toBe(REGIONS.core);
    expect(places.toCoreMm[middle]).toBe(0);
    expect(places.toTabMm.every(Number.isNaN)).toBe(true);
  });
});

describe("tabs", () => {
  const slice: RollPhantom = { ...fine, startDeg: 30, casingMm: 2.1 };
  const strip = { angleDeg: 100, lengthMm: 0.6, thicknessMm: 0.1 } as const;
  const roles = { ...ROLES, tab: ["Ni"] };
  it.each([
    ["of nickel in the core", { ...strip, phase: "Ni", at: 0.2, lengthMm: 0.3 }],
    ["of nickel between roll and casing", { ...strip, phase: "Ni", at: 1.98 }],
    ["of nickel on the innermost turn", { ...strip, phase: "Ni", at: "innermost" }],
    ["of copper, thicker than the foil, on the innermost turn", { ...strip, phase: "Cu", at: "innermost" }],
    ["of aluminium, thicker than the foil, on the outermost turn", { ...strip, phase: "Al", at: "outermost" }],
  ] as const)("%s are found, and distances to them", (_, tab) => {
    const truth = makeRoll({ ...slice, tab });
    const places = findPlaces(truth.slice, roles, config);
    let [both, found, true_] = [0, 0, 0];
    truth.region.forEach((label, i) => {
      if (label === REGIONS.tab) true_++;
      if (places.region[i] === REGIONS.tab) found++;
      if (label === REGIONS.tab && places.region[i] === REGIONS.tab) both++;
    });
    // a strip of five voxels: its edges go through two of them
    expect(both / true_).toBeGreaterThan(0.75);
    expect(both / found).toBeGreaterThan(0.75);
    expect(places.report.notes.join()).not.toMatch(/tab/);
    const middle = truth.region.indexOf(REGIONS.tab);
    expect(places.toTabMm[middle]!).toBeLessThan(0.05);
    expect(places.toTabMm[0]).toBeNaN();
  });

  it.each([
    ["no phase for one", ROLES, 0.03],
    ["a phase for one that holds noise alone", roles, 0.03],
    ["much noise", ROLES, 0.1],
  ] as const)("are not made up where there is none: %s", (_, given, noise) => {
    const places = findPlaces(makeRoll({ ...slice, noise }).slice, given, config);
    expect(places.region.includes(REGIONS.tab)).toBe(false);
    expect(places.toTabMm.every(Number.isNaN)).toBe(true);
    expect(places.report.notes.join()).toMatch(/No tab was found/);
  });
});

it("too small a slice, and an image of nothing, are refused", () => {
  const image = (n: number, value: (i: number) => number) => ({
    ...{ name: "image", ny: n, nx: n, unit: "" },
    values: Float32Array.from({ length: n * n }, (_, i) => value(i)),
  });
  expect(() =>
    findPlacesOfImage(
      image(4, (i) => i),
      0.02,
      config,
    ),
  ).toThrow(/4 x 4 voxels/);
  expect(() =>
    findPlacesOfImage(
      image(40, () => Number.NaN),
      0.02,
      config,
    ),
  ).toThrow(/holds no numbers/);
  expect(() =>
    findPlacesOfImage(
      image(40, () => 7),
      0.02,
      config,
    ),
  ).toThrow(/same everywhere/);
  const huge = makeRoll({ ...fine, size: 97, voxelMm: 0.1, scale: 3, innerMm: 0.6, turns: 2.5, casingMm: 4.4 }).slice;
  expect(findPlaces({ ...huge, voxelMm: 10 }, ROLES, config).report.notes.join()).toMatch(/no usual cell/);
});

function imageOf(path: string, voxelMm: number): FoundPlaces {
  const { rows, cols, data } = readTiffPage(openTiff(arraySource(new Uint8Array(readFileSync(path)), path)), 0);
  const values = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) values[(rows - 1 - row) * cols + col] = data[row * cols + col]!;
  }
  return findPlacesOfImage({ name: "image", ny: rows, nx: cols, unit: "", values }, voxelMm, config);
}

describe.skipIf(!hasShared)("the image of a real NMC532 cell (needs ../shared)", () => {
  it("is segmented and unwound: can of 10 mm, clockwise, 7.9 turns of cathode and 10 of anode", {
    timeout: 120_000,
  }, () => {
    const path = shared("data/xrdct/battery_nmc532_charged_sum_image/NMC532_charged_sum_image.tif");
    const places = imageOf(path, 0.02);
    const { casing, winding, electrodes } = places.report;
    // 10.17 mm is the maker's diameter; the image's own voxel is given as 20 um
    expect(Math.abs(2 * casing!.outsideRadiusMm - 10.1)).toBeLessThan(0.1);
    // counted by eye along a ray: cathode bands stand 18 voxels apart
    expect(Math.abs(winding!.pitchMm - 0.36)).toBeLessThan(0.02);
    expect(winding!.sense).toBe("outwards-clockwise");
    expect(winding!.agreement).toBeGreaterThan(0.9);
    // ends seen by eye where the image is unrolled about its middle: the cathode, and the copper that is longer at both
    const ends = { cathode: [-32, -2], anode: [-159, -149] } as const;
    for (const { electrode, innerEnd, outerEnd } of electrodes) {
      expect(Math.abs(innerEnd.angleDeg - ends[electrode][0])).toBeLessThan(3);
      expect(Math.abs(outerEnd.angleDeg - ends[electrode][1])).toBeLessThan(3);
    }
    const [cathode, anode] = electrodes;
    expect(cathode!.turns).toBeCloseTo(7.92, 1);
    expect(anode!.turns).toBeCloseTo(9.97, 1);
    expect(createUnwinder(places)).toBeDefined();
  });
});
