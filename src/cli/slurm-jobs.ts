/** What the jobs of a run on a cluster execute; nothing for people to type. */
import type { Command } from "commander";
import { runPart } from "../pipeline/slurm/run-part.ts";
import { runStep } from "../pipeline/slurm/run-step.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";

export const slurmStepCommand = (): Command =>
  createCommand("slurm-step", "a job of run --executor slurm", "sbatch cell.nxs.work/slurm/step.sh")
    .argument("<folder>", "RESULT.work/slurm")
    .option("--first", "of the run")
    .action((folder: string, options: CommonOptions & { readonly first?: true }) => {
      // a job that Slurm requeued is no first one: it must not throw away what it did before
      const isFirst = Boolean(options.first) && !Number(process.env["SLURM_RESTART_COUNT"] ?? 0);
      return execute(options, async (signal) => {
        if (!(await runStep(folder, isFirst, signal))) process.exitCode = 1;
        return undefined;
      });
    });

export const slurmPartCommand = (): Command =>
  createCommand("slurm-part", "a job of an array of run --executor slurm", "sbatch part.sh")
    .argument("<folder>", "RESULT.work/slurm/STAGE/try-N")
    .argument("<part>", "number in the array")
    .action((folder: string, part: string, options: CommonOptions) =>
      execute(options, async (signal) => {
        if (!(await runPart(folder, Number(part), signal))) process.exitCode = 1;
        return undefined;
      }),
    );
