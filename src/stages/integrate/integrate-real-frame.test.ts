/**
 * Against pyFAI 0.21.3 on the measured CeO2 frame, in every bin.
 *
 * pyFAI rounds a pixel's position on the detector, and the PONI, to float32 before it turns them into an angle. That
 * moves a pixel by up to 4e-8 rad (1e-4 of a bin) and puts about 200 of 2.2 million into the neighbouring bin, enough
 * to change a bin on a ring's flank by 1e-3 without splitting. The angles of these tests are rounded the same way; xrdct
 * itself stays in float64. Splitting spreads the difference, and needs no such help.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../../tests/shared.ts";
import { decodeCbf } from "../../files/cbf.ts";
import { decodeEdf } from "../../files/edf.ts";
import { parsePoni } from "../../files/poni.ts";
import type { Poni } from "../../geometry/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig } from "./index.ts";

const folder = "data/detector/ndtomo_ceo2_71keV/";
const DEG = 180 / Math.PI;

function readInputs() {
  const frame = decodeCbf(readFileSync(shared(`${folder}CeO2.cbf`)), "CeO2.cbf");
  const user = decodeEdf(readFileSync(shared(`${folder}mask.edf`)), "mask.edf");
  // Module gaps are below 0 in the frame, and that is part of the reference's mask.
  const mask = Uint8Array.from(frame.data, (count, at) => (user.data[at]! > 0 || count < 0 ? 1 : 0));
  const { rows, cols } = frame;
  const poni = parsePoni(readFileSync(shared(`${folder}CeO2.poni`), "utf8"), "CeO2.poni");
  return { frame, poni, shape: { rows, cols }, mask: { rows, cols, data: mask } };
}

/** [row, col] two-theta in degrees with pyFAI's float32 steps. */
function float32TwoTheta(poni: Poni, rows: number, cols: number): Float64Array {
  const { fround, cos, sin } = Math;
  const along = (pixel: number, origin: number) => (i: number) =>
    fround(fround(fround(pixel) * (i + 0.5)) - fround(origin));
  const [slow, fast] = [along(poni.pixel1, poni.poni1), along(poni.pixel2, poni.poni2)];
  const [c1, s1, c2, s2, c3, s3] = [poni.rot1, poni.rot2, poni.rot3].flatMap((r) => [cos(r), sin(r)]) as number[];
  const out = new Float64Array(rows * cols);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const [p1, p2, L] = [slow(row), fast(col), poni.dist];
      const t1 = p1 * c2! * c3! + p2 * (c3! * s1! * s2! - c1! * s3!) - L * (c1! * c3! * s2! + s1! * s3!);
      const t2 = p1 * c2! * s3! + p2 * (c1! * c3! + s1! * s2! * s3!) - L * (-c3! * s1! + c1! * s2! * s3!);
      const t3 = p1 * s2! - p2 * c2! * s1! + L * c1! * c2!;
      out[at++] = Math.atan2(Math.sqrt(t1 * t1 + t2 * t2), t3) * DEG;
    }
  }
  return out;
}

const reference = (name: string): number[][] =>
  readFileSync(shared(`bench/ref/${name}.txt`), "utf8")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.trim().split(/\s+/).map(Number));

describe.skipIf(!hasShared)("the CeO2 frame equals pyFAI's patterns (needs ../shared)", () => {
  const kernels = loadKernels();
  const inputs = hasShared ? readInputs() : undefined;
  const radialMap = inputs && float32TwoTheta(inputs.poni, inputs.shape.rows, inputs.shape.cols);

  function compare(name: string, given: Record<string, unknown>, useMap: boolean) {
    const { frame, poni, shape, mask } = inputs!;
    const config = IntegrateConfig.parse(given);
    const mark = kernels.arena.mark();
    const integrator = createIntegrator(kernels, {
      poni,
      shape,
      mask,
      config,
      ...(useMap && { radialMap: radialMap! }),
    });
    const { intensity } = integrator.integrate([frame.data]);
    kernels.arena.release(mark);
    const expected = reference(name);
    const relative = expected.map(([, value], bin) => Math.abs(intensity[bin]! / value! - 1));
    const axis = expected.map(([twoTheta], bin) => Math.abs(integrator.axis.values[bin]! - twoTheta!));
    // Not Math.max: a NaN must fail.
    return {
      worst: relative.sort((a, b) => (Number.isNaN(a) ? 1 : a - b)).at(-1)!,
      median: relative[relative.length >> 1]!,
      axis: Math.max(...axis),
      bins: intensity.length - expected.length,
    };
  }

  const plain = { solidAngle: false, polarization: null };
  it.each([
    ["ceo2_1000_no_csr_pol_sa", { bins: 1000 }],
    ["ceo2_1500_no_csr_pol_sa", { bins: 1500 }],
    ["ceo2_1000_no_csr_nopol_nosa", { bins: 1000, ...plain }],
  ])("%s to 1e-4 in every bin", (name, given) => {
    const { worst, axis, bins } = compare(name, { ...given, statistic: "mean" }, true);
    expect(bins).toBe(0);
    expect(worst).toBeLessThan(1e-4);
    expect(axis).toBeLessThan(2e-7);
  });

  it("without pyFAI's float32 steps: 1e-4 in 95 % of the bins, 2e-3 in every one", () => {
    const { worst, median } = compare("ceo2_1500_no_csr_pol_sa", { statistic: "mean" }, false);
    expect(worst).toBeLessThan(2e-3);
    expect(median).toBeLessThan(1e-7);
  });

  it.each([
    ["ceo2_1000_bbox_csr_pol_sa", { bins: 1000, split: "bbox" }],
    ["ceo2_1500_bbox_csr_pol_sa", { bins: 1500, split: "bbox" }],
    ["ceo2_1500_full_csr_pol_sa", { bins: 1500, split: "full" }],
    ["ceo2_1000_full_csr_nopol_nosa", { bins: 1000, split: "full", ...plain }],
  ])("%s to 2e-3 in every bin and 2e-4 in the median", (name, given) => {
    const { worst, median, axis } = compare(name, { ...given, statistic: "mean" }, false);
    expect(worst).toBeLessThan(2e-3);
    expect(median).toBeLessThan(2e-4);
    expect(axis).toBeLessThan(2e-6);
  });

  it.each([
    ["ceo2_1000_exact_trim05_each_end", { bins: 1000, trim: 0.05 }],
    ["ceo2_1500_exact_trim10_each_end", { bins: 1500, trim: 0.1 }],
  ])("%s to 1e-4 in every bin", (name, given) => {
    // That program's bins end at the outermost pixel itself (which it keeps), not one float32 epsilon beyond.
    const inside = radialMap!.filter((_, at) => !inputs!.mask.data[at]);
    const [low, high] = [inside.reduce((a, b) => Math.min(a, b)), inside.reduce((a, b) => Math.max(a, b))];
    const range = [low, (high * (1 + 2 ** -48)) / (1 + 2 ** -23)];
    const { worst } = compare(name, { ...given, range, statistic: "trimmed-mean" }, true);
    expect(worst).toBeLessThan(1e-4);
  });

  it("ceo2_1500_sigmaclip5_no_csr to 1e-4 in every bin", () => {
    const clip = { errorModel: "poisson", threshold: 5 };
    const { worst } = compare("ceo2_1500_sigmaclip5_no_csr", { bins: 1500, clip, statistic: "sigma-clip" }, true);
    expect(worst).toBeLessThan(1e-4);
  });
});
