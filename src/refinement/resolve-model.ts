/** From a model file to what the calculator takes: terms, values, and which numbers are refined when. */
import { anomalousFactors, builtInStructure, type Structure, scatteringFactor } from "../crystal/index.ts";
import { energyKeVToWavelengthA, InputError, wavelengthAToEnergyKeV } from "../data/index.ts";
import { didYouMean } from "../data/nearest-name.ts";
import type { PatternCalculator } from "../pattern/calculator.ts";
import type { PatternModel, PhaseModel, RadiationLine } from "../pattern/model.ts";
import type { ModelConfig, ParameterSpec, PhaseSpec } from "./model-config.ts";
import { RADIATION_LINES } from "./radiation.ts";

/** What the caller has read for a model: structures by the path in `cif` (or `cif#block`), a measured background. */
export interface ModelFiles {
  readonly structures: ReadonlyMap<string, readonly Structure[]>;
  /** what was read besides, and what of it could not be used */
  readonly notes?: readonly string[];
  readonly measuredBackground?: { readonly twoThetaDeg: ArrayLike<number>; readonly intensity: ArrayLike<number> };
}

export interface ResolvedModel {
  readonly model: PatternModel;
  readonly wavelengthA: number;
  /** what the user or a default says of each parameter, by name; others are not refined */
  readonly settings: ReadonlyMap<string, ParameterSpec>;
  /** names that the user wrote: those must exist */
  readonly given: ReadonlySet<string>;
  /** linear equations as they were written */
  readonly constraints: readonly string[];
  /** the widths are not given: they are estimated from the pattern and refined */
  readonly isProfileUnknown: boolean;
  /** nothing is said about the zero: it is refined where the pattern determines it and needs it */
  readonly isZeroOpen: boolean;
  /** where lines end is not given: it is chosen by the noise of the pattern */
  readonly isCutoffOpen: boolean;
  /** what was assumed */
  readonly notes: readonly string[];
}

const INTENSITY: ParameterSpec = { refine: true };

/** Share of its top where a line ends. */
export const DEFAULT_CUTOFF = 1e-4;

