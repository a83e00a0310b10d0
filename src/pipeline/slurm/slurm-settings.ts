/** slurm.yaml: what a cluster has to be told that a laptop has not. */
import * as z from "zod";
import { readYaml } from "../../files/yaml.ts";

const word = z.string().regex(/^[\w.@,:/+=*-]+$/, "one word, without spaces or quotes");
/** A line of a script, which cannot open another one. */
const line = z.string().regex(/^[^\n\r\0]+$/, "one line");

export const SlurmSettings = z.strictObject({
  partition: word.optional().meta({ description: "left out: the cluster's own" }),
  account: word.optional().meta({ description: "that the time is charged to" }),
  qos: word.optional().meta({ description: "quality of service" }),
  time: z
    .string()
    .regex(/^(\d+-)?\d{1,3}(:\d{2}){0,2}$/, "as Slurm writes it: minutes, H:MM:SS, D-HH")
    .default("4:00:00")
    .meta({
      description: "limit of each job, not of the run; work of a job that ran into it is kept and goes on in another",
    }),
  cpusPerTask: z.int().min(1).max(1024).default(8).meta({ description: "threads of each job, all on one node" }),
  tasks: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .meta({ description: "jobs that a stage is split into at most; never more than the cluster's MaxArraySize" }),
  split: z
    .enum(["auto", "stages", "scans"])
    .default("auto")
    .meta({
      description:
        "what a job gets: a part of a stage, or a whole scan of a study or a series; auto: whole scans where there are at " +
        "least as many as `tasks`, parts otherwise",
    }),
  atOnce: z.int().min(1).optional().meta({ description: "of a stage's jobs, how many run at a time; left out: all" }),
  tries: z.int().min(1).max(20).default(4).meta({
    description: "how often in a row blocks that were lost are given out while none of them comes back",
  }),
  askEverySeconds: z.number().min(0.5).max(3600).default(20).meta({
    unit: "s",
    description:
      "how often the command that watches asks Slurm for the states of its jobs; progress is read from files",
  }),
  node: z
    .string()
    .regex(/^[^\n\r\0]+$/, "a path")
    .optional()
    .meta({ description: "path of Node.js on the nodes; left out: this one's" }),
  before: z.array(line).default([]).meta({ description: "lines of shell before Node.js starts: module load nodejs" }),
  options: z
    .array(line.regex(/^--?[A-Za-z]/, "an option of sbatch, as in --constraint=rome"))
    .default([])
    .meta({ description: "further options of sbatch" }),
});
export type SlurmSettings = z.output<typeof SlurmSettings>;

/** @throws InputError naming the line that is wrong */
export const readSlurmSettings = (path: string | undefined): SlurmSettings =>
  path === undefined ? SlurmSettings.parse({}) : readYaml(path, SlurmSettings);
