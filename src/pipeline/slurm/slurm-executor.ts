/**
 * Gives the blocks of a stage to a job array, and ends. When the array has ended the next step looks what came back:
 * blocks that are missing or not what was recorded are given out once more, and no sooner, as a block that is merely
 * late would be done twice.
 */
import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError } from "../../data/index.ts";
import { type BlockExecutor, type BlockOptions, type BlockRequest, Suspended } from "../block-executor.ts";
import { writeWhole } from "../write-whole.ts";
import { reviveFailure } from "./failure.ts";
import { describeEnd } from "./job-states.ts";
import { commandLine, submitStep } from "./jobs.ts";
import { lastLines } from "./last-lines.ts";
import { jobsOf, mostInArray, queued, type SlurmJob, submit } from "./slurm-commands.ts";
import {
  blocksDone,
  jobName,
  readJson,
  readParts,
  readWork,
  type SlurmOrder,
  slurmFolder,
  triesOf,
  workOf,
  writeJson,
  writeWork,
} from "./slurm-folder.ts";
import { slurmScript } from "./slurm-scripts.ts";

/**
 * Blocks that each thread of a job gets at least, one after the other: blocks take 0.2 to 2 s at full size, and the start
 * of a job about as long.
 */
const ROUNDS = 4;

export interface SlurmExecutorOptions {
  readonly order: SlurmOrder;
  /** does what is too little for an array */
  readonly local: () => BlockExecutor;
  /** @throws Suspended where a job with more threads goes on */
  readonly needAll: () => Promise<void>;
}

