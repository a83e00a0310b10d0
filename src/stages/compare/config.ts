import * as z from "zod";
import { RegistrationConfig } from "../../registration/index.ts";

const edges = (description: string, values: number[]) =>
  z.array(z.number().positive()).default(values).meta({ description, unit: "mm" });

/** How cells are brought together and what is taken of them. */
export const CompareConfig = z.strictObject({
  align: z
    .boolean()
    .default(true)
    .meta({ description: "lay the cells on the reference by registration; false: their grids are taken as they are" }),
  registration: RegistrationConfig.prefault({}),
  voxelMm: z
    .number()
    .positive()
    .optional()
    .meta({ description: "voxel of the common grid; left out: the reference's", unit: "mm" }),
  cropMargin: z.number().min(0).default(2).meta({ description: "left around the casing", unit: "voxel" }),
  mask: z.enum(["common", "own"]).default("common").meta({
    description: "voxels that count: those that hold the phase in every cell, or those that hold it in the cell itself",
  }),
  leastWeightFraction: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ description: "weight fraction from which a voxel holds a phase" }),
  maps: z
    .array(z.string())
    .optional()
    .meta({ description: "maps to compare, as in NMC532/c; left out: cells, weight fractions and x of all phases" }),
  standard: z.string().optional().meta({
    description: "phase that has one lattice parameter in all cells: errors of distance and wavelength are divided out",
  }),
  standardEsdPpm: z.number().positive().optional().meta({
    description:
      "standard uncertainty of the standard where it is known; left out: what the other foils and the casing say",
    unit: "ppm",
  }),
  casingEdgesMm: edges("edges of the bands of distance to the casing", [0.5, 1, 2]),
  coreEdgesMm: edges("edges of the bands of distance to the core", [0.5, 1, 2]),
  tabEdgesMm: edges("edges of the bands of distance to the tab", [0.5, 1, 2]),
});
export type CompareConfig = z.output<typeof CompareConfig>;
