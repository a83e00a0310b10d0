import { basename, resolve } from "node:path";
import { stderr } from "node:process";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { checkRun, type RunSummary, runScan } from "../pipeline/run-scan.ts";
import { readScan } from "../pipeline/scan-config.ts";
import { STAGES, type StageName } from "../pipeline/steps.ts";
import { withEsd } from "../stages/refine/index.ts";
import { type CommonOptions, createCommand, execute, positiveNumber } from "./command.ts";
import { workOf } from "./command-output.ts";
import { type DeviceOptions, deviceOfOrder, withDevice } from "./device-option.ts";
import { type LiveCommandOptions, liveOf, withLive } from "./live-options.ts";
import { type ExecutorOptions, isForSlurm, isWithSlurm, runThere, withExecutor } from "./slurm-options.ts";

const EXAMPLE = `npx xrdct run scan.yaml -o cell.nxs
npx xrdct run scan.yaml -o cell.nxs --live         while it is measured
npx xrdct run scan.yaml -o cell.nxs --from map     again from there, after a change
npx xrdct run scan.yaml -o cell.nxs --executor slurm --slurm cluster.yaml`;

interface Options extends CommonOptions, LiveCommandOptions, DeviceOptions, Omit<ExecutorOptions, keyof CommonOptions> {
  readonly output?: string;
  readonly from?: StageName;
  readonly until?: StageName;
  readonly only?: StageName;
  readonly memoryGb: number;
}

export const runCommand = (): Command =>
  createCommand(
    "run",
    "the whole way from a scan.yaml to a result, resumable",
    EXAMPLE,
    withLive,
    withExecutor,
    withDevice,
  )
    .argument("<scan>", "scan.yaml: what was measured and what the stages are told")
    .option("-o, --output <file>", "result file; left out: the scan's name with .nxs")
    .option("--from <stage>", `do this stage and those after it again (${STAGES.join(", ")})`, stageName)
    .option("--until <stage>", "stop after this stage", stageName)
    .option("--only <stage>", "this stage alone, from what the earlier ones left", stageName)
    .option("--memory-gb <n>", "memory that all threads together may take, GB", positiveNumber("--memory-gb"), 3)
    .action((path: string, options: Options) =>
      execute(options, async (signal) => {
        const output = options.output ?? `${basename(path).replace(/\.ya?ml$/, "")}.nxs`;
        const from = options.from ?? options.only;
        const until = options.until ?? options.only;
        const stages = { ...(from && { from }), ...(until && { until }) };
        const scan = readScan(path);
        const work = workOf(options, signal);
        const { device } = options;
        const live = liveOf(options, { output, isForSlurm: isForSlurm(options) });
        const summary = isForSlurm(options)
          ? await runThere<RunSummary>(
              {
                kind: "run",
                path: resolve(path),
                output: resolve(output),
                ...stages,
                ...deviceOfOrder(device),
              },
              options,
              work,
              () => checkRun(scan, { output, ...stages }),
            )
          : await runScan(scan, {
              output,
              ...work,
              ...stages,
              device,
              onDevice: (text) => options.quiet || stderr.write(`${text}\n`),
              ...(live && { live }),
            });
        if (!summary) return isWithSlurm(output);
        return { json: summary, lines: describeRun(summary) };
      }),
    );

function stageName(text: string): StageName {
  if ((STAGES as readonly string[]).includes(text) || /^(reconstruct|map|absorb)-\d$/.test(text))
    return text as StageName;
  throw new InputError("stage-unknown", `There is no stage "${text}". The stages are ${STAGES.join(", ")}.`);
}

export function describeRun({ output, isUpToDate, maps, bulk = [], bulkBefore }: RunSummary): string[] {
  const lines = maps
    .filter(({ voxels }) => voxels > 0)
    .map(
      ({ name, unit, median, voxels }) =>
        `${name.padEnd(36)} median ${median.toPrecision(6).padStart(12)} ${unit.padEnd(12)} ${voxels} voxels`,
    );
  for (const { name, weightFraction, weightFractionEsd, voxelSum } of bulk) {
    const before = bulkBefore?.[name];
    const was = before === undefined ? "" : `, ${(100 * before).toFixed(2)} wt% before the absorption was corrected`;
    lines.push(
      `${name.padEnd(36)} bulk ${withEsd(100 * weightFraction, 100 * weightFractionEsd)} wt%, voxels add up to ${(100 * voxelSum).toFixed(2)} wt%${was}`,
    );
  }
  return [...lines, isUpToDate ? `${output} is up to date` : `written ${output}`];
}
