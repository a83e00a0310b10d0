import * as z from "zod";
import { CALIBRANTS } from "./calibrants.ts";

const pixelSize = z.number().positive();

/** One declaration gives the type, the defaults, the flags of the command and the table in the docs. */
export const CalibrateConfig = z.strictObject({
  calibrant: z
    .union([
      z.enum(CALIBRANTS),
      z.strictObject({
        name: z.string(),
        dA: z.array(z.number().positive()).min(2).meta({ unit: "Å", description: "lattice spacings" }),
        intensity: z
          .array(z.number().nonnegative())
          .optional()
          .meta({ description: "relative intensity of each ring's azimuthal mean; all equal where left out" }),
      }),
    ])
    .default("CeO2")
    .meta({ description: "the standard: its name, or its lattice spacings" }),
  energyKeV: z.number().positive().max(1000).meta({ unit: "keV", description: "photon energy" }),
  distanceMm: z
    .number()
    .positive()
    .meta({ unit: "mm", description: "sample to detector, roughly: see distanceTolerance" }),
  distanceTolerance: z
    .number()
    .positive()
    .max(0.5)
    .default(0.1)
    .meta({ description: "how far the true distance may be from distanceMm, as a fraction of it" }),
  pixelSizeUm: z
    .union([pixelSize, z.tuple([pixelSize, pixelSize])])
    .meta({ unit: "µm", description: "pixel size, or [along the rows' direction (slow), along the columns' (fast)]" }),
  centrePx: z
    .tuple([z.number(), z.number()])
    .optional()
    .meta({ unit: "pixel", description: "beam centre [row, column], roughly; found by itself where left out" }),
  refineEnergy: z
    .boolean()
    .default(false)
    .meta({ description: "refine the energy too: it correlates with the distance, so only with rings to high angles" }),
  refineTilt: z
    .boolean()
    .default(true)
    .meta({ description: "refine rot1 and rot2; false holds the detector normal to the beam" }),
  sectorDeg: z
    .number()
    .min(0.5)
    .max(45)
    .default(5)
    .meta({ unit: "°", description: "azimuth over which the pixels of a ring give one point" }),
  minCoverage: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .meta({
      description:
        "where at least ten rings are seen in this part of their circle or more, compared with the ring seen best, " +
        "the others are left out: rings in the corners rest on the placement of a few modules",
    }),
  maxRings: z.int().min(2).default(40).meta({ description: "how many rings are used, from the centre outwards" }),
});
export type CalibrateConfig = z.infer<typeof CalibrateConfig>;
