import * as z from "zod";

/** Everything about the sinogram stage that can be said instead of found out. */
export const SinogramConfig = z.strictObject({
  order: z
    .enum(["auto", "unidirectional", "zig-zag"])
    .default("auto")
    .meta({ description: "direction of the lines; zig-zag: every second line runs backwards" }),
  lineShiftSteps: z
    .union([z.literal("auto"), z.number()])
    .default("auto")
    .meta({ unit: "steps", description: "shift of every second line against the first, after it was turned round" }),
  maxLineShiftSteps: z
    .number()
    .positive()
    .default(2.5)
    .meta({ unit: "steps", description: "largest shift of alternate lines looked for" }),
  subStep: z
    .enum(["auto", "never"])
    .default("auto")
    .meta({ description: "auto: shifts that are no whole number of steps are put right by interpolation" }),
  normaliseByMonitor: z.boolean().default(true).meta({ description: "divide by the incident-beam monitor" }),
  normaliseByExposure: z.boolean().default(true).meta({ description: "divide by the exposure time" }),
  monitorDark: z.number().default(0).meta({ unit: "monitor units", description: "monitor reading without beam" }),
  transmission: z
    .enum(["auto", "divide", "ignore"])
    .default("auto")
    .meta({ description: "division by the measured transmission; auto: where a transmitted-beam reading exists" }),
  transmittedDark: z.number().default(0).meta({ unit: "diode units", description: "diode reading without beam" }),
  minimumTransmission: z
    .number()
    .positive()
    .max(1)
    .default(0.02)
    .meta({ description: "lower transmissions are taken as this one and flagged: noise makes them meaningless" }),
  air: z
    .enum(["auto", "given", "outermost", "none"])
    .default("auto")
    .meta({ description: "pattern subtracted: auto takes the given one, else that of sample-free outer translations" }),
  airScale: z.number().default(1).meta({ description: "factor on the subtracted air or empty-cell pattern" }),
  rotationAxis: z
    .union([z.literal("auto"), z.number()])
    .default("auto")
    .meta({ unit: "steps", description: "translation index of the rotation axis" }),
  axisToleranceSteps: z
    .number()
    .positive()
    .default(0.5)
    .meta({ unit: "steps", description: "largest spread between the methods that find the axis" }),
  axisDisagreement: z
    .enum(["flag", "fail"])
    .default("flag")
    .meta({ description: "what to do when the methods differ by more than the tolerance" }),
  closing: z
    .enum(["drop", "average", "keep"])
    .default("drop")
    .meta({ description: "the projection at 180 degrees that repeats the first one mirrored (or at 360, unmirrored)" }),
  jumps: z.enum(["auto", "off"]).default("auto").meta({ description: "put right single projections that jumped" }),
  jumpThresholdSteps: z
    .number()
    .positive()
    .default(0.3)
    .meta({ unit: "steps", description: "smaller jumps are left alone" }),
  hotSpots: z
    .enum(["auto", "off"])
    .default("auto")
    .meta({ description: "replace points far above both neighbouring projections (single crystals, hot pixels)" }),
  hotSigma: z.number().positive().default(6).meta({ unit: "sigma", description: "how far above is far" }),
  hotRelative: z.number().min(0).default(1).meta({
    description: "and by at least this share of the neighbours' maximum; 1 spares whatever is a step wide or more",
  }),
  rings: z
    .enum(["auto", "off"])
    .default("auto")
    .meta({ description: "remove translations with a constant offset; auto: where they are detected" }),
  ringSigma: z.number().positive().default(8).meta({ unit: "sigma", description: "significance a ring must have" }),
  sigma: z
    .enum(["auto", "given", "counting", "none"])
    .default("auto")
    .meta({ description: "uncertainties: those given, or variance = gain x intensity / n(two-theta)" }),
  countingGain: z
    .union([z.literal("auto"), z.number().positive()])
    .default("auto")
    .meta({ description: "gain of the counting model; 1: intensity is counts / n; auto: from neighbouring bins" }),
});
export type SinogramConfig = z.infer<typeof SinogramConfig>;