export function createSlurmExecutor({ order, local, needAll }: SlurmExecutorOptions): BlockExecutor {
  const folder = slurmFolder(order.output);
  const { settings } = order;
  const name = `${jobName(order.output)}.parts`;

  return {
    size: settings.cpusPerTask,
    async run(request, blocks, onDone, options) {
      const stageFolder = join(folder, `${options.stage}-${options.key.slice(0, 8)}`);
      const tries = triesOf(stageFolder);
      const last = tries.at(-1);
      if (last === undefined && blocks.length <= ROUNDS * options.threads) {
        await needAll();
        return local().run(request, blocks, onDone, options);
      }
      const atWork = last ? await queued([name]) : [];
      if (atWork.length > 0) {
        // this step was started anew while parts are at work: nothing can be known to be missing yet
        await submitStep(order, { size: "one", after: [...new Set(atWork.map(({ id }) => id))] });
        throw new Suspended(`${options.stage} is with the cluster`);
      }
      const missing = collect(tries, blocks, onDone, options);
      if (missing.size === 0) {
        for (const lines of tries.flatMap(readParts)) workOf(lines).forEach(options.onWork);
        rmSync(stageFolder, { recursive: true, force: true });
        return;
      }
      if (last) await refuseLost(tries, missing);
      const next = join(stageFolder, `try-${tries.length + 1}`);
      const array = await submitParts(request, [...missing], next, options);
      await submitStep(order, { size: "one", after: [array] });
      throw new Suspended(`${options.stage} was given to the cluster`);
    },
  };

  async function refuseLost(tries: readonly string[], missing: ReadonlySet<number>): Promise<void> {
    const last = tries.at(-1)!;
    // a mistake of the user comes again with every try; anything else may have been the node's
    for (const line of readParts(last).flat()) {
      if (!("failure" in line) || !missing.has(line.block)) continue;
      const { code } = line.failure;
      if (code && !FAULTS_OF_A_NODE.has(code)) throw reviveFailure(line.failure);
    }
    writeJson(join(last, "ends.json"), await endsOf(last));
    if (emptyHanded(tries, missing.size) < settings.tries) return;
    const ends = tries.slice(-settings.tries).flatMap((path) => readJson<string[]>(join(path, "ends.json")) ?? []);
    throw new InputError(
      "slurm-parts-lost",
      [
        `${missing.size} blocks did not come back from the cluster in ${settings.tries} tries.`,
        ...(ends.length > 0 ? ["Slurm's word on their jobs:", ...[...new Set(ends)].map((text) => `  ${text}`)] : []),
        "What the last jobs said:",
        ...lastLines(last).map((text) => `  ${text}`),
        `Their logs are in ${last}. When the cause is mended run the same command again: what is finished is kept.`,
      ].join("\n"),
    );
  }

  /** How the jobs of a try went wrong, as far as Slurm still knows. */
  async function endsOf(target: string): Promise<string[]> {
    const array = readJson<{ readonly id: string }>(join(target, "array.json"))?.id;
    const lost: SlurmJob[] = (await jobsOf([name])).filter(({ id }) => id === array);
    return [...new Set(lost.flatMap((job) => describeEnd(job) ?? []))].map((end) => {
      const jobs = lost.filter((job) => describeEnd(job) === end);
      const nodes = [...new Set(jobs.map(({ node }) => node))].filter(Boolean).sort();
      return `${jobs.length === 1 ? "1 job" : `${jobs.length} jobs`}${nodes.length ? ` on ${nodes.join(", ")}` : ""} ${end}`;
    });
  }

  async function submitParts(
    request: BlockRequest,
    missing: readonly number[],
    target: string,
    { stage, threads }: BlockOptions,
  ): Promise<string> {
    const wanted = Math.min(settings.tasks, Math.ceil(missing.length / (ROUNDS * threads)));
    const parts = split(missing, wanted > 1 ? Math.min(wanted, (await mostInArray()) ?? wanted) : 1);
    rmSync(target, { recursive: true, force: true }); // of a step that was killed while it wrote this
    mkdirSync(target, { recursive: true });
    writeWork(target, { request, threads, parts });
    const script = join(target, "part.sh");
    writeWhole(
      script,
      slurmScript({
        settings,
        memoryGb: order.memoryBytes / 1e9,
        name,
        log: { folder: target, name: "part-%a.log" },
        purpose: [
          `xrdct, X-ray diffraction computed tomography: stage "${stage}" of ${basename(order.output)}.`,
          `${missing.length} blocks in ${parts.length} ${parts.length === 1 ? "job" : "jobs"}, each on one node, with files on shared storage alone.`,
          "Each job can be killed, requeued or run twice without harm; what it has finished is kept.",
        ],
        command: commandLine(settings, ["slurm-part", target, "$SLURM_ARRAY_TASK_ID"]),
        array: parts.length,
      }),
    );
    const id = await submit(script);
    writeJson(join(target, "array.json"), { id });
    return id;
  }
}

/** Codes of what another node, or the same one later, may do well. */
const FAULTS_OF_A_NODE: ReadonlySet<string> = new Set([
  "disk-error",
  "files-too-many",
  "memory-exhausted",
  "work-lost",
  "worker-lost",
]);

/** Marks what came back; gives what is still to do. */
function collect(
  tries: readonly string[],
  blocks: readonly number[],
  onDone: (block: number, result: unknown) => void,
  { isWhole }: BlockOptions,
): Set<number> {
  const missing = new Set(blocks);
  for (const { block, result } of tries.flatMap((path) => readParts(path).flatMap(blocksDone))) {
    if (!missing.has(block) || !isWhole(block, result)) continue;
    missing.delete(block);
    onDone(block, result);
  }
  return missing;
}

/** How many tries in a row, to the last, left as much to do as there had been: one that ran out of time did a part. */
function emptyHanded(tries: readonly string[], missing: number): number {
  const left = [...tries.map((path) => readWork(path).parts.flat().length), missing];
  return tries.length - 1 - tries.findLastIndex((_, i) => left[i + 1]! < left[i]!);
}

/** In runs of neighbours, as those share pages of the files they are written to. */
export function split(blocks: readonly number[], parts: number): number[][] {
  return Array.from({ length: parts }, (_, i) =>
    blocks.slice(Math.floor((i * blocks.length) / parts), Math.floor(((i + 1) * blocks.length) / parts)),
  );
}
