/** model.yaml again, with the settled values as starts and each phase's settled structure as its CIF. */
import type { ModelConfig, ModelConfigInput, ParameterSpec } from "../../refinement/model-config.ts";
import type { SettledModel } from "./settled.ts";

type Input<K extends keyof ModelConfigInput> = NonNullable<ModelConfigInput[K]>;
type PhaseInput = Exclude<Input<"phases">[number], string>;
type ParameterInput = Extract<NonNullable<ModelConfigInput["zero"]>, object>;

/** @param backgroundFile what the measured background is called beside the model */
export function settledConfig(settled: SettledModel, backgroundFile = "background.xye"): ModelConfigInput {
  const { source, resolved } = settled;
  const { config } = source;
  /** value and flag of a parameter of the model, its bounds and stage as they were; nothing where it has no part */
  const at = (name: string, before?: ParameterSpec): ParameterInput | undefined => {
    const spec = before ?? resolved.settings.get(name);
    const value = settled.value(name);
    const isRefined = settled.isRefined(name);
    if (!spec && value === 0) return undefined;
    // a bound that the value has run onto by rounding would be refused
    const min = spec?.min !== undefined ? Math.min(spec.min, value) : undefined;
    const max = spec?.max !== undefined ? Math.max(spec.max, value) : undefined;
    return prune({ value, refine: isRefined, min, max, stage: spec?.stage });
  };
  const { range: _, wavelength, energyKeV, radiation, ...rest } = config;
  const isTube = radiation !== undefined;
  void wavelength;
  void energyKeV;
  return prune({
    ...rest,
    instrument: undefined,
    range: [...settled.range] as [number, number],
    exclude: config.exclude.map(([low, high]): [number, number] => [low, high]),
    ...(isTube ? { radiation: settledRadiation(settled) } : { wavelength: at("wavelength") ?? resolved.wavelengthA }),
    zero: at("zero", config.zero),
    displacement: config.displacement && {
      ...config.displacement,
      value: at("displacement", config.displacement.value)!,
      transparency: config.displacement.transparency && at("transparency", config.displacement.transparency),
    },
    profile: settledProfile(settled, at),
    background: settledBackground(settled, backgroundFile, at),
    peaks: config.peaks.map((peak) => ({
      name: peak.name,
      position: at(`peaks/${peak.name}/position`, peak.position)!,
      fwhm: at(`peaks/${peak.name}/fwhm`, peak.fwhm)!,
      eta: at(`peaks/${peak.name}/eta`, peak.eta)!,
      area: at(`peaks/${peak.name}/area`, peak.area)!,
    })),
    phases: config.phases.map((_phase, i) => settledPhase(settled, i, at)),
  }) as ModelConfigInput;
}

type At = (name: string, before?: ParameterSpec) => ParameterInput | undefined;

/** The name of a tube's lines says its wavelengths; they are written out where they have moved. */
function settledRadiation({ resolved, value, source }: SettledModel): Input<"radiation"> {
  const wavelengthA = value("wavelength");
  const { radiation } = source.config;
  if (typeof radiation === "string" && Math.abs(wavelengthA - resolved.wavelengthA) < 1e-12) return radiation;
  return {
    lines: resolved.model.radiation.map(({ ratio, weight }) => ({ wavelength: ratio * wavelengthA, weight })),
  };
}

function settledProfile({ source, resolved: { model } }: SettledModel, at: At): Input<"profile"> {
  const keys = model.profile === "tchz" ? ["U", "V", "W", "X", "Y", "Z"] : ["U", "V", "W", "eta0", "eta1"];
  // without HL the two are tied
  if (model.hasAsymmetry) keys.push(...(source.config.profile.HL === undefined ? ["SL"] : ["SL", "HL"]));
  if (model.hasHowardAsymmetry) keys.push("asym");
  return { shape: model.profile, ...Object.fromEntries(keys.map((key) => [key, at(key)])) };
}

function settledBackground(settled: SettledModel, file: string, at: At): Input<"background"> {
  const { model } = settled.resolved;
  const given = settled.source.config.background;
  const { chebyshev, points, measured } = model.background;
  return prune({
    chebyshev: chebyshev === 0 ? 0 : Array.from({ length: chebyshev }, (_, k) => settled.value(`background/${k}`)),
    points: points?.map((x): [number, number] => [x, settled.value(`background/at ${x}`)]),
    measured: measured && { file, scale: at("background/scale")! },
    refine: "refine" in given ? given.refine : undefined,
  });
}

function settledPhase(settled: SettledModel, index: number, at: At): PhaseInput {
  const spec = settled.source.config.phases[index]!;
  const { model, fileName, freedom } = settled.phases[index]!;
  const own = (key: string): string => `${model.name}/${key}`;
  const broadening = (key: "size" | "strain", axial: string, axis: readonly number[] | undefined) => {
    if (axis) return { axis: [...axis] as [number, number, number], across: at(own(key))!, along: at(own(axial))! };
    return settled.value(own(key)) === 0 && !settled.isRefined(own(key)) ? undefined : at(own(key));
  };
  const isRietveld = model.kind === "rietveld";
  const texture = model.texture ?? [];
  const isUsed = (key: string): boolean => settled.value(own(key)) !== 0 || settled.isRefined(own(key));
  return prune({
    name: model.name,
    cif: `${fileName}.cif`,
    kind: model.kind,
    scale: isRietveld ? at(own("scale")) : undefined,
    cell: Object.fromEntries(freedom.names.map((key) => [key, at(own(key))])),
    size: broadening("size", "axialSize", model.sizeAxis),
    strain: broadening("strain", "axialStrain", model.strainAxis),
    gaussianSize: isUsed("gaussianSize") ? at(own("gaussianSize")) : undefined,
    gaussianStrain: isUsed("gaussianStrain") ? at(own("gaussianStrain")) : undefined,
    width: settled.resolved.model.profile === "pseudo-voigt" ? at(own("width")) : undefined,
    texture:
      texture.length === 0
        ? undefined
        : texture.map(({ hkl }) => ({
            hkl: [...hkl] as [number, number, number],
            r: at(own(texture.length === 1 ? "texture" : `texture(${hkl.join(" ")})`))!,
          })),
    overallB: isRietveld && isUsed("overallB") ? at(own("overallB")) : undefined,
    sites: isRietveld ? settledSites(settled, index, spec, at) : undefined,
  }) as PhaseInput;
}

/** Values are in the CIF; the model says which of them are refined. */
function settledSites(settled: SettledModel, index: number, spec: ModelConfig["phases"][number], at: At) {
  const { model } = settled.phases[index]!;
  const entries = Object.entries(spec.sites ?? {}).map(([label, site]) => [
    label,
    Object.fromEntries(Object.entries(site).map(([key, before]) => [key, at(`${model.name}/${label}/${key}`, before)])),
  ]);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Without the fields that are undefined: YAML and strict objects have none. */
function prune<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
