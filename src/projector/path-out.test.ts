import { describe, expect, it } from "vitest";
import { nodeWeights, pathOut } from "./index.ts";

const SIZE = 81;
const STEP_MM = 0.1;
const WIDTH_MM = 1.1;
const MU = 0.5;
const CENTRE_MM = [0.4, -0.3] as const;

/** mu of a smooth sample, off the axis. */
const blob = (x: number, y: number): number =>
  MU * Math.exp(-((x - CENTRE_MM[0]) ** 2 + (y - CENTRE_MM[1]) ** 2) / (2 * WIDTH_MM ** 2));
const MAP = Float64Array.from({ length: SIZE * SIZE }, (_, i) =>
  blob(((i % SIZE) - 40) * STEP_MM, (Math.floor(i / SIZE) - 40) * STEP_MM),
);

/** Integral of mu from a place on along a direction of the slice, mm of mu, in steps of 10 um. */
function along(x: number, y: number, dx: number, dy: number): number {
  const step = 0.01;
  let sum = 0;
  for (let way = step / 2; way < 9; way += step) sum += blob(x + way * dx, y + way * dy) * step;
  return sum;
}

/** A / T - 1, every beam out of the slice followed by itself, over a fine mean of azimuths. */
function excessByPaths(x: number, y: number, omegaDeg: number, twoThetaDeg: number): number {
  const [omega, twoTheta] = [(omegaDeg * Math.PI) / 180, (twoThetaDeg * Math.PI) / 180];
  const [c, s] = [Math.cos(omega), Math.sin(omega)];
  const straight = along(x, y, -s, c);
  const n = 24;
  let sum = 0;
  for (let k = 0; k < n; k++) {
    const ds = Math.sin(twoTheta) * Math.cos((2 * Math.PI * (k + 0.5)) / n);
    const dt = Math.cos(twoTheta);
    // a path of length 1 goes hypot(ds, dt) over the slice, the rest of it up or down
    const inSlice = Math.hypot(ds, dt);
    const out = along(x, y, (c * ds - s * dt) / inSlice, (s * ds + c * dt) / inSlice) / inSlice;
    sum += Math.expm1(straight - out);
  }
  return sum / n;
}

const PLACES = [
  [0, 0],
  [1.5, 0.7],
  [-2, 1],
  [0.3, -2.4],
  [2.2, 1.3],
] as const;
const voxelOf = (x: number, y: number): number => (Math.round(y / STEP_MM) + 40) * SIZE + Math.round(x / STEP_MM) + 40;

describe("pathOut", () => {
  it.each([8, 20, 35])("is what single beams through the slice lose, at %d°", (twoThetaDeg) => {
    const omegaDeg = [0, 33, 215];
    const { excess, voxels } = pathOut(MAP, { omegaDeg, size: SIZE, stepMm: STEP_MM, twoThetaDeg });
    let largest = 0;
    omegaDeg.forEach((degrees, angle) => {
      for (const [x, y] of PLACES) {
        const wanted = excessByPaths(x, y, degrees, twoThetaDeg);
        largest = Math.max(largest, Math.abs(wanted));
        expect(Math.abs(excess[(2 * angle + 1) * voxels + voxelOf(x, y)]! - wanted)).toBeLessThan(
          1e-4 + 0.04 * Math.abs(wanted),
        );
      }
    });
    expect(largest).toBeGreaterThan(twoThetaDeg === 8 ? 5e-3 : 0.03);
  });

  it("is nothing without attenuation, and for a wide slab seen from the front the longer way out", () => {
    const empty = pathOut(new Float64Array(25), { omegaDeg: [0], size: 5, stepMm: 1, twoThetaDeg: 10 });
    expect(empty.excess.every((value) => value === 0)).toBe(true);
    const [size, mu] = [61, 0.05];
    const slab = new Float64Array(size * size).fill(mu);
    const { excess, voxels } = pathOut(slab, { omegaDeg: [0], size, stepMm: 1, twoThetaDeg: 10 });
    const behind = 10.5; // from the middle of row 50 to the end of the last
    const wanted = Math.expm1(-mu * behind * (1 / Math.cos(Math.PI / 18) - 1));
    expect(excess[voxels + 50 * size + 30]!).toBeCloseTo(wanted, 4);
  });

  it("is a quadratic in tan² 2θ between its nodes", () => {
    const { excess, voxels, nodes } = pathOut(MAP, { omegaDeg: [0], size: SIZE, stepMm: STEP_MM, twoThetaDeg: 30 });
    for (const twoThetaDeg of [4, 12, 19, 25]) {
      const [a, b] = nodeWeights(nodes, Math.tan((twoThetaDeg * Math.PI) / 180) ** 2);
      const voxel = voxelOf(-2, 1);
      const wanted = excessByPaths(-2, 1, 0, twoThetaDeg);
      expect(Math.abs(a * excess[voxel]! + b * excess[voxels + voxel]! - wanted)).toBeLessThan(3e-4);
    }
  });

  it("takes the azimuths that a detector sees", () => {
    const options = { omegaDeg: [0], size: SIZE, stepMm: STEP_MM, twoThetaDeg: 20 };
    // straight up: the shadow of the path is the straight one
    const up = pathOut(MAP, { ...options, azimuths: [[0, 1]] });
    const wanted = Math.expm1(along(0, 0, 0, 1) * (1 - 1 / Math.cos(Math.PI / 9)));
    expect(Math.abs(up.excess[up.voxels + voxelOf(0, 0)]! - wanted)).toBeLessThan(1e-4);
  });

  it("refuses angles that it is not for", () => {
    const options = { omegaDeg: [0], size: 5, stepMm: 1 };
    for (const twoThetaDeg of [0, 60, Number.NaN])
      expect(() => pathOut(new Float64Array(25), { ...options, twoThetaDeg })).toThrow(
        expect.objectContaining({ code: "path-out-angle" }),
      );
  });
});
