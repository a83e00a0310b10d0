import type { Command } from "commander";
import { withEsd } from "../data/with-esd.ts";
import { runSeries } from "../pipeline/series/series.ts";
import { readSeries } from "../pipeline/series/series-config.ts";
import { seriesReport } from "../stages/refine/index.ts";
import { type CommonOptions, createCommand, execute, positiveNumber } from "./command.ts";
import { workOf } from "./command-output.ts";

const EXAMPLE = `npx xrdct series series.yaml -o series      scans of a cell over time: maps, tables, figures, films
xrdct run is called for each step; what is finished is not done again`;

interface Options extends CommonOptions {
  readonly output: string;
  readonly memoryGb: number;
}

export const seriesCommand = (): Command =>
  createCommand("series", "slices over time and height as one study", EXAMPLE)
    .argument("<series>", "series.yaml: which scan, or result, was taken when and at which height")
    .requiredOption("-o, --output <folder>", "where to")
    .option("--memory-gb <n>", "memory that all threads together may take, GB", positiveNumber("--memory-gb"), 3)
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const outcome = await runSeries(readSeries(path), {
          folder: options.output,
          ...workOf(options, signal),
        });
        const { steps, slices, written, notes, patterns } = outcome;
        const means = slices.flatMap(({ heightMm, parameters, timeH }) =>
          parameters.map(({ name, unit, means }) => ({
            heightMm,
            name,
            unit,
            timeH: [...timeH],
            common: means.common,
            each: means.each,
          })),
        );
        const lines = [
          ...(patterns ? seriesReport(patterns, "time (h)") : notes),
          "",
          ...means.flatMap(({ name, unit, common, heightMm }) => {
            const [first, last] = [common[0]!, common.at(-1)!];
            if (!Number.isFinite(first.mean)) return [];
            const at = slices.length > 1 ? ` at ${heightMm} mm` : "";
            return `${`${name}${at}`.padEnd(32)} ${withEsd(first.mean, first.esd)} to ${withEsd(last.mean, last.esd)} ${unit} (mean of ${first.voxels} voxels)`;
          }),
          "",
          ...written.map((file) => `written ${file}`),
        ];
        return { json: { ...(patterns ? { patterns } : { steps, means }), notes, written }, lines };
      }),
    );
