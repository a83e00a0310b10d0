import { z } from "zod";
import { AXIS_UNITS } from "../../data/index.ts";

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const point = z.tuple([z.number(), z.number()]);

const Near = z.strictObject({
  ring: z
    .strictObject({ centreMm: point.default([0, 0]), radiusMm: positive })
    .optional()
    .meta({ description: "near a circle: the inside of a casing, the edge of a core" }),
  pointMm: point.optional().meta({ description: "near a point: a tab, a defect", unit: "mm" }),
  reachMm: positive.meta({ description: "distance d at which the change, exp(-(d/reach)^2), is 1/e", unit: "mm" }),
  change: z.number().meta({ description: "what it adds where d is 0" }),
});

/** A quantity over the slice that lattice parameters and compositions follow: a lithium content, a temperature. */
export const PlacesField = z.strictObject({
  base: z.number().meta({ description: "value far from all of these places" }),
  near: z.array(Near).default([]).meta({ description: "what each place adds" }),
});
export type PlacesField = z.infer<typeof PlacesField>;

/** A lattice parameter over the slice: one number, or a field around the rotation axis. */
export const FieldConfig = z.union([
  positive.meta({ description: "the same everywhere", unit: "angstrom" }),
  z.strictObject({
    kind: z.literal("radial"),
    centre: positive.meta({ description: "value on the rotation axis", unit: "angstrom" }),
    edge: positive.meta({ description: "value at the radius given", unit: "angstrom" }),
    radiusMm: positive.meta({ unit: "mm" }),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    from: positive.meta({ description: "value half a length before the axis", unit: "angstrom" }),
    to: positive.meta({ description: "value half a length behind the axis", unit: "angstrom" }),
    lengthMm: positive.meta({ unit: "mm" }),
    directionDeg: z.number().default(0).meta({ description: "0 along x, 90 along y", unit: "degree" }),
  }),
  z.strictObject({
    kind: z.literal("stepped"),
    values: z.array(positive).min(1).meta({ description: "in rings of equal width, from the axis", unit: "angstrom" }),
    radiusMm: positive.meta({ description: "outer radius of the last ring", unit: "mm" }),
  }),
  z.strictObject({
    kind: z.literal("curve"),
    field: z.string().meta({ description: "name under fields" }),
    points: z
      .array(z.tuple([z.number(), positive]))
      .min(2)
      .meta({ description: "[field, lattice parameter], rising; straight lines between, the end values beyond" }),
  }),
]);
export type FieldConfig = z.infer<typeof FieldConfig>;

const Crystalline = z.strictObject({
  structure: z.string().optional().meta({ description: "name of the structure; the phase's own name if left out" }),
  a: FieldConfig.optional().meta({ description: "lattice parameter a (b goes with it; c too in a cubic cell)" }),
  c: FieldConfig.optional().meta({ description: "lattice parameter c, where c is normal to a and b" }),
  widthFactor: positive.default(1).meta({ description: "peak width relative to the instrument's" }),
});

const Amorphous = z.strictObject({
  humps: z
    .array(z.strictObject({ dA: positive.meta({ unit: "angstrom" }), fwhmDeg: positive, weight: positive.default(1) }))
    .min(1)
    .meta({ description: "broad maxima, by the d-spacing of their middle" }),
  relativeArea: positive
    .default(1)
    .meta({ description: "area of all humps per volume, in areas of the strongest reflection of all phases" }),
  densityGCm3: positive.meta({ unit: "g/cm^3" }),
  composition: z.record(z.string(), positive).meta({ description: "element: atoms, for the attenuation" }),
});
export const PhaseConfig = z.union([Amorphous, Crystalline]);
export type PhaseConfig = z.infer<typeof PhaseConfig>;
export type AmorphousConfig = z.infer<typeof Amorphous>;
export type CrystallineConfig = z.infer<typeof Crystalline>;

const Mix = z.record(z.string(), share);
/** Volume fractions of phases: the same everywhere, or following a field. */
export const MaterialConfig = z.union([
  z.strictObject({
    field: z.string().meta({ description: "name under fields" }),
    points: z
      .array(z.strictObject({ at: z.number(), phases: Mix }))
      .min(2)
      .meta({ description: "mixtures at rising values of the field; straight lines between, the ends beyond" }),
  }),
  Mix,
]);
export type MaterialConfig = z.infer<typeof MaterialConfig>;

