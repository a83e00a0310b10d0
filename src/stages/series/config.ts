import * as z from "zod";

/** How a series of maps is summed up. */
export const SeriesConfig = z.strictObject({
  maps: z
    .array(z.string().min(1))
    .min(1)
    .default(["*/a", "*/b", "*/c", "*/weight_fraction", "*/scale", "rwp", "gof"])
    .meta({ description: "names (with *) of the maps that the series keeps" }),
  significance: z.number().positive().default(3).meta({
    unit: "esd",
    description: "by how much a change between steps must stand out of an even one to be given a time",
  }),
  leastIntensity: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ description: "steps with a smaller share of the series' median intensity are dark and left out" }),
});
export type SeriesConfig = z.output<typeof SeriesConfig>;
