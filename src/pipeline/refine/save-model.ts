/** A model as model.yaml: what the schema fills in by itself is left out, files are named from where it is written. */

import { dirname, relative, resolve } from "node:path";
import { stringify } from "yaml";
import { ModelConfig } from "../../refinement/index.ts";
import { schemaLine } from "../schema-line.ts";
import { writeWhole } from "../write-whole.ts";

/** @param from path of the model whose files `config` names */
export function saveModel(path: string, config: ModelConfig, from: string): void {
  writeWhole(path, schemaLine("model") + formatModel(config, (file) => moved(file, from, path)));
}

export function formatModel(config: ModelConfig, place: (file: string) => string): string {
  const defaults = ModelConfig.parse({}) as Record<string, unknown>;
  const { background } = config;
  const placed = {
    ...config,
    ...(config.instrument && { instrument: place(config.instrument) }),
    background:
      "measured" in background && background.measured
        ? { ...background, measured: { ...background.measured, file: place(background.measured.file) } }
        : background,
    phases: config.phases.map((phase) => (phase.cif === undefined ? phase : { ...phase, cif: place(phase.cif) })),
  };
  const written = Object.fromEntries(
    Object.entries(placed).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key])),
  );
  return stringify(JSON.parse(JSON.stringify(written)), {
    flowCollectionPadding: false,
    lineWidth: 110,
    collectionStyle: "any",
  });
}

const moved = (file: string, from: string, to: string): string =>
  relative(dirname(resolve(to)), resolve(dirname(resolve(from)), file)) || file;
