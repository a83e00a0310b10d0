import * as z from "zod";

const positive = z.number().positive();
const composition = z
  .record(z.string(), positive)
  .refine((atoms) => Object.keys(atoms).length > 0, { message: "name at least one element" })
  .meta({ description: "element: atoms, as in {C: 2, H: 4}" });
const densityGCm3 = positive.meta({ unit: "g/cm^3", description: "as it lies in the sample, pores included" });

const ScaleConfig = z.strictObject({
  by: z
    .enum(["auto", "transmission", "phase", "factor", "densest"])
    .default("auto")
    .meta({
      description:
        "what turns Rietveld scales into volume fractions. transmission: least squares through the measured one; phase: " +
        "`phase` is full where it is alone; factor: `factor`; densest: the fullest voxels are full; auto: the first of these that can be",
    }),
  phase: z.string().min(1).optional().meta({ description: "a dense phase, as a steel casing" }),
  factor: positive
    .optional()
    .meta({ description: "volume fraction over scale times cell volume squared (angstrom^6)" }),
  percentile: z.number().gt(0).max(100).optional().meta({
    unit: "%",
    description:
      "of the voxels of the phase (left out: 75), or of the sample (95), that counts as full: noise makes some fuller, edges many emptier",
  }),
});

const RestConfig = z.strictObject({
  composition,
  densityGCm3,
  where: z.enum(["phases", "inside"]).default("phases").meta({
    description:
      "phases: in voxels that hold some phase (`least`); inside: in holes that those enclose as well, as the core of a roll",
  }),
  least: z.number().min(0).max(1).default(0.1).meta({
    description: "volume fraction of all phases from which on a voxel is sample; streaks beside it are less",
  }),
});

const UniformConfig = z
  .strictObject({
    muPerMm: positive.optional().meta({ unit: "1/mm", description: "instead of composition and density" }),
    composition: composition.optional(),
    densityGCm3: densityGCm3.optional(),
    mask: z.string().min(1).optional().meta({
      description: "image of the maps' size (.npy, .tif, .edf), not 0 in the sample; left out: what scatters",
    }),
  })
  .refine((given) => given.muPerMm !== undefined || (given.composition && given.densityGCm3 !== undefined), {
    message: "give muPerMm, or composition and densityGCm3",
  });

const ImageConfig = z.strictObject({
  file: z.string().min(1).meta({ description: "attenuation image (.npy, .tif, .edf), row 0 at the lowest y" }),
  perMm: positive.default(1).meta({ unit: "1/mm", description: "what a value of 1 in the image stands for" }),
  pixelMm: positive.optional().meta({ unit: "mm", description: "left out: the image is on the grid of the maps" }),
  shiftMm: z
    .tuple([z.number(), z.number()])
    .default([0, 0])
    .meta({ unit: "mm", description: "x and y of the image's middle from the rotation axis" }),
  rotationDeg: z.number().default(0).meta({
    unit: "degrees",
    description: "by which the image is turned counter-clockwise, seen from above",
  }),
  register: z
    .enum(["none", "auto"])
    .default("none")
    .meta({ description: "auto: shift and rotation by correlation with the sample's intensity, from those given" }),
  searchMm: positive.optional().meta({ unit: "mm", description: "farthest shift looked for; left out: 10 voxels" }),
  searchDeg: z.number().min(0).max(180).default(10).meta({ unit: "degrees", description: "farthest rotation" }),
});

/** What the sample absorbs, and what is done about it. */
export const AbsorbConfig = z.strictObject({
  from: z
    .enum(["phases", "transmission", "uniform", "image"])
    .default("phases")
    .meta({
      description:
        "where the attenuation comes from. phases: the Rietveld maps, densities and tables; transmission: a measured one, " +
        "ray by ray; uniform: the same in all of the sample; image: a map that exists already",
    }),
  scale: ScaleConfig.prefault({}).meta({ description: "from phases: what makes volume fractions of scales" }),
  rest: RestConfig.optional().meta({
    description: "from phases: what fills voxels up to 1 (electrolyte, separator, binder); left out: nothing",
  }),
  uniform: UniformConfig.optional(),
  image: ImageConfig.optional(),
  order: z
    .enum(["zero", "exact"])
    .default("zero")
    .meta({
      description:
        "zero: rays over their transmission, as if the way out went on straight; exact: what is left of the way out, by " +
        "angle and voxel, is in the projector as well (reconstruct.method sirt or cgls)",
    }),
  minimumTransmission: positive.max(1).default(0.02).meta({
    description: "lower transmissions are taken as this one, flagged opaque, and their sigma is infinite",
  }),
  mostOpaque: z.number().min(0).max(1).default(0.25).meta({
    description: "share of the rays through the sample that may be opaque; more is refused",
  }),
  mostAttenuation: positive.default(2).meta({
    description:
      "from phases, without a measured transmission: -ln T of the sample, were it full, up to which its attenuation is taken from its patterns alone",
  }),
  passes: z.int().min(1).max(5).default(2).meta({
    description: "from phases: most corrections, each from the maps that the one before led to",
  }),
  tolerance: z.number().min(0).default(1e-3).meta({
    description: "from phases: no further pass where it would change bulk weight fractions by less than this",
  }),
});
export type AbsorbConfig = z.output<typeof AbsorbConfig>;
export type AbsorbConfigInput = z.input<typeof AbsorbConfig>;
