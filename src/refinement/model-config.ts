/** model.yaml: what a pattern is made of, which of its numbers are refined, and in which order. */
import * as z from "zod";

const ParameterSpec = z.strictObject({
  value: z.number().optional().meta({ description: "start; found or taken from the structure where left out" }),
  refine: z
    .boolean()
    .optional()
    .meta({ description: "whether it is refined; see docs/model-yaml.md for the defaults" }),
  min: z.number().optional().meta({ description: "lower bound" }),
  max: z.number().optional().meta({ description: "upper bound" }),
  stage: z.int().min(1).max(9).optional().meta({ description: "stage in which it is first refined" }),
});
/** A bare number is a value that is not refined; true: refined from where it starts. */
export const Parameter = z.union([
  z.number().transform((value) => ParameterSpec.parse({ value, refine: false })),
  z.boolean().transform((refine) => ParameterSpec.parse({ refine })),
  ParameterSpec,
]);
export type ParameterSpec = z.output<typeof ParameterSpec>;

const Ascending = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, "two numbers are needed, the lower one first");
const Hkl = z.tuple([z.int(), z.int(), z.int()]);

/** Names of the laboratory tubes' radiations. */
export const RADIATIONS = ["CrKa", "FeKa", "CoKa", "CuKa", "CuKa1", "MoKa", "AgKa"] as const;

const Radiation = z.union([
  z.enum(RADIATIONS).meta({ description: "K-alpha doublet of a laboratory tube; CuKa1: its first line alone" }),
  z.strictObject({
    lines: z
      .array(
        z.strictObject({
          wavelength: z.number().positive().meta({ unit: "Å" }),
          weight: z.number().positive().default(1).meta({ description: "relative intensity" }),
        }),
      )
      .min(1),
  }),
]);

const Profile = z
  .strictObject({
    shape: z.enum(["tchz", "pseudo-voigt"]).default("tchz").meta({
      description: "tchz: U V W X Y Z, size and strain; pseudo-voigt: U V W eta0 eta1 and a width for each phase",
    }),
    U: Parameter.optional().meta({ unit: "°²", description: "FWHM² = U tan² θ + V tan θ + W" }),
    V: Parameter.optional().meta({ unit: "°²" }),
    W: Parameter.optional().meta({ unit: "°²" }),
    X: Parameter.optional().meta({ unit: "°", description: "Lorentzian FWHM = X / cos θ + Y tan θ + Z" }),
    Y: Parameter.optional().meta({ unit: "°" }),
    Z: Parameter.optional().meta({ unit: "°" }),
    eta0: Parameter.optional().meta({ description: "Lorentzian share = eta0 + eta1 2θ" }),
    eta1: Parameter.optional().meta({ unit: "1/°" }),
    SL: Parameter.optional().meta({ description: "S/L of the axial divergence; asymmetry is calculated where given" }),
    HL: Parameter.optional().meta({ description: "H/L of the axial divergence; equal to S/L where left out" }),
    asym: Parameter.optional().meta({
      unit: "°",
      description:
        "Howard's asymmetry A in place of S/L: lines reach to 2θ - A / tan 2θ; of either sign, GSAS's asym is 100 times it",
    }),
  })
  .refine(({ SL, HL, asym }) => asym === undefined || (SL === undefined && HL === undefined), {
    path: ["asym"],
    error: "there are two asymmetries, asym (Howard) and SL, HL (axial divergence): take one of them out",
  });

const Background = z.union([
  z
    .int()
    .min(0)
    .max(36)
    .transform((chebyshev) => ({ chebyshev })),
  z.strictObject({
    chebyshev: z
      .union([z.int().min(0).max(36), z.array(z.number()).min(1).max(36)])
      .default(0)
      .meta({ description: "number of Chebyshev terms, or their coefficients to start from" }),
    points: z
      .array(z.union([z.number(), z.tuple([z.number(), z.number()])]))
      .min(2)
      .optional()
      .meta({ description: "2θ, or [2θ, intensity], of points between which the background runs straight" }),
    measured: z
      .strictObject({
        file: z.string().min(1).meta({ description: "pattern measured without sample" }),
        scale: Parameter.optional(),
      })
      .optional(),
    refine: z.boolean().optional().meta({ description: "of Chebyshev terms and points; yes where left out" }),
  }),
]);

const FreePeak = z.strictObject({
  name: z.string().min(1),
  position: Parameter.meta({ unit: "°" }),
  fwhm: Parameter.optional().meta({ unit: "°" }),
  eta: Parameter.optional(),
  area: Parameter.optional().meta({ unit: "intensity °" }),
});

