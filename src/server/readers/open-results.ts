/** Result files that a thread keeps open. A file that was replaced is opened anew, so that nothing stale is read. */
import { statSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import { openResult, type Result } from "../../files/result-reader.ts";

export interface OpenResult {
  readonly result: Result;
  /** stands for this state of the file: where it lies on the disk, size and time of change */
  readonly identity: string;
}

export class OpenResults {
  readonly #most: number;
  /** the least recently used first */
  readonly #open = new Map<string, OpenResult>();

  constructor(most = 4) {
    this.#most = most;
  }

  /** @throws InputError "file-not-found" and those of openResult */
  async get(path: string): Promise<OpenResult> {
    const identity = identityOf(path);
    const kept = this.#open.get(path);
    if (kept) this.#open.delete(path);
    if (kept && kept.identity !== identity) kept.result.close();
    const open = kept?.identity === identity ? kept : { result: await openResult(path), identity };
    this.#open.set(path, open);
    for (const [oldest, { result }] of this.#open) {
      if (this.#open.size <= this.#most) break;
      result.close();
      this.#open.delete(oldest);
    }
    return open;
  }

  /** An error in an open file may come from its being changed under the hand: it is not used again. */
  drop(path: string): void {
    this.#open.get(path)?.result.close();
    this.#open.delete(path);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.drop(path);
  }
}

/** @throws InputError "file-not-found" */
export function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat) throw new InputError("file-not-found", `There is no file ${path} any more. It was moved or removed.`);
  return `${stat.dev}-${stat.ino}-${stat.size}-${stat.mtimeNs}`;
}
