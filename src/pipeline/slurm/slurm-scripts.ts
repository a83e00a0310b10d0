/** The scripts that Slurm gets, in words that a system administrator can read. */
import type { SlurmSettings } from "./slurm-settings.ts";

export interface ScriptOrder {
  readonly settings: SlurmSettings;
  /** GB for all threads together, without Node.js itself */
  readonly memoryGb: number;
  readonly name: string;
  /** where what the job prints goes; %A and %a as Slurm fills them in */
  readonly log: string;
  /** what it is, for who finds it in the queue */
  readonly purpose: readonly string[];
  /** program and arguments; "$NAME" stays the shell's variable */
  readonly command: readonly string[];
  readonly array?: number;
  readonly dependency?: string;
}

/** Of Node.js, beside what the threads are allowed for data: itself, and each thread. */
const OWN_GB = 0.8;
const THREAD_GB = 0.15;

export function slurmScript(order: ScriptOrder): string {
  const { settings, memoryGb, name, log, purpose, command, array, dependency } = order;
  const { partition, account, qos, time, cpusPerTask, atOnce } = settings;
  const megabytes = Math.ceil(1000 * (memoryGb + OWN_GB + THREAD_GB * cpusPerTask));
  const options = [
    `--job-name=${name}`,
    `--output=${quoted(log)}`,
    "--open-mode=append",
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpusPerTask}`,
    `--mem=${megabytes}M`,
    `--time=${time}`,
    // Slurm holds what it requeues back for two minutes; what an array has lost the step gives out again at once
    array === undefined ? "--requeue" : "--no-requeue",
    ...(partition ? [`--partition=${partition}`] : []),
    ...(account ? [`--account=${account}`] : []),
    ...(qos ? [`--qos=${qos}`] : []),
    ...(array === undefined ? [] : [`--array=0-${array - 1}${atOnce === undefined ? "" : `%${atOnce}`}`]),
    ...(dependency ? [`--dependency=${dependency}`] : []),
    ...settings.options,
  ];
  return [
    "#!/bin/bash",
    ...options.map((option) => `#SBATCH ${option}`),
    "#",
    ...purpose.map((line) => `# ${line.replace(/[\r\n]+/g, " ")}`),
    "",
    ...settings.before,
    `exec ${command.map((word) => (/^\$[A-Z_]+$/.test(word) ? `"${word}"` : quoted(word))).join(" ")}`,
    "",
  ].join("\n");
}

/** As one word of the shell, and of an #SBATCH line. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
