import { resolve } from "node:path";
import type { Command } from "commander";
import { withEsd } from "../data/with-esd.ts";
import { checkSteps, type SeriesOptions } from "../pipeline/series/run-series.ts";
import { runSeries } from "../pipeline/series/series.ts";
import { readSeries, type Series } from "../pipeline/series/series-config.ts";
import { seriesReport } from "../stages/refine/index.ts";
import { createCommand, execute, type Report } from "./command.ts";
import { type WorkOptions, withMemory, workOf } from "./command-output.ts";
import { type DeviceOptions, deviceOfOrder, withDevice } from "./device-option.ts";
import { type ExecutorOptions, isForSlurm, isWithSlurm, runThere, withExecutor } from "./slurm-options.ts";

const EXAMPLE = `npx xrdct series series.yaml -o series      scans of a cell over time: maps, tables, figures, films
xrdct run is called for each step; what is finished is not done again`;

interface Options extends WorkOptions, DeviceOptions, Omit<ExecutorOptions, keyof WorkOptions> {
  readonly output: string;
}

export const seriesCommand = (): Command =>
  createCommand("series", "slices over time and height as one study", EXAMPLE, withMemory, withExecutor, withDevice)
    .argument("<series>", "series.yaml: which scan, or result, was taken when and at which height")
    .requiredOption("-o, --output <folder>", "where to")
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const series = readSeries(path);
        const work = workOf(options, signal);
        const { device } = options;
        if (!isForSlurm(options)) return doSeries(series, { folder: options.output, ...work, device });
        const order = {
          kind: "series",
          path: resolve(path),
          output: resolve(options.output),
          ...deviceOfOrder(device),
        } as const;
        return (
          (await runThere<Report>(order, options, work, () => checkSteps(series, options.output))) ??
          isWithSlurm(options.output)
        );
      }),
    );

/** The series, and all that it writes. */
export async function doSeries(series: Series, options: SeriesOptions): Promise<Report> {
  const { steps, slices, written, notes, patterns } = await runSeries(series, options);
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
}
