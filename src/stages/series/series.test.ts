import { describe, expect, it } from "vitest";
import { type ParameterMap, STATUS } from "../../data/index.ts";
import { changeMaps, type MapSeries, meansOverTime, passWindows } from "./index.ts";

const map = (values: number[], esds: number[], status?: number[]): ParameterMap => ({
  name: "c",
  ny: 1,
  nx: values.length,
  unit: "Å",
  values: Float64Array.from(values),
  esd: Float64Array.from(esds),
  ...(status && { status: Uint8Array.from(status) }),
});
const series = (timeH: number[], steps: (ParameterMap | undefined)[]): MapSeries => ({
  name: "NMC532/c",
  unit: "Å",
  ny: 1,
  nx: steps.find((step) => step)!.nx,
  timeH: Float64Array.from(timeH),
  steps,
});

describe("changeMaps", () => {
  it("gives difference and slope with the esds that error propagation gives", () => {
    // a straight line of 0.02 an hour, at uneven times, with one weak point
    const timeH = [0, 1, 4];
    const esds = [0.001, 0.01, 0.002];
    const { difference, slope, slopeMisfit } = changeMaps(
      series(
        timeH,
        timeH.map((t, k) => map([14.5 + 0.02 * t], [esds[k]!])),
      ),
      3,
    );
    expect(difference.values[0]).toBeCloseTo(0.08, 6);
    expect(difference.esd![0]).toBeCloseTo(Math.hypot(0.001, 0.002), 8);
    expect(slope.values[0]).toBeCloseTo(0.02, 6);
    expect(slope.unit).toBe("Å/h");
    // esd of a weighted slope: sqrt(S / (S Stt - St^2))
    const w = esds.map((esd) => esd ** -2);
    const sum = (power: number): number => w.reduce((total, one, k) => total + one * timeH[k]! ** power, 0);
    expect(slope.esd![0]).toBeCloseTo(Math.sqrt(sum(0) / (sum(0) * sum(2) - sum(1) ** 2)), 8);
    expect(slopeMisfit.values[0]).toBeLessThan(1e-6);
  });

  it("finds the hour of a jump, and none in an even change", () => {
    const timeH = [0, 1, 2, 3, 4];
    const jump = [0, 0, 0, 0.1, 0.1];
    const steps = timeH.map((t, k) => map([14.5 + jump[k]!, 14.5 + 0.02 * t], [0.002, 0.002]));
    const { largestAt, slopeMisfit } = changeMaps(series(timeH, steps), 3);
    expect(largestAt.values[0]).toBe(2.5);
    expect(largestAt.values[1]).toBeNaN();
    expect(slopeMisfit.values[0]).toBeGreaterThan(100);
  });

  it("uses a voxel only where its fit converged, and a step only where it has the map", () => {
    const { noSignal, converged } = STATUS;
    const steps = [
      map([1, 1], [0.1, 0.1], [converged, converged]),
      undefined,
      map([9, 3], [0.1, 0.1], [noSignal, converged]),
    ];
    const { difference, slope } = changeMaps(series([0, 1, 2], steps), 3);
    expect(difference.values[0]).toBeNaN();
    expect([difference.values[1], slope.values[1]]).toEqual([2, 1]);
  });
});

describe("meansOverTime", () => {
  it("keeps voxels that come and go out of the common mean", () => {
    const steps = [map([1, 2, Number.NaN], [0.3, 0.4, Number.NaN]), map([2, 3, 100], [0.3, 0.4, 1])];
    const { each, common } = meansOverTime(series([0, 1], steps));
    expect(each[1]!.mean).toBeCloseTo(35, 10);
    expect(common.map(({ mean, voxels }) => [mean, voxels])).toEqual([
      [1.5, 2],
      [2.5, 2],
    ]);
    // sqrt(0.09 + 0.16) / 2
    expect(common[0]!.esd).toBeCloseTo(0.25, 10);
    expect(common[0]!.spread).toBeCloseTo(Math.SQRT1_2, 10);
  });

  it("says nothing of a step without the map", () => {
    expect(meansOverTime(series([0, 1], [map([1], [0.1]), undefined])).each[1]).toEqual({
      voxels: 0,
      mean: Number.NaN,
      esd: Number.NaN,
      spread: Number.NaN,
    });
  });
});

describe("passWindows", () => {
  it("cuts passes alone, together and sliding", () => {
    const lines = (each: number, every: number) => passWindows(4, 40, each, every).map(({ from, to }) => [from, to]);
    expect(lines(1, 1)).toEqual([
      [0, 40],
      [40, 80],
      [80, 120],
      [120, 160],
    ]);
    expect(lines(2, 1)).toEqual([
      [0, 80],
      [40, 120],
      [80, 160],
    ]);
    expect(lines(3, 3)).toEqual([[0, 120]]);
  });

  it("begins with an even line, so that a zig-zag keeps its direction", () => {
    expect(passWindows(2, 31, 1, 1).map(({ from, to }) => [from, to])).toEqual([
      [0, 31],
      [32, 62],
    ]);
  });

  it("refuses more passes than there are", () => {
    expect(() => passWindows(2, 31, 3, 1)).toThrow(/has 2 passes/);
  });
});
