/** scan.yaml: what was measured, where it lies, and what each stage is told. */
import { dirname, resolve } from "node:path";
import * as z from "zod";
import { AXIS_UNITS, InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { parseYaml } from "../files/yaml.ts";
import { AbsorbConfig } from "../stages/absorb/config.ts";
import { DlsrConfig } from "../stages/dlsr/config.ts";
import { IntegrateConfig } from "../stages/integrate/config.ts";
import { MapConfig } from "../stages/map/config.ts";
import { ReconstructConfig } from "../stages/reconstruct/config.ts";
import { SinogramConfig } from "../stages/sinogram/config.ts";

const path = z.string().min(1);

const Angles = z
  .union([
    z.strictObject({
      start: z.number().default(0).meta({ unit: "degrees", description: "angle of the first line" }),
      end: z.number().default(180).meta({ unit: "degrees", description: "angle at the end of the scan" }),
      inclusive: z.boolean().default(false).meta({ description: "whether the last line is at `end` itself" }),
      passes: z
        .union([z.int().min(1), z.array(z.int().min(0)).min(1)])
        .default(1)
        .meta({
          description:
            "interlaced scans: how often all angles are gone through; pass p of k takes every k-th angle from the p-th on. " +
            "A list gives the order in which passes were taken: [0, 2, 1, 3]",
        }),
    }),
    z.strictObject({
      list: z.array(z.number()).min(2).meta({ unit: "degrees", description: "one angle for each line" }),
    }),
    z.strictObject({ file: path.meta({ description: "text file with one angle a line, in degrees" }) }),
  ])
  .meta({ description: "sample rotation of each line" });
export type AnglesConfig = z.output<typeof Angles>;

const file = z.strictObject({ file: path.meta({ description: "text file with one value a frame" }) });
const mm = { unit: "mm" };

/** Scans whose fast axis is the rotation. */
const Turning = z.strictObject({
  angles: z
    .union([
      z.strictObject({
        first: z.number().default(0).meta({ unit: "degrees", description: "in the middle of the first frame" }),
        perFrame: z
          .number()
          .refine((value) => Math.abs(value) > 1e-6 && Math.abs(value) <= 120, {
            message: "at least three frames in a turn are needed: up to 120 degrees, or -120, and not 0",
          })
          .meta({
            unit: "degrees",
            description: "from one frame to the next; a turn need not be a whole number of them",
          }),
      }),
      file,
    ])
    .meta({
      unit: "degrees",
      description: "of each frame, in the middle of its exposure: from the speed, or as an encoder wrote them",
    }),
  positions: z
    .union([
      z.strictObject({
        first: z.number().default(0).meta(mm),
        stepMm: z.number().positive().meta({ unit: "mm", description: "from one translation to the next" }),
        turns: z.int().min(1).default(1).meta({ description: "turns at each translation" }),
      }),
      z.strictObject({
        first: z.number().default(0).meta(mm),
        mmPerTurn: z.number().positive().meta({ unit: "mm", description: "that the translation creeps in a turn" }),
      }),
      file,
    ])
    .meta({ unit: "mm", description: "of the translation at each frame: stepped, creeping, or from an encoder" }),
  passes: z
    .strictObject({
      turns: z.int().min(1).meta({ description: "turns of one pass over all translations" }),
      offsetsMm: z
        .array(z.number())
        .min(1)
        .default([0])
        .meta({ unit: "mm", description: "what each pass is moved by, over and over: [0, 0.05] interlaces two" }),
      toAndFro: z.boolean().default(false).meta({ description: "every second pass runs backwards" }),
    })
    .optional()
    .meta({ description: "where the translations are gone through several times; with positions from speeds" }),
  turns: z
    .strictObject({ from: z.int().min(0).default(0), to: z.int().min(1).optional() })
    .optional()
    .meta({ description: "the part in time that is taken, in turns from 0; left out: all" }),
  axisMm: z
    .number()
    .optional()
    .meta({ unit: "mm", description: "position at which the beam meets the rotation axis; left out: found" }),
});
export type TurningConfig = z.output<typeof Turning>;

const Frames = z.strictObject({
  kind: z.literal("frames"),
  files: z
    .union([path, z.array(path).min(1)])
    .meta({ description: "detector images: a file, a folder, a pattern with *, or a list; in order of acquisition" }),
  dataset: path.optional().meta({ description: "dataset inside an HDF5 file; left out: found" }),
  poni: path.meta({ description: "geometry, as written by `xrdct calibrate` or pyFAI" }),
  mask: path.optional().meta({ description: "image whose non-zero pixels are left out" }),
  flat: path.optional().meta({ description: "flat field" }),
  dark: path.optional().meta({ description: "dark image" }),
  translations: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "frames in a line; needed unless the sample is turning" }),
  badPixels: z
    .enum(["auto", "off"])
    .default("auto")
    .meta({ description: "leave out pixels that are hot or dead in frames from all over the scan" }),
  monitor: path.optional().meta({ description: "text file with one monitor reading a frame" }),
  exposure: path.optional().meta({ description: "text file with one exposure time in seconds a frame" }),
  transmitted: path.optional().meta({ description: "text file with one reading of the transmitted beam a frame" }),
});
const P07 = z.strictObject({
  kind: z.literal("p07"),
  folder: path.meta({
    description: "folder of NAME_data_000001.h5 ... and, with monitor and diode, NAME_cnt_00000.nxs ...",
  }),
});
/** Which array of an HDF5 file holds patterns, and what its bins are; all found where the file says it. */
const arrayInFile = {
  dataset: path.optional().meta({ description: "dataset of the patterns; left out: found" }),
  axisDataset: path.optional().meta({ description: "dataset of the radial axis; left out: found" }),
  axisUnit: z.enum(AXIS_UNITS).optional().meta({ description: "of the radial axis, where the file does not say it" }),
};
const Patterns = z.strictObject({
  kind: z.literal("patterns"),
  file: path.meta({ description: "HDF5 file with patterns [angle, translation, bin]; a pyFAI diffraction map is one" }),
  ...arrayInFile,
});
const Sinograms = z.strictObject({
  kind: z.literal("sinograms"),
  file: path.meta({ description: "HDF5 file with a sinogram, or a stack of them" }),
  dataset: path.meta({ description: "dataset of the sinograms" }),
  layout: z
    .array(z.enum(["angle", "translation", "slice", "bin"]))
    .min(2)
    .max(4)
    .default(["angle", "translation"])
    .meta({ description: "what each dimension of the dataset is, slowest first" }),
  slice: z.int().min(0).default(0).meta({ description: "which of the slices, where the layout has them" }),
  anglesDataset: path.optional().meta({ unit: "degrees", description: "dataset with the angle of each projection" }),
  axisDataset: path.optional().meta({ description: "dataset with the radial axis of the bins; left out: 0, 1, 2 ..." }),
  axisUnit: z.enum(AXIS_UNITS).optional().meta({ description: "of axisDataset, where the file does not say it" }),
  flat: path.optional().meta({ description: "dataset of the open beam: the layout without angle, or a stack of it" }),
  dark: path.optional().meta({ description: "dataset without beam, alike" }),
  monitor: path.optional().meta({ description: "dataset that divides: [angle], [angle, translation] or as the data" }),
  openBeam: z
    .union([z.number().positive(), z.literal("brightest")])
    .optional()
    .meta({
      description:
        "reading without sample, after flat and monitor, where no flat says it; brightest: the 95th percentile",
    }),
  quantity: z
    .enum(["signal", "line-integral"])
    .default("signal")
    .meta({ description: "line-integral: minus the logarithm of a transmission; signal: the values as they are" }),
});
const Raster = z.strictObject({
  kind: z.literal("raster"),
  files: z
    .union([path, z.array(path).min(1)])
    .meta({ description: "one pattern a point: a folder, a pattern with *, or a list; row by row" }),
  rows: z.int().min(1),
  cols: z.int().min(1),
  axisUnit: z.enum(AXIS_UNITS).optional().meta({ description: "where the files do not say it" }),
});
const VolumeInput = z.strictObject({
  kind: z.literal("volume"),
  file: path.meta({
    description:
      "patterns [y, x, bin]: a volume in nDTomo's layout (/data with /q or /tth), or a pyFAI diffraction map",
  }),
  ...arrayInFile,
});

