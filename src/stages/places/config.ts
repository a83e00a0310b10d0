import { z } from "zod";

const share = z.number().gt(0).lt(1);

/** How the places of a cell are found; the defaults are for a wound cylindrical cell. */
export const PlacesConfig = z.strictObject({
  casingHarmonics: z
    .int()
    .min(0)
    .max(16)
    .default(4)
    .meta({ description: "waves around the casing that its inside may have: 1 a shift, 2 an oval" }),
  presence: share
    .default(0.5)
    .meta({ description: "of its own plateau, from which on a voxel counts as made of a material" }),
  wall: share.default(0.5).meta({ description: "of the casing's height, where its edges are taken" }),
  pitchMm: z
    .number()
    .positive()
    .optional()
    .meta({ description: "distance from turn to turn; found from the maps where left out", unit: "mm" }),
  winding: z
    .enum(["found", "outwards-counterclockwise", "outwards-clockwise"])
    .default("found")
    .meta({ description: "sense in which the roll is wound from its core, as the slice is drawn (y up)" }),
  separatorMm: z
    .number()
    .positive()
    .optional()
    .meta({ description: "thickness of the separator; the gap between facing coatings where left out", unit: "mm" }),
  smoothMm: z
    .number()
    .positive()
    .optional()
    .meta({ description: "length over which collectors are smoothed; six voxels where left out", unit: "mm" }),
  thicknessWindowMm: z
    .number()
    .positive()
    .default(2)
    .meta({ description: "length of electrode from which one thickness is taken", unit: "mm" }),
});
export type PlacesConfig = z.infer<typeof PlacesConfig>;
export type PlacesInput = z.input<typeof PlacesConfig>;
