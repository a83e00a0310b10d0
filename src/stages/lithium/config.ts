import * as z from "zod";

const positive = z.number().positive();
const share = z.number().min(0).max(1);

export const ReferenceStateConfig = z.strictObject({
  x: z.number().min(0).max(2).meta({ description: "lithium a formula unit in this state" }),
  a: positive.meta({ unit: "angstrom", description: "measured as the maps are" }),
  c: positive.meta({ unit: "angstrom", description: "likewise" }),
  xEsd: z.number().min(0).optional().meta({ description: "standard uncertainty of x; left out: the table's" }),
});

export const LithiumConfig = z.strictObject({
  table: z.string().min(1).default("auto").meta({
    description:
      "a and c over x: NMC811, NMC532, or a file (.csv, .yaml); auto: by the composition of the cathode's phase",
  }),
  tableXEsd: z.number().min(0).optional().meta({
    description:
      "standard uncertainty of x that the whole table shares; left out: the table's own (0.05 for those of the program)",
  }),
  tableEsdA: z.number().min(0).optional().meta({
    unit: "angstrom",
    description: "how far samples lie off the table's a; left out: the table's own",
  }),
  tableEsdC: z.number().min(0).optional().meta({ unit: "angstrom", description: "likewise of c" }),
  tableSlopeEsd: share.optional().meta({
    description:
      "relative standard uncertainty of differences of x by the table; left out: 0.8 times that of x (0.04 for tables of the program), less where two reference states are known",
  }),
  referenceStates: z.array(ReferenceStateConfig).default([]).meta({
    description: "states whose lithium is known: the table is moved through them",
  }),
  lattice: z.enum(["auto", "cell", "ratio"]).default("auto").meta({
    description:
      "cell: a and c, with scaleEsd; ratio: c/a alone, free of errors of distance, wavelength and parallax, and oftener ambiguous; auto: cell, with a scaleEsd of 2e-4 for cells by dlsr, and of 5e-4 for conventional ones",
  }),
  scaleEsd: z.number().min(0).max(0.1).optional().meta({
    description: "relative standard uncertainty that a and c share: distance, wavelength, parallax",
  }),
  leastShare: share.default(0.1).meta({
    description: "voxels with less of an electrode than this share of a full one get no x",
  }),
  voxelsPerResolution: positive.default(4).meta({
    description: "neighbours share their noise: so many voxels count as one in the esd of a mean",
  }),
  nearMm: positive.default(1).meta({ unit: "mm", description: "what is near the casing, the core, a tab" }),
  depthBins: z.int().min(1).max(200).default(8).meta({ description: "of profiles from separator to collector" }),
  alongMm: positive.default(5).meta({ unit: "mm", description: "step of profiles along the electrode" }),
  inactive: z.array(z.string()).default([]).meta({
    description: "phases of the cathode that take no part; left out: those with inactive in their name",
  }),
  inactiveShare: z.number().min(0).max(0.9).optional().meta({
    description:
      "share of the oxide (by formula units) that takes no part and that the model has no phase for, where it is known; instead of what a search for hidden phases finds",
  }),
  inactiveShareEsd: share.default(0).meta({ description: "its standard uncertainty" }),
  inactiveX: z.number().min(0).max(2).optional().meta({
    description: "its lithium a formula unit; left out: startX, as of oxide that never took part",
  }),
  inactiveXEsd: share.default(0).meta({ description: "its standard uncertainty" }),
  unseenShareEsd: share.optional().meta({
    description:
      "standard uncertainty of the share of the oxide that takes no part and that nobody saw; left out: for 1 % of the slice's mass, which a mean pattern hides, 0.3 % where hidden phases were searched for, none where inactiveShare is given",
  }),
  cathodeMassG: positive.optional().meta({ unit: "g", description: "active oxide in the cell, as lithiated" }),
  cathodeMassEsdG: z.number().min(0).default(0).meta({ unit: "g", description: "its standard uncertainty" }),
  cathodeLoadingMgCm2: positive.optional().meta({
    unit: "mg/cm^2",
    description: "active oxide of one coating; with electrodeAreaCm2, or with places and electrodeHeightMm",
  }),
  cathodeLoadingEsdMgCm2: z.number().min(0).default(0).meta({ unit: "mg/cm^2" }),
  electrodeAreaCm2: positive.optional().meta({ unit: "cm^2", description: "all coatings of the cathode together" }),
  electrodeHeightMm: positive.optional().meta({ unit: "mm", description: "of the roll, along the axis of rotation" }),
  standard: z
    .strictObject({
      phase: z.string().min(1),
      thicknessMm: positive.optional().meta({ unit: "mm", description: "of a foil, with its length" }),
      lengthMm: positive.optional().meta({ unit: "mm", description: "of the foil in the slice" }),
    })
    .optional()
    .meta({
      description: "dense phase that turns scales into amounts: by thickness and length, or full where it is thickest",
    }),
  standardEsd: share.default(0.05).meta({ description: "relative standard uncertainty of amounts by the standard" }),
  capacityMah: z.number().optional().meta({
    unit: "mAh",
    description: "net charge since the cathode held startX: positive where the cell is charged",
  }),
  capacityEsdMah: z.number().min(0).default(0).meta({ unit: "mAh", description: "its standard uncertainty" }),
  startX: z.number().min(0).max(2).optional().meta({
    description:
      "lithium a formula unit of the cathode where the count of the charge begins: 1 for a cell as assembled. Without it electrodes are not held against the charge, and what was released is counted from 1",
  }),
  startAnodeX: share.default(0).meta({ description: "x in Li_x C6 there" }),
  scaleRatioEsd: share.default(0.05).meta({
    description:
      "relative standard uncertainty of the amounts of two phases against each other: texture, absorption, displacement parameters",
  }),
});
export type LithiumConfig = z.output<typeof LithiumConfig>;