/** Stage in which a parameter is first refined where nothing is said: by its name, first match. */
const STAGE_ORDER: readonly (readonly [RegExp, number])[] = [
  [/^background\/|\/scale$|\/I\(|\/area$/, 1],
  // a cell has one slash, PHASE/b; the b of a site has two, PHASE/SITE/b
  [/^(zero|displacement|transparency|wavelength)$|^[^/]+\/(a|b|c|alpha|beta|gamma)$/, 2],
  [/^[UVWXYZ]$|^eta|\/(size|axialSize|strain|axialStrain|gaussianSize|gaussianStrain|width|position|fwhm|eta)$/, 3],
  [/^[SH]L$|^asym$|\/texture|\/overallB$/, 4],
  [/./, 5],
];
/** The stage in which a parameter is freed, from 1 up. */
export const stageOf = (name: string): number => STAGE_ORDER.find(([pattern]) => pattern.test(name))![1];

/**
 * A model.yaml as numbers: the pattern's model, what is refined, bounds, constraints, start values.
 *
 * @throws InputError "model-*" and those of structures
 */
export function resolveModel(config: ModelConfig, files: ModelFiles): ResolvedModel {
  const notes: string[] = [...(files.notes ?? [])];
  if (config.phases.length === 0 && config.peaks.length === 0) {
    throw new InputError(
      "model-phase",
      "The model has neither phases nor peaks: there is nothing to refine. Add phases: with a cif: or structure: each, or peaks:.",
    );
  }
  const { radiation, wavelengthA } = resolveRadiation(config);
  const settings = new Map<string, ParameterSpec>();
  const given = new Set<string>();
  const set = (name: string, spec: ParameterSpec | undefined, fallback: ParameterSpec = {}): void => {
    settings.set(name, { ...fallback, ...spec });
    if (spec) given.add(name);
  };
  const phases = config.phases.map((spec) => resolvePhase(spec, config, files, wavelengthA, notes));
  checkNames(phases.map(({ name }) => name));
  const { profile } = config;
  const widths = ["U", "V", "W", "X", "Y", "Z"] as const;
  const isProfileUnknown = widths.every((key) => profile[key]?.value === undefined);

  set("wavelength", config.wavelength, { value: wavelengthA, refine: false });
  if (config.wavelength?.value === undefined) settings.get("wavelength")!.value = wavelengthA;
  set("zero", config.zero);
  if (config.displacement) set("displacement", config.displacement.value);
  if (config.displacement?.transparency) set("transparency", config.displacement.transparency);
  // several phases differ in the width of their lines: a size for each instead of one X for all
  const hasSizes = isProfileUnknown && profile.shape === "tchz" && phases.length > 1 && !profile.X;
  const auto = profile.shape === "tchz" ? ["W", ...(hasSizes ? [] : ["X"]), "Y"] : ["W", "eta0"];
  for (const key of [...widths, "eta0", "eta1", "SL", "HL", "asym"] as const) {
    const isFound = isProfileUnknown && auto.includes(key);
    // a Lorentzian part that is not there ends at 0; below it would only be clamped
    set(key, profile[key], isFound ? { refine: true, ...(key === "X" || key === "Y" ? { min: 0 } : {}) } : {});
  }
  const constraints = [...config.constraints];
  const hasAsymmetry = profile.SL !== undefined || profile.HL !== undefined;
  if (hasAsymmetry && profile.HL === undefined) {
    set("HL", profile.SL);
    if (profile.SL?.refine) constraints.push("HL = SL");
  }
  backgroundSettings(config, set);
  for (const { name, area, position, fwhm, eta } of config.peaks) {
    set(`peaks/${name}/area`, area, { refine: true });
    set(`peaks/${name}/position`, position, { refine: true });
    set(`peaks/${name}/fwhm`, fwhm, { refine: true });
    set(`peaks/${name}/eta`, eta);
  }
  config.phases.forEach((spec, i) => {
    phaseSettings(spec, phases[i]!, config, set);
    const { name } = phases[i]!;
    if (hasSizes && !spec.size && !spec.strain && !spec.gaussianSize)
      settings.set(`${name}/size`, { value: FIRST_SIZE_NM, refine: true });
  });
  const background = config.background;
  const chebyshev = typeof background.chebyshev === "number" ? background.chebyshev : background.chebyshev.length;
  const points = "points" in background ? background.points : undefined;
  const model: PatternModel = {
    radiation,
    polarization: polarizationOf(config),
    lorentz: config.lorentz,
    profile: profile.shape,
    hasAsymmetry,
    ...(profile.asym && { hasHowardAsymmetry: true }),
    ...(config.displacement && {
      displacement: {
        geometry: config.displacement.geometry,
        lengthMm: config.displacement.lengthMm,
        ...(config.displacement.transparency && { hasTransparency: true }),
      },
    }),
    background: {
      chebyshev,
      ...(points && { points: points.map((point) => (typeof point === "number" ? point : point[0])) }),
      ...(files.measuredBackground && { measured: files.measuredBackground }),
    },
    peaks: config.peaks.map(({ name }) => name),
    phases,
    cutoff: config.cutoff ?? DEFAULT_CUTOFF,
    marginDeg: config.marginDeg,
    holdsWidths: false,
  };
  const isZeroOpen = config.zero === undefined && !config.displacement && !config.wavelength?.refine;
  return {
    model,
    wavelengthA,
    settings,
    given,
    constraints,
    isProfileUnknown,
    isCutoffOpen: config.cutoff === undefined,
    isZeroOpen,
    notes,
  };
}

/**
 * Writes the settings' values into a calculator and gives the parameters to refine with their bounds.
 *
 * @throws InputError "model-parameter" for a name that the model does not have, "model-bounds"
 */
export function applySettings(
  calculator: PatternCalculator,
  { settings, given }: Pick<ResolvedModel, "settings" | "given">,
): { refined: number[]; stage: number[]; lower: Float64Array; upper: Float64Array } {
  const { parameters, values } = calculator;
  const names = parameters.map(({ name }) => name);
  const lower = Float64Array.from(parameters, ({ min }) => min);
  const upper = Float64Array.from(parameters, ({ max }) => max);
  const refined: number[] = [];
  const stage: number[] = [];
  const known = new Map(names.map((name, i) => [name, i]));
  for (const [name, { value, min, max }] of settings) {
    const i = known.get(name);
    if (i === undefined) {
      if (!given.has(name)) continue; // a default that does not apply
      throw new InputError(
        "model-parameter",
        `The model has no parameter "${name}"${didYouMean(name, names) || "."} Check the spelling, and that its phase, peak or site is in the model.${siblings(name, names)}`,
      );
    }
    if (value !== undefined) values[i] = value;
    lower[i] = min ?? Math.min(lower[i]!, values[i]!);
    upper[i] = max ?? Math.max(upper[i]!, values[i]!);
    checkBounds(name, values[i]!, lower[i]!, upper[i]!);
  }
  parameters.forEach(({ name }, i) => {
    // the intensities of Pawley phases are what such a phase is for
    const spec = settings.get(name) ?? (name.includes("/I(") ? INTENSITY : undefined);
    if (!spec?.refine) return;
    refined.push(i);
    stage.push(spec.stage ?? stageOf(name));
  });
  return { refined, stage, lower, upper };
}

/** What else begins like a name that is not there: the sites of its phase. */
function siblings(name: string, names: readonly string[]): string {
  const parts = name.split("/");
  const same = names
    .filter((other) => parts.length === 3 && other.startsWith(`${parts[0]}/`))
    .map((other) => other.split("/"));
  const sites = [...new Set(same.flatMap(([, site, key]) => (key === undefined ? [] : [site])))];
  return sites.length > 0 ? ` ${parts[0]} has the sites ${sites.slice(0, 20).join(", ")}.` : "";
}

/** @throws InputError "model-bounds" */
function checkBounds(name: string, value: number, lower: number, upper: number): void {
  const short = (x: number): number => Number(x.toPrecision(7));
  if (lower > upper) {
    throw new InputError(
      "model-bounds",
      `${name} has its lower bound ${short(lower)} above its upper bound ${short(upper)}. Change min or max.`,
    );
  }
  if (lower <= value && value <= upper) return;
  throw new InputError(
    "model-bounds",
    `${name} starts at ${short(value)}, outside of its bounds ${short(lower)} to ${short(upper)}. Change the start or the bounds.`,
  );
}

function resolveRadiation(config: ModelConfig): { radiation: RadiationLine[]; wavelengthA: number } {
  const given = [config.wavelength?.value, config.energyKeV, config.radiation].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new InputError(
      "model-wavelength",
      `The model gives ${given.length === 0 ? "no wavelength" : "the wavelength more than once"}. Write one of wavelength: 0.11979 (Å), energyKeV: 103.5, radiation: CuKa.`,
    );
  }
  if (config.radiation === undefined) {
    const wavelengthA = config.wavelength?.value ?? energyKeVToWavelengthA(config.energyKeV!);
    return { radiation: [{ ratio: 1, weight: 1 }], wavelengthA };
  }
  const lines = typeof config.radiation === "string" ? RADIATION_LINES[config.radiation] : config.radiation.lines;
  const total = lines.reduce((sum, { weight }) => sum + weight, 0);
  const first = lines[0]!.wavelength;
  return {
    wavelengthA: first,
    radiation: lines.map(({ wavelength, weight }) => ({ ratio: wavelength / first, weight: weight / total })),
  };
}

