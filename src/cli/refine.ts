import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { AXIS_UNITS, type AxisUnit, convertAxis, InputError } from "../data/index.ts";
import { readPattern } from "../files/pattern-file.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { loadModel } from "../pipeline/load-model.ts";
import { refinementFigure } from "../pipeline/refinement-figure.ts";
import { resolveModel } from "../refinement/index.ts";
import { refinementReport, refinePattern } from "../stages/refine/index.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";

const EXAMPLE = `npx xrdct refine ceo2.xye --model model.yaml -o ceo2.json --figure ceo2.svg`;

interface Options extends CommonOptions {
  readonly model: string;
  readonly axis?: string;
  readonly output?: string;
  readonly figure?: string;
}

export const refineCommand = (): Command =>
  createCommand("refine", "Rietveld, Pawley or Le Bail refinement of a pattern", EXAMPLE)
    .argument("<pattern>", "pattern file")
    .requiredOption("--model <file>", "model.yaml: phases, instrument, and what is refined")
    .option("--axis <unit>", `axis of a file that does not say it: ${AXIS_UNITS.join(", ")}`)
    .option("-o, --output <file>", "result as .json")
    .option("--figure <file>", "figure as .svg")
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const axis = axisOption(options.axis);
        const { config, files } = loadModel(options.model, axis);
        const kernels = await loadKernels();
        const given = readPattern(path, axis);
        const { wavelengthA } = resolveModel(config, files);
        const values = convertAxis(given.axis.values, given.axis.unit, "two-theta", { wavelengthA });
        const pattern = { ...given, axis: { unit: "two-theta" as const, values } };
        const result = refinePattern(kernels, config, files, pattern, path, { isCancelled: () => signal.aborted });
        if (options.output) writeFileSync(options.output, `${JSON.stringify(result)}\n`);
        if (options.figure) writeFileSync(options.figure, refinementFigure(result, path));
        return { json: result, lines: refinementReport(result) };
      }),
    );

function axisOption(axis: string | undefined): { axis?: AxisUnit } {
  if (axis === undefined) return {};
  if (!(AXIS_UNITS as readonly string[]).includes(axis)) {
    throw new InputError("bad-option", `--axis is one of ${AXIS_UNITS.join(", ")}; "${axis}" was given.`);
  }
  return { axis: axis as AxisUnit };
}
