/**
 * What a scan will give, before it is taken: sampling, time, data volume and parallax.
 *
 * Sources: Kak & Slaney, Principles of Computerized Tomographic Imaging (1988), section 5 (pi/2 N projections);
 * parallax as in dlsr: a parcel at depth t appears with its lattice parameter wrong by t / L.
 */
import * as z from "zod";
import { energyKeVToWavelengthA } from "../data/index.ts";

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
  /** half width of the apparent spread: relative, in detector pixels at the edge, in radial bins at the edge */
  readonly parallax: { readonly relative: number; readonly pixels: number; readonly bins: number };
  /** what the user should think about before the beamtime */
  readonly advice: readonly string[];
}

const DEG = 180 / Math.PI;

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
  const relative = config.diameterMm / 2 / config.distanceMm;
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
    parallax: {
      relative,
      pixels: (config.diameterMm / 2 / config.pixelMm) * Math.tan(edge),
      bins: (relative * Math.sin(edge) * Math.cos(edge) * config.bins) / corner,
    },
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
  if (plan.parallax.relative > 5e-4) {
    advice.push(
      `Parallax spreads apparent lattice parameters by up to ±${(plan.parallax.relative * 100).toFixed(2)} % (${plan.parallax.pixels.toFixed(1)} pixels at the detector's edge): lattice parameters need the parallax in the model, or a longer distance.`,
    );
  }
  if (config.rangeDeg <= 180 && plan.parallax.relative > 5e-4) {
    advice.push("Over 180 degrees parallax biases peak positions; over 360 degrees it only broadens peaks.");
  }
  return advice;
}
