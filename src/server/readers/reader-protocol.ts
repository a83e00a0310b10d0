/** What the server and its reader threads say to each other; types only. */
import type { ErrorMessage } from "../threads/error-message.ts";
import type { ReaderReply, TaskInputs, TaskName } from "./reader-tasks.ts";

export interface ReaderData {
  /** [1] number of the request that nobody waits for any more */
  readonly cancelled: Int32Array;
}

export type ReaderRequest = {
  readonly [N in TaskName]: {
    readonly id: number;
    readonly task: N;
    readonly path: string;
    readonly input: TaskInputs[N];
  };
}[TaskName];

export interface BuildRequest {
  readonly id: number;
  readonly task: "build";
  readonly path: string;
  readonly input: { readonly stack: string; readonly folder: string; readonly mostBytes: number };
}

export type ReaderMessage =
  | { readonly id: number; readonly reply: ReaderReply }
  | { readonly id: number; readonly error: ErrorMessage }
  | { readonly id: number; readonly progress: unknown };
