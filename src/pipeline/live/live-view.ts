/** Gathers what comes of a live scan, and says how it stands: for the terminal, the app and the notes of the result. */
import { type Axis, InputError } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import {
  findLostBeam,
  findMissingFrames,
  findStuckRotation,
  findStuckTranslation,
  judgeOrder,
  type Notice,
  type WatchedScan,
} from "../../stages/watch/index.ts";
import type { Scan } from "../scan-config.ts";
import { describeOrder } from "../stages/sinogram-stage.ts";
import { steadyNow } from "../steady-clock.ts";
import { type BandRange, ownBands } from "./band-sums.ts";
import { type CoarseView, coarseView } from "./coarse-view.ts";
import { type LiveArray, type LiveState, shutNotice, writeSnapshot } from "./snapshot.ts";

export interface LiveViewOptions {
  readonly folder: string;
  readonly scan: Scan;
  readonly points: number;
  readonly expectedLines: number | undefined;
  readonly axis: Axis;
  readonly bands: readonly BandRange[];
  /** [line] degrees of all lines, where their number is known */
  readonly omegaDeg: Float64Array | undefined;
  /** [slot] index in the scan */
  readonly places: () => Int32Array;
  /** [frame] as far as it is there */
  readonly readMonitor: () => Float64Array | undefined;
  readonly kernels: () => Kernels;
}

/** What the follower knows besides. */
export interface Counts {
  readonly phase: LiveState["phase"];
  readonly backlog: number;
  readonly notWhole: number;
  /** why files that have been there for a while cannot be opened */
  readonly shut?: readonly string[];
}

const MOST_SHOWN = 4;
/** Of the last frames: their rate and their lag. */
const RECENT = 512;
const RECENT_MS = 20_000;
/** What looking may take of one processor. */
const SHARE_OF_VIEW = 0.05;
/** Nobody waits longer than that to be told, or to see more, however busy the machine is. */
const MOST_BETWEEN = { watchMs: 10_000, imageMs: 20_000 };

export class LiveView {
  readonly startedAt = steadyNow();
  /** [slot, band] */
  private arrived: Float32Array;
  private slots = 0;
  /** [frame, band] in the order of the scan, as far as it is known */
  private sums = new Float32Array(0);
  /** frames from the first to the last */
  private span = 0;
  private readonly total: Float64Array;
  private summed = 0;
  private frames = 0;
  private readonly recent: { readonly at: number; readonly lagS: number }[] = [];
  private lastFrameAt: number | undefined;
  private coarse: CoarseView | undefined;
  private noImage: string | undefined;
  private nextCoarse = 0;
  private nextWatch = 0;
  private watched: readonly Notice[] = [];
  /** of what only a clock can tell */
  private stopped: Notice | undefined;
  private readonly pauses: Notice[] = [];
  private readonly options: LiveViewOptions;

  constructor(options: LiveViewOptions) {
    this.options = options;
    this.arrived = new Float32Array(options.bands.length * options.points * 16).fill(Number.NaN);
    this.total = new Float64Array(options.axis.values.length);
  }

  /**
   * @param slot in the order in which frames came
   * @param lagS absent for frames of an earlier session
   */
  add(slot: number, sums: Float32Array, now: number, lagS?: number): void {
    const { bands } = this.options;
    while ((slot + 1) * bands.length > this.arrived.length) {
      const larger = new Float32Array(this.arrived.length * 2).fill(Number.NaN);
      larger.set(this.arrived);
      this.arrived = larger;
    }
    this.arrived.set(sums, slot * bands.length);
    this.slots = Math.max(this.slots, slot + 1);
    this.frames++;
    if (lagS === undefined) return;
    if (this.stopped) this.pauses.push(this.pause(now));
    this.stopped = undefined;
    this.lastFrameAt = now;
    this.recent.push({ at: now, lagS });
    if (this.recent.length > RECENT) this.recent.shift();
  }

  /** Brings what has arrived into the order of the scan. */
  private arrange(): void {
    const bands = this.options.bands.length;
    const places = this.options.places();
    let span = 0;
    for (let slot = 0; slot < this.slots; slot++)
      if (!Number.isNaN(this.arrived[slot * bands]!)) span = Math.max(span, (places[slot] ?? slot) + 1);
    // numbers that mean a time, and not a count
    this.span = Math.min(span, 4 * this.slots + this.options.points);
    this.sums = new Float32Array(this.span * bands).fill(Number.NaN);
    for (let slot = 0; slot < this.slots; slot++) {
      const at = places[slot] ?? slot;
      if (at < this.span) this.sums.set(this.arrived.subarray(slot * bands, (slot + 1) * bands), at * bands);
    }
  }

