import { expect, it } from "vitest";
import { normal, seededRandom } from "../../tests/seeded-random.ts";
import { agreement } from "./agreement.ts";
import { type Alignment, toParameters } from "./alignment.ts";
import { smoothAlongCircles } from "./along-circles.ts";
import { finePlacement } from "./fine-placement.ts";
import { backward, type Placement } from "./placement.ts";
import { type KnownImage, smoothImage } from "./slice-image.ts";

const SIZE = 56;
const VOXEL = 0.05;
const TRUTH: Placement = { rotationDeg: 8, shiftMm: [0.03, -0.02], scale: 1.01, isMirrored: false };

const bump = (x: number, y: number, at: readonly [number, number], width: number): number =>
  Math.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * width ** 2));
const ring = (x: number, y: number, radius: number): number => Math.exp(-((Math.hypot(x, y) - radius) ** 2) / 0.01);
/** A casing with a tab, and windings with an end. */
const a = (x: number, y: number): number => ring(x, y, 1.15) + bump(x, y, [0.6, 0.1], 0.1);
const b = (x: number, y: number): number => ring(x, y, 0.9) + ring(x, y, 0.45) + 0.8 * bump(x, y, [-0.4, -0.5], 0.1);

/** Drawn as the moving slice shows what the fixed one shows at `placement`. */
function image(placement: Placement | undefined, sigma: number, seed: number): KnownImage {
  const random = seededRandom(seed);
  const draw = (f: (x: number, y: number) => number): Float32Array =>
    Float32Array.from({ length: SIZE * SIZE }, (_, i) => {
      const [x, y] = [((i % SIZE) - (SIZE - 1) / 2) * VOXEL, (Math.floor(i / SIZE) - (SIZE - 1) / 2) * VOXEL];
      const angle = ((placement?.rotationDeg ?? 0) * Math.PI) / 180;
      const s = placement?.scale ?? 1;
      const [x0, y0] = placement?.shiftMm ?? [0, 0];
      const [c, n] = [s * Math.cos(angle), s * Math.sin(angle)];
      return f(c * x - n * y + x0, n * x + c * y + y0) + sigma * normal(random);
    });
  const known = new Uint8Array(SIZE * SIZE).fill(1);
  return {
    ...{ ny: SIZE, nx: SIZE, voxelMm: VOXEL, known },
    channels: new Map([
      ["a", draw(a)],
      ["b", draw(b)],
    ]),
  };
}

function place(sigma: number, seed: number) {
  const [fixed, moving] = [image(undefined, sigma, 2 * seed), image(TRUTH, sigma, 2 * seed + 1)];
  const explained = ["a", "b"].map((name) => ({ moving: name, fixed: [name], isSigned: true }));
  const alignment: Alignment = {
    ...{ fixed: smoothImage(fixed, 1), moving: smoothImage(moving, 1), explained, isMirrored: false, stride: 1 },
  };
  const start: Placement = { ...TRUTH, rotationDeg: 9, shiftMm: [0.05, -0.04] };
  const { factors } = agreement(alignment, toParameters(start));
  return finePlacement(alignment, start, factors, [true, true, true, true])!;
}
const truth = toParameters(TRUTH);

it("finds the placement of what was drawn elsewhere to a hundredth of a voxel", () => {
  const { placement, covariance } = place(0, 1);
  const found = toParameters(placement);
  const rim = (SIZE / 2) * VOXEL;
  [rim, 1, 1, rim].forEach((lever, p) => {
    expect(Math.abs(found[p]! - truth[p]!) * lever).toBeLessThan(0.01 * VOXEL);
    expect(covariance![5 * p]!).toBeGreaterThan(0);
  });
  expect(apart(placement)).toBeLessThan(0.01 * VOXEL);
});

/** Furthest that the truth and a placement lay a corner of the middle half apart, in mm. */
function apart(placement: Placement): number {
  const [one, other] = [backward(TRUTH), backward(placement)];
  return Math.max(
    ...[-0.7, 0.7].flatMap((x) =>
      [-0.7, 0.7].map((y) =>
        Math.hypot(
          (one.xx - other.xx) * x + (one.xy - other.xy) * y + one.x0 - other.x0,
          (one.yx - other.yx) * x + (one.yy - other.yy) * y + one.y0 - other.y0,
        ),
      ),
    ),
  );
}

it("has no bias from the noise of both, and uncertainties that are those of many trials", () => {
  const trials = 32;
  const pulls = Array.from({ length: trials }, (_, seed) => {
    const { placement, covariance } = place(0.06, seed + 5);
    return toParameters(placement).map((value, p) => (value - truth[p]!) / Math.sqrt(covariance![5 * p]!));
  });
  for (let p = 0; p < 4; p++) {
    const mean = pulls.reduce((sum, pull) => sum + pull[p]!, 0) / trials;
    const rms = Math.sqrt(pulls.reduce((sum, pull) => sum + pull[p]! ** 2, 0) / trials);
    // 4 standard deviations of a mean; esd from 60 blocks are themselves sure to a tenth
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(trials));
    expect(rms).toBeGreaterThan(0.65);
    expect(rms).toBeLessThan(1.45);
  }
});

it("smooths noise along the layers of something wound, and leaves what crosses them", () => {
  const n = 101;
  const random = seededRandom(3);
  const clean = Float32Array.from({ length: n * n }, (_, i) => {
    const [x, y] = [(i % n) - 50, Math.floor(i / n) - 50];
    const [r, angle] = [Math.hypot(x, y), Math.atan2(y, x)];
    const isTab = Math.abs(angle - 1) * r < 2 && r > 20 && r < 32;
    return isTab ? 3 : r < 45 ? Math.cos((2 * Math.PI * r) / 8 - angle) : 0;
  });
  const values = clean.map((value) => value + 0.1 * normal(random));
  const known = new Uint8Array(n * n).fill(1);
  const smooth = smoothAlongCircles({ ny: n, nx: n, voxelMm: 0.1, known, channels: new Map([["a", values]]) }, [0, 0]);
  const of = (inside: (r: number, angle: number) => boolean, image: Float32Array): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < n * n; i++) {
      const [x, y] = [(i % n) - 50, Math.floor(i / n) - 50];
      if (!inside(Math.hypot(x, y), Math.atan2(y, x))) continue;
      sum += (image[i]! - clean[i]!) ** 2;
      count++;
    }
    return Math.sqrt(sum / count);
  };
  const layers = (r: number, angle: number): boolean => r > 25 && r < 43 && Math.abs(angle - 1) > 0.6;
  const tab = (r: number, angle: number): boolean => r > 22 && r < 30 && Math.abs(angle - 1) * r < 4;
  expect(of(layers, values)).toBeGreaterThan(0.09);
  expect(of(layers, smooth.channels.get("a")!)).toBeLessThan(0.06);
  expect(of(tab, smooth.channels.get("a")!)).toBeLessThan(0.15);
});
