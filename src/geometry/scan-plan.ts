/**
 * What a scan will give, before it is taken: sampling, time, data volume and parallax.
 *
 * Source: Kak & Slaney, Principles of Computerized Tomographic Imaging (1988), section 5 (pi/2 N projections).
 */
import * as z from "zod";
import { energyKeVToWavelengthA } from "../data/index.ts";
import { type ParallaxSize, parallaxCures, parallaxEffects, parallaxSize } from "./parallax.ts";

/** What is planned before a beamtime: sample, sampling, distance, detector. */
export const ScanPlanConfig = z.strictObject({
  diameterMm: z.number().positive().meta({ unit: "mm", description: "diameter of the sample" }),
  stepMm: z.number().positive().meta({ unit: "mm", description: "translation step, at least the beam width" }),
  projections: z
    .number()
    .int()
    .positive()
    .optional()
    .meta({ description: "number of angles; left out: what full sampling asks for" }),
  rangeDeg: z
    .number()
    .positive()
    .max(360)
    .default(180)
    .meta({ unit: "degrees", description: "range of the sample rotation" }),
  exposureMs: z.number().positive().default(10).meta({ unit: "ms", description: "exposure of one frame" }),
  overheadMs: z.number().min(0).default(0).meta({ unit: "ms", description: "dead time after each frame" }),
  lineOverheadS: z.number().min(0).default(0.5).meta({ unit: "s", description: "time lost at the end of each line" }),
  margin: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .meta({ description: "air on both sides together, as a share of the diameter" }),
  energyKeV: z.number().positive().default(100).meta({ unit: "keV", description: "photon energy" }),
  distanceMm: z.number().positive().default(1000).meta({ unit: "mm", description: "sample to detector" }),
  detectorRows: z.number().int().positive().default(1679).meta({ unit: "pixels", description: "rows of the detector" }),
  detectorCols: z
    .number()
    .int()
    .positive()
    .default(1475)
    .meta({ unit: "pixels", description: "columns of the detector" }),
  pixelMm: z.number().positive().default(0.172).meta({ unit: "mm", description: "pixel size" }),
  bins: z.number().int().positive().default(1500).meta({ description: "radial bins of the patterns" }),
});
export type ScanPlanConfig = z.infer<typeof ScanPlanConfig>;

export interface ScanPlan {
  readonly translations: number;
  readonly projections: number;
  readonly frames: number;
  /** projections over what full sampling of the whole slice asks for, pi/2 N on 180 degrees */
  readonly sampling: number;
  readonly projectionsForFullSampling: number;
  readonly hours: number;
  /** bytes: 32-bit frames as read, byte-offset compressed on disk (about 1.06 bytes a pixel), and what xrdct keeps */
  readonly rawBytes: number;
  readonly compressedBytes: number;
  readonly patternBytes: number;
  readonly volumeBytes: number;
  /** degrees, to the nearest edge and to the corner of a centred detector */
  readonly twoThetaEdgeDeg: number;
  readonly twoThetaCornerDeg: number;
  /** angstrom: smallest d on full rings */
  readonly smallestDA: number;
  /** of the sample's edge, at the edge of the detector */
  readonly parallax: ParallaxSize;
  /** what the user should think about before the beamtime */
  readonly advice: readonly string[];
}

const DEG = 180 / Math.PI;
/** Lattice parameters are mapped for changes of a few times this. */
const PARALLAX_MATTERS = 5e-4;

/** Sampling, time, data volume and parallax of a scan, with advice in sentences. */
export function planScan(config: ScanPlanConfig): ScanPlan {
  const translations = Math.ceil((config.diameterMm * (1 + config.margin)) / config.stepMm) + 1;
  const full = Math.ceil(((Math.PI / 2) * translations * config.rangeDeg) / 180);
  const projections = config.projections ?? full;
  const frames = translations * projections;
  const edgeMm = (Math.min(config.detectorRows, config.detectorCols) * config.pixelMm) / 2;
  const cornerMm = (Math.hypot(config.detectorRows, config.detectorCols) * config.pixelMm) / 2;
  const edge = Math.atan2(edgeMm, config.distanceMm);
  const corner = Math.atan2(cornerMm, config.distanceMm);
  const pixels = config.detectorRows * config.detectorCols;
  const plan = {
    translations,
    projections,
    frames,
    sampling: projections / full,
    projectionsForFullSampling: full,
    hours: (frames * (config.exposureMs + config.overheadMs) * 1e-3 + projections * config.lineOverheadS) / 3600,
    rawBytes: frames * pixels * 4,
    compressedBytes: frames * pixels * 1.06,
    patternBytes: frames * config.bins * 4,
    volumeBytes: translations ** 2 * config.bins * 4,
    twoThetaEdgeDeg: edge * DEG,
    twoThetaCornerDeg: corner * DEG,
    smallestDA: energyKeVToWavelengthA(config.energyKeV) / (2 * Math.sin(edge / 2)),
    parallax: parallaxSize({
      radiusMm: config.diameterMm / 2,
      distanceMm: config.distanceMm,
      omegaDeg: Array.from({ length: projections }, (_, i) => (i * config.rangeDeg) / projections),
      twoThetaDeg: edge * DEG,
      stepMm: config.stepMm,
      pixelMm: config.pixelMm,
      binDeg: (corner * DEG) / config.bins,
    }),
  };
  return { ...plan, advice: advise(config, plan) };
}

function advise(config: ScanPlanConfig, plan: Omit<ScanPlan, "advice">): string[] {
  const advice: string[] = [];
  if (plan.sampling < 0.5) {
    advice.push(
      `${plan.projections} projections are ${(plan.sampling * 100).toFixed(0)} % of what full sampling asks for (${plan.projectionsForFullSampling}): expect streaks in filtered back-projection; reconstruct with SIRT or CGLS, or take more angles.`,
    );
  }
  if (plan.parallax.relative > PARALLAX_MATTERS) {
    advice.push(
      `Parallax spreads apparent lattice parameters by up to ±${(plan.parallax.relative * 100).toFixed(2)} %: lattice parameters need it undone, or a longer distance.`,
      ...parallaxEffects(plan.parallax),
      ...parallaxCures(plan.parallax),
    );
    if (config.rangeDeg < 360) {
      advice.push(
        "Over 180 degrees parallax biases peak positions of what lies off the axis; over 360 degrees it only broadens peaks. All cures but map.firstMoment do as well with 180.",
      );
    }
  }
  return advice;
}
