/** Gives a run to Slurm: its order, its lock and its first step. */
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../../data/index.ts";
import { handOverRun, lockRun } from "../run-lock.ts";
import { type StepSize, submitStep } from "./jobs.ts";
import { type Begun, jobName, readJson, readOutcome, type SlurmOrder, slurmFolder, writeJson } from "./slurm-folder.ts";

/**
 * @returns number of the first job
 * @throws InputError "run-in-progress" | "slurm-missing" | "slurm-refused" | "slurm-path" | "not-writable" | "disk-full"
 */
export async function beginRun(
  order: SlurmOrder,
  { size, isFirst = false }: { readonly size: StepSize; readonly isFirst?: boolean },
): Promise<string> {
  const folder = slurmFolder(order.output);
  checkPath(folder);
  const workFolder = `${resolve(order.output)}.work`;
  const unlock = lockRun(workFolder);
  try {
    mkdirSync(folder, { recursive: true });
    const outcome = readOutcome(folder);
    const isFinished = outcome !== undefined && "report" in outcome;
    // what a run has not finished was made by its first job's program, and goes on with that
    if (isFinished) rmSync(join(folder, "program.json"), { force: true });
    for (const name of ["outcome.json", "events.jsonl", "cancelled", "children.json", "step.log"])
      rmSync(join(folder, name), { force: true });
    const before = readJson<SlurmOrder>(join(folder, "order.json"));
    // another order may do better than the one whose steps were lost
    if (outcome !== undefined || JSON.stringify(before) !== JSON.stringify(order))
      rmSync(join(folder, "restarts.json"), { force: true });
    writeJson(join(folder, "order.json"), order);
    const at = new Date().toISOString();
    writeJson(join(folder, "begun.json"), { at } satisfies Begun);
    handOverRun(workFolder, jobName(order.output)); // before the step starts, which takes it
    const job = (await submitStep(order, { size, isFirst }))!;
    writeJson(join(folder, "begun.json"), { at, job } satisfies Begun);
    return job;
  } catch (error) {
    unlock();
    throw error;
  }
}

/** A line of a script holds the path, and Slurm reads it with patterns of its own. @throws InputError "slurm-path" */
function checkPath(folder: string): void {
  const wrong = /[\p{Cc}\\"]/u.exec(folder);
  if (!wrong) return;
  throw new InputError(
    "slurm-path",
    `The path ${JSON.stringify(folder)} holds ${JSON.stringify(wrong[0])}, which Slurm cannot take in the name of a log. Give another place with -o.`,
  );
}
