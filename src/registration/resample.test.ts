import { describe, expect, it } from "vitest";
import { type ParameterMap, STATUS } from "../data/index.ts";
import { apply, backward, forward, IDENTITY, inverse, type Placement, wrapDeg } from "./placement.ts";
import { resampleLabels, resampleMap } from "./resample.ts";

const placement: Placement = { rotationDeg: 33, shiftMm: [0.21, -0.4], scale: 1.07, isMirrored: true };
const n = 40;
const mm = (i: number, size: number, voxel: number): number => (i - (size - 1) / 2) * voxel;
const plane = (x: number, y: number): number => 3 + 0.5 * x - 0.8 * y;
const map = (voxel: number, more: Partial<ParameterMap> = {}): ParameterMap => ({
  ...{ name: "NMC532/c", unit: "Å", ny: n, nx: n },
  values: Float64Array.from({ length: n * n }, (_, i) => plane(mm(i % n, n, voxel), mm(Math.floor(i / n), n, voxel))),
  ...more,
});

describe("placements", () => {
  it.each([false, true])("go there and back (mirrored: %s)", (isMirrored) => {
    const one = { ...placement, isMirrored };
    const [x, y] = apply(forward(one), 0.7, -1.3);
    const [back, up] = apply(backward(one), x, y);
    expect([back, up]).toEqual([expect.closeTo(0.7, 12), expect.closeTo(-1.3, 12)]);
    const [other, above] = apply(forward(inverse(one)), x, y);
    expect([other, above]).toEqual([expect.closeTo(0.7, 12), expect.closeTo(-1.3, 12)]);
  });

  it("turn counter-clockwise, enlarge and then shift", () => {
    const turn: Placement = { rotationDeg: 90, shiftMm: [1, 0], scale: 2, isMirrored: false };
    expect(apply(forward(turn), 1, 0)).toEqual([expect.closeTo(1, 12), expect.closeTo(2, 12)]);
  });

  it("have angles in (-180, 180]", () => {
    expect([-180, 180, 190, -541].map(wrapDeg)).toEqual([180, 180, -170, 179]);
  });
});

describe("resampleMap", () => {
  const grid = { ny: 25, nx: 31, voxelMm: 0.06 };

  it("keeps a plane exactly, whatever the placement", () => {
    const { values } = resampleMap(map(0.1), 0.1, placement, grid);
    const to = backward(placement);
    for (let row = 0; row < grid.ny; row++)
      for (let col = 0; col < grid.nx; col++) {
        const [x, y] = apply(to, mm(col, grid.nx, 0.06), mm(row, grid.ny, 0.06));
        expect(values[row * grid.nx + col]).toBeCloseTo(plane(x, y), 5);
      }
  });

  it("gives a grid onto itself bit for bit", () => {
    const own = map(0.1, { values: Float32Array.from({ length: n * n }, (_, i) => Math.sin(i)) });
    expect(resampleMap(own, 0.1, IDENTITY, { ny: n, nx: n, voxelMm: 0.1 }).values).toEqual(own.values);
  });

  it("propagates uncertainties of independent voxels", () => {
    const esd = new Float64Array(n * n).fill(0.2);
    const halfway: Placement = { ...IDENTITY, shiftMm: [0.05, 0.05] };
    const moved = resampleMap(map(0.1, { esd }), 0.1, halfway, { ny: n, nx: n, voxelMm: 0.1 });
    // the mean of four
    expect(moved.esd![20 * n + 20]).toBeCloseTo(0.1, 6);
  });

  it("averages where new voxels are larger: as much in all as before", () => {
    const values = Float64Array.from({ length: n * n }, (_, i) => (i === 17 * n + 22 ? 1 : 0));
    const coarse = resampleMap(map(0.1, { values }), 0.1, IDENTITY, { ny: 10, nx: 10, voxelMm: 0.4 }).values;
    expect(16 * Array.from(coarse).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  });

  it("takes no part of what is missing or not converged, and says so", () => {
    const values = Float64Array.from(map(0.1).values);
    values[20 * n + 20] = Number.NaN;
    const status = new Uint8Array(n * n);
    status[20 * n + 24] = STATUS.notConverged;
    const near: Placement = { ...IDENTITY, shiftMm: [0.01, 0] };
    const moved = resampleMap(map(0.1, { values, status }), 0.1, near, { ny: n, nx: n, voxelMm: 0.1 });
    expect(moved.values[20 * n + 20]).toBeNaN();
    expect(moved.values[20 * n + 24]).toBeNaN();
    expect(moved.status![20 * n + 24]).toBe(STATUS.notConverged);
    expect(moved.values[20 * n + 22]).toBeCloseTo(plane(mm(22, n, 0.1) - 0.01, mm(20, n, 0.1)), 5);
  });
});

it("labels are those of the nearest voxel, and `outside` beyond", () => {
  const labels = Int16Array.from({ length: n * n }, (_, i) => i % n);
  const moved = resampleLabels(
    labels,
    { ny: n, nx: n, voxelMm: 0.1 },
    { ...IDENTITY, shiftMm: [0.34, 0] },
    { ny: n, nx: n, voxelMm: 0.1 },
    -1,
  );
  expect([...moved.subarray(0, 6)]).toEqual([-1, -1, -1, 0, 1, 2]);
});
