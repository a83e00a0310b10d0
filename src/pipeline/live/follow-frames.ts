/** Follows frames that are being written: what is whole is reduced at once, what is not is tried again. */
import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { InputError, joinMasks, type Mask } from "../../data/index.ts";
import { openFrames } from "../../files/frames.ts";
import { withoutMembersOfSets } from "../../files/hdf5-sets.ts";
import { createIntegrator } from "../../stages/integrate/index.ts";
import { loadKernels } from "../load-kernels.ts";
import type { WorkerPool } from "../pool.ts";
import type { Scan } from "../scan-config.ts";
import { readSealed, writeSealed } from "../sealed-file.ts";
import {
  badPixels,
  type FramesInput,
  type PreparedIntegration,
  prepareIntegration,
} from "../stages/integrate-stage.ts";
import { steadyNow } from "../steady-clock.ts";
import type { LiveOutcome, LivePayload, LivePiece, LiveResult } from "../tasks/live-task.ts";
import { setupKey } from "./adopt-live.ts";
import { type BandRange, bandSums, watchedBands } from "./band-sums.ts";
import type { Followed } from "./follow-scan.ts";
import { FrameFinder } from "./frame-finder.ts";
import { FrameOrder } from "./frame-order.ts";
import { GrowingFiles, isMissing } from "./growing-files.ts";
import type { LiveEnding } from "./live-ending.ts";
import { frameKey, LiveStore, liveFolder, rowsPath, type StoredFrame } from "./live-store.ts";
import { LiveView, type LiveViewOptions } from "./live-view.ts";
import { PatternRows } from "./pattern-rows.ts";
import type { LiveState } from "./snapshot.ts";

export interface FollowOptions {
  readonly workFolder: string;
  readonly pool: () => WorkerPool;
  /** lines of the whole scan, where that is known */
  readonly expectedLines: number | undefined;
  /** end when nothing has come for so long */
  readonly timeoutS: number;
  /** that is enough: go on with what has come */
  readonly enough: AbortSignal;
  /** end at once, to be resumed */
  readonly signal: AbortSignal;
  readonly onState: (state: LiveState) => void;
  /** for each frame that is reduced: from the time of its file to its pattern */
  readonly onReduced?: (path: string, lagS: number) => void;
  /** what the view needs of a scan, whatever it consists of */
  readonly view: Pick<LiveViewOptions, "omegaDeg" | "readMonitor" | "kernels">;
}

const LOOK_MS = 50;
export const SHOW_MS = 1000;
/** Pieces that a thread is given at a time, where there are so many. */
const MOST_PIECES = 16;
/** A file of a kind without checksum has to be left alone for so long. */
const SETTLE_MS = 500;
const RETRY_MS = { first: 50, most: 5000 };
/** Nothing for so many times the usual interval, and so long at least, and the scan has stopped. */
export const STOPPED_AFTER = { intervals: 30, leastMs: 10_000 };

const IS_HDF5 = /\.(h5|hdf5?|nxs|nx5)$/i;
/** Opening such a file takes longer than looking at a folder. */
const INSIDE_MS = 1000;
/** Their content says whether it is whole. */
const HAS_CHECKSUM = /\.cbf$/i;

interface Waiting {
  readonly piece: LivePiece;
  readonly at: number;
  readonly tries: number;
  /** why it is not whole */
  readonly reason: string;
}

interface Reducing {
  readonly store: LiveStore;
  readonly rows: PatternRows;
  readonly view: LiveView;
  readonly bands: readonly BandRange[];
  nextRow: number;
}

export class FrameFollower {
  private readonly scan: Scan;
  private readonly input: FramesInput;
  private readonly options: FollowOptions;
  private readonly finder: FrameFinder;
  private readonly order = new FrameOrder();
  private readonly growing: GrowingFiles;
  /** HDF5 files, which hold many frames each */
  private readonly files = new Set<string>();
  /** path -> in which order they came */
  private readonly arrivals = new Map<string, number>();
  /** stamp of size and time, and since when it is that */
  private readonly settling = new Map<string, { readonly stamp: string; readonly since: number }>();
  private readonly ready: LivePiece[] = [];
  private readonly tries = new Map<LivePiece, number>();
  private waiting: Waiting[] = [];
  /** pieces that threads have */
  private atWork = 0;
  private doneFrames = 0;
  private reducing: Reducing | undefined;
  private hasEnded: LiveEnding | undefined;
  private lastNewAt = steadyNow();

