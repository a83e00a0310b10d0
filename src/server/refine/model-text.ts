/** A model.yaml as text from a page: its files lie in the served folder, or it is refused. */
import { isAbsolute, resolve } from "node:path";
import { InputError } from "../../data/index.ts";
import { parseYaml } from "../../files/yaml.ts";
import { type LoadedModel, parseModel } from "../../pipeline/refine/load-model.ts";
import { withWavelength } from "../../pipeline/refine/rietveld-map.ts";
import { ModelConfig } from "../../refinement/index.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { ModelText } from "../wire-refine.ts";

/** What messages call a text that is in no file yet. */
const NAME = "the model";

/** @throws InputError naming the line or the file that is wrong; "path-outside" */
export function loadModelText({ text, folder, wavelengthA }: ModelText, served: ServedFolder): LoadedModel {
  const from = served.existing(folder);
  assertFilesInside(parseYaml(text, NAME, ModelConfig), from, served);
  const model = parseModel(text, NAME, from);
  return { ...model, config: withWavelength(model.config, wavelengthA) };
}

/** The names of the files that a model has, as it has them. */
export function filesOf({ instrument, background, phases }: ModelConfig): string[] {
  const measured = "measured" in background ? background.measured?.file : undefined;
  return [instrument, measured, ...phases.map(({ cif }) => cif)].filter((file) => file !== undefined);
}

function assertFilesInside(config: ModelConfig, from: string, served: ServedFolder): void {
  for (const file of filesOf(config)) {
    const absolute = resolve(from, file);
    try {
      served.assertInside(absolute);
      served.existing(served.nameOf(absolute));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const why = error.code === "path-outside" ? "lies outside of the folder that is served" : "is not there";
      const way = isAbsolute(file) ? "Copy it into the folder, and name it from there" : "Correct its name";
      throw new InputError(error.code, `${NAME} names ${file}, which ${why}. ${way}.`);
    }
  }
}
