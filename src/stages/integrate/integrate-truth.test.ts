/** Against pyFAI 0.21.3 on a synthetic frame of known I(2theta), tilted by all three rotations. */
import { beforeAll, describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../tests/shared.ts";
import { dToTwoThetaDeg, type Mask } from "../../data/index.ts";
import { detectorGapMask, polarizationMap, solidAngleMap, twoThetaMap } from "../../geometry/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { createIntegrator, IntegrateConfig } from "./index.ts";

interface Truth {
  readonly geometry: { dist: number; poni1: number; poni2: number; rot1: number; rot2: number; rot3: number };
  readonly bins: number;
  readonly range_deg: [number, number];
  readonly ring_d: number[];
  readonly results: Record<string, { two_theta_deg: number[]; intensity: number[] }>;
}

describe.skipIf(!hasShared)("a synthetic frame with tilts (needs ../shared)", () => {
  const { geometry, ring_d, range_deg, bins, results } = hasShared
    ? sharedJson<Truth>("reference/integration/integrate1d_truth.json")
    : ({} as Truth);
  const poni = { ...geometry, pixel1: 172e-6, pixel2: 172e-6, wavelength: 0.11979e-10 };
  const shape = { rows: 1679, cols: 1475 };
  let frame: Float32Array;
  let mask: Mask;
  beforeAll(() => {
    const rings = ring_d.map((d) => dToTwoThetaDeg(d, 0.11979));
    const [solid, polarization] = [solidAngleMap(poni, shape), polarizationMap(poni, shape, 0.99)];
    frame = Float32Array.from(twoThetaMap(poni, shape), (t, i) => {
      const deg = (t * 180) / Math.PI;
      let profile = 50;
      for (let k = 0; k < rings.length; k++)
        profile += (1000 / (k + 1)) * Math.exp(-0.5 * ((deg - rings[k]!) / 0.012) ** 2);
      return profile * solid[i]! * polarization[i]!;
    });
    // The detector's gaps are excluded: modules of 195 x 487 pixels, 17 rows and 7 columns apart.
    mask = detectorGapMask("Pilatus2M")!;
  });

  it.each([
    ["no_histogram_cython", "none", 2e-3],
    ["bbox_csr_cython", "bbox", 2e-3],
    ["full_csr_cython", "full", 2e-3],
  ])("%s", (name, split, tolerance) => {
    const config = IntegrateConfig.parse({ bins, range: range_deg, split, statistic: "mean" });
    const { intensity } = createIntegrator(loadKernels(), { poni, shape, config, mask }).integrate([frame]);
    const off = results[name]!.intensity.map((want, i) => (want > 0 ? Math.abs(intensity[i]! / want - 1) : 0));
    const sorted = [...off].sort((a, b) => a - b);
    expect(sorted.at(-1)).toBeLessThan(tolerance);
  });
});
