/** The numbers of a pattern model: names, units, what they start from and between which bounds they make sense. */
import { cellFreedom, reflections, type Structure, siteFreedom } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import type { PatternModel, PhaseModel } from "./model.ts";
import { pawleyGroups } from "./rings.ts";

export interface ModelParameter {
  readonly name: string;
  readonly unit: string;
  /** where nothing else is said */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** the pattern is linear in it */
  readonly isLinear: boolean;
  /** index of the phase it belongs to */
  readonly phase?: number;
}

type Options = Partial<Omit<ModelParameter, "name" | "unit" | "value">>;
const parameter = (name: string, unit: string, value: number, options: Options = {}): ModelParameter => ({
  name,
  unit,
  value,
  min: -Infinity,
  max: Infinity,
  isLinear: false,
  ...options,
});

/** Relative range of cell lengths about their start, and of angles in degrees. */
const CELL_RANGE = 0.05;
const ANGLE_RANGE = 5;

/**
 * Every parameter of a model in the order of the calculator's vector.
 *
 * @param wavelengthA of the first radiation line
 * @param dMinA where the lists of the intensities of Pawley phases end
 * @throws InputError "model-names" | "bad-cell" | "bad-d-min" | "bad-symmetry-operation"
 */
export function modelParameters(model: PatternModel, wavelengthA: number, dMinA: number): ModelParameter[] {
  const list = [
    parameter("wavelength", "Å", wavelengthA, { min: wavelengthA * 0.98, max: wavelengthA * 1.02 }),
    parameter("zero", "°", 0, { min: -2, max: 2 }),
  ];
  if (model.displacement) list.push(parameter("displacement", "mm", 0));
  if (model.displacement?.hasTransparency) list.push(parameter("transparency", "°", 0, { min: -1, max: 1 }));
  list.push(...profileParameters(model));
  for (let k = 0; k < model.background.chebyshev; k++) {
    list.push(parameter(`background/${k}`, "intensity", 0, { isLinear: true }));
  }
  model.background.points?.forEach((twoTheta) => {
    list.push(parameter(`background/at ${twoTheta}`, "intensity", 0, { isLinear: true }));
  });
  if (model.background.measured) list.push(parameter("background/scale", "", 1, { isLinear: true, min: 0 }));
  for (const name of model.peaks) {
    list.push(
      parameter(`peaks/${name}/area`, "intensity °", 0, { isLinear: true }),
      parameter(`peaks/${name}/position`, "°", 0),
      parameter(`peaks/${name}/fwhm`, "°", 0.1, { min: 1e-4 }),
      parameter(`peaks/${name}/eta`, "", 0.5, { min: 0, max: 1 }),
    );
  }
  for (const [index, phase] of model.phases.entries()) {
    for (const one of phaseParameters(model, phase, wavelengthA, dMinA)) list.push({ ...one, phase: index });
  }
  const names = new Set<string>();
  for (const { name } of list) {
    if (names.has(name)) {
      throw new InputError(
        "model-names",
        `The model has two parameters called "${name.slice(0, 60)}": give each phase, free peak and background point a name or place of its own.`,
      );
    }
    names.add(name);
  }
  return list;
}

function profileParameters({ profile, hasAsymmetry, hasHowardAsymmetry }: PatternModel): ModelParameter[] {
  const list = [parameter("U", "°²", 0), parameter("V", "°²", 0), parameter("W", "°²", 1e-4, { min: 1e-8 })];
  if (profile === "tchz") for (const name of ["X", "Y", "Z"]) list.push(parameter(name, "°", 0));
  else list.push(parameter("eta0", "", 0.5, { min: -1, max: 2 }), parameter("eta1", "1/°", 0));
  if (hasAsymmetry) {
    for (const name of ["SL", "HL"]) list.push(parameter(name, "", 1e-3, { min: 1e-6, max: 0.2 }));
  }
  if (hasHowardAsymmetry) list.push(parameter("asym", "°", 0, { min: -1, max: 1 }));
  return list;
}

