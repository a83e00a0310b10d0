import { describe, expect, it } from "vitest";
import { polarizationMap, solidAngleMap, twoThetaMap } from "../../geometry/index.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { correctionMap } from "./correction-map.ts";
import { createIntegrator, findBadPixels, IntegrateConfig, type IntegrationSetup } from "./index.ts";

const shape = { rows: 61, cols: 67 };
const pixels = shape.rows * shape.cols;
const poni = {
  ...{ dist: 0.1, poni1: 0.0305, poni2: 0.031, rot1: 0.05, rot2: -0.03, rot3: 0.2 },
  ...{ pixel1: 1e-3, pixel2: 1e-3, wavelength: 2e-11 },
};
const norm = correctionMap(poni, shape, { solidAngle: true, polarization: 0.99 });
/** A frame that is 1000 after the corrections, everywhere. */
const flatFrame = Float32Array.from(norm, (n) => 1000 * n);

const kernels = loadKernels();
function integrate(
  given: Record<string, unknown>,
  frames: Parameters<ReturnType<typeof createIntegrator>["integrate"]>[0],
  setup: Partial<IntegrationSetup> = {},
  options = {},
) {
  const config = IntegrateConfig.parse({ bins: 40, ...given });
  const mark = kernels.arena.mark();
  const integrator = createIntegrator(kernels, { poni, shape, config, ...setup });
  const result = integrator.integrate(frames, options);
  kernels.arena.release(mark);
  return { ...result, axis: integrator.axis, size: integrator.size, chiDeg: integrator.chiDeg };
}

const statistics = ["mean", "trimmed-mean", "median", "sigma-clip"] as const;
const ways = [
  ...statistics.map((statistic) => ({ statistic, split: "none" })),
  ...["bbox", "full"].flatMap((split) => ["mean", "sigma-clip"].map((statistic) => ({ statistic, split }))),
];
const allNear = (values: Float32Array, value: number, digits = 3) => {
  const filled = [...values].filter((v) => !Number.isNaN(v));
  expect(filled.length).toBeGreaterThan(30);
  for (const v of filled) expect(v).toBeCloseTo(value, digits);
};

describe.each(ways)("$statistic, split $split", (way) => {
  it("a frame that the corrections make flat stays flat", () => {
    allNear(integrate(way, [flatFrame]).intensity, 1000, 2);
  });
  it("divides by flat, subtracts dark, divides by monitor", () => {
    const flat = Float32Array.from({ length: pixels }, (_, i) => 0.5 + (i % 7) / 10);
    const dark = Float32Array.from({ length: pixels }, (_, i) => i % 11);
    const frame = flatFrame.map((v, i) => v * flat[i]! + dark[i]!);
    const { intensity } = integrate(way, [frame, frame], { flat, dark }, { monitor: [2, 4] });
    allNear(intensity.subarray(0, 40), 500, 2);
    allNear(intensity.subarray(40), 250, 2);
  });
  it("a gap counts as if it were masked, in a frame of integers as of floats", () => {
    const counts = Int32Array.from({ length: pixels }, (_, i) => 500 + ((i * 7919) % 101));
    const bad = counts.map((_, i) => (i % 5 === 0 ? 1 : 0));
    const mask = { ...shape, data: Uint8Array.from(bad) };
    const dark = new Float32Array(pixels).fill(3);
    // The same range for both, because masked pixels do not count for the automatic one.
    const range = [2, 15];
    const masked = integrate({ ...way, range }, [counts], { mask, dark });
    const gaps = integrate({ ...way, range }, [counts.map((v, i) => (bad[i] ? -1 : v))], { dark });
    const nans = integrate({ ...way, range }, [Float32Array.from(counts, (v, i) => (bad[i] ? Number.NaN : v))], {
      dark,
    });
    for (let bin = 0; bin < 40; bin++) {
      expect(gaps.intensity[bin]).toBeCloseTo(masked.intensity[bin]!, 2);
      expect(nans.intensity[bin]).toBeCloseTo(masked.intensity[bin]!, 2);
      expect(gaps.sigma[bin]! / masked.sigma[bin]!).toBeCloseTo(1, 1);
    }
  });
  it("a bin without a valid pixel is NaN, not 0", () => {
    const { intensity, sigma } = integrate(way, [new Int32Array(pixels).fill(-1)]);
    expect([...intensity, ...sigma].every(Number.isNaN)).toBe(true);
  });
  it("gives each frame what it gives it alone, whatever lies beside it", () => {
    const frames = Array.from({ length: 6 }, (_, f) =>
      Int32Array.from({ length: pixels }, (_, i) => 40 + ((i * 31 * (f + 1)) % 97)),
    );
    const together = integrate(way, frames).intensity;
    frames.forEach((frame, f) => {
      expect([...together.subarray(40 * f, 40 * f + 40)]).toEqual([...integrate(way, [frame]).intensity]);
    });
  });
  it("is the same in place in kernel memory, as 16-bit and with plain kernels", () => {
    const counts = Uint16Array.from({ length: pixels }, (_, i) => 40 + ((i * 31) % 97));
    const config = IntegrateConfig.parse({ bins: 40, ...way });
    const mark = kernels.arena.mark();
    const integrator = createIntegrator(kernels, { poni, shape, config });
    integrator.slots[0]!.set(counts);
    const inPlace = integrator.integrate([integrator.slots[0]!]).intensity;
    const copied = integrator.integrate([counts]).intensity;
    kernels.arena.release(mark);
    const plain = createIntegrator(createReferenceKernels(), { poni, shape, config }).integrate([counts]).intensity;
    expect([...inPlace]).toEqual([...copied]);
    expect([...plain]).toEqual([...copied]);
  });
});