/** A scan, as scan.yaml: what was measured, where it lies, and what each stage is told. */
export const ScanConfig = z.strictObject({
  title: z.string().default("").meta({ description: "shown in figures and results" }),
  input: z
    .discriminatedUnion("kind", [Frames, P07, Patterns, Sinograms, Raster, VolumeInput])
    .meta({ description: "where the measurement lies" }),
  energyKeV: z.number().positive().optional().meta({
    unit: "keV",
    description:
      "photon energy; for frames the .poni's wavelength serves as well, and sinograms need it only where peaks are mapped",
  }),
  distanceMm: z
    .number()
    .positive()
    .optional()
    .meta({ unit: "mm", description: "sample to detector; for frames the .poni says it" }),
  stepMm: z
    .number()
    .positive()
    .optional()
    .meta({ unit: "mm", description: "translation step, which sizes the voxels" }),
  angles: Angles.prefault({}),
  lines: z
    .strictObject({
      from: z.int().min(0).multipleOf(2).default(0).meta({
        description:
          "first line that is taken, counted from 0 in the order of acquisition; even, so that lines of a zig-zag keep their direction",
      }),
      to: z.int().min(2).optional().meta({ description: "first line that is not taken any more" }),
    })
    .optional()
    .meta({ description: "a part of a scan, as it was taken in time; left out: all lines" }),
  turning: Turning.optional().meta({
    description:
      "the rotation is the fast axis: the sample turns while the translation steps or creeps. Frames, or patterns in " +
      "files of any length, one after the other, take the place of lines; angles and lines do not apply, and stepMm is " +
      "found where it is left out",
  }),
  air: path.optional().meta({
    description: "pattern of the air or the empty cell on the same bins, normalised as the scan will be; subtracted",
  }),
  integrate: IntegrateConfig.prefault({}),
  sinogram: SinogramConfig.prefault({}),
  reconstruct: ReconstructConfig.prefault({}),
  sampleThreshold: z.number().min(0).max(1).default(0.01).meta({
    description:
      "voxels whose mean intensity is under this share of the bright ones' are air and not fitted; 0: all are",
  }),
  map: MapConfig.optional(),
  dlsr: DlsrConfig.optional(),
  absorb: AbsorbConfig.optional().meta({ description: "correction for what the sample absorbs; left out: none" }),
});
export type ScanConfig = z.output<typeof ScanConfig>;

