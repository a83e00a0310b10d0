import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import type { Axis } from "../../data/index.ts";
import { Arena } from "../../kernels/arena.ts";
import { createReferenceKernels, type Kernels } from "../../kernels/index.ts";
import { createReconstructionPlan, planWindowMemory, type SinogramGeometry } from "./plan.ts";
import { reconstructWindow } from "./reconstruct-window.ts";

const N = 15;
const omegaDeg = Array.from({ length: 20 }, (_, i) => i * 9);
const BINS = 96;
const axis: Axis = {
  unit: "two-theta",
  values: Float64Array.from({ length: BINS }, (_, i) => 4 + 0.007 * i),
};
const scan: SinogramGeometry = {
  ...{ omegaDeg, translations: N, rotationAxis: 7, stepMm: 0.7 },
  ...{ axis, distanceMm: 1000 },
};
const FWHM_DEG = 0.025;
const PEAKS = [4.15, 4.4, 4.52];

/** Two voxels far from the axis; every peak where the detector has it, from the formula alone. */
const GRAINS = [
  { x: 5, y: 1, value: 1 },
  { x: -3, y: -4, value: 0.5 },
];
function sinogram(values = axis.values): Float32Array {
  const bins = values.length;
  const out = new Float32Array(omegaDeg.length * N * bins);
  omegaDeg.forEach((deg, angle) => {
    const [c, s] = [Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180)];
    const width = Math.max(Math.abs(c), Math.abs(s));
    for (const { x, y, value } of GRAINS) {
      const near = 1 - (0.7 * (y * c - x * s)) / 1000;
      for (let j = 0; j < N; j++) {
        const weight = Math.max(0, width - Math.abs(7 + x * c + y * s - j)) / width ** 2;
        for (const peak of PEAKS) {
          const seen = Math.atan(near * Math.tan((peak * Math.PI) / 180)) * (180 / Math.PI);
          values.forEach((at, bin) => {
            const height = Math.exp(-4 * Math.LN2 * ((at - seen) / FWHM_DEG) ** 2) / near ** 2;
            out[(angle * N + j) * bins + bin]! += weight * value * height;
          });
        }
      }
    }
  });
  return out;
}

function reconstruct(
  kernels: Kernels,
  config: Parameters<typeof createReconstructionPlan>[0],
  rays: Float32Array,
  geometry = scan,
) {
  const plan = createReconstructionPlan(config, geometry);
  const bins = geometry.axis!.values.length;
  const out = new Float32Array(N * N * bins);
  const summaries = plan.parallax!.windows.map((window) => {
    const { from, to, sourceFrom, sourceTo } = window;
    const part = new Float32Array((rays.length / bins) * (sourceTo - sourceFrom));
    for (let ray = 0; ray < rays.length / bins; ray++)
      part.set(rays.subarray(ray * bins + sourceFrom, ray * bins + sourceTo), ray * (sourceTo - sourceFrom));
    const own = new Float32Array(N * N * (to - from));
    const summary = reconstructWindow(kernels, plan, window, { sinogram: part }, own);
    for (let v = 0; v < N * N; v++) out.set(own.subarray(v * (to - from), (v + 1) * (to - from)), v * bins + from);
    return summary;
  });
  return { out, summaries, plan };
}
const patternAt = (out: Float32Array, { x, y }: { x: number; y: number }, bins = BINS) =>
  out.subarray(((7 + y) * N + 7 + x) * bins, ((7 + y) * N + 7 + x + 1) * bins);

/** Place and variance of the peak near an angle. */
function moments(pattern: Float32Array, near: number, values = axis.values) {
  let [sum, first] = [0, 0];
  const bins = [...values.keys()].filter((bin) => Math.abs(values[bin]! - near) < 0.05);
  for (const bin of bins) {
    sum += pattern[bin]!;
    first += pattern[bin]! * values[bin]!;
  }
  const centre = first / sum;
  const variance = bins.reduce((total, bin) => total + pattern[bin]! * (values[bin]! - centre) ** 2, 0) / sum;
  return { centre, variance };
}
const SIGMA2 = FWHM_DEG ** 2 / (8 * Math.LN2);

