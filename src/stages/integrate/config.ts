import { z } from "zod";
import { AXIS_UNITS } from "../../data/index.ts";

export const STATISTICS = ["mean", "trimmed-mean", "median", "sigma-clip"] as const;
export const SPLITTINGS = ["none", "bbox", "full"] as const;
export const ERROR_MODELS = ["poisson", "azimuthal"] as const;

const range = z.tuple([z.number(), z.number()]);

/** Settings of the stage integrate, as in scan.yaml: axis, bins, statistic, splitting, corrections. */
export const IntegrateConfig = z.strictObject({
  axis: z.enum(AXIS_UNITS).default("two-theta").meta({ description: "radial axis of the patterns" }),
  bins: z.int().min(1).max(1_000_000).default(1500).meta({ description: "radial bins" }),
  range: range
    .nullable()
    .default(null)
    .meta({ description: "outer edges of the first and last bin; null: all unmasked pixels", unit: "that of axis" }),
  split: z
    .enum(SPLITTINGS)
    .default("none")
    .meta({ description: "how a pixel is shared between the bins that it covers; splitting broadens sharp rings" }),
  statistic: z
    .enum(STATISTICS)
    .default("sigma-clip")
    .meta({ description: "what stands for the pixels of a bin (docs/decisions/0007-default-statistic.md)" }),
  trim: z.number().min(0).max(0.5).default(0.1).meta({
    description: "trimmed-mean: fraction of a bin's pixels dropped at each end; 0.5 is the median",
    unit: "1",
  }),
  clip: z
    .strictObject({
      errorModel: z
        .enum(ERROR_MODELS)
        .default("azimuthal")
        .meta({ description: "spread expected in a bin: from counting statistics, or as found along the ring" }),
      threshold: z
        .number()
        .positive()
        .default(3)
        .meta({ description: "pixels further from the mean are dropped (never below Chauvenet's)", unit: "sigma" }),
      iterations: z.int().min(1).max(100).default(5).meta({ description: "at most so many rounds" }),
    })
    .prefault({}),
  solidAngle: z.boolean().default(true).meta({ description: "divide by the solid angle of each pixel" }),
  polarization: z
    .number()
    .min(-1)
    .max(1)
    .nullable()
    .default(0.99)
    .meta({ description: "degree of horizontal polarisation that is corrected; null: no correction", unit: "1" }),
  dummy: z
    .number()
    .nullable()
    .default(null)
    .meta({ description: "a count that marks a missing pixel, besides negative counts and NaN", unit: "counts" }),
  chiBins: z
    .int()
    .min(1)
    .max(36_000)
    .nullable()
    .default(null)
    .meta({ description: "azimuthal bins of a 2D (cake) pattern; null: 1D" }),
  chiRange: range.default([-180, 180]).meta({ description: "azimuths of the cake", unit: "deg" }),
});
export type IntegrateConfig = z.output<typeof IntegrateConfig>;
