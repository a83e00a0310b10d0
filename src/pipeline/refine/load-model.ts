/** Reads a model.yaml and the files that it names. */
import { dirname, resolve } from "node:path";
import type { Structure } from "../../crystal/index.ts";
import { convertAxis, InputError } from "../../data/index.ts";
import { readText } from "../../files/byte-source.ts";
import { readCif } from "../../files/cif.ts";
import { readInstrument } from "../../files/instprm.ts";
import { readPattern } from "../../files/pattern-file.ts";
import type { PatternTextOptions } from "../../files/pattern-text.ts";
import { parseYaml, readYaml } from "../../files/yaml.ts";
import { ModelConfig, type ModelFiles, resolveModel } from "../../refinement/index.ts";
import { importInstrument } from "../hand-over/import.ts";

/** A model.yaml with the files that it names. */
export interface LoadedModel {
  readonly config: ModelConfig;
  readonly files: ModelFiles;
  readonly path: string;
}

/**
 * Reads a model.yaml and the structures that it names.
 *
 * @param options the axis of a measured background whose file does not say it
 * @throws InputError naming the line or the file that is wrong
 */
export function loadModel(path: string, options: PatternTextOptions = {}): LoadedModel {
  return readFilesOf(readYaml(path, ModelConfig), path, dirname(resolve(path)), options);
}

/** As loadModel, from the text itself; `name` is what messages call it, and files lie as seen from `folder`. */
export function parseModel(text: string, name: string, folder: string): LoadedModel {
  return readFilesOf(parseYaml(text, name, ModelConfig), name, folder, {});
}

function readFilesOf(given: ModelConfig, path: string, folder: string, options: PatternTextOptions): LoadedModel {
  const { config, notes } = withInstrument(given, folder);
  const structures = new Map<string, readonly Structure[]>();
  for (const { cif } of config.phases) {
    if (cif !== undefined && !structures.has(cif)) structures.set(cif, readStructures(folder, cif));
  }
  const bare: ModelFiles = { structures, ...(notes.length > 0 && { notes }) };
  const measured = "measured" in config.background ? config.background.measured : undefined;
  if (!measured) return { config, files: bare, path };
  const { axis, intensity } = readPattern(resolve(folder, measured.file), options);
  const { wavelengthA } = resolveModel({ ...config, background: { chebyshev: 0 } }, bare);
  if (axis.unit === "channel") {
    throw new InputError("pattern-axis", `${measured.file} is over channels; a measured background needs an angle.`);
  }
  const twoThetaDeg = convertAxis(axis.values, axis.unit, "two-theta", { wavelengthA });
  return { config, files: { ...bare, measuredBackground: { twoThetaDeg, intensity } }, path };
}

/** Whatever is wrong, the message names the file. */
function readStructures(folder: string, cif: string): readonly Structure[] {
  try {
    return readCif(readText(resolve(folder, cif)), cif);
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes(cif)) throw error;
    throw new InputError(error.code, `${cif}: ${error.message}`, { cause: error });
  }
}

/** What the instrument file says stands where the model says nothing. */
function withInstrument(config: ModelConfig, folder: string): { config: ModelConfig; notes: readonly string[] } {
  if (config.instrument === undefined) return { config, notes: [] };
  const banks = readInstrument(resolve(folder, config.instrument));
  const imported = importInstrument(banks[0]!);
  const { wavelength, radiation, zero, polarization, displacement, profile } = ModelConfig.parse(imported.config);
  const isWavelengthGiven = (config.wavelength?.value ?? config.energyKeV ?? config.radiation) !== undefined;
  const own = Object.fromEntries(Object.entries(config.profile).filter(([, value]) => value !== undefined));
  const merged: ModelConfig = {
    ...config,
    ...(!isWavelengthGiven && (radiation ? { radiation } : { wavelength: { ...wavelength, ...config.wavelength } })),
    ...(config.zero === undefined && zero && { zero }),
    ...(config.polarization === undefined && polarization !== undefined && { polarization }),
    ...(config.displacement === undefined && displacement && { displacement }),
    profile: mergeProfiles(profile, own),
  };
  const banked = banks.length > 1 ? [`${config.instrument} has ${banks.length} banks; the first is taken`] : [];
  return { config: merged, notes: [...imported.notes.map((note) => `${config.instrument}: ${note}`), ...banked] };
}

/** `W: true` refines the instrument's W from where it is. */
function mergeProfiles(
  instrument: ModelConfig["profile"],
  own: Partial<ModelConfig["profile"]>,
): ModelConfig["profile"] {
  const merged: Record<string, unknown> = { ...instrument };
  // there is one asymmetry, and the model's own is meant
  if (own.asym !== undefined) for (const key of ["SL", "HL"]) delete merged[key];
  if (own.SL !== undefined || own.HL !== undefined) delete merged.asym;
  for (const [key, value] of Object.entries(own)) {
    const before = merged[key];
    merged[key] = typeof value === "object" && typeof before === "object" ? { ...before, ...value } : value;
  }
  return merged as ModelConfig["profile"];
}
