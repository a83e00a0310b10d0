/** Reads a model.yaml and the files that it names. */
import { dirname, resolve } from "node:path";
import type { Structure } from "../crystal/index.ts";
import { convertAxis, InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { readCif } from "../files/cif.ts";
import { readPattern } from "../files/pattern-file.ts";
import type { PatternTextOptions } from "../files/pattern-text.ts";
import { readYaml } from "../files/yaml.ts";
import { ModelConfig, type ModelFiles, resolveModel } from "../refinement/index.ts";

export interface LoadedModel {
  readonly config: ModelConfig;
  readonly files: ModelFiles;
  readonly path: string;
}

/**
 * @param options the axis of a measured background whose file does not say it
 * @throws InputError naming the line or the file that is wrong
 */
export function loadModel(path: string, options: PatternTextOptions = {}): LoadedModel {
  const config = readYaml(path, ModelConfig);
  const folder = dirname(resolve(path));
  const structures = new Map<string, readonly Structure[]>();
  for (const { cif } of config.phases) {
    if (cif !== undefined && !structures.has(cif)) structures.set(cif, readCif(readText(resolve(folder, cif)), cif));
  }
  const bare: ModelFiles = { structures };
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
