/** The scripts that Slurm gets, in words that a system administrator can read. */
import { type Demands, NO_DEMANDS } from "./raise-demands.ts";
import type { SlurmSettings } from "./slurm-settings.ts";

export interface ScriptOrder {
  readonly settings: SlurmSettings;
  /** of the job: left out, those of the settings */
  readonly cpus?: number;
  /** GB for all threads together, without Node.js itself */
  readonly memoryGb: number;
  /** beyond the settings, after jobs that had too little */
  readonly demands?: Demands;
  readonly name: string;
  /** folder and name of the file that takes what the job prints; %a of the name is the number in the array */
  readonly log: { readonly folder: string; readonly name: string };
  /** what it is, for who finds it in the queue */
  readonly purpose: readonly string[];
  /** program and arguments; "$NAME" stays the shell's variable */
  readonly command: readonly string[];
  /** jobs of the array */
  readonly array?: number;
}

/** Of Node.js, beside what the threads are allowed for data: itself, and each thread. */
const OWN_MB = 800;
const THREAD_MB = 150;

export function slurmScript(order: ScriptOrder): string {
  const { settings, memoryGb, demands = NO_DEMANDS, name, log, purpose, command, array } = order;
  const { partition, account, qos, time, cpusPerTask, atOnce } = settings;
  const cpus = order.cpus ?? cpusPerTask;
  const options = [
    `--job-name=${name}`,
    `--output=${quoted(`${log.folder.replaceAll("%", "%%")}/${log.name}`)}`,
    "--open-mode=append",
    ...(array === undefined ? [] : [`--array=0-${array - 1}${atOnce === undefined ? "" : `%${atOnce}`}`]),
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpus}`,
    `--mem=${(Math.ceil(1000 * memoryGb) + OWN_MB + THREAD_MB * cpus) * demands.memoryTimes}M`,
    `--time=${demands.time ?? time}`,
    // Slurm holds what it requeues back for two minutes; what an array has lost the step gives out again at once
    array === undefined ? "--requeue" : "--no-requeue",
    ...(partition ? [`--partition=${partition}`] : []),
    ...(account ? [`--account=${account}`] : []),
    ...(qos ? [`--qos=${qos}`] : []),
    ...(demands.exclude ? [`--exclude=${demands.exclude.join(",")}`] : []),
    ...settings.options,
  ];
  const words = command.map((word) => (/^\$[A-Z_]+$/.test(word) ? `"${word}"` : quoted(word)));
  return [
    "#!/bin/bash",
    ...options.map((option) => `#SBATCH ${option}`),
    "",
    ...purpose.map((line) => `# ${line.replace(/[\p{Cc}\u2028\u2029]+/gu, " ")}`),
    "",
    ...settings.before,
    `exec ${words.slice(0, 2).join(" ")} \\\n  ${words.slice(2).join(" ")}`,
    "",
  ].join("\n");
}

/** As one word of the shell, and of an #SBATCH line, which reads quotes as the shell does. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