const fast = kernelBuilds.find(({ name }) => name === "simd")!;

describe.each(["cgls", "sirt"] as const)("%s with parallax", (method) => {
  const { out, summaries, plan } = reconstruct(
    fast.create(),
    { method, parallax: true, iterations: method === "sirt" ? 400 : 60, tolerance: 1e-5 },
    sinogram(),
  );

  it("puts the peaks of grains off the axis where they belong, as narrow as they are", () => {
    expect(plan.parallax!.windows.length).toBeGreaterThan(1);
    for (const grain of GRAINS) {
      for (const peak of PEAKS) {
        const { centre, variance } = moments(patternAt(out, grain), peak);
        // without: +-0.4 % of 4.5 degrees, 0.016 degrees
        expect(Math.abs(centre - peak)).toBeLessThan(2e-4);
        expect(variance / SIGMA2).toBeGreaterThan(0.95);
        expect(variance / SIGMA2).toBeLessThan(1.05);
      }
    }
  });

  it("says how it went for every bin", () => {
    expect(summaries.flatMap(({ stopped }) => stopped)).toHaveLength(BINS);
    for (const { residual } of summaries) for (const value of residual) expect(value).toBeLessThan(0.05);
  });
});

describe("a window", () => {
  it.each([["depth of the other sign", { depthSign: -1 as const }, 1]])("matters in its sense: %s", (_, change) => {
    const { out } = reconstruct(fast.create(), { method: "cgls", parallax: true, ...change }, sinogram());
    const { centre, variance } = moments(patternAt(out, GRAINS[0]!), PEAKS[1]!);
    expect(Math.abs(centre - PEAKS[1]!) + Math.abs(variance / SIGMA2 - 1)).toBeGreaterThan(0.05);
  });

  it("is what the others' windows make of the same bins", () => {
    const kernels = fast.create();
    const parts = reconstruct(kernels, { method: "cgls", parallax: true }, sinogram());
    const whole = reconstruct(kernels, { method: "cgls", parallax: true }, sinogram(), { ...scan, block: BINS });
    expect(whole.plan.parallax!.windows).toHaveLength(1);
    const highest = whole.out.reduce((most, value) => Math.max(most, value), 0);
    // the axis of the window, and what the least squares have converged to, differ a little
    parts.out.forEach((value, i) => expect(Math.abs(value - whole.out[i]!)).toBeLessThan(0.01 * highest));
  });

  it("takes a log-tan axis as it is, and q and radius as well", () => {
    const places = Float64Array.from({ length: BINS }, (_, i) => Math.log(Math.tan((4 * Math.PI) / 180)) + 0.0016 * i);
    const deg = places.map((u) => (Math.atan(Math.exp(u)) * 180) / Math.PI);
    const rays = sinogram(deg);
    const logTan = { ...scan, axis: { unit: "log-tan", values: places } as const };
    const plan = createReconstructionPlan({ method: "cgls", parallax: true }, logTan).parallax!;
    for (const { toRows } of plan.windows)
      for (let r = 0; r < toRows.first.length; r++) {
        const weights = [...toRows.weights.subarray(6 * r, 6 * r + 6)];
        expect(Math.max(...weights)).toBeCloseTo(1, 6);
      }
    const wavelengthA = 0.12;
    const q = deg.map((x) => (4 * Math.PI * Math.sin((x * Math.PI) / 360)) / wavelengthA);
    const radius = deg.map((x) => 1000 * Math.tan((x * Math.PI) / 180));
    const same = [
      logTan,
      { ...scan, axis: { unit: "q", values: q } as const, wavelengthA },
      { ...scan, axis: { unit: "radius", values: radius } as const },
    ].map((geometry) => reconstruct(fast.create(), { method: "cgls", parallax: true }, rays, geometry).out);
    const highest = same[0]!.reduce((most, value) => Math.max(most, value), 0);
    for (const out of same.slice(1))
      out.forEach((value, i) => expect(Math.abs(value - same[0]![i]!)).toBeLessThan(0.002 * highest));
  });

  it("gives NaN where a bin was not measured, and the rest as without it", () => {
    const rays = sinogram();
    const bad = 40;
    const holed = rays.slice();
    holed[7 * N * BINS + bad] = Number.NaN;
    const { out, summaries } = reconstruct(fast.create(), { method: "cgls", parallax: true }, holed);
    expect(summaries.flatMap(({ stopped }) => stopped)[bad]).toBe("not-finite");
    for (let v = 0; v < N * N; v++) expect(out[v * BINS + bad]).toBeNaN();
    expect(out.filter(Number.isNaN)).toHaveLength(N * N);
    const { centre } = moments(patternAt(out, GRAINS[0]!), PEAKS[2]!);
    expect(Math.abs(centre - PEAKS[2]!)).toBeLessThan(2e-4);
  });

  it("stops at the noise where sigma is known", () => {
    const plan = createReconstructionPlan({ method: "sirt", parallax: true }, { ...scan, block: BINS });
    const window = plan.parallax!.windows[0]!;
    const rays = sinogram();
    const out = new Float32Array(N * N * BINS);
    const run = (level: number) =>
      reconstructWindow(fast.create(), plan, window, { sinogram: rays, sigma: rays.map(() => level) }, out);
    expect(run(0.05).stopped[0]).toBe("discrepancy");
    expect(run(0.05).iterations[0]).toBeLessThan(run(0.01).iterations[0]!);
  });

  it("needs no more memory than planned", () => {
    const plan = createReconstructionPlan({ method: "cgls", parallax: true }, scan);
    const { windows } = plan.parallax!;
    const rays = sinogram();
    const window = windows[0]!;
    const sinogramPart = new Float32Array(omegaDeg.length * N * (window.sourceTo - window.sourceFrom));
    sinogramPart.set(rays.subarray(0, sinogramPart.length));
    const kernels = createReferenceKernels();
    const arena = new Arena(kernels.memory, 1 << 20, (1 << 20) + planWindowMemory(plan, false));
    const out = new Float32Array(N * N * (window.to - window.from));
    reconstructWindow({ ...kernels, arena }, plan, window, { sinogram: sinogramPart }, out);
  }, 60_000);
});