describe("sigma", () => {
  it("of a mean is sqrt(sum of counts) / sum of normalisation", () => {
    const { sigma, intensity, parts } = integrate(
      { statistic: "mean" },
      [new Int32Array(pixels).fill(100)],
      {},
      { parts: true },
    );
    for (let bin = 0; bin < 40; bin++) {
      expect(parts!.variance[bin]).toBe(parts!.signal[bin]);
      expect(sigma[bin]).toBeCloseTo(Math.sqrt(parts!.signal[bin]!) / parts!.normalisation[bin]!, 4);
      expect(intensity[bin]).toBeCloseTo(parts!.signal[bin]! / parts!.normalisation[bin]!, 4);
    }
  });
});

describe("axes and cake", () => {
  it.each(["two-theta", "q", "radius", "log-tan"])("%s: a frame of its own radial coordinate comes back", (axis) => {
    const twoTheta = twoThetaMap(poni, shape);
    const value = (t: number) =>
      axis === "q"
        ? ((4 * Math.PI) / 0.2) * Math.sin(t / 2)
        : axis === "radius"
          ? 100 * Math.tan(t)
          : axis === "log-tan"
            ? Math.log(Math.tan(t))
            : (t * 180) / Math.PI;
    const frame = Float32Array.from(twoTheta, value);
    const plain = { statistic: "mean", solidAngle: false, polarization: null, axis };
    const result = integrate(plain, [frame]);
    const step = result.axis.values[1]! - result.axis.values[0]!;
    result.axis.values.forEach((x, bin) => {
      if (!Number.isNaN(result.intensity[bin]!))
        expect(Math.abs(result.intensity[bin]! - x)).toBeLessThan(step / 2 + 1e-5);
    });
  });
  it.each(["none", "bbox", "full"])("the cake's parts add up to the 1D pattern, split %s", (split) => {
    const frame = Int32Array.from({ length: pixels }, (_, i) => 100 + ((i * 31) % 97));
    const way = { statistic: "mean", split, bins: 20, range: [2, 18] };
    const flat = integrate(way, [frame], {}, { parts: true }).parts!;
    const cake = integrate({ ...way, chiBins: 12 }, [frame], {}, { parts: true }).parts!;
    for (let bin = 0; bin < 20; bin++) {
      let sum = 0;
      for (let chi = 0; chi < 12; chi++) sum += cake.signal[chi * 20 + bin]!;
      expect(sum / flat.signal[bin]!).toBeCloseTo(1, 4);
    }
  });
});

it("the correction map is solid angle x polarisation", () => {
  const [solid, polarization] = [solidAngleMap(poni, shape), polarizationMap(poni, shape, 0.99)];
  norm.forEach((n, i) => expect(n / (solid[i]! * polarization[i]!)).toBeCloseTo(1, 6));
});

it("finds hot, dead and missing pixels, and leaves the others", () => {
  const frames = Array.from({ length: 8 }, (_, f) => {
    const frame = Int32Array.from({ length: pixels }, (_, i) => 60 + ((i * 31 * (f + 3)) % 23));
    frame[500] = 90_000;
    frame[900] = 0;
    frame[1300] = -1;
    frame[2000 + f] = 5000; // a zinger: another pixel each time
    return frame;
  });
  const bad = findBadPixels(frames, shape);
  expect([bad.hot, bad.dead, bad.missing]).toEqual([1, 1, 1]);
  expect([bad.mask.data[500], bad.mask.data[900], bad.mask.data[1300]]).toEqual([1, 1, 1]);
});

describe("bad input", () => {
  const frame = new Int32Array(pixels);
  it.each<[string, Record<string, unknown>, Partial<IntegrationSetup>, object]>([
    ["mask-shape", {}, { mask: { rows: 67, cols: 61, data: new Uint8Array(pixels) } }, {}],
    ["frame-shape-mismatch", {}, { dark: new Float32Array(5) }, {}],
    ["integrate-no-pixels", {}, { mask: { ...shape, data: new Uint8Array(pixels).fill(1) } }, {}],
    ["integrate-range-empty", { range: [80, 90] }, {}, {}],
    ["trimmed-needs-whole-pixels", { statistic: "median", split: "full" }, {}, {}],
    ["monitor-not-positive", {}, {}, { monitor: [0] }],
    ["axis-needs-wavelength", { axis: "q" }, { poni: { ...poni, wavelength: 0 } }, {}],
  ])("%s", (code, given, setup, options) => {
    expect(() => integrate(given, [frame], setup, options)).toThrow(expect.objectContaining({ code }));
  });
});
