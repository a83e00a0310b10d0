/** Result files that a thread keeps open. A file that was replaced is opened anew, so that nothing stale is read. */
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import { openResult, type Result } from "../../files/result-reader.ts";
import { openStack, type Stack } from "./stack.ts";

export class OpenResult {
  readonly path: string;
  /** stands for this state of the file: where it lies on the disk, its size, the time of its last change */
  readonly identity: string;
  readonly result: Result;
  readonly #file: number;
  readonly #stacks = new Map<string, Stack>();

  private constructor(path: string, identity: string, result: Result, file: number) {
    this.path = path;
    this.identity = identity;
    this.result = result;
    this.#file = file;
  }

  /** @throws InputError "result-changing" and those of openResult */
  static async open(path: string): Promise<OpenResult> {
    const file = openSync(path, "r");
    try {
      const result = await openResult(path);
      const identity = formatIdentity(fstatSync(file, { bigint: true }));
      if (identity === identityOf(path)) return new OpenResult(path, identity, result, file);
      result.close();
      throw changing(path);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** @throws InputError "result-name-unknown" | "not-a-stack" */
  async stack(name: string): Promise<Stack> {
    const stack = this.#stacks.get(name) ?? (await openStack(this.result, name, this.#file));
    this.#stacks.set(name, stack);
    return stack;
  }

  /** A stack with its standard uncertainty, where the file keeps it; both with the same pieces. @throws as stack */
  async stackWithSigma(name: string): Promise<{ stack: Stack; sigma: Stack | undefined }> {
    const esd = `${name}_esd`;
    const stack = await this.stack(name);
    if (!this.result.list().some((one) => one.name === esd)) return { stack, sigma: undefined };
    const sigma = await this.stack(esd);
    if (sigma.layout === stack.layout) return { stack, sigma };
    // of two ways to read, the one that both have
    for (const one of [name, esd]) this.#stacks.set(one, await openStack(this.result, one));
    return { stack: await this.stack(name), sigma: await this.stack(esd) };
  }

  close(): void {
    this.result.close();
    closeSync(this.#file);
  }
}

export class OpenResults {
  readonly #most: number;
  /** the least recently used first */
  readonly #open = new Map<string, OpenResult>();

  constructor(most = 4) {
    this.#most = most;
  }

  /**
   * Reads from a file; again where it was replaced meanwhile.
   *
   * @throws InputError "file-not-found" | "result-changing", those of openResult and of `work`
   */
  async use<T>(path: string, work: (open: OpenResult) => T | Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const open = await this.#get(path);
      try {
        const done = await work(open);
        if (identityOf(path) === open.identity) return done;
      } catch (error) {
        if (identityOf(path) === open.identity) throw error;
      }
      this.#drop(path);
    }
    throw changing(path);
  }

  async #get(path: string): Promise<OpenResult> {
    const kept = this.#open.get(path);
    if (kept && kept.identity !== identityOf(path)) this.#drop(path);
    const open = this.#open.get(path) ?? (await OpenResult.open(path));
    // moved to the end
    this.#open.delete(path);
    this.#open.set(path, open);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= this.#most) break;
      this.#drop(oldest);
    }
    return open;
  }

  #drop(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.#drop(path);
  }
}

/** @throws InputError "file-not-found" */
export function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat) throw new InputError("file-not-found", `There is no file ${path} any more. It was moved or removed.`);
  return formatIdentity(stat);
}

type Identifying = Record<"dev" | "ino" | "size" | "mtimeNs", bigint>;
const formatIdentity = ({ dev, ino, size, mtimeNs }: Identifying): string => `${dev}-${ino}-${size}-${mtimeNs}`;

const changing = (path: string): InputError =>
  new InputError("result-changing", `${path} is being written again and again. Look at it when it is finished.`);
