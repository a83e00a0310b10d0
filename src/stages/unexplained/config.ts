/** Settings of the search for phases that the mean pattern hides. */
import * as z from "zod";

export const UnexplainedConfig = z.strictObject({
  cells: z
    .enum(["surroundings", "own"])
    .default("surroundings")
    .meta({
      description:
        "what a voxel is held against: the median cells of its surroundings, or its own of the map, which a hidden " +
        "phase may have pulled towards itself",
    }),
  radius: z.int().min(1).max(20).default(3).meta({ unit: "voxels", description: "of the surroundings" }),
  rank: z
    .union([z.literal("auto"), z.int().min(1).max(12)])
    .default("auto")
    .meta({
      description: "number of components; auto: as long as one explains more than it would of noise",
    }),
  maxRank: z.int().min(1).max(12).default(6).meta({ description: "most components of auto" }),
  leastGain: z.number().positive().default(2).meta({
    description:
      "of auto: what a component must explain, in times what it explains where voxels are shifted bin by bin",
  }),
  iterations: z.int().min(1).max(1000).default(60).meta({ description: "of the factorisation" }),
  memoryMb: z.number().min(16).default(1000).meta({
    unit: "MB",
    description: "for the residuals that are factorised; what does not fit is pooled, voxels first",
  }),
  minSignificance: z.number().positive().default(8).meta({
    unit: "sigma",
    description: "weakest peak of a component that is listed",
  }),
  reach: z.number().positive().max(0.05).default(0.015).meta({
    description: "how far the cell of a candidate may be from its structure file, relative",
  }),
  ownReach: z.number().positive().max(0.08).default(0.03).meta({
    description: "the same for structures that are in the model already, from the model's cell",
  }),
  elements: z.array(z.string().min(1)).optional().meta({
    description: "candidates have no other elements than these; left out: any",
  }),
  leastScore: z.number().min(0).max(1).default(0.5).meta({
    description: "share of a component that a candidate must explain to be called a phase",
  }),
  cellSpread: z
    .number()
    .min(0)
    .max(0.02)
    .default(0.003)
    .meta({
      description:
        "how far the cell of a phase of the model may be from the one that it has there and still be that phase: strain, " +
        "temperature, relative. What depth along the beam does to spacings comes to it",
    }),
  windows: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[\w.-]+$/)
          .meta({ description: "of its maps" }),
        fromDeg: z.number().meta({ unit: "degrees 2theta", description: "where it begins" }),
        toDeg: z.number().meta({ unit: "degrees 2theta", description: "where it ends" }),
      }),
    )
    .default([])
    .meta({
      description: "parts of the pattern whose misfit is mapped, besides those about lines that are not explained",
    }),
  mostWindows: z.int().min(0).max(100).default(12).meta({
    description: "most windows about lines that are not explained",
  }),
  mostChance: z.number().positive().max(0.5).default(0.001).meta({
    description: "how likely it may be at most that the hot spots fit better with a phase by chance (F test)",
  }),
});
export type UnexplainedConfig = z.output<typeof UnexplainedConfig>;
export type UnexplainedConfigInput = z.input<typeof UnexplainedConfig>;
