import { InputError } from "../../data/index.ts";
import type { PatternCalculator } from "../../pattern/calculator.ts";
import type { ModelConfig } from "../../refinement/index.ts";

/**
 * Which of the refined parameters may move in each stage, as indices into `refined`; later stages keep those before.
 *
 * By default: scales and background, then cells and zero, then widths and peaks, then wavelength, asymmetry and
 * texture, then atoms. The `stages` of a model say it by name, * for any run of letters.
 *
 * @param stage [refined] the stage each parameter comes in by default
 * @throws InputError "model-stages"
 */
export function stagesOf(
  config: Pick<ModelConfig, "stages">,
  { parameters }: Pick<PatternCalculator, "parameters">,
  refined: readonly number[],
  stage: readonly number[],
): number[][] {
  let order = stage;
  if (config.stages) {
    const patterns = config.stages.map((names) => names.map(toPattern));
    order = refined.map((parameter) => {
      const found = patterns.findIndex((list) => list.some((pattern) => pattern.test(parameters[parameter]!.name)));
      return found < 0 ? patterns.length : found;
    });
    config.stages.flat().forEach((text) => {
      if (refined.some((parameter) => toPattern(text).test(parameters[parameter]!.name))) return;
      throw new InputError(
        "model-stages",
        `stages: "${text}" names none of the refined parameters, which are ${refined
          .map((i) => parameters[i]!.name)
          .slice(0, 20)
          .join(", ")}.`,
      );
    });
  }
  const steps = [...new Set(order)].sort((a, b) => a - b);
  return steps.map((last) => [...refined.keys()].filter((j) => order[j]! <= last));
}

const toPattern = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
