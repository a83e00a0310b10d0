/** Rietveld refinement of every voxel from the model of the summed pattern. */
import * as z from "zod";

/** Settings of a Rietveld map, as map.rietveld in scan.yaml. */
export const RietveldMapConfig = z.strictObject({
  model: z.string().min(1).meta({ description: "model.yaml of the summed pattern, refined first" }),
  refine: z
    .array(z.string().min(1))
    .default(["*/scale", "*/a", "*/b", "*/c", "*/alpha", "*/beta", "*/gamma", "background/*", "peaks/*/area"])
    .meta({
      description:
        "names (with *) of what is refined in voxels, out of what the model refines; all else stays as on the sum. " +
        "Default: scales, cells, background and areas of free peaks",
    }),
  weights: z
    .enum(["auto", "slice", "sigma", "poisson", "uniform"])
    .default("auto")
    .meta({
      description:
        "slice: 1/sigma² of the mean pattern in every voxel, so that what voxels hold adds up to what the slice holds; " +
        "sigma: each voxel's own; poisson: raw counts; uniform; auto: slice where voxels were reconstructed with sigma, " +
        "else sigma where there is one, else uniform",
    }),
  gain: z.number().positive().default(1).meta({ description: "variance of a raw count, for poisson weights" }),
  esdScale: z.enum(["none", "gof"]).default("none").meta({
    description: "gof: esds times the goodness of fit where it is over 1; uniform weights always scale",
  }),
  minSignificance: z.number().nonnegative().default(4).meta({
    unit: "esd",
    description: "a phase with a smaller scale / esd has status noSignal: its cell is frozen and not mapped",
  }),
  scales: z
    .enum(["free", "positive"])
    .default("free")
    .meta({
      description:
        "free: scales may come out below 0, as noise and streaks make them, and sums over voxels are without bias; " +
        "weight fractions are of those above 0",
    }),
  cellRange: z.number().positive().max(0.2).default(0.02).meta({
    description: "how far cell lengths may move from the summed pattern's, relative",
  }),
  start: z
    .union([
      z.enum(["neighbour", "sum"]),
      z.strictObject({
        result: z
          .string()
          .min(1)
          .meta({ description: "result of an earlier scan of the same slice, on the same grid" }),
      }),
    ])
    .default("neighbour")
    .meta({
      description:
        "where a voxel starts: from the one before in its block where that fitted well, from the sum, or from its own " +
        "values in another result, where these fit as well as they did there",
    }),
  phaseMasks: z.record(z.string(), z.string().min(1)).default({}).meta({
    description: "by phase: image of the map's size (.npy, .tif, .edf), 0 where the phase is not",
  }),
  maxIterations: z.int().positive().default(60).meta({ description: "steps a fit may take" }),
});
export type RietveldMapConfig = z.infer<typeof RietveldMapConfig>;