/** K of (1 - K) + K cos^2 2theta; of a tube with a monochromator cos^2 2theta_m / (1 + cos^2 2theta_m). */
function polarizationOf({ polarization, radiation, monochromatorDeg }: ModelConfig): number {
  const kind = polarization ?? (radiation === undefined ? "none" : "unpolarized");
  if (typeof kind === "number") return kind;
  if (kind === "none") return 0;
  const square = Math.cos(((monochromatorDeg ?? 0) * Math.PI) / 180) ** 2;
  return square / (1 + square);
}

function resolvePhase(
  spec: PhaseSpec,
  config: ModelConfig,
  { structures }: ModelFiles,
  wavelengthA: number,
  notes: string[],
): PhaseModel {
  const structure = structureOf(spec, structures);
  notes.push(...(structure.notes ?? []));
  const axisOf = (value: PhaseSpec["size"]) => (value && "axis" in value ? value.axis : undefined);
  const [sizeAxis, strainAxis] = [axisOf(spec.size), axisOf(spec.strain)];
  return {
    name: spec.name ?? structure.name,
    kind: spec.kind,
    structure,
    ...(sizeAxis && { sizeAxis }),
    ...(strainAxis && { strainAxis }),
    ...(spec.texture && { texture: spec.texture.map(({ hkl }) => ({ hkl })) }),
    ...(hasAnomalous(config, structure, wavelengthA, notes) && { anomalous: anomalousOf(structure, wavelengthA) }),
  };
}

/** f' and f'' where the model says so; where it says nothing, wherever there is a table of them. */
function hasAnomalous({ anomalous }: ModelConfig, structure: Structure, wavelengthA: number, notes: string[]): boolean {
  if (anomalous !== undefined) return anomalous;
  try {
    anomalousOf(structure, wavelengthA);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    notes.push(`${structure.name} is without f' and f'': ${error.message}`);
    return false;
  }
}

