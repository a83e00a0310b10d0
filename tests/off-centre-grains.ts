/**
 * Grains far from the rotation axis, as our own simulator has them seen with and without parallax, and what a peak of
 * their reconstructed patterns comes to. For the tests and the bench of reconstruction with parallax.
 */
import { builtInStructure } from "../src/crystal/index.ts";
import type { Axis } from "../src/data/index.ts";
import type { Kernels } from "../src/kernels/index.ts";
import { createPeakPlan, fitPeaksBlock } from "../src/stages/map/index.ts";
import {
  createReconstructionPlan,
  type ReconstructConfigInput,
  reconstructBlock,
  reconstructWindow,
} from "../src/stages/reconstruct/index.ts";
import { createExperiment, SimulateConfig } from "../src/stages/simulate/index.ts";

export interface GrainScan {
  readonly axis: Axis;
  readonly omegaDeg: Float64Array;
  readonly translations: number;
  readonly stepMm: number;
  readonly distanceMm: number;
  /** [angle, translation, bin] */
  readonly sinogram: Float32Array;
  /** [y, x] 1 where a voxel lies wholly inside a grain */
  readonly inside: Uint8Array;
}

export interface GrainOptions {
  readonly arcDeg: 180 | 360;
  readonly isNoisy: boolean;
  readonly parallax: boolean;
  readonly translations: number;
  readonly angles: number;
  readonly bins: number;
}

/** Three grains of CeO2 3.2 to 3.8 mm from the axis, 1 m from the detector, with four reflections in range. */
export function scanGrains({ arcDeg, isNoisy, parallax, translations, angles, bins }: GrainOptions): GrainScan {
  const stepMm = 10 / (translations - 1);
  const distanceMm = 1000;
  const disc = (x: number, y: number, radiusMm: number) =>
    ({ kind: "disc", material: "CeO2", centreMm: [x, y], radiusMm }) as const;
  const config = SimulateConfig.parse({
    scan: { translations, angles, arcDeg, stepMm },
    instrument: { absorption: false, parallax, distanceMm },
    axis: { unit: "two-theta", from: 4.85, to: 6.45, bins },
    noise: { airShare: 0, monitorDrift: 0, monitorNoise: 0, poisson: isNoisy, countsPerRay: 1e6 },
    phases: { CeO2: {} },
    shapes: [disc(3.6, 1.2, 0.9), disc(-1, -3, 0.8), disc(-2.4, 2.2, 0.7)],
  });
  const experiment = createExperiment(config, { CeO2: builtInStructure("CeO2") });
  const sinogram = new Float32Array(angles * translations * bins);
  for (let line = 0; line < angles; line++) {
    const patterns = isNoisy ? experiment.line(line).patterns : experiment.expectedLine(line);
    sinogram.set(patterns, line * translations * bins);
  }
  const fraction = experiment.truth().find(({ name }) => name.endsWith("volume_fraction"))!;
  return {
    ...{ axis: experiment.axis, omegaDeg: experiment.scan.omegaDeg, translations, stepMm, distanceMm, sinogram },
    inside: Uint8Array.from(fraction.values, (value) => (value > 0.99 ? 1 : 0)),
  };
}

/** [y, x, bin], by windows where the configuration has parallax. */
export function reconstructGrains(kernels: Kernels, config: ReconstructConfigInput, scan: GrainScan): Float32Array {
  const plan = createReconstructionPlan(config, { ...scan, rotationAxis: (scan.translations - 1) / 2 });
  const bins = scan.axis.values.length;
  const rays = scan.sinogram.length / bins;
  const voxels = plan.projector.size ** 2;
  const out = new Float32Array(voxels * bins);
  if (!plan.parallax) {
    reconstructBlock(kernels, { plan, sinogram: scan.sinogram, bins }, out);
    return out;
  }
  for (const window of plan.parallax.windows) {
    const { from, to, sourceFrom, sourceTo } = window;
    const sinogram = new Float32Array(rays * (sourceTo - sourceFrom));
    for (let ray = 0; ray < rays; ray++)
      sinogram.set(
        scan.sinogram.subarray(ray * bins + sourceFrom, ray * bins + sourceTo),
        ray * (sourceTo - sourceFrom),
      );
    const own = new Float32Array(voxels * (to - from));
    reconstructWindow(kernels, plan, window, { sinogram }, own);
    for (let v = 0; v < voxels; v++) out.set(own.subarray(v * (to - from), (v + 1) * (to - from)), v * bins + from);
  }
  return out;
}

export interface FittedPeak {
  /** [voxel] of those inside the grains, degrees */
  readonly position: number[];
  readonly fwhm: number[];
  readonly area: number[];
}

/** The 422 reflection in every voxel inside the grains. */
export function fitGrains(kernels: Kernels, { axis, inside }: GrainScan, volume: Float32Array): FittedPeak {
  const bins = axis.values.length;
  const voxels = [...inside.keys()].filter((v) => inside[v]);
  const intensity = Float64Array.from(
    { length: bins },
    (_, bin) => voxels.reduce((sum, v) => sum + volume[v * bins + bin]!, 0) / voxels.length,
  );
  const config = {
    regions: [
      {
        name: "CeO2",
        range: [6.05, 6.4] as [number, number],
        peaks: [{ name: "422", position: 6.216, fwhm: { value: 0.03, min: 0.005, max: 0.2 } }],
      },
    ],
    weights: "uniform" as const,
    maxShift: 0.1,
  };
  const plan = createPeakPlan(config, axis, { summedPattern: { axis, intensity } });
  const mask = inside.map((value) => 1 - value);
  const { parameters } = fitPeaksBlock(kernels, plan, { patterns: volume, mask });
  const of = (name: string): number[] => voxels.map((v) => parameters[`CeO2/422/${name}`]!.values[v]!);
  return { position: of("position"), fwhm: of("fwhm"), area: of("area") };
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
export const rmsFrom = (values: readonly number[], centre: number): number =>
  Math.sqrt(mean(values.map((x) => (x - centre) ** 2)));