  /** @param sum [bin] over so many frames */
  addPatterns(sum: Float64Array, frames: number): void {
    for (let bin = 0; bin < sum.length; bin++) this.total[bin]! += sum[bin]!;
    this.summed += frames;
  }

  get isQuietSince(): number {
    return this.lastFrameAt ?? this.startedAt;
  }

  /** between frames that came last; 0 before there are some */
  get usualIntervalMs(): number {
    const last = this.recent.slice(-200);
    return last.length < 10 ? 0 : (last.at(-1)!.at - last[0]!.at) / (last.length - 1);
  }

  /** Nothing came for long: said until something comes. */
  stop(): void {
    this.stopped ??= this.pause();
  }

  /** @param until when it went on, ms; left out: it lasts */
  private pause(until?: number): Notice {
    const { span } = this;
    const since = new Date(this.isQuietSince).toISOString();
    const text =
      until === undefined
        ? `Nothing has come after frame ${span - 1} since ${since}: the scan has stopped, or its files do not arrive here.`
        : `Nothing came after frame ${span - 1} from ${since} to ${new Date(until).toISOString()}.`;
    return { kind: "scan-stopped", from: span, ...(until !== undefined && { to: span }), text };
  }

  /** All frames, in their order. */
  private get scan(): WatchedScan {
    const { points, bands, readMonitor } = this.options;
    const own = ownBands(this.options.axis.values.length);
    const monitor = readMonitor();
    const sums = new Float32Array(this.span * own);
    for (let frame = 0; frame < this.span; frame++)
      for (let band = 0; band < own; band++) sums[frame * own + band] = this.sums[frame * bands.length + band]!;
    return { points, bands: own, sums, ...(monitor && { monitor }) };
  }

  private look(now: number, isOver: boolean): void {
    if (isOver || now >= this.nextWatch) {
      const { scan } = this;
      this.watched = [
        ...findLostBeam(scan),
        ...findStuckTranslation(scan),
        ...findStuckRotation(scan),
        ...findMissingFrames(scan, isOver),
      ];
      this.nextWatch = now + Math.min(MOST_BETWEEN.watchMs, (steadyNow() - now) / SHARE_OF_VIEW);
    }
    if (!isOver && now < this.nextCoarse) return;
    const started = steadyNow();
    this.reconstruct();
    const took = steadyNow() - started;
    this.nextCoarse = started + Math.min(MOST_BETWEEN.imageMs, Math.max(3000, took / SHARE_OF_VIEW));
  }

  private reconstruct(): void {
    const { omegaDeg, points, bands, scan, readMonitor, kernels } = this.options;
    if (!omegaDeg) {
      this.noImage = "how many lines there will be is not known, and so are their angles: give --live-lines";
      return;
    }
    try {
      const monitor = readMonitor();
      const view = coarseView(kernels(), {
        ...{ points, bands: bands.length, omegaDeg, config: scan.config.sinogram, shown: this.shown },
        sums: this.sums,
        monitor: monitor && monitor.length >= this.span ? monitor : undefined,
      });
      this.noImage = view ? undefined : "four lines at least are needed";
      this.coarse = view ?? this.coarse;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.noImage = error.message.replace(/\.$/, "");
    }
  }

  /** The whole, and the first ranges that the scan names. */
  private get shown(): number[] {
    const own = ownBands(this.options.axis.values.length);
    return [0, ...this.options.bands.keys()].filter((band, i) => i === 0 || band >= own).slice(0, MOST_SHOWN);
  }

  /** Looks anew where it is time to, and writes the snapshot. */
  show(counts: Counts, isOver = false): LiveState {
    const now = steadyNow();
    if (this.slots > 0) {
      this.arrange();
      this.look(now, isOver);
    }
    const state = this.state(counts, now);
    writeSnapshot(this.options.folder, state, this.arrays());
    return state;
  }

  /** in the order of the scan */
  get notices(): readonly Notice[] {
    const { points, scan } = this.options;
    const { coarse } = this;
    const order = coarse
      ? judgeOrder(
          {
            order: { ...coarse.report.order, shiftSteps: coarse.report.order.shiftSteps * coarse.binning },
            jumps: coarse.report.jumps.map(({ line, steps }) => ({ line, steps: steps * coarse.binning })),
            axis: coarse.isProvisional
              ? NO_AXIS
              : { ...coarse.report.rotationAxis, spread: coarse.report.rotationAxis.spread * coarse.binning },
            arcDeg: coarse.report.scan.arcDeg,
          },
          scan.config.sinogram.order,
          points,
        )
      : [];
    const { expectedLines } = this.options;
    // nothing more is to come
    const isAllThere = expectedLines !== undefined && this.span >= expectedLines * points;
    const stopped = this.stopped && !isAllThere ? [this.stopped] : [];
    return [...this.watched, ...order, ...this.pauses, ...stopped].sort((a, b) => a.from - b.from);
  }