const SiteSpec = z.strictObject({
  x: Parameter.optional(),
  y: Parameter.optional(),
  z: Parameter.optional(),
  occupancy: Parameter.optional(),
  b: Parameter.optional().meta({ unit: "Å²", description: "isotropic displacement B" }),
});

const CellSpec = z.union([
  z.boolean().transform((refine) => ({ refine })),
  z.strictObject({
    refine: z.boolean().optional().meta({ description: "of all free cell parameters without a setting of their own" }),
    a: Parameter.optional().meta({ unit: "Å" }),
    b: Parameter.optional().meta({ unit: "Å" }),
    c: Parameter.optional().meta({ unit: "Å" }),
    alpha: Parameter.optional().meta({ unit: "°" }),
    beta: Parameter.optional().meta({ unit: "°" }),
    gamma: Parameter.optional().meta({ unit: "°" }),
  }),
]);

const Ellipse = z.union([
  Parameter,
  z.strictObject({
    axis: Hkl.meta({ description: "hkl along which it differs" }),
    across: Parameter,
    along: Parameter,
  }),
]);

const PhaseSpec = z.strictObject({
  name: z.string().min(1).optional().meta({ description: "as in map/<name>/a; the structure's own where left out" }),
  cif: z.string().min(1).optional().meta({ description: "structure file" }),
  block: z.string().min(1).optional().meta({ description: "data block of a CIF with several" }),
  structure: z.string().min(1).optional().meta({ description: "a structure that comes with the program" }),
  kind: z.enum(["rietveld", "pawley", "le-bail"]).default("rietveld"),
  scale: Parameter.optional(),
  cell: CellSpec.optional(),
  size: Ellipse.optional().meta({ unit: "nm", description: "crystallite size, Lorentzian broadening" }),
  strain: Ellipse.optional().meta({ description: "microstrain e of FWHM = 4 e tan θ, Lorentzian broadening" }),
  gaussianSize: Parameter.optional().meta({ unit: "nm" }),
  gaussianStrain: Parameter.optional(),
  width: Parameter.optional().meta({ description: "pseudo-voigt profile: this phase's width over the instrument's" }),
  texture: z
    .array(z.strictObject({ hkl: Hkl, r: Parameter.optional() }))
    .optional()
    .meta({ description: "March-Dollase directions" }),
  overallB: Parameter.optional().meta({ unit: "Å²", description: "added to the B of all sites" }),
  sites: z.record(z.string(), SiteSpec).optional().meta({ description: "by the label in the structure" }),
});
export type PhaseSpec = z.output<typeof PhaseSpec>;

/** How the patterns of a series may be refined: one after the other, each for itself, or as one surface. */
export const SERIES_MODES = ["sequential", "independent", "parametric"] as const;

const Series = z.strictObject({
  mode: z
    .enum(SERIES_MODES)
    .default("sequential")
    .meta({
      description:
        "sequential: each pattern starts from the one before; independent: each from the model; parametric: some " +
        "parameters are polynomials of the variable over the whole series",
    }),
  variable: z
    .strictObject({
      name: z.string().min(1).default("pattern").meta({ description: "as on axes and in tables: temperature, time" }),
      unit: z.string().default(""),
      values: z.array(z.number()).min(1).optional().meta({ description: "one for each pattern, in their order" }),
      header: z.string().min(1).optional().meta({
        description: "words before the number in the head of each pattern file: Temp (K)",
      }),
      file: z.string().min(1).optional().meta({ description: "text file with one number for each pattern" }),
    })
    .prefault({})
    .meta({ description: "what the series runs over; left out: 0, 1, 2, ..." }),
  polynomials: z.record(z.string(), z.int().min(0).max(6)).default({}).meta({
    description: "of a parametric series: degree by parameter, NMC/a: 2",
  }),
  frames: z.enum(["each", "mean"]).default("each").meta({
    description:
      "of files with several patterns: each is one of the series, or their mean is, with sigma from their spread",
  }),
  leastIntensity: z.number().min(0).max(1).default(0.25).meta({
    description: "patterns with less than this share of the series' median intensity are flagged and not fitted",
  }),
});
export type SeriesConfig = z.output<typeof Series>;

const Stage = z.array(z.string().min(1)).min(1);

