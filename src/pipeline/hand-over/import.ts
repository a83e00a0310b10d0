/** Models out of the files of other programs: GSAS-II .instprm, GSAS .prm and .EXP, TOPAS .inp. */

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { stringify } from "yaml";
import { cellFreedom, type Structure, siteFreedom } from "../../crystal/index.ts";
import { InputError } from "../../data/index.ts";
import { formatCif } from "../../files/cif-writer.ts";
import type { GsasExperiment } from "../../files/gsas-exp.ts";
import type { InstrumentParameters } from "../../files/instprm.ts";
import type { TopasInput, TopasParameter, TopasPattern, TopasPhase } from "../../files/topas-inp.ts";
import type { ModelConfigInput } from "../../refinement/model-config.ts";
import { schemaLine } from "../schema-line.ts";

export interface ImportedModel {
  readonly config: ModelConfigInput;
  /** by the path that the model's `cif` names */
  readonly structures: ReadonlyMap<string, readonly Structure[]>;
  /** what was not read or had to be assumed, one sentence each */
  readonly notes: readonly string[];
}

type Parameter = { value: number; refine: boolean; min?: number; max?: number };

/** Wavelength, zero, polarisation and profile of an instrument, nothing of it refined. */
export function importInstrument(instrument: InstrumentParameters): ImportedModel {
  const { lines, polarization, SL, HL } = instrument;
  const fixed = (value: number): Parameter => ({ value, refine: false });
  const [first] = lines;
  const config: ModelConfigInput = {
    ...(lines.length === 1
      ? { wavelength: fixed(first!.wavelengthA) }
      : { radiation: { lines: lines.map(({ wavelengthA, weight }) => ({ wavelength: wavelengthA, weight })) } }),
    ...(polarization !== undefined && { polarization }),
    zero: fixed(instrument.zeroDeg),
    ...flatSample(instrument),
    profile: {
      shape: "tchz",
      ...Object.fromEntries((["U", "V", "W", "X", "Y", "Z"] as const).map((key) => [key, fixed(instrument[key])])),
      ...(SL + HL > 0 && { SL: fixed(Math.max(SL, 1e-6)), HL: fixed(Math.max(HL, 1e-6)) }),
      ...(SL + HL === 0 && instrument.asymmetryDeg !== undefined && { asym: fixed(instrument.asymmetryDeg) }),
    },
  };
  const notes = [...instrument.notes];
  if (config.displacement && !instrument.radiusMm)
    notes.push(
      `the goniometer radius is not given; ${UNKNOWN_RADIUS_MM} mm is taken, only displacement / radius matters`,
    );
  if (first && instrument.W === 0 && instrument.U === 0) notes.push("the Gaussian width is 0: refine W, or give it");
  return { config, structures: new Map(), notes };
}

/** Stands for a radius that the file does not give. */
const UNKNOWN_RADIUS_MM = 200;

function flatSample({ geometry, radiusMm, sampleShiftDeg, transparencyDeg }: InstrumentParameters) {
  const isShifted = sampleShiftDeg !== undefined || transparencyDeg !== undefined;
  if (!isShifted && !(geometry === "bragg-brentano" && radiusMm)) return {};
  const lengthMm = radiusMm || UNKNOWN_RADIUS_MM;
  return {
    displacement: {
      geometry: "bragg-brentano" as const,
      lengthMm,
      // 2 s / R radians
      value: { value: ((sampleShiftDeg ?? 0) * lengthMm * Math.PI) / 360, refine: false },
      ...(transparencyDeg !== undefined && { transparency: { value: transparencyDeg, refine: false } }),
    },
  };
}

/** A GSAS experiment as a model: its phases with scales and cells refined, its instrument fixed. */
export function importGsasExp({ instrument, phases, range, exclude, notes }: GsasExperiment): ImportedModel {
  const base = importInstrument(instrument);
  const structures = new Map(phases.map((structure) => [cifName(structure.name), [structure]] as const));
  return {
    config: {
      ...base.config,
      ...(range && { range: [...range] as [number, number] }),
      exclude: exclude.map(([low, high]): [number, number] => [low, high]),
      phases: phases.map(({ name }) => ({ name, cif: cifName(name) })),
    },
    structures,
    notes: [...notes, ...base.notes],
  };
}

const cifName = (phase: string): string => `${phase.replace(/[^\w.+-]+/g, "_").replace(/^[._]+/, "") || "phase"}.cif`;

/**
 * A pattern of a TOPAS file as a model.
 *
 * @param index which of its patterns (xdd)
 * @throws InputError "topas-no-pattern"
 */
export function importTopas(input: TopasInput, index = 0): ImportedModel {
  const pattern = input.patterns[index];
  if (!pattern) {
    throw new InputError(
      "topas-no-pattern",
      `The TOPAS file has ${input.patterns.length} patterns (xdd); number ${index + 1} was asked for.`,
    );
  }
  const notes = [...input.notes];
  if (input.patterns.length > 1)
    notes.push(`the file has ${input.patterns.length} patterns; number ${index + 1} is read`);
  for (const { keyword, lines, matters } of input.unread) {
    if (matters)
      notes.push(`line ${lines.slice(0, 5).join(", ")}${lines.length > 5 ? " ..." : ""}: ${keyword} is not read`);
  }
  if (pattern.lines.length === 0) notes.push("no emission line is known: give wavelength, energyKeV or radiation");
  const ties = new Map<string, string[]>();
  const structures = new Map<string, readonly Structure[]>();
  const take = createTake(ties);
  const phases = pattern.phases.map((phase) => {
    const path = cifName(phase.name);
    structures.set(path, [phase.structure]);
    return phaseInput(phase, path, take);
  });
  const config: ModelConfigInput = {
    ...patternInput(pattern, take),
    phases,
    constraints: [...ties.values()].flatMap(([first, ...others]) => others.map((other) => `${other} = ${first}`)),
  };
  return { config, structures, notes };
}

