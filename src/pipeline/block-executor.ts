/** Who does the blocks of a stage: threads of this process, or jobs of a cluster. */
import type { TaskName } from "./tasks.ts";
import type { StageWork } from "./work-log.ts";

/** What a block needs besides its number; plain data, the same for all blocks of a stage. */
export interface BlockRequest {
  readonly task: TaskName;
  readonly payload: unknown;
}

export interface BlockOptions {
  /** of the stage: its name, and the key of everything that decides its result */
  readonly stage: string;
  readonly key: string;
  readonly signal: AbortSignal;
  /** at most so many at a time in one process, where memory is short */
  readonly threads: number;
  /** whether what lies on disk for a block is what it was when the block was done */
  readonly isWhole: (block: number, result: unknown) => boolean;
  /** told who else did blocks, once they have ended */
  readonly onWork: (work: StageWork) => void;
  /** told what the result has to say of how they were done */
  readonly onNote: (text: string) => void;
}

export interface BlockExecutor {
  /** threads in one process */
  readonly size: number;
  /**
   * Does the given blocks in any order; the results do not depend on who does them.
   *
   * @param onDone called in this thread for every finished block, in the order they finish
   * @throws what a failing block threw; Suspended where the blocks are done elsewhere after this process has ended
   */
  run(
    request: BlockRequest,
    blocks: readonly number[],
    onDone: (block: number, result: unknown) => void,
    options: BlockOptions,
  ): Promise<void>;
}

/** The work goes on without this process: what it was about to do has been given to somebody else. */
export class Suspended extends Error {
  override readonly name = "Suspended";
}
