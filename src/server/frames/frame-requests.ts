/** What a page may ask about frames: the schemas of the requests in wire-frames.ts. */
import * as z from "zod";
import { isCalibrantName } from "../../pipeline/calibrate-frame.ts";

export const choice = {
  file: z.string(),
  dataset: z.string().optional(),
  frame: z.coerce.number().int().min(0).default(0),
};
const whole = z.coerce.number().int().min(0);

export const SeriesQuery = z.object(choice);
export const ImageQuery = z.object({
  ...choice,
  step: z.coerce.number().int().min(1).max(64).default(1),
  top: whole.optional(),
  left: whole.optional(),
  height: whole.optional(),
  width: whole.optional(),
});

const point = z.tuple([z.number(), z.number()]);
const region = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("rectangle"), from: point, to: point }),
  z.strictObject({ kind: z.literal("ellipse"), from: point, to: point }),
  z.strictObject({ kind: z.literal("polygon"), points: z.array(point).min(3).max(1000) }),
]);
export const MaskBody = z.strictObject({
  file: z.string().optional(),
  isInverted: z.boolean().optional(),
  invalid: z.boolean().optional(),
  gapsOf: z.string().optional(),
  below: z.number().optional(),
  above: z.number().optional(),
  shapes: z
    .array(z.strictObject({ region, isHole: z.boolean().optional() }))
    .max(500)
    .optional(),
  isSwapped: z.boolean().optional(),
});
export const MaskRequest = z.strictObject({
  ...choice,
  mask: MaskBody,
  step: z.number().int().min(1).max(64).default(1),
});
export const MaskSave = z.strictObject({
  ...choice,
  mask: MaskBody,
  path: z.string().min(1),
  overwrite: z.boolean().default(false),
});

export const PoniBody = z.strictObject({
  dist: z.number().positive(),
  poni1: z.number(),
  poni2: z.number(),
  rot1: z.number(),
  rot2: z.number(),
  rot3: z.number(),
  wavelength: z.number().positive().optional(),
  pixel1: z.number().positive(),
  pixel2: z.number().positive(),
  detector: z.string().optional(),
  orientation: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]).optional(),
});
/** checked by the stage's own schema, where the thread has it */
export const Integrate = z.strictObject({
  ...choice,
  poni: PoniBody,
  mask: MaskBody.default({}),
  options: z.record(z.string(), z.unknown()).default({}),
  format: z.enum(["xye", "csv"]).optional(),
});
export const Rings = z.strictObject({
  calibrant: z.string(),
  poni: PoniBody,
  rows: z.number().int().positive(),
  cols: z.number().int().positive(),
});
export const Calibrate = z.strictObject({
  ...choice,
  mask: MaskBody.default({}),
  calibrant: z.string(),
  energyKeV: z.number(),
  distanceMm: z.number(),
  pixelUm: z.number().positive().optional(),
  detector: z.string().optional(),
  centrePx: point.optional(),
  refineEnergy: z.boolean().default(false),
  refineTilt: z.boolean().default(true),
  check: z.string().optional(),
});
export const ExportQuery = z.object({ ...choice, format: z.enum(["tif", "edf", "npy"]) });

/** A standard is a name; anything else is a path. */
export const isPath = (calibrant: string): boolean => !isCalibrantName(calibrant) && /\.\w+$/.test(calibrant);
