import * as z from "zod";

export const FILTERS = ["ram-lak", "shepp-logan", "cosine", "hamming", "hann"] as const;
export type FilterName = (typeof FILTERS)[number];

export const METHODS = ["fbp", "sirt", "cgls", "mlem"] as const;

/** Settings of the stage reconstruct, as in scan.yaml: method, filter, iterations, parallax. */
export const ReconstructConfig = z.strictObject({
  method: z.enum(METHODS).default("fbp").meta({
    description:
      "fbp: filtered back-projection, fast. sirt, cgls: least squares, better from few angles or noisy data. mlem: for counts without negative values",
  }),
  filter: z.enum(FILTERS).default("ram-lak").meta({
    description: "window on the ramp of fbp; ram-lak is the sharpest, hann the smoothest",
  }),
  cutoff: z.number().gt(0).max(1).default(1).meta({
    unit: "of the Nyquist frequency",
    description: "fbp keeps nothing above this frequency; the window ends there",
  }),
  size: z.int().positive().optional().meta({
    unit: "voxels",
    description:
      "edge of the square grid, one translation step a voxel, centred on the rotation axis; as many as translations where not given",
  }),
  iterations: z.int().positive().optional().meta({
    description: "most iterations of sirt (default 200), cgls (40) and mlem (100)",
  }),
  nonNegative: z.boolean().default(true).meta({
    description:
      "sirt and cgls keep voxels at or above 0; mlem always does. Switch off where negative values mean something (after a background subtraction, say)",
  }),
  relaxation: z.number().gt(0).lt(2).default(1).meta({ description: "step of sirt, 0 to 2" }),
  tolerance: z.number().min(0).default(1e-3).meta({
    description: "without sigma: stop when the residual has fallen by less than this fraction in an iteration",
  }),
  discrepancy: z.number().positive().default(1).meta({
    description: "with sigma: stop when the residual reaches this times its expected size (Morozov)",
  }),
  parallax: z.boolean().default(false).meta({
    description:
      "sirt and cgls: undo the shift of patterns by their depth along the beam, without knowing any phase; needs distanceMm and stepMm",
  }),
  depthSign: z
    .union([z.literal(1), z.literal(-1)])
    .default(1)
    .meta({
      description:
        "with parallax: 1 where depth grows towards the detector as -x sin(omega) + y cos(omega), -1 where it falls (a mirrored slice or the other sense of rotation)",
    }),
  valuesPer: z.enum(["voxel", "mm"]).default("voxel").meta({
    description:
      "voxel: a ray is the sum of voxel values times path in steps. mm: the same divided by the step, as for an attenuation per mm",
  }),
});
export type ReconstructConfig = z.infer<typeof ReconstructConfig>;
/** What a user writes: every field may be left out. */
export type ReconstructConfigInput = z.input<typeof ReconstructConfig>;

export const DEFAULT_ITERATIONS = { sirt: 200, cgls: 40, mlem: 100 } as const;
