import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { createPeakPlan } from "../stages/map/index.ts";
import * as reference from "./reference/index.ts";
import { peakOutStride, peakScratchLength } from "./reference/peak-workspace.ts";

/** Fused multiply-add rounds once where the twin rounds twice; sums of 64 terms then differ by a few ulp. */
const FUSED = 1e-12;
const wave = (n: number, k: number): Float64Array => Float64Array.from({ length: n }, (_, i) => Math.sin(k * i + k));

it("peakExp2 is a power of two to 2e-14, for every size of argument", () => {
  let worst = 0;
  for (let t = 0; t < 1000; t += 0.00731) worst = Math.max(worst, Math.abs(reference.peakExp2(t) * 2 ** t - 1));
  expect(worst).toBeLessThan(2e-14);
  expect(reference.peakExp2(1e300)).toBeLessThan(1e-300);
});

describe.each(kernelBuilds)("peak kernels, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const given = (values: Float64Array): Float64Array => {
    const array = arena.f64(values.length);
    array.set(values);
    return array;
  };
  const same = (got: Float64Array, want: Float64Array): void => {
    if (exact) expect([...got]).toEqual([...want]);
    else {
      const size = Math.max(...want.map(Math.abs));
      got.forEach((value, i) => expect(Math.abs(value - want[i]!)).toBeLessThanOrEqual(FUSED * size));
    }
  };

  it.each([0, 0.3, 0.5, 1.5, 17.25, 1019.9, 5000])("peakExp2(%f) equals its twin", (t) => {
    const want = reference.peakExp2(t);
    expect(Math.abs(run.peakExp2(t) - want)).toBeLessThanOrEqual(exact ? 0 : FUSED * want);
  });

  it.each([2, 22, 64])("peakProfile equals its twin for %i points", (n) => {
    const x = Float64Array.from({ length: n }, (_, i) => 2.3 + 0.005 * i);
    const want = [wave(n, 1), ...Array.from({ length: 4 }, () => new Float64Array(n))] as Five;
    const got = [given(wave(n, 1)), ...Array.from({ length: 4 }, () => arena.f64(n))] as Five;
    reference.peakProfile(...want, x, n, 37, 2.36, 0.04, 0.3);
    run.peakProfile(...got, given(x), n, 37, 2.36, 0.04, 0.3);
    got.forEach((array, k) => same(array, want[k]!));
  });

  it.each([1, 2, 3, 4, 5, 6, 9])("peakNormal equals its twin for %i parameters", (parameters) => {
    const n = 30;
    const make = (): [Float64Array, Float64Array] => [new Float64Array(parameters ** 2), new Float64Array(parameters)];
    const inputs = [wave(n * parameters, 0.7), wave(n, 2), wave(n, 3).map((w) => w * w)] as const;
    const [A, g] = make();
    reference.peakNormal(A, g, inputs[0], inputs[1], inputs[2], new Float64Array(2 * n), parameters, n);
    const [gotA, gotG] = [given(make()[0]), given(make()[1])];
    run.peakNormal(gotA, gotG, given(inputs[0]), given(inputs[1]), given(inputs[2]), arena.f64(2 * n), parameters, n);
    same(gotA, A);
    same(gotG, g);
  });

  it.each(["poisson", "uniform"] as const)("peakFit equals its twin, weights %s", (weights) => {
    const { patterns, plan } = doublets(weights);
    const { fit } = plan.regions[0]!;
    const voxels = patterns.length / fit.points;
    const stride = peakOutStride(fit.parameters, fit.peaks);
    const scratch = peakScratchLength(fit.padded, fit.peaks, fit.parameters);
    const want = new Float64Array(voxels * stride);
    reference.peakFit(want, patterns, patterns, voxels, fit.model, fit.table, new Float64Array(scratch));
    const model = arena.i32(fit.model.length);
    const window = arena.f32(patterns.length);
    const out = arena.f64(want.length);
    model.set(fit.model);
    window.set(patterns);
    run.peakFit(out, window, window, voxels, model, given(fit.table), arena.f64(scratch));
    if (exact) expect([...out]).toEqual([...want]);
    // Rounding decides when a fit counts as done, so a fused build may stop a step away: a thousandth of an esd.
    else expectSameFits(out, want, fit.parameters, stride);
  });
});

type Five = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

function expectSameFits(got: Float64Array, want: Float64Array, parameters: number, stride: number): void {
  want.forEach((value, i) => {
    const k = i % stride;
    if (k >= parameters) return;
    const esd = want[i + parameters]!;
    if (esd > 0) expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(2e-3 * esd);
  });
}

/** Overlapped pairs with a common width, from strong to absent, with a missing point and a spike here and there. */
function doublets(weights: "poisson" | "uniform") {
  const values = Float64Array.from({ length: 51 }, (_, i) => 5 + 0.01 * i);
  const left = { name: "left", position: 5.18, fwhm: 0.05, eta: { value: 0.4, refine: "no" as const } };
  const right = { ...left, position: 5.25, name: "right", fwhm: { tie: "left" } };
  const region = { name: "pair", range: [5, 5.5] as [number, number], peaks: [left, right], background: 2 };
  const plan = createPeakPlan({ regions: [region], weights, spikeSigma: 8 }, { unit: "two-theta", values });
  const voxels = 24;
  const patterns = new Float32Array(voxels * values.length);
  for (let v = 0; v < voxels; v++) {
    for (let i = 0; i < values.length; i++) {
      const bell = (centre: number): number => Math.exp(-(((values[i]! - centre) / 0.03) ** 2));
      const noise = 3 * Math.sin(12.9898 * i + 78.233 * v);
      patterns[v * values.length + i] = 40 + 9 * v * bell(5.17 + 0.001 * v) + 60 * (v % 3) * bell(5.25) + noise;
    }
  }
  patterns[5 * values.length + 20] = Number.NaN;
  patterns[9 * values.length + 40] = 4000;
  return { patterns, plan };
}
