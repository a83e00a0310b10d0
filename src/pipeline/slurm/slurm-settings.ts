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
    .meta({ description: "limit of each job; work of a job that ran into it is kept and goes on in another" }),
  cpusPerTask: z.int().min(1).max(1024).default(8).meta({ description: "threads of each job, all on one node" }),
  tasks: z
    .int()
    .min(1)
    .max(1000)
    .default(64)
    .meta({ description: "jobs that a stage is split into at most; the cluster's MaxArraySize is the limit" }),
  atOnce: z.int().min(1).optional().meta({ description: "of those, how many run at a time; left out: all" }),
  tries: z.int().min(1).max(20).default(4).meta({ description: "how often blocks that were lost are given out" }),
  node: z.string().min(1).optional().meta({ description: "path of Node.js on the nodes; left out: this one's" }),
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
