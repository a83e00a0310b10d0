/** The step: the job that plans a stage, gives out its blocks and, when they are back, goes on with the next stage. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../write-whole.ts";
import { stepDemands } from "./restart-step.ts";
import { submit } from "./slurm-commands.ts";
import { jobName, type SlurmOrder, slurmFolder } from "./slurm-folder.ts";
import { slurmScript } from "./slurm-scripts.ts";
import type { SlurmSettings } from "./slurm-settings.ts";

/** Tests import this file as TypeScript from src; jobs always run what was built. */
const MAIN = fileURLToPath(
  new URL(import.meta.url.includes("/src/") ? "../../../dist/cli/main.js" : "../../cli/main.js", import.meta.url),
);

export const commandLine = ({ node }: SlurmSettings, args: readonly string[]): string[] => [
  node ?? process.execPath,
  MAIN,
  ...args,
];

/** Threads of a step: one for what is one computation after the other, all of a job's for what is done at once. */
export type StepSize = "one" | "all";
/** What a step of one thread may take, GB: it reads and writes stacks in blocks, however large they are. */
const STEP_GB = 3;

export interface StepOrder {
  readonly size: StepSize;
  /** do again what --from says, once */
  readonly isFirst?: boolean;
  /** numbers of the jobs that it waits for: until all of them have ended, or any */
  readonly after?: readonly string[];
  readonly isAfterAny?: boolean;
}

const WHAT = { run: "the scan", study: "the study", series: "the series" } as const;

/** Queues the next step, unless the run was cancelled. @returns number of the job */
export async function submitStep(order: SlurmOrder, step: StepOrder): Promise<string | undefined> {
  const { size, isFirst, after = [], isAfterAny } = step;
  const folder = slurmFolder(order.output);
  if (existsSync(join(folder, "cancelled"))) return undefined;
  const script = join(folder, "step.sh");
  const memoryGb = order.memoryBytes / 1e9;
  writeWhole(
    script,
    slurmScript({
      settings: order.settings,
      demands: stepDemands(order),
      ...(size === "one" ? { cpus: 1, memoryGb: Math.min(STEP_GB, memoryGb) } : { memoryGb }),
      name: jobName(order.output),
      log: { folder, name: "step.log" },
      purpose: [
        `xrdct, X-ray diffraction computed tomography: goes on with ${WHAT[order.kind]} of`,
        order.output,
        size === "one"
          ? "Plans the next stage, gives its work out as a job array, queues itself behind that, and ends."
          : "Does what one job does with all its threads, and then goes on with the next stage.",
        "It can be killed, requeued or run twice without harm. Logs and all that it exchanges with other jobs lie in",
        folder,
      ],
      command: commandLine(order.settings, [
        ...["slurm-step", folder, "--size", size],
        ...(isFirst ? ["--first"] : []),
      ]),
    }),
  );
  // singleton: never two steps of one run at a time; Slurm does not let it go with "any of"
  const dependency = isAfterAny
    ? after.map((id) => `afterany:${id}`).join("?")
    : ["singleton", ...after.map((id) => `afterany:${id}`)].join(",");
  return submit(script, [`--dependency=${dependency}`]);
}
