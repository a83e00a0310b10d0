/**
 * Gives the blocks of a stage to a job array, and ends. When the array has ended the next step looks what came back:
 * blocks that are missing or not what was recorded are given out once more, and no sooner, as a block that is merely
 * late would be done twice.
 */
import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../data/index.ts";
import { type BlockExecutor, type BlockOptions, type BlockRequest, Suspended } from "../block-executor.ts";
import { writeWhole } from "../write-whole.ts";
import { endInLog } from "./end-in-log.ts";
import { reviveFailure } from "./failure.ts";
import { commandLine, submitStep } from "./jobs.ts";
import { lastLines } from "./last-lines.ts";
import { type Demands, describeDemands, describeEnds, type JobEnd, NO_DEMANDS, raiseDemands } from "./raise-demands.ts";
import { cancelJob, endsOfArray, isAtSubmitLimit, mostInArray, mostSeconds, queued, submit } from "./slurm-commands.ts";
import {
  blocksDone,
  jobName,
  readJson,
  readPart,
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
        notesOf(tries).forEach(options.onNote);
        rmSync(stageFolder, { recursive: true, force: true });
        return;
      }
      const demands = last ? await refuseLost(tries, missing) : NO_DEMANDS;
      const next = join(stageFolder, `try-${tries.length + 1}`);
      await submitParts(request, [...missing], next, demands, options);
      const what = describeDemands(demands);
      throw new Suspended(`${options.stage} was given to the cluster${what && ` (${what})`}`);
    },
  };

  /** @returns what the next try asks for */
  async function refuseLost(tries: readonly string[], missing: ReadonlySet<number>): Promise<Demands> {
    const last = tries.at(-1)!;
    // a mistake of the user comes again with every try; anything else may have been the node's
    for (const line of readParts(last).flat()) {
      if (!("failure" in line) || !missing.has(line.block)) continue;
      const { failure } = line;
      if (failure.name === "InputError" && !FAULTS_OF_A_NODE.has(failure.code!)) throw reviveFailure(failure);
    }
    const { ends, good } = await endsOf(last);
    const most = ends.some(({ state }) => state === "TIMEOUT") ? await mostSeconds(settings.partition) : undefined;
    const demands = raiseDemands(demandsOf(last), ends, good, { time: settings.time, mostSeconds: most });
    writeJson(join(last, "ends.json"), describeEnds(ends));
    if (demands && emptyHanded(tries, missing.size) < settings.tries) return demands;
    throw partsLost(tries, missing.size, demands ? settings.tries : tries.length);
  }

  function partsLost(tries: readonly string[], missing: number, count: number, more: readonly string[] = []) {
    const last = tries.at(-1)!;
    const ends = tries.slice(-count).flatMap(endsIn);
    const asked = describeDemands(demandsOf(last));
    return new InputError(
      "slurm-parts-lost",
      [
        `${missing} blocks did not come back from the cluster in ${count === 1 ? "1 try" : `${count} tries`}${asked && ` (the last: ${asked})`}.`,
        ...more,
        ...(ends.length > 0 ? ["Slurm's word on their jobs:", ...[...new Set(ends)].map((text) => `  ${text}`)] : []),
        "What the last jobs said:",
        ...lastLines(last).map((text) => `  ${text}`),
        `Their logs are in ${last}. When the cause is mended run the same command again: what is finished is kept.`,
      ].join("\n"),
    );
  }

  /** How the jobs of a try went wrong, as far as their logs or Slurm know, and the nodes on which some went well. */
  async function endsOf(target: string): Promise<{ ends: JobEnd[]; good: Set<string> }> {
    const array = readJson<{ readonly id: string }>(join(target, "array.json"))?.id;
    const count = readWork(target).parts.length;
    const jobs = array === undefined ? [] : await endsOfArray(name, array, count);
    const ends = Array.from({ length: count }, (_, index): JobEnd[] => {
      const job = jobs.find((one) => one.index === index);
      const state = job?.state === "COMPLETED" ? undefined : endInLog(join(target, `part-${index}.log`));
      const hasDone = blocksDone(readPart(target, index)).length > 0;
      if (state) return [{ index, state, reason: "", node: job?.node ?? "", hasDone }];
      return job ? [{ ...job, hasDone }] : [];
    }).flat();
    const isWell = ({ state, hasDone }: JobEnd): boolean => hasDone || state === "COMPLETED";
    return { ends, good: new Set(ends.filter(isWell).map(({ node }) => node)) };
  }

  /**
   * An array, and the step behind it. As many jobs as the cluster takes: an account may have a limit that nobody can
   * ask for, and then half as many do the same.
   */
  async function submitParts(
    request: BlockRequest,
    missing: readonly number[],
    target: string,
    demands: Demands,
    { stage, threads }: BlockOptions,
  ): Promise<void> {
    const wanted = Math.min(settings.tasks, Math.ceil(missing.length / (ROUNDS * threads)));
    let count = wanted > 1 ? Math.min(wanted, (await mostInArray()) ?? wanted) : 1;
    rmSync(target, { recursive: true, force: true }); // of a step that was killed while it wrote this
    mkdirSync(target, { recursive: true });
    if (describeDemands(demands)) writeJson(join(target, "demands.json"), demands);
    for (;;) {
      const parts = split(missing, count);
      writeWork(target, { request, threads, parts });
      const script = join(target, "part.sh");
      writeWhole(script, partScript(stage, missing.length, parts.length, target, demands));
      let id: string | undefined;
      try {
        id = await submit(script);
        writeJson(join(target, "array.json"), { id });
        await submitStep(order, { size: "one", after: [id] });
        return;
      } catch (error) {
        if (id !== undefined) await cancelJob(id); // nothing would go on behind it
        if (!isAtSubmitLimit(error) || count === 1) {
          rmSync(target, { recursive: true, force: true });
          throw describeDemands(demands) === "" ? error : refusedMore(target, missing.length, error);
        }
        count = Math.ceil(count / 2);
      }
    }
  }

  /** Slurm's refusal of what a try asks for beyond the settings. */
  function refusedMore(target: string, missing: number, error: unknown): unknown {
    const tries = triesOf(dirname(target));
    if (!(error instanceof InputError) || tries.length === 0) return error;
    return partsLost(tries, missing, tries.length, ["More was asked for, and refused:", `  ${error.message}`]);
  }

  function partScript(stage: string, blocks: number, parts: number, target: string, demands: Demands): string {
    return slurmScript({
      settings,
      demands,
      memoryGb: order.memoryBytes / 1e9,
      name,
      log: { folder: target, name: "part-%a.log" },
      purpose: [
        `xrdct, X-ray diffraction computed tomography: stage "${stage}" of ${basename(order.output)}.`,
        `${blocks} blocks in ${parts} ${parts === 1 ? "job" : "jobs"}, each on one node, with files on shared storage alone.`,
        "Each job can be killed, requeued or run twice without harm; what it has finished is kept.",
      ],
      command: commandLine(settings, ["slurm-part", target, "$SLURM_ARRAY_TASK_ID"]),
      array: parts,
    });
  }
}

const demandsOf = (target: string): Demands => readJson<Demands>(join(target, "demands.json")) ?? NO_DEMANDS;
const endsIn = (target: string): string[] => readJson<string[]>(join(target, "ends.json")) ?? [];

/** What went wrong on the way and what was done about it, for the result. */
const notesOf = (tries: readonly string[]): string[] =>
  tries.flatMap((target, i) => {
    const next = tries[i + 1];
    const asked = next === undefined ? "" : describeDemands(demandsOf(next));
    return endsIn(target).map((end) => `${end}; done again${asked && ` (${asked})`}`);
  });

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
