/** The model again, with the values of a refinement as its starts: what was found and assumed becomes what is written. */
import type { ModelConfig } from "../../refinement/index.ts";
import type { RefinedParameter } from "./result.ts";

type Spec = { value?: number; refine?: boolean; [key: string]: unknown };

/**
 * A model with the values that a refinement found in it, to start the next from.
 *
 * @param parameters of the result; those that are not in the model file are left out where they are at their defaults
 */
export function settleConfig(config: ModelConfig, parameters: readonly RefinedParameter[]): ModelConfig {
  const known = new Map(parameters.map((one) => [one.name, one]));
  const settle = <T extends object | undefined>(spec: T, name: string): T => {
    const found = known.get(name);
    if (!found) return spec;
    const isRefined = found.status !== "fixed";
    if (!spec && !isRefined) return spec;
    return { ...(spec as Spec | undefined), value: rounded(found), refine: isRefined } as unknown as T;
  };
  const { profile, background, displacement } = config;
  const widths = Object.fromEntries(
    (["U", "V", "W", "X", "Y", "Z", "eta0", "eta1", "SL", "HL", "asym"] as const)
      .map((key) => [key, settle(profile[key], key)] as const)
      .filter(([, spec]) => spec !== undefined),
  );
  const terms = [...known.keys()].filter((name) => /^background\/\d+$/.test(name)).length;
  return {
    ...config,
    ...(config.wavelength && { wavelength: settle(config.wavelength, "wavelength") }),
    // open no longer: a series or a second run must not decide again
    ...(!displacement && known.has("zero") && { zero: settle(config.zero ?? {}, "zero") }),
    ...(displacement && {
      displacement: {
        ...displacement,
        value: settle(displacement.value, "displacement"),
        ...(displacement.transparency && { transparency: settle(displacement.transparency, "transparency") }),
      },
    }),
    profile: { ...profile, ...widths },
    background: {
      ...background,
      chebyshev: terms > 0 ? Array.from({ length: terms }, (_, k) => rounded(known.get(`background/${k}`)!)) : 0,
      ...("points" in background &&
        background.points && {
          points: background.points.map((point) => {
            const at = typeof point === "number" ? point : point[0];
            return [at, rounded(known.get(`background/at ${at}`)!)] as [number, number];
          }),
        }),
      ...("measured" in background &&
        background.measured && {
          measured: { ...background.measured, scale: settle(background.measured.scale, "background/scale") },
        }),
    } as ModelConfig["background"],
    peaks: config.peaks.map((peak) => ({
      ...peak,
      position: settle(peak.position, `peaks/${peak.name}/position`),
      fwhm: settle(peak.fwhm, `peaks/${peak.name}/fwhm`),
      eta: settle(peak.eta, `peaks/${peak.name}/eta`),
      area: settle(peak.area, `peaks/${peak.name}/area`),
    })),
    phases: config.phases.map((phase, p) => settlePhase(phase, phaseNames(config, parameters)[p]!, known, settle)),
  };
}

type Phase = ModelConfig["phases"][number];
type Settle = <T extends object | undefined>(spec: T, name: string) => T;

/** Names as the parameters have them, in the order of the model. */
function phaseNames(config: ModelConfig, parameters: readonly RefinedParameter[]): string[] {
  const own = [...new Set(parameters.flatMap(({ name }) => /^(.+)\/a$/.exec(name)?.[1] ?? []))];
  return config.phases.map(({ name }, p) => name ?? own[p]!);
}

function settlePhase(phase: Phase, name: string, known: ReadonlyMap<string, RefinedParameter>, settle: Settle): Phase {
  const at = (key: string): string => `${name}/${key}`;
  const cell = phase.cell as Record<string, unknown> | undefined;
  const edges = (["a", "b", "c", "alpha", "beta", "gamma"] as const).filter((key) => known.has(at(key)));
  const settled = Object.fromEntries(
    edges.map((key) => {
      const spec = (cell?.[key] as Spec | undefined) ?? {};
      return [key, settle(spec, at(key))];
    }),
  );
  const ellipse = (key: "size" | "strain"): object => {
    const value = phase[key];
    const axial = key === "size" ? "axialSize" : "axialStrain";
    if (value && "axis" in value) {
      return { [key]: { ...value, across: settle(value.across, at(key)), along: settle(value.along, at(axial)) } };
    }
    const one = settle(value, at(key));
    return one ? { [key]: one } : {};
  };
  const simple = Object.fromEntries(
    (["scale", "gaussianSize", "gaussianStrain", "width", "overallB"] as const)
      .map((key) => [key, settle(phase[key], at(key))] as const)
      .filter(([, spec]) => spec !== undefined),
  );
  return {
    ...phase,
    ...simple,
    ...ellipse("size"),
    ...ellipse("strain"),
    cell: settled as Phase["cell"],
    ...(phase.texture && {
      texture: phase.texture.map(({ hkl, r }) => ({
        hkl,
        r: settle(r ?? {}, at(phase.texture!.length === 1 ? "texture" : `texture(${hkl.join(" ")})`)),
      })),
    }),
    ...(phase.sites && {
      sites: Object.fromEntries(
        Object.entries(phase.sites).map(([label, site]) => [
          label,
          Object.fromEntries(
            Object.entries(site).map(([key, spec]) => [key, settle(spec as object | undefined, at(`${label}/${key}`))]),
          ),
        ]),
      ),
    }),
  };
}

/** Two digits more than the esd has; all that a float32 pattern can tell otherwise. */
function rounded({ value, esd }: RefinedParameter): number {
  if (!(esd !== null && esd > 0)) return Number(value.toPrecision(9));
  const digits = Math.ceil(Math.log10(Math.abs(value) / esd)) + 3;
  return Number(value.toPrecision(Math.min(Math.max(digits, 3), 12)));
}
