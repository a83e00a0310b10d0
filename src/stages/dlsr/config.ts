import * as z from "zod";

const cellParameters = z.record(z.string(), z.number().positive());

export const DlsrPhaseConfig = z.strictObject({
  cell: z.enum(["spatial", "global", "fixed", "eliminated"]).meta({
    description:
      "spatial: lattice parameters in every voxel; global: one cell for the slice, refined; fixed: as the model left it; " +
      "eliminated: whatever of the phase is in a ray is taken out of it, without any map (textured, spotty, not of interest)",
  }),
  scaleMap: z.enum(["refined", "frozen"]).optional().meta({
    description:
      "refined: the scale of every voxel, with the cells; frozen: the conventional map as it is. Left out: refined where the cell is spatial",
  }),
  globalScale: z
    .boolean()
    .optional()
    .meta({ description: "one factor on a frozen scale map, refined; left out: true" }),
  width: z.enum(["refined", "fixed"]).optional().meta({
    description: "one factor on the widths of the phase's lines; left out: refined where the cell is spatial",
  }),
});
export type DlsrPhaseConfig = z.output<typeof DlsrPhaseConfig>;

/** The settings `dlsr` of scan.yaml. Why the defaults are what they are: docs/decisions/0011-direct-reconstruction.md. */
export const DlsrConfig = z.strictObject({
  phases: z
    .record(z.string(), DlsrPhaseConfig)
    .default({})
    .meta({ description: "by phase of the map's model; those not named are eliminated" }),
  start: z
    .strictObject({ result: z.string().min(1) })
    .optional()
    .meta({
      description:
        "result of the same slice at an earlier time, with dlsr: what it added to its conventional maps is where this one starts",
    }),
  recipe: z.enum(["reduced", "paper"]).default("reduced").meta({
    description:
      "paper: scale maps frozen, one global scale a phase, cells of phases not named global, no per-ray scale: what was published",
  }),
  standard: z
    .strictObject({
      phase: z.string().min(1),
      cell: cellParameters.meta({ unit: "angstrom", description: "its true lattice parameters, as a: 4.0495" }),
    })
    .optional()
    .meta({
      description:
        "internal standard: a phase whose cell is known; a common offset in depth, which no other data show, is divided out by it",
    }),
  terms: z.int().min(8).max(128).multipleOf(8).default(32).meta({
    description: "numbers that a ray is reduced to; the precision kept is shown (preview 16, final 48)",
  }),
  depthNodes: z
    .int()
    .min(4)
    .max(64)
    .optional()
    .meta({ description: "depths at which patterns are tabulated; left out: as the lines' widths ask for" }),
  twoThetaRange: z
    .tuple([z.number().positive(), z.number().positive()])
    .optional()
    .meta({ unit: "degrees", description: "part of the patterns that is used; left out: as in the map" }),
  mask: z
    .strictObject({
      threshold: z.number().positive().max(1).default(0.15).meta({
        description: "a voxel belongs to a phase above this share of its typical scale in the conventional map",
      }),
      dilate: z.int().min(0).max(5).default(0).meta({ unit: "voxels", description: "grows masks by so many voxels" }),
    })
    .prefault({}),
  regularisation: z
    .strictObject({
      cell: z
        .union([z.literal("auto"), z.number().min(0)])
        .default("auto")
        .meta({
          description:
            "smoothness of lattice parameters, in units of the median curvature; auto: 0.1 for the best determined, 0.05 for the others",
        }),
      scale: z.number().min(0).default(0.03).meta({ description: "of the scale maps that are refined" }),
      huber: z
        .number()
        .positive()
        .optional()
        .meta({ unit: "0.1 %", description: "differences beyond this are penalised in proportion: keeps edges" }),
    })
    .prefault({}),
  rayScale: z.enum(["auto", "on", "off"]).default("auto").meta({
    description:
      "one free factor a ray: absorption, beam current and dead time fall out; auto: on unless the transmission was measured",
  }),
  blur: z
    .union([z.literal("auto"), z.number().min(0).max(0.25)])
    .default("auto")
    .meta({
      description:
        "share of a ray on each side from the size of the voxel: 1/24 of a voxel that fills its square evenly; auto: that or none, whichever fits better",
    }),
  geometry: z
    .strictObject({
      rotationAxis: z.enum(["refined", "fixed"]).default("refined"),
      distance: z
        .enum(["refined", "fixed"])
        .default("refined")
        .meta({ description: "from the spread that parallax makes; fixed: as given" }),
      depthSign: z
        .union([z.literal("auto"), z.literal(1), z.literal(-1)])
        .default("auto")
        .meta({ description: "which way depth runs: auto tries both and takes what fits; 1 as in the conventions" }),
    })
    .prefault({}),
  intensities: z.int().min(0).max(5).default(2).meta({
    description: "times that the reflections' intensities are put right on the mean pattern, parallax in the model",
  }),
  broadening: z.enum(["auto", "model", "none"]).default("auto").meta({
    description:
      "sizes and strains of the model: auto keeps those that it fixes, and leaves out those refined on the mean pattern, which are mostly parallax",
  }),
  steps: z.int().min(1).max(50).default(5).meta({ description: "outer steps at most, on each level" }),
  innerSteps: z.int().min(1).max(200).default(20).meta({ description: "conjugate gradient steps in each" }),
  levels: z
    .union([z.literal("auto"), z.int().min(1).max(4)])
    .default("auto")
    .meta({ description: "coarse to fine: each level doubles the voxels along an edge" }),
  esd: z
    .enum(["scaled", "diagonal", "probing"])
    .default("scaled")
    .meta({
      description:
        "diagonal: each voxel as if its neighbours were known; probing: spread of solutions of random noise; scaled: " +
        "diagonal, times the factor that two such probes give",
    }),
  probes: z.int().min(2).max(200).default(16).meta({ description: "solutions of random noise, for probing" }),
});
export type DlsrConfig = z.output<typeof DlsrConfig>;