function phaseParameters(model: PatternModel, phase: PhaseModel, wavelengthA: number, dMinA: number): ModelParameter[] {
  const { name, structure } = phase;
  const list: ModelParameter[] = [];
  const add = (key: string, unit: string, value: number, options: Options = {}): void => {
    list.push(parameter(`${name}/${key}`, unit, value, options));
  };
  if (phase.kind === "rietveld") add("scale", "", 1, { isLinear: true, min: 0 });
  const cell = cellFreedom(structure);
  cell.names.forEach((key, i) => {
    const value = cell.values[i]!;
    const isAngle = key.length > 1;
    const range = isAngle ? ANGLE_RANGE : CELL_RANGE * value;
    add(key, isAngle ? "°" : "Å", value, { min: value - range, max: value + range });
  });
  if (model.profile === "tchz") {
    // 0 in the model: no broadening; bounds are those of what powders show
    add("size", "nm", 0, { min: 1, max: 1e5 });
    if (phase.sizeAxis) add("axialSize", "nm", 0, { min: 1, max: 1e5 });
    add("strain", "", 0, { min: 0, max: 0.1 });
    if (phase.strainAxis) add("axialStrain", "", 0, { min: 0, max: 0.1 });
    add("gaussianSize", "nm", 0, { min: 1, max: 1e5 });
    add("gaussianStrain", "", 0, { min: 0, max: 0.1 });
  } else {
    add("width", "", 1, { min: 0.05, max: 50 });
  }
  if (phase.kind !== "rietveld") {
    if (phase.kind === "pawley") {
      for (const { name: key } of pawleyIntensities(phase, wavelengthA, dMinA)) {
        add(key, "intensity °", 0, { isLinear: true, min: 0 });
      }
    }
    return list;
  }
  phase.texture?.forEach(({ hkl }) => {
    add(textureName(phase, hkl), "", 1, { min: 0.05, max: 20 });
  });
  add("overallB", "Å²", 0, { min: -5, max: 20 });
  const keys = siteKeys(structure);
  structure.sites.forEach((site, i) => {
    for (const { name: axis } of siteFreedom(structure, i)) add(`${keys[i]}/${axis}`, "", site[axis]);
    add(`${keys[i]}/occupancy`, "", site.occupancy, { min: 0, max: 2 });
    add(`${keys[i]}/b`, "Å²", site.bIso, { min: -2, max: 20 });
  });
  return list;
}

/**
 * The intensities of a Pawley phase: one for each group of reflections that no pattern tells apart (see rings.ts),
 * named after the first; it is the sum of the group, which its members share by their multiplicities.
 */
export function pawleyIntensities(
  { structure }: PhaseModel,
  wavelengthA: number,
  dMinA: number,
): { readonly name: string; readonly members: readonly number[]; readonly shares: readonly number[] }[] {
  const list = reflections(structure, dMinA);
  const groups = pawleyGroups(structure, list, wavelengthA);
  const members: number[][] = [];
  groups.forEach((group, r) => {
    members[group] = [...(members[group] ?? []), r];
  });
  return members.map((own) => {
    const { h, k, l } = list[own[0]!]!;
    const total = own.reduce((sum, r) => sum + list[r]!.multiplicity, 0);
    return { name: `I(${h} ${k} ${l})`, members: own, shares: own.map((r) => list[r]!.multiplicity / total) };
  });
}

/** What the parameters of each site are called: its label, and "O1#2" for the second site that is labelled O1. */
export function siteKeys({ sites }: Structure): string[] {
  return sites.map(({ label }, i) => {
    const before = sites.slice(0, i).filter((other) => other.label === label).length;
    return before === 0 ? label : `${label}#${before + 1}`;
  });
}

/** One direction is `texture`; more are told apart by their hkl. */
export const textureName = ({ texture }: PhaseModel, hkl: readonly number[]): string =>
  texture!.length === 1 ? "texture" : `texture(${hkl.join(" ")})`;
