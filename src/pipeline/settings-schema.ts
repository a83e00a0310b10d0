/** Schemas of the files that people write, for editors to complete and check them by (JSON Schema, draft 7). */
import * as z from "zod";
import { ModelConfig } from "../refinement/index.ts";
import { SimulateConfig } from "../stages/simulate/index.ts";
import { ScanConfig } from "./scan-config.ts";
import { SeriesFileConfig } from "./series/series-config.ts";
import { SlurmSettings } from "./slurm/slurm-settings.ts";
import { StudyConfig } from "./study/study-config.ts";

const SETTINGS = {
  scan: { config: ScanConfig, title: "scan.yaml of xrdct: what was measured, and what each stage is told" },
  model: { config: ModelConfig, title: "model.yaml of xrdct: phases, profile and background of a refinement" },
  study: { config: StudyConfig, title: "study.yaml of xrdct: several cells side by side" },
  series: { config: SeriesFileConfig, title: "series.yaml of xrdct: slices and times as one" },
  simulate: { config: SimulateConfig, title: "A virtual experiment for xrdct simulate" },
  slurm: { config: SlurmSettings, title: "slurm.yaml of xrdct: what a cluster has to be told" },
} as const;

export type SettingsName = keyof typeof SETTINGS;
export const SETTINGS_NAMES = Object.keys(SETTINGS) as SettingsName[];

/**
 * What the program takes, as far as JSON Schema can say it: names, types, choices, limits, defaults, and descriptions
 * with units. All that the program accepts fits; rules between settings are the program's own.
 */
export function settingsSchema(name: SettingsName): object {
  const { config, title } = SETTINGS[name];
  const schema = z.toJSONSchema(config, {
    ...{ io: "input", target: "draft-7", unrepresentable: "any" },
    // a unit is no word of JSON Schema: editors show the description alone
    override({ jsonSchema }) {
      const { unit, description } = jsonSchema as { unit?: string; description?: string };
      if (unit === undefined) return;
      delete jsonSchema["unit"];
      jsonSchema.description = description === undefined ? unit : `${description} (${unit})`;
    },
  });
  return { ...schema, title };
}
