import { describe, expect, it } from "vitest";
import { type Poni, twoThetaMap } from "../../geometry/index.ts";
import { findBadPixels } from "./index.ts";

describe("findBadPixels on sharp rings", () => {
  const shape = { rows: 180, cols: 170 };
  const pixel = 1e-4;
  const poni: Poni = {
    dist: 0.3,
    poni1: 0.0093,
    poni2: 0.0081,
    rot1: 0.01,
    rot2: -0.02,
    rot3: 0,
    pixel1: pixel,
    pixel2: pixel,
  };
  const radius = twoThetaMap(poni, shape).map((twoTheta) => (0.3 * Math.tan(twoTheta)) / pixel);
  // Rings of 0.9 pixels FWHM, 70 times the background, the same in all frames: to the eight neighbours of a pixel on
  // a crest they look like hot pixels.
  const rings = Float64Array.from(
    radius,
    (r) => 30 + [31, 47.3, 62.8].reduce((sum, at) => sum + 2000 * Math.exp(-4 * Math.LN2 * ((r - at) / 0.9) ** 2), 0),
  );
  const hot = [4000, 9123, 20_000];
  const frames = Array.from({ length: 8 }, (_, f) => {
    const frame = Int32Array.from(rings, (mean, i) => mean + Math.sqrt(mean) * Math.sin(12.9898 * i + 78.233 * f));
    for (const at of hot) frame[at] = 30_000;
    return frame;
  });

  it("without the geometry takes crests for hot pixels", () => {
    expect(findBadPixels(frames, shape).hot).toBeGreaterThan(100);
  });
  it("with the geometry finds the hot pixels and nothing else", () => {
    const { mask, hot: count, dead } = findBadPixels(frames, shape, { poni });
    expect([...mask.data.keys()].filter((at) => mask.data[at])).toEqual(hot);
    expect([count, dead]).toEqual([hot.length, 0]);
  });
});
