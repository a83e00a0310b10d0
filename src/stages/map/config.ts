/** What to fit in every voxel. All positions and widths are in the unit of the patterns' axis. */
import * as z from "zod";
import { RietveldMapConfig } from "./rietveld-config.ts";

const ParameterSpec = z.strictObject({
  value: z.number().optional().meta({ description: "start value; found from the summed pattern where left out" }),
  refine: z
    .enum(["voxel", "sum", "no"])
    .optional()
    .meta({ description: "fitted in every voxel, only on the summed pattern, or never" }),
  min: z.number().optional().meta({ description: "lower bound" }),
  max: z.number().optional().meta({ description: "upper bound" }),
  tie: z
    .string()
    .optional()
    .meta({ description: "name of another peak of the region whose parameter this one follows" }),
  factor: z.number().default(1).meta({ description: "tied value = factor * value of the other peak + offset" }),
  offset: z.number().default(0).meta({ description: "see factor" }),
});
/** A bare number is a start value. */
const Parameter = z.union([z.number().transform((value) => ParameterSpec.parse({ value })), ParameterSpec]);
export type PeakParameter = z.infer<typeof ParameterSpec>;

/** One pseudo-Voigt peak of a region: position or d, width, bounds and ties. */
export const PeakConfig = z.strictObject({
  name: z.string().min(1).meta({ description: "as in map/<region>/<peak>/area" }),
  hkl: z
    .tuple([z.int(), z.int(), z.int()])
    .optional()
    .meta({ description: "reflection, for lattice parameters from peaks" }),
  d: z.number().positive().optional().meta({ unit: "Å", description: "lattice spacing to start from" }),
  position: Parameter.optional().meta({ unit: "axis unit", description: "position to start from, instead of d" }),
  area: Parameter.optional().meta({ unit: "intensity x axis unit", description: "integrated intensity" }),
  fwhm: Parameter.optional().meta({
    unit: "axis unit",
    description: "full width at half maximum; a third to three times its start unless min or max say otherwise",
  }),
  eta: Parameter.optional().meta({ description: "Lorentzian share, 0 to 1; by default fitted on the summed pattern" }),
});
export type PeakConfig = z.infer<typeof PeakConfig>;

/** A range of the axis, in its unit, with the peaks and the background that are fitted in it. */
export const PeakRegion = z
  .strictObject({
    name: z.string().min(1).meta({ description: "as in map/<region>/<peak>/area" }),
    phase: z.string().optional().meta({ description: "the phase the peaks belong to" }),
    range: z
      .tuple([z.number(), z.number()])
      .meta({ unit: "axis unit", description: "first and last axis value that is fitted" }),
    peaks: z.array(PeakConfig).min(1).max(7).meta({ description: "pseudo-Voigts of the region" }),
    background: z.int().min(0).max(3).default(1).meta({ description: "degree of the background polynomial" }),
  })
  .refine(({ range }) => range[0] < range[1], { message: "range must be [low, high]", path: ["range"] });
export type PeakRegion = z.infer<typeof PeakRegion>;

/** A lattice whose parameters follow from several mapped peaks. */
export const LatticeConfig = z.strictObject({
  phase: z.string().meta({ description: "phase of the regions whose peaks with hkl are used" }),
  system: z
    .enum(["cubic", "tetragonal", "hexagonal", "orthorhombic"])
    .meta({ description: "crystal system; trigonal in hexagonal axes is hexagonal" }),
  esdScale: z
    .enum(["gof", "none"])
    .default("gof")
    .meta({ description: "gof: esds times the disagreement of the reflections where that is over their own esds" }),
});
export type LatticeConfig = z.infer<typeof LatticeConfig>;
export type LatticeConfigInput = z.input<typeof LatticeConfig>;

/** Settings of the stage map, as in scan.yaml: regions with peaks, lattices, or a Rietveld model. */
export const MapConfig = z
  .strictObject({
    regions: z
      .array(PeakRegion)
      .default([])
      .meta({ description: "parts of the pattern whose peaks are fitted, each by itself" }),
    rietveld: RietveldMapConfig.optional().meta({
      description: "Rietveld refinement of every voxel; with or without peaks in regions",
    }),
    lattices: z.array(LatticeConfig).default([]).meta({ description: "lattice parameters to map from the peaks" }),
    weights: z
      .enum(["auto", "sigma", "poisson", "uniform"])
      .default("auto")
      .meta({
        description:
          "sigma: 1/sigma² of the patterns; poisson: 1/(gain x model), for raw counts; uniform: equal, the variance from " +
          "the residuals (reconstructed slices without sigma); auto: sigma where there is one, else uniform",
      }),
    gain: z.number().positive().default(1).meta({ description: "variance of a raw count, for poisson weights" }),
    varianceFloor: z
      .number()
      .positive()
      .default(1)
      .meta({ unit: "intensity", description: "least model value that poisson weights are made from" }),
    esdScale: z
      .enum(["none", "gof"])
      .default("none")
      .meta({ description: "gof: esds times the goodness of fit where it is over 1; uniform weights always scale" }),
    firstMoment: z
      .enum(["auto", "off"])
      .default("auto")
      .meta({
        description:
          "auto: maps of what parallax did to lattice parameters, and these corrected to first order, where the scan tells " +
          "(distanceMm, stepMm, a volume reconstructed with parallax in it) and it is over a tenth of the usual esd",
      }),
    minSignificance: z.number().nonnegative().default(4).meta({
      unit: "esd",
      description: "a peak with a smaller area / esd has status noSignal and no position or width",
    }),
    maxShift: z
      .number()
      .positive()
      .optional()
      .meta({ unit: "axis unit", description: "how far a position may move from its start; 1.5 fwhm if left out" }),
    spikeSigma: z
      .number()
      .positive()
      .optional()
      .meta({ unit: "sigma", description: "points further than this from the fit are left out and the fit repeated" }),
    maxIterations: z.int().positive().default(60).meta({ description: "steps a fit may take" }),
    tolerance: z
      .number()
      .positive()
      .default(1e-6)
      .meta({ description: "a fit ends when a step would lower chi² by less than this" }),
  })
  .refine(({ regions, rietveld }) => regions.length > 0 || rietveld !== undefined, {
    message: "nothing to map: give regions with peaks, or rietveld with a model",
    path: ["regions"],
  });
export type MapConfig = z.infer<typeof MapConfig>;
export type MapConfigInput = z.input<typeof MapConfig>;
