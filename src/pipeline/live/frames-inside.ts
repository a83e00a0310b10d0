/** HDF5 files of a scan that is being written, and the frames that they have come to hold. */

import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../data/index.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { leaderOf, withoutMembersOfSets } from "../../files/hdf5-sets.ts";
import { steadyNow } from "../steady-clock.ts";
import { GrowingFiles, isMissing } from "./growing-files.ts";

/** A file's last frame counts when the file has been left alone for so long. */
const SETTLE_MS = 500;
/** Opening such files takes longer than looking at a folder: how often it is done, and which share of the time it may take. */
const LOOK = { leastMs: 1000, share: 0.1 };
/** What cannot be opened for so long is told. */
const SHUT_MS = 3000;
const LED = "files of a set";

/** @param file in which the frame lies, where that is known */
type Take = (path: string, index: number, file: string | undefined) => void;

export class FramesInside {
  private readonly growing: GrowingFiles;
  /** whether a file of this path may come */
  private readonly mayCome: (path: string) => boolean;
  private readonly paths = new Set<string>();
  /** file -> frames that were taken, up to the first that was not */
  private readonly taken = new Map<string, { first: number; readonly others: Set<number> }>();
  private readonly stamps = new Map<string, { readonly stamp: string; readonly since: number }>();
  private readonly shut = new Map<string, { readonly since: number; reason: string }>();
  private nextLook = 0;

  constructor(dataset: string | undefined, mayCome: (path: string) => boolean) {
    this.growing = new GrowingFiles(dataset);
    this.mayCome = mayCome;
  }

  add(path: string): void {
    this.paths.add(path);
  }

  /** Files to be opened: without those that another one opens, be it there or still to come. */
  get files(): string[] {
    return withoutMembersOfSets([...this.paths]).filter((path) => !this.isLed(path));
  }

  private isLed(path: string): boolean {
    const leader = leaderOf(basename(path));
    return leader !== undefined && leader !== basename(path) && this.mayCome(join(dirname(path), leader));
  }

  /** Counting its frames now, and once more through the master when that is there, would count them twice. */
  private tellLed(now: number): void {
    const [path] = withoutMembersOfSets([...this.paths]).filter((one) => this.isLed(one));
    if (path === undefined) {
      this.shut.delete(LED);
      return;
    }
    const leader = leaderOf(basename(path))!;
    const reason = `${path} is there, and ${leader}, which opens it and the others, is not. Frames are followed from when it is; where it comes last, name the files with frames themselves: input.files: ${basename(path).replace(/\d+(\.\w+)$/, "*$1")}.`;
    this.shut.set(LED, { since: this.shut.get(LED)?.since ?? now, reason });
  }

  /** Why a file that has been there for a while cannot be opened, one each. */
  get reasons(): string[] {
    const now = steadyNow();
    return [...this.shut.values()].filter(({ since }) => now - since > SHUT_MS).map(({ reason }) => reason);
  }

  /** Calls `take` once for each frame that is there: followed by another one, or in a file that was left alone. */
  async look(take: Take): Promise<void> {
    const started = steadyNow();
    if (started < this.nextLook) return;
    this.tellLed(started);
    for (const path of this.files) {
      try {
        const source = await this.growing.source(path);
        this.shut.delete(path);
        this.takeNew(path, source, take);
      } catch (error) {
        // not whole yet, or not there any more
        if (!(error instanceof InputError)) throw error;
        const since = this.shut.get(path)?.since ?? started;
        this.shut.set(path, { since, reason: error.message });
      }
    }
    const now = steadyNow();
    this.nextLook = now + Math.max(LOOK.leastMs, (now - started) / LOOK.share);
  }

  private takeNew(path: string, source: FrameSource, take: Take): void {
    const before = this.taken.get(path) ?? { first: 0, others: new Set<number>() };
    this.taken.set(path, before);
    for (let index = before.first; index < source.count; index++) {
      if (before.others.has(index) || isMissing(source, index)) continue;
      const isFollowed = index + 1 < source.count && !isMissing(source, index + 1);
      const file = source.fileOf?.(index);
      if (!isFollowed && !this.isSettled(file ?? path)) continue;
      take(path, index, file);
      before.others.add(index);
    }
    while (before.others.delete(before.first)) before.first++;
  }

  private isSettled(path: string): boolean {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return false;
    const stamp = `${stats.size} ${stats.mtimeMs}`;
    const before = this.stamps.get(path);
    if (before?.stamp === stamp) return steadyNow() - before.since >= SETTLE_MS;
    this.stamps.set(path, { stamp, since: steadyNow() });
    return false;
  }

  /** All frames are to be taken once more. */
  beginAnew(): void {
    this.taken.clear();
    this.nextLook = 0;
  }

  close(): void {
    this.growing.close();
  }
}
