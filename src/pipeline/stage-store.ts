/**
 * The working folder of a run, RESULT.work/: one folder a stage, with the stage's arrays, its journal while it runs
 * and done.bin when it is finished. A stage's key is a digest of everything that decides its result; the same key
 * means that the result still holds.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealArrays } from "./array-seals.ts";
import { BlockedArray, type BlockedArrayShape } from "./blocked-array.ts";
import { diskError } from "./disk-error.ts";
import { Journal } from "./journal.ts";
import { readSealed, writeSealed } from "./sealed-file.ts";
import type { StageWork } from "./work-log.ts";

export interface StageDone<Meta = unknown> {
  readonly key: string;
  /** when the first that worked on it began */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly notes: readonly string[];
  readonly meta: Meta;
  /** left out by earlier versions */
  readonly work?: readonly StageWork[];
}

export class StageStore {
  readonly folder: string;

  constructor(workFolder: string, stage: string) {
    this.folder = join(workFolder, stage);
  }

  /** What the stage left when it was finished with this key, or undefined where it has to run. */
  done<Meta>(key: string): StageDone<Meta> | undefined {
    const done = readSealed<StageDone<Meta>>(join(this.folder, "done.bin"));
    return done?.key === key ? done : undefined;
  }

  /** The journal to go on with; everything of another key is thrown away first. */
  begin(key: string): Journal {
    const keyPath = join(this.folder, "key");
    const isSame = existsSync(keyPath) && readFileSync(keyPath, "utf8") === key;
    try {
      if (!isSame) {
        rmSync(this.folder, { recursive: true, force: true });
        mkdirSync(this.folder, { recursive: true });
        writeFileSync(keyPath, key);
      }
      rmSync(join(this.folder, "done.bin"), { force: true });
      return Journal.open(join(this.folder, "journal.jsonl"), key);
    } catch (error) {
      throw diskError(error, this.folder, 1e6);
    }
  }

  finish(done: StageDone): void {
    sealArrays(this.folder);
    writeSealed(join(this.folder, "done.bin"), done);
  }

  /** What a stage that is not done block by block has reached; gone with `begin` of another key. */
  checkpoint<T>(name: string): { readonly last: T | undefined; readonly keep: (state: T) => void } {
    const path = join(this.folder, `${name}.checkpoint`);
    return {
      last: readSealed<T>(path),
      keep: (state) => writeSealed(path, state),
    };
  }

  /** What was computed under this name for the same key, by a run that was interrupted or went on in another process. */
  remember<T>(name: string, compute: () => T): T {
    const { last, keep } = this.checkpoint<T>(name);
    if (last !== undefined) return last;
    const value = compute();
    keep(value);
    return value;
  }

  /** Keeps who was at work on the stage, until it is finished and after. */
  recordWork(work: StageWork): void {
    try {
      // a line of its own, whatever a full disk has left of the one before
      appendFileSync(join(this.folder, "work.jsonl"), `\n${JSON.stringify(work)}\n`);
    } catch (error) {
      throw diskError(error, this.folder, 1e3);
    }
  }

  /** In the order of recording; a line that was cut off when its process was killed is left out. */
  work(): StageWork[] {
    const path = join(this.folder, "work.jsonl");
    if (!existsSync(path)) return [];
    return readFileSync(path, "utf8")
      .split("\n")
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as StageWork];
        } catch {
          return [];
        }
      });
  }

  /** Forget that the stage was done. */
  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  arrayPath(name: string): string {
    return join(this.folder, `${name}.f32`);
  }

  /** The array as it is on disk, or a new one of this shape where there is none. */
  array(name: string, shape: BlockedArrayShape): BlockedArray {
    const path = this.arrayPath(name);
    const isWhole = existsSync(path) && statSync(path).size === shape.items * shape.bins * 4;
    return isWhole ? BlockedArray.open(path, shape) : BlockedArray.create(path, shape);
  }
}

/** A short digest of JSON with its keys in order, so that the same settings always give the same key. */
export function digest(value: unknown): string {
  return createHash("sha256").update(stableJson(value)).digest("hex").slice(0, 32);
}

function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