const Placement = z.strictObject({
  rotationDeg: z.number().default(0).meta({ description: "counter-clockwise, about the sample's own origin" }),
  shiftMm: point.default([0, 0]).meta({ description: "of the sample's origin from the rotation axis", unit: "mm" }),
  scale: positive.default(1).meta({ description: "size of the sample relative to the shapes" }),
});
export type Placement = z.infer<typeof Placement>;

const material = z.string().meta({ description: "name under materials, or of a phase, or `empty`" });
const over = z.string().optional().meta({ description: "only where this material lies beneath; left out: everywhere" });
const centreMm = point.default([0, 0]).meta({ description: "x, y from the rotation axis", unit: "mm" });

export const ShapeConfig = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("disc"), material, over, centreMm, radiusMm: positive }),
  z.strictObject({ kind: z.literal("ring"), material, over, centreMm, innerMm: z.number().min(0), outerMm: positive }),
  z.strictObject({
    kind: z.literal("ellipse"),
    material,
    over,
    centreMm,
    semiAxesMm: z.tuple([positive, positive]),
    angleDeg: z.number().default(0),
  }),
  z.strictObject({
    kind: z.literal("rectangle"),
    material,
    over,
    centreMm,
    sizeMm: z.tuple([positive, positive]),
    angleDeg: z.number().default(0),
  }),
  z.strictObject({ kind: z.literal("polygon"), material, over, verticesMm: z.array(point).min(3) }),
  z.strictObject({
    kind: z.literal("jelly-roll"),
    centreMm,
    innerMm: z.number().min(0).meta({ description: "radius of the open core", unit: "mm" }),
    outerMm: positive,
    layers: z
      .array(z.strictObject({ material, thicknessMm: positive }))
      .min(1)
      .meta({ description: "one winding from the inside out; wound counter-clockwise as an Archimedean spiral" }),
    startDeg: z.number().default(0),
  }),
]);
export type ShapeConfig = z.infer<typeof ShapeConfig>;

const Scan = z.strictObject({
  translations: z.int().min(1).max(20000),
  angles: z.int().min(1).max(100000).meta({ description: "angles in the arc, the last one left out" }),
  arcDeg: positive.default(180).meta({ unit: "degree" }),
  firstOmegaDeg: z.number().default(0).meta({ unit: "degree" }),
  includesEnd: z.boolean().default(false).meta({ description: "one more line at the end of the arc" }),
  stepMm: positive.meta({ description: "translation step; the voxel of the truth maps too", unit: "mm" }),
  rotationAxis: z.number().optional().meta({ description: "axis position; the middle if left out", unit: "step" }),
  passes: z
    .union([z.int().min(1), z.array(z.int().min(0)).min(1)])
    .default(1)
    .meta({
      description:
        "interlaced: pass p of k takes every k-th angle from the p-th on; a list gives the order of passes, [0, 2, 1, 3]",
    }),
  turning: z
    .strictObject({
      turns: z.int().min(1).default(1).meta({ description: "turns at each translation" }),
      creeps: z
        .boolean()
        .default(false)
        .meta({ description: "the translation moves on evenly while the sample turns" }),
      stride: positive
        .default(1)
        .meta({ description: "from one translation to the next; the beam stays as wide as a step", unit: "step" }),
      offsets: z
        .array(z.number())
        .min(1)
        .default([0])
        .meta({ description: "one for each pass over the translations: what it is moved by", unit: "step" }),
    })
    .optional()
    .meta({
      description:
        "the rotation is the fast axis: the sample turns by arcDeg (360) while it stands at a translation, or creeps " +
        "to the next; a line is then one turn, of `angles` frames",
    }),
  zigZag: z.boolean().default(false).meta({ description: "every second line runs and is stored backwards" }),
  lineShiftSteps: z.number().min(-3).max(3).default(0).meta({ description: "offset of those lines", unit: "step" }),
  missingLines: z.array(z.int().min(0)).default([]).meta({ description: "lines that were never written" }),
});