const anomalousOf = (structure: Structure, wavelengthA: number): NonNullable<PhaseModel["anomalous"]> =>
  new Map(
    structure.sites.map(({ scatterer }) => {
      const { element } = scatteringFactor(scatterer);
      return [element, anomalousFactors(element, wavelengthAToEnergyKeV(wavelengthA))];
    }),
  );

function structureOf(spec: PhaseSpec, structures: ModelFiles["structures"]): Structure {
  if ((spec.cif === undefined) === (spec.structure === undefined)) {
    throw new InputError(
      "model-phase",
      `The phase ${spec.name ?? ""} needs one of cif: FILE or structure: NAME, and has ${spec.cif === undefined ? "neither" : "both"}.`,
    );
  }
  if (spec.structure !== undefined) return builtInStructure(spec.structure);
  const found = structures.get(spec.cif!) ?? [];
  const wanted = spec.block === undefined ? found : found.filter(({ name }) => name === spec.block);
  if (wanted.length === 1) return wanted[0]!;
  const has = found.map(({ name }) => name).join(", ");
  throw new InputError(
    "model-phase",
    spec.block === undefined
      ? `${spec.cif} holds ${found.length} structures (${has}): say which with block: NAME.`
      : `${spec.cif} has no data block "${spec.block}"; it has ${has || "none"}.`,
  );
}

function checkNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new InputError("model-phase", `Two phases are called ${twice}. Give each its own name: line.`);
}

/** Sizes of 0, and strains of 0 that are Gaussian or have an axis, have no slope: refined ones start from here. */
const FIRST_SIZE_NM = 100;
const FIRST_STRAIN = 5e-4;
const withStart = (spec: ParameterSpec | undefined, value: number): ParameterSpec | undefined =>
  spec?.refine && spec.value === undefined ? { ...spec, value } : spec;

type Set = (name: string, spec: ParameterSpec | undefined, fallback?: ParameterSpec) => void;

function backgroundSettings({ background }: ModelConfig, set: Set): void {
  const isRefined = !("refine" in background) || background.refine !== false;
  const { chebyshev } = background;
  const terms = typeof chebyshev === "number" ? new Array<undefined>(chebyshev).fill(undefined) : chebyshev;
  terms.forEach((value, k) => {
    set(`background/${k}`, { ...(value !== undefined && { value }), refine: isRefined });
  });
  if (!("points" in background)) return;
  background.points?.forEach((point) => {
    const [at, value] = typeof point === "number" ? [point, undefined] : point;
    set(`background/at ${at}`, { ...(value !== undefined && { value }), refine: isRefined });
  });
  if (background.measured) set("background/scale", background.measured.scale, { refine: true });
}

function phaseSettings(spec: PhaseSpec, { name, kind }: PhaseModel, config: ModelConfig, set: Set): void {
  const at = (key: string, value: ParameterSpec | undefined, fallback: ParameterSpec = {}): void => {
    set(`${name}/${key}`, value, fallback);
  };
  if (kind === "rietveld") at("scale", spec.scale, { refine: true });
  const cell = spec.cell ?? {};
  for (const key of ["a", "b", "c", "alpha", "beta", "gamma"] as const) {
    const own = "a" in cell || "b" in cell || "c" in cell || "alpha" in cell ? (cell as never)[key] : undefined;
    at(key, own ?? ("beta" in cell || "gamma" in cell ? (cell as never)[key] : undefined), {
      refine: cell.refine ?? true,
    });
  }
  for (const [key, axial, first] of [
    ["size", "axialSize", FIRST_SIZE_NM],
    ["strain", "axialStrain", FIRST_STRAIN],
  ] as const) {
    const value = spec[key];
    if (value && "axis" in value) {
      at(key, withStart(value.across, first));
      at(axial, withStart(value.along, first));
    } else at(key, withStart(value, first));
  }
  at("gaussianSize", withStart(spec.gaussianSize, FIRST_SIZE_NM));
  at("gaussianStrain", withStart(spec.gaussianStrain, FIRST_STRAIN));
  if (config.profile.shape === "pseudo-voigt") at("width", spec.width);
  spec.texture?.forEach(({ hkl, r }) => {
    at(spec.texture!.length === 1 ? "texture" : `texture(${hkl.join(" ")})`, r, { refine: true });
  });
  at("overallB", spec.overallB);
  for (const [label, site] of Object.entries(spec.sites ?? {})) {
    for (const key of ["x", "y", "z", "occupancy", "b"] as const) if (site[key]) at(`${label}/${key}`, site[key]);
  }
}
