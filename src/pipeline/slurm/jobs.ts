/** The step: the job that plans a stage, gives out its blocks and, when they are back, goes on with the next stage. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../write-whole.ts";
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

export interface StepOrder {
  /** do again what --from says, once */
  readonly isFirst?: boolean;
  /** numbers of the arrays that it waits for */
  readonly after?: readonly string[];
}

/** Queues the next step, unless the run was cancelled. @returns number of the job */
export async function submitStep(order: SlurmOrder, { isFirst, after = [] }: StepOrder): Promise<string | undefined> {
  const folder = slurmFolder(order.output);
  if (existsSync(join(folder, "cancelled"))) return undefined;
  const script = join(folder, "step.sh");
  writeWhole(
    script,
    slurmScript({
      settings: order.settings,
      memoryGb: order.memoryBytes / 1e9,
      name: jobName(order.output),
      log: join(folder, "step.log"),
      purpose: [
        `xrdct, X-ray diffraction computed tomography: goes on with ${order.output}.`,
        "Does what is one computation, gives the rest out as job arrays, and queues itself behind them.",
      ],
      command: commandLine(order.settings, ["slurm-step", folder, ...(isFirst ? ["--first"] : [])]),
    }),
  );
  // singleton: never two steps of one run at a time
  const dependency = ["singleton", ...after.map((id) => `afterany:${id}`)].join(",");
  return submit(script, [`--dependency=${dependency}`]);
}