/** A model of a powder pattern, as model.yaml: radiation, profile, background, phases, constraints. */
export const ModelConfig = z.strictObject({
  title: z.string().default(""),
  wavelength: Parameter.optional().meta({
    unit: "Å",
    description: "one of wavelength, energyKeV, radiation is needed",
  }),
  energyKeV: z.number().positive().optional().meta({ unit: "keV" }),
  radiation: Radiation.optional(),
  instrument: z.string().min(1).optional().meta({ description: "GSAS-II .instprm to start from" }),
  polarization: z
    .union([z.enum(["none", "unpolarized"]), z.number().min(0).max(1)])
    .optional()
    .meta({
      description:
        "none: corrected in integration, or scattered in the plane across the electric field; unpolarized: laboratory " +
        "tube; a number: share K of (1 - K) + K cos² 2θ. Left out: none for synchrotrons, unpolarized for tubes",
    }),
  monochromatorDeg: z.number().optional().meta({ unit: "°", description: "2θ of the monochromator of a tube" }),
  lorentz: z.enum(["azimuthal-mean", "ring-sum"]).default("azimuthal-mean").meta({
    description: "azimuthal-mean: 1/(sin² θ cos θ), also for goniometers; ring-sum: 1/sin θ",
  }),
  range: Ascending.optional().meta({ unit: "°", description: "2θ that is fitted" }),
  exclude: z.array(Ascending).default([]).meta({ unit: "°", description: "ranges of 2θ that are left out" }),
  weights: z
    .enum(["auto", "sigma", "counts", "model", "uniform"])
    .default("auto")
    .meta({
      description:
        "sigma: of the file; counts: sigma² = intensity; model: sigma² = calculated intensity, iterated (low counts); " +
        "uniform: no weights, esds from the misfit; auto: sigma where there is one, else counts",
    }),
  anomalous: z.boolean().optional().meta({
    description:
      "f' and f'' at this energy, in |F|²: from 0.2 % at 100 keV to 10 % near an absorption edge; left out: yes",
  }),
  zero: Parameter.optional().meta({ unit: "°", description: "added to every calculated 2θ" }),
  displacement: z
    .strictObject({
      geometry: z.enum(["bragg-brentano", "detector"]),
      lengthMm: z.number().positive().meta({ unit: "mm", description: "goniometer radius, or distance" }),
      value: Parameter.default({ refine: true }).meta({ unit: "mm" }),
      transparency: Parameter.optional().meta({
        unit: "°",
        description: "T of a transparent flat sample: 2θ - T sin 2θ, where T = 90/(π μ R); bragg-brentano only",
      }),
    })
    .refine(({ geometry, transparency }) => transparency === undefined || geometry === "bragg-brentano", {
      path: ["transparency"],
      error: "transparency is that of a flat sample in bragg-brentano geometry: take it out, or change the geometry",
    })
    .optional()
    .meta({ description: "sample height, or shift along the beam" }),
  profile: Profile.prefault({}),
  background: Background.default({ chebyshev: 6 }),
  peaks: z.array(FreePeak).max(1000).default([]).meta({ description: "free peaks: separator, halo, unknown lines" }),
  phases: z
    .array(
      z.union([
        z
          .string()
          .min(1)
          .transform((text) => PhaseSpec.parse(/\.cif$/i.test(text) ? { cif: text } : { structure: text })),
        PhaseSpec,
      ]),
    )
    .max(100)
    .default([]),
  findCells: z.boolean().optional().meta({
    description:
      "looks for cells within 2 % of the structure files before refining; left out: of phases whose cell is not given",
  }),
  constraints: z.array(z.string().min(1)).default([]).meta({
    description: 'linear equations over parameters: "NMC_S/a = NMC_P/a", "weight(Al2O3) = 0.75"',
  }),
  stages: z.array(Stage).optional().meta({
    description: "names (with *) of what is refined from each stage on; left out: a sensible order",
  }),
  cutoff: z
    .number()
    .min(0)
    .max(0.1)
    .optional()
    .meta({
      description:
        "a line ends where its Lorentzian is below this share of its top; 0: never; left out: refine takes what the " +
        "noise hides, 1e-4 at most, maps 1e-4",
    }),
  marginDeg: z.number().min(0).default(1).meta({
    unit: "°",
    description: "reflections this far outside of the range are calculated too",
  }),
  series: Series.prefault({}).meta({ description: "of several patterns with this model" }),
  esd: z
    .enum(["plain", "gof", "berar-lelann"])
    .default("plain")
    .meta({
      description:
        "plain: from the covariance (of uniform weights as gof); gof: times the goodness of fit; berar-lelann: times " +
        "the goodness of fit and the factor for residuals that go together",
    }),
});
export type ModelConfig = z.output<typeof ModelConfig>;
export type ModelConfigInput = z.input<typeof ModelConfig>;
