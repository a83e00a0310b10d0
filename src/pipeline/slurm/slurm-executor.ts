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
import { commandLine, submitStep } from "./jobs.ts";
import { lastLines } from "./last-lines.ts";
import { queued, submit } from "./slurm-commands.ts";
import { jobName, type PartLine, readParts, type SlurmOrder, slurmFolder, triesOf, writeWork } from "./slurm-folder.ts";
import { slurmScript } from "./slurm-scripts.ts";

/** @param local does what is too little for an array */
export function createSlurmExecutor(order: SlurmOrder, local: BlockExecutor): BlockExecutor {
  const folder = slurmFolder(order.output);
  const { settings } = order;

  /** Marks what came back; gives what is still to do. */
  function collect(
    stageFolder: string,
    blocks: readonly number[],
    onDone: (block: number, result: unknown) => void,
    { isWhole }: BlockOptions,
  ): Set<number> {
    const missing = new Set(blocks);
    for (const line of triesOf(stageFolder).flatMap(readParts)) {
      if (!("result" in line) || !missing.has(line.block) || !isWhole(line.block, line.result)) continue;
      missing.delete(line.block);
      onDone(line.block, line.result);
    }
    return missing;
  }

  return {
    size: local.size,
    async run(request, blocks, onDone, options) {
      if (blocks.length <= local.size) return local.run(request, blocks, onDone, options);
      const stageFolder = join(folder, `${options.stage}-${options.key.slice(0, 8)}`);
      const tries = triesOf(stageFolder);
      const name = `${jobName(order.output)}.parts`;
      const last = tries.at(-1);
      const atWork = last ? await queued([name]) : [];
      if (atWork.length > 0) {
        // this step was started anew while parts are at work: nothing can be known to be missing yet
        await submitStep(order, { after: [...new Set(atWork.map(({ id }) => id))] });
        throw new Suspended(`${options.stage} is with the cluster`);
      }
      const missing = collect(stageFolder, blocks, onDone, options);
      if (missing.size === 0) {
        rmSync(stageFolder, { recursive: true, force: true });
        return;
      }
      if (last) refuseFailed(readParts(last), last, missing, tries.length);
      const next = join(stageFolder, `try-${tries.length + 1}`);
      const array = await submitParts(request, [...missing], next, options);
      await submitStep(order, { after: [array] });
      throw new Suspended(`${options.stage} was given to the cluster`);
    },
  };

  function refuseFailed(lines: readonly PartLine[], last: string, missing: ReadonlySet<number>, tries: number): void {
    // a mistake of the user comes again with every try; anything else may have been the node's
    for (const line of lines) {
      if ("failure" in line && line.failure.code && missing.has(line.block)) throw reviveFailure(line.failure);
    }
    if (tries < settings.tries) return;
    throw new InputError(
      "slurm-parts-lost",
      [
        `${missing.size} blocks did not come back from the cluster in ${tries} tries. What the last jobs said:`,
        ...lastLines(last).map((text) => `  ${text}`),
        `Their logs are in ${last}. If time or memory ran out, raise time in the file of --slurm, or --memory-gb; then run the same command again: what is finished is kept.`,
      ].join("\n"),
    );
  }

  async function submitParts(
    request: BlockRequest,
    missing: readonly number[],
    target: string,
    { stage, threads }: BlockOptions,
  ): Promise<string> {
    const parts = split(missing, Math.min(settings.tasks, Math.ceil(missing.length / threads)));
    rmSync(target, { recursive: true, force: true }); // of a step that was killed while it wrote this
    mkdirSync(target, { recursive: true });
    writeWork(target, { request, threads, parts });
    const script = join(target, "part.sh");
    writeWhole(
      script,
      slurmScript({
        settings,
        memoryGb: order.memoryBytes / 1e9,
        name: `${jobName(order.output)}.parts`,
        log: join(target, "part-%a.log"),
        purpose: [
          `xrdct, X-ray diffraction computed tomography: stage "${stage}" of ${basename(order.output)}.`,
          `${missing.length} blocks in ${parts.length} jobs, each on one node, with files on shared storage alone.`,
          "Each job can be killed, requeued or run twice without harm; what it has finished is kept.",
        ],
        command: commandLine(settings, ["slurm-part", target, "$SLURM_ARRAY_TASK_ID"]),
        array: parts.length,
      }),
    );
    return submit(script);
  }
}

/** In runs of neighbours, as those share pages of the files they are written to. */
function split(blocks: readonly number[], parts: number): number[][] {
  return Array.from({ length: parts }, (_, i) =>
    blocks.slice(Math.floor((i * blocks.length) / parts), Math.floor(((i + 1) * blocks.length) / parts)),
  );
}
