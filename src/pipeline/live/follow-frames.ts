/** Follows frames that are being written: what is whole is reduced at once, what is not is tried again. */
import { statSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import { inNaturalOrder } from "../../files/frame-paths.ts";
import { openFrames } from "../../files/frames.ts";
import { createIntegrator } from "../../stages/integrate/index.ts";
import { loadKernels } from "../load-kernels.ts";
import type { WorkerPool } from "../pool.ts";
import type { Scan } from "../scan-config.ts";
import { type FramesInput, type PreparedIntegration, prepareIntegration } from "../stages/integrate-stage.ts";
import { steadyNow } from "../steady-clock.ts";
import type { LiveOutcome, LivePayload, LivePiece, LiveResult } from "../tasks/live-task.ts";
import { type BandRange, bandSums, watchedBands } from "./band-sums.ts";
import type { Followed } from "./follow-scan.ts";
import { FrameFinder } from "./frame-finder.ts";
import { FrameOrder } from "./frame-order.ts";
import { FramesInside } from "./frames-inside.ts";
import { IS_HDF5 } from "./growing-files.ts";
import { setupKey } from "./known-frames.ts";
import { LiveBadPixels, type LiveSetup } from "./live-bad-pixels.ts";
import type { LiveEnding } from "./live-ending.ts";
import { frameKey, LiveStore, liveFolder, rowsPath, type StoredFrame } from "./live-store.ts";
import { LiveView, type LiveViewOptions } from "./live-view.ts";
import { PatternRows } from "./pattern-rows.ts";
import { PieceQueue } from "./piece-queue.ts";
import { type LiveState, showWaiting } from "./snapshot.ts";

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
/** A file of a kind without checksum has to be left alone for so long. */
const SETTLE_MS = 500;
/** Nothing for so many times the usual interval, and so long at least, and the scan has stopped. */
export const STOPPED_AFTER = { intervals: 30, leastMs: 10_000 };

/** Their content says whether it is whole. */
const HAS_CHECKSUM = /\.cbf$/i;

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
  /** of HDF5 files, which hold many frames each */
  private readonly inside: FramesInside;
  /** files of one frame each */
  private readonly files: string[] = [];
  /** frame -> in which order they came */
  private readonly arrivals = new Map<string, number>();
  /** stamp of size and time, and since when it is that */
  private readonly settling = new Map<string, { readonly stamp: string; readonly since: number }>();
  private readonly queue = new PieceQueue();
  private doneFrames = 0;
  private reducing: Reducing | undefined;
  private hasEnded: LiveEnding | undefined;
  private shutTold = 0;
  private isSetupFinal = true;
  /** with other bad pixels than so far */
  private isToBeginAnew = false;
  private readonly badPixels: LiveBadPixels;
  private lastNewAt = steadyNow();

  constructor(scan: Scan, input: FramesInput, options: FollowOptions) {
    this.scan = scan;
    this.input = input;
    this.options = options;
    const files = typeof input.files === "string" ? scan.resolve(input.files) : input.files.map(scan.resolve);
    this.badPixels = new LiveBadPixels(input, options.workFolder);
    this.finder = new FrameFinder(files, () => this.stir());
    this.inside = new FramesInside(input.dataset, (path) => this.finder.mayCome(path));
  }

  /** @returns how it ended, and the view with what was noticed */
  async follow(): Promise<Followed> {
    try {
      const prepared = await this.findFirst();
      while (prepared) {
        const settled = await this.settle(prepared);
        if (!settled) break;
        const followed = await this.reduce(prepared, settled);
        if (followed) return followed;
      }
      return { ending: this.hasEnded!, view: undefined, notWhole: this.reasons, lines: this.linesSoFar };
    } finally {
      this.finder.close();
      this.inside.close();
    }
  }

  /** From a first frame that can be read, which shows what the frames are. */
  private async findFirst(): Promise<PreparedIntegration | undefined> {
    for (;;) {
      await this.lookEverywhere();
      for (const path of [...this.files, ...this.inside.files]) {
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
      this.tellShut();
      await this.pause();
    }
  }

  /** Where nothing can be read yet: why. */
  private tellShut(): void {
    const { reasons } = this.inside;
    if (reasons.length === this.shutTold) return;
    this.shutTold = reasons.length;
    const { title } = this.scan.config;
    this.options.onState(
      showWaiting(liveFolder(this.options.workFolder), title, this.input.translations ?? 1, reasons),
    );
  }

  private get source(): { missing: "flag"; dataset?: string } {
    return { missing: "flag", ...(this.input.dataset && { dataset: this.input.dataset }) };
  }

  /** What to reduce with, once there are frames enough to tell bad pixels. */
  private async settle(prepared: PreparedIntegration): Promise<LiveSetup | undefined> {
    const known = this.badPixels.known(prepared.setup);
    if (known) return known;
    while (this.arrivals.size < this.badPixels.atLeast) {
      await this.lookEverywhere();
      if (this.judgeEnd()) return undefined;
      await this.pause();
    }
    return this.searchBadPixels(prepared);
  }

  private searchBadPixels({ setup }: PreparedIntegration): Promise<LiveSetup> {
    const inside = this.inside.files.sort(inNaturalOrder);
    const first = [...this.files].sort(inNaturalOrder).slice(0, this.badPixels.enough);
    return this.badPixels.search(setup, inside.length > 0 ? inside : first, this.arrivals.size);
  }

  /** Once the first line is there: whether it shows the same pixels to be bad as the first frames did. */
  private async searchAgain(prepared: PreparedIntegration): Promise<void> {
    const { setup, isFinal } = await this.searchBadPixels(prepared);
    this.isSetupFinal = isFinal;
    if (setupKey(setup) === this.reducing!.store.key) return;
    this.isToBeginAnew = true;
    this.queue.wake();
  }

  private get linesSoFar(): number {
    const span = this.order.places().reduce((most, place) => Math.max(most, place + 1), 0);
    return Math.ceil(span / (this.input.translations ?? 1));
  }

  /** Why what is there cannot be read (yet), one each. */
  private get reasons(): string[] {
    return [...this.queue.reasons, ...this.inside.reasons];
  }

  /** @returns undefined where all of it is to be done anew, with other bad pixels */
  private async reduce(prepared: PreparedIntegration, settled: LiveSetup): Promise<Followed | undefined> {
    const { workFolder, pool, view: viewOptions } = this.options;
    const { setup } = settled;
    const { axis } = createIntegrator(loadKernels(), setup);
    const bands = watchedBands(axis.values, rangesOf(this.scan));
    const store = LiveStore.begin(workFolder, setupKey(setup), axis.values.length);
    const rows = PatternRows.open(rowsPath(store.folder), store.bins);
    const view = new LiveView({
      ...{ folder: store.folder, scan: this.scan, points: this.input.translations ?? 1, axis, bands, ...viewOptions },
      expectedLines: this.options.expectedLines,
      places: () => this.order.places(),
    });
    this.reducing = { store, rows, view, bands, nextRow: store.nextSlot };
    this.isSetupFinal = settled.isFinal;
    this.inside.beginAnew();
    for (const path of this.files) this.offer(path);
    const payload: LivePayload = {
      ...setup,
      ...{ rows: rowsPath(store.folder), bands },
      ...(this.input.dataset && { dataset: this.input.dataset }),
    };
    let wrong: unknown;
    const looking = this.keepLooking(view, prepared).catch((error: unknown) => {
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
      if (!this.isToBeginAnew) this.giveUp(); // what threw ends the looking as well
      await looking;
      rows.close();
    }
    this.options.signal.throwIfAborted();
    if (wrong !== undefined) throw wrong;
    if (!this.hasEnded) return this.beginAnew();
    return { ending: this.hasEnded, view, notWhole: this.reasons, lines: this.linesSoFar };
  }

  /** Something went wrong: neither the looking nor the threads wait for more. */
  private giveUp(): void {
    this.queue.clear();
    this.hasEnded ??= "stopped";
    this.queue.wake();
  }

  private beginAnew(): undefined {
    this.isToBeginAnew = false;
    this.queue.clearAll();
    this.settling.clear();
    this.doneFrames = 0;
  }

  /** One that was reduced before and is as it was counts as done; others are to be read. */
  private offer(path: string): void {
    if (this.takeUp(path)) return;
    if (HAS_CHECKSUM.test(path)) this.toRead(path);
    else this.settling.set(path, { stamp: "", since: 0 });
  }

  /** Whether it was reduced before, and its file is as it was. */
  private takeUp(path: string, index?: number, file: string | undefined = path): boolean {
    const { store, rows, view, bands } = this.reducing!;
    const key = frameKey(path, index);
    const before = store.frames.get(key);
    const row = before && isUnchanged(file, before) ? rows.read(before.slot, before.crc) : undefined;
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
    this.queue.add({ path, ...(index !== undefined && { index }), slot: this.reducing!.nextRow++ });
  }

  private arrive(key: string): void {
    if (this.arrivals.has(key)) return;
    this.order.add(key, this.arrivals.size);
    this.arrivals.set(key, this.arrivals.size);
    this.lastNewAt = steadyNow();
  }

  /** What is new, what has settled, what is to be tried again. */
  private look(): void {
    const now = steadyNow();
    for (const path of this.finder.look(now)) {
      if (IS_HDF5.test(path)) {
        this.inside.add(path);
        continue;
      }
      this.files.push(path);
      this.arrive(path);
      if (this.reducing) this.offer(path);
    }
    for (const [path, { stamp, since }] of this.settling) {
      const stats = statSync(path, { throwIfNoEntry: false });
      const found = stats ? `${stats.size} ${stats.mtimeMs}` : "";
      if (found === "" || found !== stamp) this.settling.set(path, { stamp: found, since: now });
      else if (now - since >= SETTLE_MS) {
        this.settling.delete(path);
        this.toRead(path);
      }
    }
    this.queue.stir(now);
  }

  /** Besides files, what they have come to hold. */
  private async lookEverywhere(): Promise<void> {
    this.look();
    await this.inside.look((path, index, file) => {
      this.arrive(frameKey(path, index));
      if (this.reducing && !this.takeUp(path, index, file)) this.toRead(path, index);
    });
  }

  private async keepLooking(view: LiveView, prepared: PreparedIntegration): Promise<void> {
    let shownAt = 0;
    while (!this.hasEnded && !this.isToBeginAnew && !this.options.signal.aborted) {
      await this.lookEverywhere();
      if (!this.isSetupFinal && this.arrivals.size >= this.badPixels.enough) await this.searchAgain(prepared);
      const quietMs = steadyNow() - view.isQuietSince;
      if (quietMs > Math.max(STOPPED_AFTER.leastMs, STOPPED_AFTER.intervals * view.usualIntervalMs)) view.stop();
      if (steadyNow() - shownAt >= SHOW_MS) {
        this.show(view, this.doneFrames > 0 ? "following" : "waiting");
        shownAt = steadyNow();
      }
      this.judgeEnd();
      await this.pause();
    }
    this.queue.wake();
  }

  private show(view: LiveView, phase: LiveState["phase"]): void {
    const backlog = this.queue.length + this.settling.size + this.queue.atWork;
    this.options.onState(view.show({ phase, backlog, notWhole: this.reasons.length, shut: this.inside.reasons }));
  }

  /** What a thread that is free does next; waits for it where there is nothing yet. */
  private async take(): Promise<readonly LivePiece[] | undefined> {
    for (;;) {
      if (this.options.signal.aborted || this.isToBeginAnew) return undefined;
      const pieces = this.queue.take();
      if (pieces.length > 0) return pieces;
      if (this.hasEnded) return undefined;
      await this.queue.woken();
    }
  }

  private done(pieces: readonly LivePiece[], outcomes: readonly LiveOutcome[], sum: Float64Array): void {
    const { store, view } = this.reducing!;
    const now = steadyNow();
    const stored: (readonly [string, StoredFrame])[] = [];
    this.queue.atWork -= pieces.length;
    pieces.forEach((piece, i) => {
      const outcome = outcomes[i]!;
      if ("reason" in outcome) {
        this.queue.retry(piece, outcome.reason, now);
        return;
      }
      this.queue.finish(piece);
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

  private stir: () => void = () => {};

  /** Until there may be something new: a look in the folder's own call would fail where nobody is told. */
  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS);
      this.stir = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Ranges that the scan's map looks at. */
export const rangesOf = ({ config }: Scan): { name: string; range: readonly [number, number] }[] =>
  (config.map?.regions ?? []).map(({ name, range }) => ({ name, range: range as readonly [number, number] }));

const isUnchanged = (path: string, { bytes, mtimeMs }: { bytes: number; mtimeMs: number }): boolean => {
  const now = statSync(path, { throwIfNoEntry: false });
  return now !== undefined && now.size === bytes && now.mtimeMs === mtimeMs;
};
