import { describe, expect, it } from "vitest";
import { agreement } from "./agreement.ts";
import type { Alignment, Parameters4 } from "./alignment.ts";
import { refinePlacement } from "./refine-placement.ts";
import type { KnownImage } from "./slice-image.ts";

/** Smooth, without symmetry, known everywhere. */
function image(n: number, voxelMm: number, channels: Record<string, (x: number, y: number) => number>): KnownImage {
  const at = (f: (x: number, y: number) => number) =>
    Float32Array.from({ length: n * n }, (_, i) =>
      f(((i % n) - (n - 1) / 2) * voxelMm, (Math.floor(i / n) - (n - 1) / 2) * voxelMm),
    );
  return {
    ...{ ny: n, nx: n, voxelMm, known: new Uint8Array(n * n).fill(1) },
    channels: new Map(Object.entries(channels).map(([name, f]) => [name, at(f)] as const)),
  };
}

const bumps = (x: number, y: number): number =>
  Math.exp(-((x - 0.5) ** 2 + y * y) / 0.3) + 0.7 * Math.exp(-((x + 0.3) ** 2 + (y - 0.6) ** 2) / 0.15);
const ring = (x: number, y: number): number => Math.exp(-((Math.hypot(x, y * 1.2) - 0.9) ** 2) / 0.05);
const fixed = image(48, 0.06, { a: bumps, b: ring });
const moving = image(64, 0.045, {
  a: (x, y) => 0.3 + 2 * bumps(0.98 * x + 0.05 * y, 0.97 * y + 0.02) + 0.2 * ring(x, y),
  grey: (x, y) => 3 - bumps(x, y) + 0.5 * ring(x + 0.03, y) + 0.1 * x * y,
});
/** The same voxels are compared whatever the parameters. */
const compared = Uint8Array.from({ length: 48 * 48 }, (_, i) =>
  Math.hypot(Math.floor(i / 48) - 23.5, (i % 48) - 23.5) < 15 ? 1 : 0,
);

const explained = {
  "a channel by its own": [{ moving: "a", fixed: ["a"], isSigned: true }],
  "a channel by several": [{ moving: "grey", fixed: ["a", "b"], isSigned: false }],
  "two channels": [
    { moving: "a", fixed: ["a"], isSigned: true },
    { moving: "grey", fixed: ["b", "a"], isSigned: false },
  ],
};

describe.each(Object.entries(explained))("%s", (_, rules) => {
  it.each([false, true])("has the derivatives that finite differences give (mirrored: %s)", (isMirrored) => {
    const alignment: Alignment = { fixed, moving, explained: rules, isMirrored, stride: 1, compared };
    const at: Parameters4 = [0.13, 0.021, -0.034, 0.012];
    const { gradient } = agreement(alignment, at);
    at.forEach((_, i) => {
      const h = 1e-5;
      const moved = (step: number) => at.map((value, k) => (k === i ? value + step : value)) as unknown as Parameters4;
      const numeric = (agreement(alignment, moved(h)).L - agreement(alignment, moved(-h)).L) / (2 * h);
      expect(2 * gradient[i]!).toBeCloseTo(numeric, 3);
      expect(Math.abs(2 * gradient[i]! - numeric)).toBeLessThan(2e-4 * Math.max(1, Math.abs(numeric)));
    });
  });
});

it("finds the placement of an image drawn elsewhere, contrast and offset unknown", () => {
  const [angle, scale, x0, y0] = [0.2, 1.03, 0.08, -0.05];
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turned = image(64, 0.045, {
    a: (x, y) => 5 - 0.4 * bumps(scale * (c * x - s * y) + x0, scale * (s * x + c * y) + y0),
  });
  const start = { rotationDeg: 5, shiftMm: [0, 0], scale: 1, isMirrored: false } as const;
  const rules = [{ moving: "a", fixed: ["a"], isSigned: false }];
  const found = refinePlacement(
    { fixed, moving: turned, explained: rules, isMirrored: false, stride: 1, compared },
    start,
  );
  // what is left is of interpolation and rounding: a ten-millionth of the variance
  expect(found.L).toBeLessThan(Math.log(1e-6));
  expect(found.placement.rotationDeg).toBeCloseTo((angle * 180) / Math.PI, 2);
  expect(found.placement.scale).toBeCloseTo(scale, 3);
  expect(found.placement.shiftMm[0]).toBeCloseTo(x0, 3);
  expect(found.placement.shiftMm[1]).toBeCloseTo(y0, 3);
  expect(found.correlation).toBeLessThan(-0.999);
});