const Instrument = z.strictObject({
  energyKeV: z.number().min(5).max(200).default(103.5).meta({ unit: "keV" }),
  distanceMm: positive.default(1000).meta({ unit: "mm" }),
  parallax: z.boolean().default(true),
  absorption: z.boolean().default(true),
  U: z.number().default(0.0636).meta({ description: "FWHM^2 = U tan^2(theta) + V tan(theta) + W", unit: "degree^2" }),
  V: z.number().default(0).meta({ unit: "degree^2" }),
  W: positive.default(5.0625e-4).meta({ unit: "degree^2" }),
  eta: share.default(0.25).meta({ description: "Lorentzian fraction" }),
});

const Axis = z.strictObject({
  unit: z.enum(AXIS_UNITS).default("q"),
  from: z.number(),
  to: z.number(),
  bins: z.int().min(2).max(20000),
});

const Detector = z.strictObject({
  rows: z.int().min(2).max(10000).default(1679),
  cols: z.int().min(2).max(10000).default(1475),
  pixelUm: positive.default(172).meta({ unit: "um" }),
  centreRow: z.number().optional().meta({ description: "point of normal incidence; the middle if left out" }),
  centreCol: z.number().optional(),
  rot1Deg: z.number().default(0).meta({ unit: "degree" }),
  rot2Deg: z.number().default(0).meta({ unit: "degree" }),
  rot3Deg: z.number().default(0).meta({ unit: "degree" }),
  polarization: z.number().min(-1).max(1).default(0.99),
  moduleRows: z.int().min(0).default(0).meta({ description: "rows between gaps; 0: no gaps" }),
  moduleCols: z.int().min(0).default(0),
  gapRows: z.int().min(0).default(17),
  gapCols: z.int().min(0).default(7),
  hotPixels: z.int().min(0).default(0),
  deadPixels: z.int().min(0).default(0),
  spotsPerFrame: z.number().min(0).default(0).meta({ description: "mean number of single-crystal spots" }),
  spotHeight: positive.default(30).meta({ description: "of a spot, in heights of its ring" }),
});

const Noise = z.strictObject({
  countsPerRay: positive
    .default(1e6)
    .meta({ description: "expected on the whole detector, mean over the rays through the sample, unabsorbed" }),
  poisson: z.boolean().default(true),
  airShare: z.number().min(0).default(0.1).meta({ description: "air scatter in shares of countsPerRay" }),
  airDecayDeg: positive.default(2).meta({ unit: "degree" }),
  monitorDrift: share.default(0.01).meta({ description: "amplitude of a slow wave over the scan" }),
  monitorNoise: share.default(0.003).meta({ description: "relative, point by point" }),
  monitorCounts: positive.default(1e5),
  missingFrames: share.default(0).meta({ description: "share of points that hold no data" }),
  spotsPerPattern: z.number().min(0).default(0).meta({ description: "mean number of spots left in a pattern" }),
});

/** A virtual experiment: sample, beam, detector, scan and noise. */
export const SimulateConfig = z.strictObject({
  seed: z.int().default(1),
  scan: Scan,
  instrument: Instrument.prefault({}),
  axis: Axis,
  detector: Detector.prefault({}),
  noise: Noise.prefault({}),
  phases: z.record(z.string(), PhaseConfig),
  later: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({
      description:
        "what of phases, materials, fields and shapes is another at the end of the scan, written as above; numbers go " +
        "from their value to this one evenly, line by line",
    }),
  fields: z
    .record(z.string(), PlacesField)
    .default({})
    .meta({ description: "quantities over the sample that lattice parameters and materials follow" }),
  materials: z
    .record(z.string(), MaterialConfig)
    .default({})
    .meta({ description: "name: { phase: volume fraction }; what is missing to 1 is pores" }),
  shapes: z.array(ShapeConfig).default([]).meta({ description: "later ones are drawn over earlier ones" }),
  placement: Placement.prefault({}).meta({
    description: "how the sample with its shapes and fields lies on the stage",
  }),
  subVoxels: z.int().min(1).max(8).default(2).meta({ description: "parcels along each edge of a voxel" }),
  supersampling: z.int().min(1).max(16).default(4).meta({ description: "sample points along each edge of a parcel" }),
});
export type SimulateConfig = z.infer<typeof SimulateConfig>;
export type SimulateInput = z.input<typeof SimulateConfig>;
