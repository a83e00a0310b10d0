/** What threads say to each other; types only. */
import type { BlockRequest } from "./block-executor.ts";

export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly arenaStart: number;
  readonly arenaEnd: number;
}

/** One job is one stage of one run: its payload is set up once in each thread, then its blocks are asked for. */
export interface JobRequest extends BlockRequest {
  readonly job: number;
}

export type TaskReply =
  | { readonly result: unknown }
  | {
      readonly error: {
        readonly name: string;
        readonly message: string;
        readonly code?: string;
        readonly stack?: string;
      };
    };