  private state({ phase, backlog, notWhole, shut = [] }: Counts, now: number): LiveState {
    const { scan, points, expectedLines, bands, axis } = this.options;
    const recent = this.recent.filter(({ at }) => now - at < RECENT_MS);
    const since = recent.length > 1 ? (now - recent[0]!.at) / 1000 : 0;
    const framesPerS = since > 0 ? recent.length / since : 0;
    const expectedFrames = expectedLines === undefined ? undefined : expectedLines * points;
    const lags = this.recent.map(({ lagS }) => lagS).sort((a, b) => a - b);
    const left = expectedFrames === undefined ? undefined : Math.max(0, expectedFrames - this.frames);
    return {
      title: scan.config.title,
      phase,
      startedAt: new Date(this.startedAt).toISOString(),
      updatedAt: new Date(now).toISOString(),
      ...(this.lastFrameAt !== undefined && { lastFrameAt: new Date(this.lastFrameAt).toISOString() }),
      ...{ frames: this.frames, backlog, notWhole, points, lines: Math.ceil(this.span / points), framesPerS },
      ...(expectedFrames !== undefined && { expectedFrames, expectedLines: expectedLines! }),
      ...(lags.length > 0 && {
        lagS: { median: median(lags), p95: lags[Math.floor(0.95 * (lags.length - 1))]!, most: lags.at(-1)! },
      }),
      ...(left !== undefined && framesPerS > 0 && { secondsLeft: left / framesPerS }),
      notices: [...shut.map(shutNotice), ...firstOf(this.notices)],
      found: this.coarse ? describeFound(this.coarse) : [],
      ...(this.coarse && { projections: this.coarse.projections, voxelSteps: this.coarse.binning }),
      ...(this.noImage !== undefined && { noImage: this.noImage }),
      bands: this.shown.map((band) => bands[band]!.name),
      axisUnit: axis.unit,
    };
  }

  private arrays(): LiveArray[] {
    const { points, bands, axis } = this.options;
    const lines = Math.ceil(this.span / points);
    const sinograms = this.shown.map((band) => {
      const data = new Float32Array(lines * points).fill(Number.NaN);
      for (let frame = 0; frame < this.span; frame++) data[frame] = this.sums[frame * bands.length + band]!;
      return { name: `sinogram/${bands[band]!.name}`, shape: [lines, points], data };
    });
    const images = (this.coarse?.images ?? []).map((data, k) => ({
      name: `image/${bands[this.shown[k]!]!.name}`,
      shape: [this.coarse!.size, this.coarse!.size],
      data,
    }));
    return [
      ...sinograms,
      ...images,
      { name: "axis", shape: [axis.values.length], data: Float32Array.from(axis.values) },
      { name: "pattern", shape: [axis.values.length], data: Float32Array.from(this.total, (sum) => sum / this.summed) },
    ];
  }
}

const NO_AXIS = { agree: false, given: false, spread: Number.NaN };

const MOST_NOTICES = 100;

/** What goes wrong throughout need not be told a thousand times. */
function firstOf(notices: readonly Notice[]): readonly Notice[] {
  const more = notices.length - MOST_NOTICES;
  if (more <= 0) return notices;
  const { kind, from } = notices[MOST_NOTICES]!;
  return [...notices.slice(0, MOST_NOTICES), { kind, from, text: `And ${more} notices more, from frame ${from} on.` }];
}

function describeFound({ report, axis: coarse, isProvisional, binning, projections }: CoarseView): string[] {
  const { order, scan } = report;
  const axis = coarse * binning + (binning - 1) / 2;
  const from = `from ${projections} projections over ${scan.arcDeg.toFixed(1)}°`;
  return [
    describeOrder({ ...order, shiftSteps: order.shiftSteps * binning }),
    isProvisional
      ? `rotation axis taken to be in the middle of the sample, at ${axis.toFixed(1)} steps, until half a turn tells, ${from}`
      : `rotation axis at ${axis.toFixed(1)} steps, ${from}`,
  ];
}
