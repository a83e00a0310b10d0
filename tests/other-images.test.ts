/** A micro-CT image rendered from a drawn cell at another pixel size, laid on the maps of the cell. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Frame, guessRoles } from "../src/data/index.ts";
import { decodeTiff } from "../src/files/tiff.ts";
import { labelShares, labelsFigure } from "../src/pipeline/study/overlay-figures.ts";
import { placeImageOnSlice } from "../src/pipeline/study/place-image-on-slice.ts";
import { registerSlices, resampleMap, type SliceImage, wrapDeg } from "../src/registration/index.ts";
import { asSliceMaps, drawCell, expectedPlacement } from "./drawn-cells.ts";
import { hasShared, shared } from "./shared.ts";

const slice = asSliceMaps("cell", drawCell(), () => 14.5);
const roles = guessRoles(["Fe", "NMC532", "graphite", "LiC12", "Al", "Cu"]);
const DENSITY: Record<string, number> = { casing: 7.9, NMC532: 4.7, graphite: 2.2, LiC12: 2.2, Al: 2.7, Cu: 8.9 };
const options = { size: 181, rotationDeg: -52.3, shiftMm: [0.21, -0.13] } as const;
const PIXEL = 6 / 180;
const truth = expectedPlacement(options);

/** Row 0 at the top, 16 bits. */
function render({ invert = false, mirror = false } = {}): Frame {
  const { channels, ny, nx } = drawCell({ ...options, supersampling: 4 });
  const data = new Uint16Array(ny * nx);
  for (let i = 0; i < data.length; i++) {
    let density = 0;
    for (const [name, values] of channels) density += DENSITY[name]! * values[i]!;
    const grey = 2000 + 3000 * density + 300 * Math.sin(12.9898 * i * i);
    const col = mirror ? nx - 1 - (i % nx) : i % nx;
    data[(ny - 1 - Math.floor(i / nx)) * nx + col] = Math.max(0, invert ? 60_000 - grey : grey);
  }
  return { rows: ny, cols: nx, data, header: {} };
}

describe("an image of the density", () => {
  it.each([
    ["with the size of its pixels", { pixelMm: PIXEL }, {}],
    ["without", {}, {}],
    ["dark where dense, seen from the other side", { isInverted: true }, { invert: true, mirror: true }],
  ])("%s", (_, known, shown) => {
    const placed = placeImageOnSlice(slice, render(shown), { name: "ct", roles, ...known });
    const { registration: at, pixelMm } = placed;
    expect(at.status).toBe("unambiguous");
    expect(at.isMirrored).toBe("mirror" in shown);
    expect(Math.abs(wrapDeg(at.rotationDeg - truth.rotationDeg))).toBeLessThan(0.3);
    expect(at.shiftMm[0]).toBeCloseTo(truth.shiftMm[0], 2);
    expect(at.shiftMm[1]).toBeCloseTo(truth.shiftMm[1], 2);
    expect(Math.abs(pixelMm / PIXEL - 1)).toBeLessThan(2e-3);
    expect(at.correlation).toBeGreaterThan(0.98);
  });

  it("says that a size of the pixels that is not right is not", () => {
    const placed = placeImageOnSlice(slice, render(), { name: "ct", roles, pixelMm: 1.02 * PIXEL });
    expect(Math.abs(placed.pixelMm / PIXEL - 1)).toBeLessThan(2e-3);
    expect(placed.notes.join()).toContain("one of both sizes is not right");
  });

  it("there and back: a map on the image's grid is the map that the image was drawn from", () => {
    const placed = placeImageOnSlice(slice, render(), { name: "ct", roles, pixelMm: PIXEL });
    const onImage = placed.toImage(slice.maps.get("NMC532/scale")!).values;
    const drawn = drawCell({ ...options, supersampling: 4 }).channels.get("NMC532")!;
    let [sum, count] = [0, 0];
    for (let i = 0; i < drawn.length; i++) {
      if (!Number.isFinite(onImage[i]!)) continue;
      sum += Math.abs(onImage[i]! - drawn[i]!);
      count++;
    }
    // voxels of the maps are three pixels across, so edges differ; of maps that do not belong together it is above 0.2
    expect(sum / count).toBeLessThan(0.06);
    expect(count).toBeGreaterThan(0.8 * drawn.length);
  });
});

it.each([
  ["overlay-empty", { rows: 40, cols: 40, data: new Uint8Array(1600), header: {} }, {}],
  [
    "overlay-no-outline",
    { rows: 60, cols: 60, data: Uint8Array.from({ length: 3600 }, (_, i) => (i % 60 < 30 ? 200 : 10)), header: {} },
    {},
  ],
  ["overlay-labels", render(), { labels: { rows: 3, cols: 3, data: new Uint8Array(9), header: {} } }],
])("refuses with %s", (code, image, more) => {
  expect(() => placeImageOnSlice(slice, image as Frame, { name: "ct", roles, ...more })).toThrow(
    expect.objectContaining({ code }),
  );
});

describe.skipIf(!hasShared)("the micro-CT slice of a 21700 cell (needs ../shared)", () => {
  const read = (name: string): Frame => {
    const path = shared(`data/microct/battery_21700/${name}.tif`);
    return decodeTiff(readFileSync(path), path);
  };

  it("is laid on itself, turned, shifted and in other pixels", () => {
    const image = read("Battery_21700");
    const values = Float32Array.from(image.data as Uint8Array);
    const grid = { ny: image.rows, nx: image.cols, voxelMm: 1 };
    const map = { name: "grey", unit: "", ny: grid.ny, nx: grid.nx, values };
    const as = (placed: Float32Array, of: typeof grid): SliceImage => ({
      ...of,
      channels: new Map([["grey", placed]]),
    });
    const coarse = { ny: 392, nx: 392, voxelMm: 4 };
    const placement = { rotationDeg: 21.7, shiftMm: [13, -9], scale: 1, isMirrored: false } as const;
    const fixed = as(resampleMap(map, 1, placement, coarse).values as Float32Array, coarse);
    const small = { ny: 313, nx: 313, voxelMm: 5 };
    const moving = as(
      resampleMap(map, 1, { ...placement, rotationDeg: 0, shiftMm: [0, 0] }, small).values as Float32Array,
      small,
    );
    const found = registerSlices({ fixed, moving });
    expect(found.status).toBe("unambiguous");
    expect(Math.abs(found.rotationDeg - 21.7)).toBeLessThan(0.1);
    expect(Math.hypot(found.shiftMm[0] - 13, found.shiftMm[1] + 9)).toBeLessThan(0.4);
    expect(Math.abs(found.scale - 1)).toBeLessThan(1e-3);
  });

  it("is drawn with its labels", () => {
    const labels = read("Battery_21700_segmented");
    const shares = labelShares(labels.data as Uint8Array);
    expect(shares.map(({ label }) => label)).toEqual([1, 2, 3, 4, 5, 6]);
    const svg = labelsFigure(read("Battery_21700"), labels, { title: "21700", names: new Map([[3, "casing"]]) });
    expect(svg).toContain("casing: 2.4 %");
    expect(svg).toContain("label 6: 24.6 %");
  });
});
