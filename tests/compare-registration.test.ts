/** Cells drawn turned, shifted and of another size are laid on each other: what was done to them is found. */
import { describe, expect, it } from "vitest";
import { type Registration, registerSlices, type SliceImage, wrapDeg } from "../src/registration/index.ts";
import { type DrawOptions, drawCell, expectedPlacement, withNoise } from "./drawn-cells.ts";

const reference = drawCell();
const VOXEL = reference.voxelMm;

function errors(found: Registration, options: DrawOptions) {
  const truth = expectedPlacement(options);
  return {
    rotationDeg: wrapDeg(found.rotationDeg - truth.rotationDeg),
    shift: Math.hypot(found.shiftMm[0] - truth.shiftMm[0], found.shiftMm[1] - truth.shiftMm[1]) / VOXEL,
    scale: found.scale / truth.scale - 1,
  };
}

describe("a cell of 61 voxels", () => {
  it.each<DrawOptions>([
    { rotationDeg: 37.3, shiftMm: [0.13, -0.08] },
    { rotationDeg: 160.2, shiftMm: [0.2, 0.1], scale: 1.02 },
    { rotationDeg: -91, shiftMm: [-0.21, 0.05], scale: 0.98 },
    { rotationDeg: -140.8, shiftMm: [-0.11, 0.05], scale: 0.99, anode: { graphite: 0.58, LiC12: 0.02 } },
  ])("%j", (options) => {
    const found = registerSlices({ fixed: reference, moving: drawCell(options) });
    const { rotationDeg, shift, scale } = errors(found, options);
    expect(found.status).toBe("unambiguous");
    expect(Math.abs(rotationDeg)).toBeLessThan(0.1);
    expect(shift).toBeLessThan(0.1);
    expect(Math.abs(scale)).toBeLessThan(2e-3);
  });

  it("with noise, as far off as its uncertainties say", () => {
    const options = { rotationDeg: 57, shiftMm: [-0.21, 0.05], scale: 0.98 } as const;
    const moving = drawCell(options);
    const pulls = Array.from({ length: 4 }, (_, i) => {
      const found = registerSlices({
        fixed: withNoise(reference, 0.05, 10 + i),
        moving: withNoise(moving, 0.05, 50 + i),
      });
      const { rotationDeg, scale } = errors(found, options);
      expect(Math.abs(rotationDeg)).toBeLessThan(1.5);
      return [rotationDeg / found.rotationEsdDeg, scale / found.scaleEsd];
    }).flat();
    const rms = Math.sqrt(pulls.reduce((sum, pull) => sum + pull * pull, 0) / pulls.length);
    // eight numbers of standard deviation 1 have a root mean square of 0.45 to 1.6 in 98 of 100 cases
    expect(rms).toBeGreaterThan(0.4);
    expect(rms).toBeLessThan(1.8);
  });

  it("with a quarter missing", () => {
    const options = { rotationDeg: 37.3, shiftMm: [0.13, -0.08] } as const;
    const moving = without(drawCell(options), (x, y) => x > 0 && y > 0);
    const found = registerSlices({ fixed: reference, moving });
    const { rotationDeg, shift } = errors(found, options);
    expect(Math.abs(rotationDeg)).toBeLessThan(0.3);
    expect(shift).toBeLessThan(0.1);
    expect(found.overlap).toBeLessThan(0.85);
  });

  it("seen from the other side, where that is allowed", () => {
    const options = { rotationDeg: 37.3, shiftMm: [0.13, -0.08] } as const;
    const found = registerSlices({ fixed: reference, moving: mirrored(drawCell(options)) }, { allowMirror: true });
    expect(found.isMirrored).toBe(true);
    expect(Math.abs(errors(found, options).rotationDeg)).toBeLessThan(0.1);
  });
});

it("says that rings have no rotation", () => {
  const rings = (x0: number, y0: number): SliceImage => {
    const n = 81;
    const values = Float32Array.from({ length: n * n }, (_, i) => {
      const r = Math.hypot((i % n) - 40 - x0, Math.floor(i / n) - 40 - y0);
      const inside = (radius: number): number => Math.min(1, Math.max(0, radius - r + 0.5));
      return inside(36) - inside(33) + 0.5 * (inside(30) - inside(8));
    });
    return { ny: n, nx: n, voxelMm: 0.1, channels: new Map([["casing", values]]) };
  };
  const found = registerSlices({
    fixed: withNoise(rings(0, 0), 0.03, 1),
    moving: withNoise(rings(1.7, -0.6), 0.03, 2),
  });
  expect(found.status).toBe("no-rotation");
  expect(found.rotationDeg).toBe(0);
  expect(found.rotationEsdDeg).toBeNaN();
  expect(found.shiftMm[0]).toBeCloseTo(-0.17, 2);
  expect(found.shiftMm[1]).toBeCloseTo(0.06, 2);
});

it("says that what looks alike twice in a turn is ambiguous", () => {
  const n = 81;
  const values = Float32Array.from({ length: n * n }, (_, i) => {
    const [x, y] = [(i % n) - 40, Math.floor(i / n) - 40];
    const r = Math.hypot(x, y);
    return r > 36 ? 0 : r > 33 ? 1 : Math.abs(y) < 4 ? 0.8 : 0.2;
  });
  const twofold: SliceImage = { ny: n, nx: n, voxelMm: 0.1, channels: new Map([["grey", values]]) };
  const found = registerSlices({ fixed: withNoise(twofold, 0.02, 1), moving: withNoise(twofold, 0.02, 2) });
  expect(found.status).toBe("ambiguous");
  expect(Math.abs(wrapDeg(found.nextRotationDeg - found.rotationDeg))).toBeCloseTo(180, 0);
});

it("says that slices without anything in common failed", () => {
  const empty: SliceImage = { ...reference, channels: new Map([["NMC532", new Float32Array(61 * 61)]]) };
  expect(registerSlices({ fixed: reference, moving: withNoise(empty, 1, 4) }).status).not.toBe("unambiguous");
});

it.each([
  ["registration-image", { ...reference, channels: new Map() }],
  ["registration-image", { ...reference, voxelMm: Number.NaN }],
  ["registration-image", { ny: 4, nx: 4, voxelMm: 1, channels: new Map([["casing", new Float32Array(16)]]) }],
])("refuses with %s what cannot be registered", (code, moving) => {
  expect(() => registerSlices({ fixed: reference, moving })).toThrow(expect.objectContaining({ code }));
});

function without(image: SliceImage, isGone: (x: number, y: number) => boolean): SliceImage {
  const { nx } = image;
  const channels = [...image.channels].map(
    ([name, values]) =>
      [name, values.map((value, i) => (isGone((i % nx) - 30, Math.floor(i / nx) - 30) ? Number.NaN : value))] as const,
  );
  return { ...image, channels: new Map(channels) };
}

function mirrored(image: SliceImage): SliceImage {
  const { nx } = image;
  const channels = [...image.channels].map(
    ([name, values]) => [name, values.map((_, i) => values[Math.floor(i / nx) * nx + nx - 1 - (i % nx)]!)] as const,
  );
  return { ...image, channels: new Map(channels) };
}