  constructor(scan: Scan, input: FramesInput, options: FollowOptions) {
    this.scan = scan;
    this.input = input;
    this.options = options;
    const files = typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve);
    this.growing = new GrowingFiles(input.dataset);
    this.finder = new FrameFinder(files, () => this.look());
  }

  /** @returns how it ended, and the view with what was noticed */
  async follow(): Promise<Followed> {
    try {
      const prepared = await this.findFirst();
      const bad = prepared && (await this.findBadPixels(prepared));
      if (!prepared || !bad) return { ending: this.hasEnded!, view: undefined, notWhole: [], lines: this.linesSoFar };
      return await this.reduce(prepared, bad.mask);
    } finally {
      this.finder.close();
      this.growing.close();
    }
  }

  /** From a first frame that can be read, which shows what the frames are. */
  private async findFirst(): Promise<PreparedIntegration | undefined> {
    for (;;) {
      this.look();
      for (const path of [...this.arrivals.keys(), ...withoutMembersOfSets([...this.files])]) {
        try {
          (await openFrames([path], this.source)).close();
        } catch (error) {
          if (error instanceof InputError) continue; // not whole yet
          throw error;
        }
        try {
          return await prepareIntegration(this.scan, this.input, [path]);
        } catch (error) {
          // what is said of the frame itself: not whole yet, or no more at this moment
          if (!(error instanceof InputError && error.message.includes(path))) throw error;
        }
      }
      if (this.judgeEnd()) return undefined;
      await this.pause();
    }
  }

  private get source(): { missing: "flag"; dataset?: string } {
    return { missing: "flag", ...(this.input.dataset && { dataset: this.input.dataset }) };
  }

  /** From the first line; kept, so that a run that goes on goes on with the same. */
  private async findBadPixels(prepared: PreparedIntegration): Promise<{ mask: Mask | undefined } | undefined> {
    const { setup, poni } = prepared;
    if (this.input.badPixels !== "auto") return { mask: setup.mask };
    const path = join(liveFolder(this.options.workFolder), "bad-pixels.bin");
    const key = setupKey(setup);
    const kept = readSealed<{ key: string; mask: Mask | undefined }>(path);
    if (kept?.key === key) return { mask: joinMasks(setup.mask, kept.mask) };
    const needed = Math.max(12, this.input.translations ?? 1);
    while ((await this.countSoFar()) < needed) {
      this.look();
      if (this.judgeEnd()) return undefined;
      await this.pause();
    }
    const files = withoutMembersOfSets([...this.files]);
    const paths = files.length > 0 ? files.sort() : [...this.arrivals.keys()].sort().slice(0, needed);
    const found = await badPixels(paths, this.input.dataset, setup.shape, poni, setup.mask);
    mkdirSync(dirname(path), { recursive: true });
    writeSealed(path, { key, mask: found?.mask });
    return { mask: joinMasks(setup.mask, found?.mask) };
  }

  private get linesSoFar(): number {
    const span = this.order.places().reduce((most, place) => Math.max(most, place + 1), 0);
    return Math.ceil(span / (this.input.translations ?? 1));
  }

  /** Frames that are there, whole or not. */
  private async countSoFar(): Promise<number> {
    let count = this.arrivals.size;
    for (const path of withoutMembersOfSets([...this.files])) {
      try {
        const source = await this.growing.source(path);
        count += source.count - (source.missing ?? []).reduce((sum, gap) => sum + gap.count, 0);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }
    return count;
  }

  private async reduce({ setup }: PreparedIntegration, mask: Mask | undefined): Promise<Followed> {
    const { workFolder, pool, view: viewOptions } = this.options;
    const { mask: _, ...rest } = setup;
    const made = { ...rest, ...(mask && { mask }) };
    const { axis } = createIntegrator(loadKernels(), made);
    const bands = watchedBands(axis.values, rangesOf(this.scan));
    const store = LiveStore.begin(workFolder, setupKey(made), axis.values.length);
    const rows = PatternRows.open(rowsPath(store.folder), store.bins);
    const view = new LiveView({
      ...{ folder: store.folder, scan: this.scan, points: this.input.translations ?? 1, axis, bands, ...viewOptions },
      expectedLines: this.options.expectedLines,
      places: () => this.order.places(),
    });
    this.reducing = { store, rows, view, bands, nextRow: store.nextSlot };
    for (const path of this.arrivals.keys()) this.offer(path);
    const payload: LivePayload = {
      ...made,
      ...{ rows: rowsPath(store.folder), bands },
      ...(this.input.dataset && { dataset: this.input.dataset }),
    };
    let wrong: unknown;
    const looking = this.keepLooking(view).catch((error: unknown) => {
      wrong = error;
      this.giveUp();
    });
    try {
      await pool().stream(
        { task: "live", payload },
        () => this.take(),
        (pieces: readonly LivePiece[], result) =>
          this.done(pieces, (result as LiveResult).outcomes, (result as LiveResult).sum),
        () => this.giveUp(),
      );
    } finally {
      this.giveUp(); // what threw ends the looking as well
      await looking;
      rows.close();
    }
    this.options.signal.throwIfAborted();
    if (wrong !== undefined) throw wrong;
    const notWhole = this.waiting.map(({ reason }) => reason);
    return { ending: this.hasEnded!, view, notWhole, lines: this.linesSoFar };
  }

  /** Something went wrong: neither the looking nor the threads wait for more. */
  private giveUp(): void {
    this.ready.length = 0;
    this.hasEnded ??= "stopped";
    this.wake();
  }

  /** One that was reduced before and is as it was counts as done; others are to be read. */
  private offer(path: string): void {
    if (IS_HDF5.test(path)) return;
    if (this.takeUp(path)) return;
    if (HAS_CHECKSUM.test(path)) this.toRead(path);
    else this.settling.set(path, { stamp: "", since: 0 });
  }

  /** Whether it was reduced before, and is as it was. */
  private takeUp(path: string, index?: number): boolean {
    const { store, rows, view, bands } = this.reducing!;
    const key = frameKey(path, index);
    const before = store.frames.get(key);
    const row = before && isUnchanged(path, before) ? rows.read(before.slot, before.crc) : undefined;
    if (row) {
      view.add(this.arrivals.get(key)!, bandSums(row.intensity, bands), steadyNow());
      view.addPatterns(
        Float64Array.from(row.intensity, (value) => (Number.isFinite(value) ? value : 0)),
        1,
      );
      this.doneFrames++;
    }
    return row !== undefined;
  }

  private toRead(path: string, index?: number): void {
    this.ready.push({ path, ...(index !== undefined && { index }), slot: this.reducing!.nextRow++ });
  }

  private arrive(key: string): void {
    this.order.add(key, this.arrivals.size);
    this.arrivals.set(key, this.arrivals.size);
    this.lastNewAt = steadyNow();
  }

  /** Frames that HDF5 files have come to hold; the last one of a file that still changes may not be whole. */
  private async lookInside(): Promise<void> {
    for (const path of withoutMembersOfSets([...this.files])) {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!stats) continue;
      const stamp = `${stats.size} ${stats.mtimeMs}`;
      const before = this.settling.get(path);
      if (before?.stamp !== stamp) this.settling.set(path, { stamp, since: steadyNow() });
      const isSettled = before?.stamp === stamp && steadyNow() - before.since >= SETTLE_MS;
      try {
        const source = await this.growing.source(path);
        const count = isSettled ? source.count : source.count - 1;
        for (let index = 0; index < count; index++) {
          const key = frameKey(path, index);
          if (this.arrivals.has(key) || isMissing(source, index)) continue;
          this.arrive(key);
          if (!this.takeUp(path, index)) this.toRead(path, index);
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error; // not whole yet
      }
    }
  }

  /** What is new, what has settled, what is to be tried again. */
  private look(): void {
    const now = steadyNow();
    for (const path of this.finder.look(now)) {
      if (IS_HDF5.test(path)) this.files.add(path);
      else this.arrive(path);
      if (this.reducing) this.offer(path);
    }
    for (const [path, { stamp, since }] of this.settling) {
      if (this.files.has(path)) continue;
      const stats = statSync(path, { throwIfNoEntry: false });
      const found = stats ? `${stats.size} ${stats.mtimeMs}` : "";
      if (found === "" || found !== stamp) this.settling.set(path, { stamp: found, since: now });
      else if (now - since >= SETTLE_MS) {
        this.settling.delete(path);
        this.toRead(path);
      }
    }
    const due = this.waiting.filter(({ at }) => at <= now);
    if (due.length > 0) {
      this.waiting = this.waiting.filter(({ at }) => at > now);
      for (const { piece, tries } of due) {
        this.tries.set(piece, tries);
        this.ready.push(piece);
      }
    }
    if (this.ready.length > 0) this.wake();
  }

  private async keepLooking(view: LiveView): Promise<void> {
    let [shownAt, lookedInsideAt] = [0, 0];
    while (!this.hasEnded && !this.options.signal.aborted) {
      this.look();
      if (this.files.size > 0 && steadyNow() - lookedInsideAt >= INSIDE_MS) {
        await this.lookInside();
        lookedInsideAt = steadyNow();
      }
      const quietMs = steadyNow() - view.isQuietSince;
      if (quietMs > Math.max(STOPPED_AFTER.leastMs, STOPPED_AFTER.intervals * view.usualIntervalMs)) view.stop();
      if (steadyNow() - shownAt >= SHOW_MS) {
        this.show(view, this.doneFrames > 0 ? "following" : "waiting");
        shownAt = steadyNow();
      }
      this.judgeEnd();
      await this.pause();
    }
    this.wake();
  }

  private show(view: LiveView, phase: LiveState["phase"]): void {
    const settling = this.settling.size - this.files.size;
    const backlog = this.ready.length + Math.max(0, settling) + this.atWork;
    this.options.onState(view.show({ phase, backlog, notWhole: this.waiting.length }));
  }

  /** What a thread that is free does next; waits for it where there is nothing yet. */
  private async take(): Promise<readonly LivePiece[] | undefined> {
    for (;;) {
      if (this.options.signal.aborted) return undefined;
      if (this.ready.length > 0) {
        // what is there is shared out, so that the last frames of a rush do not wait for one thread
        const pieces = this.ready.splice(0, Math.min(MOST_PIECES, Math.max(1, this.ready.length >> 1)));
        this.atWork += pieces.length;
        return pieces;
      }
      if (this.hasEnded) return undefined;
      await this.woken();
    }
  }

  private done(pieces: readonly LivePiece[], outcomes: readonly LiveOutcome[], sum: Float64Array): void {
    const { store, view } = this.reducing!;
    const now = steadyNow();
    const stored: (readonly [string, StoredFrame])[] = [];
    this.atWork -= pieces.length;
    pieces.forEach((piece, i) => {
      const outcome = outcomes[i]!;
      if ("reason" in outcome) {
        const tries = (this.tries.get(piece) ?? 0) + 1;
        const at = now + Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** (tries - 1));
        this.waiting.push({ piece, at, tries, reason: outcome.reason });
        return;
      }
      this.tries.delete(piece);
      const { state, sums } = outcome;
      stored.push([frameKey(piece.path, piece.index), { slot: piece.slot, ...state }]);
      const lagS = Math.max(0, (now - state.mtimeMs) / 1000);
      view.add(this.arrivals.get(frameKey(piece.path, piece.index))!, sums, now, lagS);
      this.options.onReduced?.(piece.path, lagS);
      this.doneFrames++;
      this.lastNewAt = now;
    });
    if (stored.length > 0) {
      store.record(stored);
      view.addPatterns(sum, stored.length);
    }
  }

  /** Whether it is over: all is there, nothing comes any more, or it is said to be enough. */
  private judgeEnd(): boolean {
    const { enough, signal, timeoutS, expectedLines } = this.options;
    signal.throwIfAborted();
    const expected = this.finder.expected ?? (expectedLines && expectedLines * (this.input.translations ?? 1));
    if (expected !== undefined && this.doneFrames >= expected) this.hasEnded = "complete";
    else if (enough.aborted) this.hasEnded = "stopped";
    else if (steadyNow() - this.lastNewAt > timeoutS * 1000) this.hasEnded = "quiet";
    return this.hasEnded !== undefined;
  }

  private readonly sleepers = new Set<() => void>();
  private wake(): void {
    for (const awake of this.sleepers) awake();
    this.sleepers.clear();
  }
  private woken(): Promise<void> {
    return new Promise((awake) => this.sleepers.add(awake));
  }
  private async pause(): Promise<void> {
    await setTimeout(LOOK_MS);
  }
}

/** Ranges that the scan's map looks at. */
export const rangesOf = ({ config }: Scan): { name: string; range: readonly [number, number] }[] =>
  (config.map?.regions ?? []).map(({ name, range }) => ({ name, range: range as readonly [number, number] }));

const isUnchanged = (path: string, { bytes, mtimeMs }: { bytes: number; mtimeMs: number }): boolean => {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.size === bytes && now.mtimeMs === mtimeMs;
};