/** A scan.yaml that was read. */
export interface Scan {
  readonly config: ScanConfig;
  /** the scan.yaml's own path */
  readonly path: string;
  /** a path of the config, seen from the scan.yaml's folder */
  readonly resolve: (path: string) => string;
}

/**
 * Reads and checks a scan.yaml; paths in it are seen from its folder.
 *
 * @throws InputError naming the line that is wrong
 */
export const readScan = (path: string): Scan => parseScan(readText(path), path);

/** As readScan, of a text that is not saved yet; `path` is where it would lie. @throws as readScan */
export function parseScan(text: string, path: string): Scan {
  const config = parseYaml(text, path, ScanConfig);
  const { input } = config;
  const isNeeded = input.kind === "sinograms" ? config.map !== undefined : input.kind !== "frames";
  if (isNeeded && config.energyKeV === undefined) {
    throw new InputError(
      "energy-missing",
      `${path}: energyKeV is missing. Patterns carry no energy of their own: add a line like "energyKeV: 71".`,
    );
  }
  checkTurning(config, path);
  const folder = dirname(resolve(path));
  return { config, path, resolve: (part) => resolve(folder, part) };
}

/** @throws InputError "translations-missing" | "turning-input" */
function checkTurning({ input, turning, lines }: ScanConfig, path: string): void {
  if (!turning) {
    if (input.kind !== "frames" || input.translations !== undefined) return;
    throw new InputError(
      "translations-missing",
      `${path}: input.translations is missing, the number of frames in a line. Add it, or the section turning where the rotation is the fast axis.`,
    );
  }
  const wrong =
    input.kind === "raster" || input.kind === "volume"
      ? `input.kind is ${input.kind}, which has no rotation`
      : lines
        ? "lines are of scans whose fast axis is the translation; give turning.turns"
        : turning.passes && "file" in turning.positions
          ? "passes go with positions from speeds, and positions are from a file, which holds them already"
          : undefined;
  if (wrong) throw new InputError("turning-input", `${path}: turning: ${wrong}. Correct or remove it.`);
}
