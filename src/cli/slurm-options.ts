/** --executor, --slurm and --detach: of all commands that run scans. */
import { stderr } from "node:process";
import { type Command, Option } from "commander";
import { InputError } from "../data/index.ts";
import { runOnSlurm } from "../pipeline/slurm/run-on-slurm.ts";
import type { SlurmOrder } from "../pipeline/slurm/slurm-folder.ts";
import { readSlurmSettings } from "../pipeline/slurm/slurm-settings.ts";
import type { workOf } from "./command-output.ts";
import { plainText } from "./plain-text.ts";

export interface ExecutorOptions {
  readonly executor: "local" | "slurm";
  readonly slurm?: string;
  readonly detach?: true;
  readonly workers?: number;
  readonly quiet?: true;
}

export const withExecutor = (command: Command): Command =>
  command
    .addOption(
      new Option("--executor <name>", "who does the work: this machine, or jobs of a cluster")
        .choices(["local", "slurm"])
        .default("local"),
    )
    .option("--slurm <file>", "slurm.yaml: account, partition, time and size of the jobs")
    .option("--detach", "give it to Slurm and end; the same command without it watches");

/**
 * Whether the cluster is to do it.
 *
 * @throws InputError "bad-option" where an option goes with the other executor
 */
export function isForSlurm({ executor, slurm, detach, workers }: ExecutorOptions): boolean {
  const refuse = (text: string): never => {
    throw new InputError("bad-option", text);
  };
  if (executor === "slurm" && workers !== undefined)
    refuse("--workers is of this machine. With --executor slurm set cpusPerTask in the file of --slurm.");
  if (executor === "local" && (slurm !== undefined || detach))
    refuse(`${slurm === undefined ? "--detach" : "--slurm"} goes with --executor slurm. Add that, or leave it out.`);
  return executor === "slurm";
}

/**
 * Gives the run to Slurm and watches it.
 *
 * @param check before anything is given away
 * @returns its report; undefined with --detach
 */
export function runThere<Report>(
  order: Omit<SlurmOrder, "settings" | "memoryBytes">,
  options: ExecutorOptions,
  { memoryBytes, onProgress, signal }: ReturnType<typeof workOf>,
  check: () => Promise<void>,
): Promise<Report | undefined> {
  return runOnSlurm<Report>({
    order: { ...order, memoryBytes, settings: readSlurmSettings(options.slurm) },
    ...{ onProgress, signal, check, isDetached: Boolean(options.detach) },
    onJobs: (text) => options.quiet || stderr.write(`${stderr.isTTY ? "\r\x1b[K" : ""}${plainText(text)}\n`),
  });
}

/** Of a command that ends while its run goes on. */
export const isWithSlurm = (output: string) => ({
  json: { output, isSubmitted: true },
  lines: [`${output} is with Slurm; the same command without --detach watches it`],
});