describe("a plan with parallax refuses", () => {
  const { axis: _axis, distanceMm: _distanceMm, ...bare } = scan;
  const flat = (unit: Axis["unit"], values: number[]) => ({
    ...scan,
    axis: { unit, values: Float64Array.from(values) },
  });
  it.each([
    ["parallax-method", { method: "fbp" as const }, scan],
    ["parallax-method", { method: "mlem" as const }, scan],
    ["parallax-needs-distance", { method: "cgls" as const }, bare],
    ["parallax-needs-distance", { method: "cgls" as const }, { ...scan, stepMm: Number.NaN }],
    ["parallax-too-deep", { method: "cgls" as const }, { ...scan, distanceMm: 40 }],
    ["parallax-axis", { method: "cgls" as const }, flat("two-theta", [0])],
    ["parallax-axis", { method: "cgls" as const }, flat("two-theta", [1, 2, 2])],
    ["axis-no-angle", { method: "cgls" as const }, flat("channel", [1, 2, 3])],
    ["axis-needs-wavelength", { method: "cgls" as const }, flat("q", [1, 2, 3])],
  ])("%s", (code, change, geometry) => {
    expect(() => createReconstructionPlan({ parallax: true, ...change }, geometry)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

it("an axis that begins at 0 gives NaN at 0 and goes on from there", () => {
  const values = Float64Array.from({ length: 64 }, (_, i) => 0.01 * i);
  const plan = createReconstructionPlan(
    { method: "cgls", parallax: true },
    { ...scan, axis: { unit: "two-theta", values } },
  );
  const first = plan.parallax!.windows[0]!;
  expect(first.toBins.first[0]).toBe(-1);
  expect(first.shifted.rowBins).toBeLessThan(300);
});