type Take = (name: string, parameter: TopasParameter | undefined) => Parameter | undefined;

/** Parameters that share a name in the file are tied, the first of them being the free one. */
function createTake(ties: Map<string, string[]>): Take {
  return (name, parameter) => {
    if (!parameter) return undefined;
    const { value, isRefined, min, max } = parameter;
    if (parameter.name && isRefined) {
      const tied = ties.get(parameter.name);
      if (tied) tied.push(name);
      else ties.set(parameter.name, [name]);
    }
    return {
      value,
      refine: isRefined,
      ...(min !== undefined && min <= value && { min }),
      ...(max !== undefined && max >= value && { max }),
    };
  };
}

function patternInput(pattern: TopasPattern, take: Take): ModelConfigInput {
  const { lines, zero, displacement, start, finish, background } = pattern;
  const [line] = lines;
  const low = start ?? 0;
  return {
    ...(line &&
      (lines.length === 1
        ? { wavelength: take("wavelength", line.wavelength)! }
        : { radiation: { lines: lines.map(({ wavelength, weight }) => ({ wavelength: wavelength.value, weight })) } })),
    ...(pattern.polarization !== undefined && { polarization: pattern.polarization }),
    ...(pattern.lorentz && { lorentz: pattern.lorentz }),
    ...((start !== undefined || finish !== undefined) && { range: [low, finish ?? 180] as [number, number] }),
    exclude: pattern.exclude.map(([from, to]): [number, number] => [from, to]),
    ...(zero && { zero: take("zero", zero)! }),
    ...(displacement && {
      displacement: {
        geometry: displacement.geometry,
        lengthMm: displacement.lengthMm,
        value: take("displacement", displacement.value)!,
        ...(displacement.transparency && { transparency: take("transparency", displacement.transparency)! }),
      },
    }),
    profile: {
      shape: pattern.shape,
      ...Object.fromEntries(Object.entries(pattern.profile).map(([key, value]) => [key, take(key, value)])),
    },
    background: background ? { chebyshev: [...background.values], refine: background.isRefined } : 0,
    peaks: pattern.peaks.map(({ position, area, fwhmDeg, eta }, i) => {
      const name = `peak${i + 1}`;
      return {
        name,
        position: take(`peaks/${name}/position`, position)!,
        ...(area && { area: take(`peaks/${name}/area`, area)! }),
        ...(fwhmDeg !== undefined && { fwhm: { value: Math.max(fwhmDeg, 1e-4), refine: false } }),
        ...(eta !== undefined && { eta: Math.min(1, Math.max(0, eta)) }),
      };
    }),
  };
}

function phaseInput(
  phase: TopasPhase,
  path: string,
  take: Take,
): Exclude<NonNullable<ModelConfigInput["phases"]>[number], string> {
  const { name, kind, structure, textures } = phase;
  const own = (key: string): string => `${name}/${key}`;
  const isRietveld = kind === "rietveld";
  const broadening = Object.fromEntries(
    (["size", "strain", "gaussianSize", "gaussianStrain", "width"] as const).flatMap((key) =>
      phase[key] ? [[key, take(own(key), phase[key])]] : [],
    ),
  );
  const cell = Object.fromEntries(cellFreedom(structure).names.map((key) => [key, take(own(key), phase.cell[key])]));
  const sites = isRietveld
    ? phase.sites.map((site, i) => {
        const axes = siteFreedom(structure, i).map(({ name: axis }) => axis);
        const entries = [...axes, "occupancy" as const, "b" as const].flatMap((key) => {
          // fixed values are in the structure
          const parameter = site[key];
          return parameter.isRefined ? [[key, take(own(`${site.label}/${key}`), parameter)]] : [];
        });
        return [site.label, Object.fromEntries(entries)] as const;
      })
    : [];
  return {
    name,
    cif: path,
    kind,
    ...(isRietveld && phase.scale && { scale: take(own("scale"), phase.scale)! }),
    cell,
    ...broadening,
    ...(textures.length > 0 && {
      texture: textures.map(({ hkl, r }) => ({
        hkl: [...hkl] as [number, number, number],
        r: take(own(textures.length === 1 ? "texture" : `texture(${hkl.join(" ")})`), r)!,
      })),
    }),
    ...(sites.length > 0 && {
      sites: Object.fromEntries(sites.filter(([, entries]) => Object.keys(entries).length > 0)),
    }),
  };
}

/**
 * Writes an imported model as model.yaml with its structures beside it.
 *
 * @returns the paths written
 * @throws InputError "hand-over-not-writable"
 */
export function writeImportedModel(
  { config, structures, notes }: ImportedModel,
  source: string,
  out: string,
): string[] {
  const yaml = [
    schemaLine("model").trimEnd(),
    `# read from ${basename(source)}`,
    ...notes.map((note) => `# ${note.replace(/[\r\n]+/g, " ")}`),
    stringify(config, { lineWidth: 120 }),
  ].join("\n");
  const files: [string, string][] = [
    ["model.yaml", yaml],
    ...[...structures].map(([path, [structure]]): [string, string] => [path, formatCif(structure!)]),
  ];
  try {
    mkdirSync(out, { recursive: true });
    return files.map(([name, text]) => {
      const path = join(out, name);
      writeFileSync(path, text);
      return path;
    });
  } catch (error) {
    throw new InputError(
      "hand-over-not-writable",
      `The folder ${out} cannot be written: ${(error as Error).message}. Choose another with -o.`,
      { cause: error },
    );
  }
}
