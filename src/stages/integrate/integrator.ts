/**
 * Frames to patterns. Setup (createIntegrator) puts tables in kernel memory; integrate() then does up to four frames
 * in one pass over them. Signal, variance and normalisation stay apart until the last division.
 */
import { type Axis, type FrameArray, InputError, type Mask } from "../../data/index.ts";
import { findDetector, type Poni, type Shape } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { IntegrateConfig } from "./config.ts";
import { correctionMap } from "./correction-map.ts";
import { createPass, FRAMES_PER_PASS, type PassResult } from "./integration-pass.ts";
import { type IntegrationTables, placeTables } from "./integration-tables.ts";
import { buildPixelTable } from "./pixel-table.ts";

export interface IntegrationSetup {
  readonly poni: Poni;
  readonly shape: Shape;
  readonly config: IntegrateConfig;
  readonly mask?: Mask;
  /** [row, col] relative efficiency, divided by; zero, negative and NaN count as masked */
  readonly flat?: ArrayLike<number>;
  /** [row, col] counts of a frame without beam, subtracted */
  readonly dark?: ArrayLike<number>;
  /** [row, col] radial coordinate of the pixel centres, in axis units, where not that of the calibration (distorted detectors); without splitting only */
  readonly radialMap?: Float64Array;
}

export interface IntegrateOptions {
  /** [frame] incident flux, exposure or both; divided by */
  readonly monitor?: ArrayLike<number>;
  /** also give signal, variance and normalisation */
  readonly parts?: boolean;
}

/** [frame, bin], or [frame, chi, bin] for a cake. NaN where a bin holds no valid pixel. */
export interface IntegrationResult {
  /** corrected counts per pixel and monitor unit */
  readonly intensity: Float32Array;
  /** standard uncertainty from counting statistics, same unit */
  readonly sigma: Float32Array;
  /** with options.parts: intensity = signal / normalisation, sigma = sqrt(variance) / normalisation, before the monitor */
  readonly parts?: {
    readonly signal: Float64Array;
    readonly variance: Float64Array;
    readonly normalisation: Float64Array;
  };
}

export interface Integrator {
  readonly axis: Axis;
  /** [chi] centres of the azimuthal bins, degrees; for a cake only */
  readonly chiDeg?: Float64Array;
  /** values in one frame's result: radial bins x azimuthal bins */
  readonly size: number;
  /** bytes of kernel memory taken by the tables, slots and scratch */
  readonly memoryBytes: number;
  /**
   * Room for a frame each, [row, col] int32 in kernel memory: a decoder that writes here and hands them to integrate()
   * saves the copy. Any other array of the kernel memory is used in place as well.
   */
  readonly slots: readonly Int32Array[];
  /** @throws InputError "frame-shape-mismatch" | "monitor-not-positive" */
  integrate(frames: readonly FrameArray[], options?: IntegrateOptions): IntegrationResult;
}

/**
 * Puts the tables of an integration into kernel memory; its integrate() then takes frames.
 *
 * @throws InputError "poni-other-detector" | "mask-shape" | "frame-shape-mismatch" | "integrate-no-pixels" | "integrate-range-empty"
 *   | "trimmed-needs-whole-pixels" | "axis-needs-wavelength"
 */
export function createIntegrator(kernels: Kernels, setup: IntegrationSetup): Integrator {
  return createIntegratorFrom(kernels, setup.config, buildTables(kernels, setup));
}

/**
 * The tables alone. They lie in the shared kernel memory and are only read, so that the workers on one memory can
 * share one set: build once, post to the others, createIntegratorFrom in each.
 */
export function buildTables(kernels: Kernels, setup: IntegrationSetup): IntegrationTables {
  const { shape, config, poni } = setup;
  checkSetup(setup);
  const mask = excludedPixels(setup);
  const table = buildPixelTable({ poni, shape, mask, config, ...(setup.radialMap && { radialMap: setup.radialMap }) });
  return placeTables(kernels.arena, table, correctionMap(poni, shape, config, setup.flat), setup.dark, config);
}

/** An integrator over tables made by buildTables, of this thread or another one on the same memory. */
export function createIntegratorFrom(kernels: Kernels, config: IntegrateConfig, tables: IntegrationTables): Integrator {
  const { arena } = kernels;
  const freeBefore = arena.free;
  const slots = Array.from({ length: FRAMES_PER_PASS }, () => arena.i32(tables.pixels));
  const pass = createPass(kernels, config, tables);
  const ownBytes = freeBefore - arena.free;
  return {
    axis: { unit: config.axis, values: centres(tables.range, config.bins) },
    ...(config.chiBins !== null && { chiDeg: centres(config.chiRange, config.chiBins) }),
    size: tables.cells,
    memoryBytes: tables.bytes + ownBytes,
    slots,
    integrate(frames, options = {}) {
      checkFrames(frames, tables.pixels, options.monitor);
      const result = emptyResult(frames.length, tables.cells, options.parts ?? false);
      for (let first = 0; first < frames.length; first += FRAMES_PER_PASS) {
        const some = frames.slice(first, first + FRAMES_PER_PASS);
        const { views, isFloat } = intoKernelMemory(some, slots, kernels.memory, config.dummy);
        divide(pass(views, isFloat), some.length, first, tables.cells, options.monitor, result);
      }
      return result;
    },
  };
}

const centres = ([low, high]: readonly [number, number], bins: number): Float64Array =>
  Float64Array.from({ length: bins }, (_, i) => low + ((high - low) * (i + 0.5)) / bins);

/** A binned detector of the same name has pixels of another size, and passes. */
function checkDetector({ detector, pixel1, pixel2 }: Poni, { rows, cols }: Shape): void {
  const model = detector ? findDetector(detector) : undefined;
  if (!model || (model.rows === rows && model.cols === cols)) return;
  const isSamePixel = Math.abs(pixel1 / model.pixel1 - 1) < 1e-3 && Math.abs(pixel2 / model.pixel2 - 1) < 1e-3;
  if (!isSamePixel) return;
  throw new InputError(
    "poni-other-detector",
    `The .poni is of a ${model.name} with ${model.rows} x ${model.cols} pixels, and the frames have ${rows} x ${cols} (rows x columns). ` +
      "Give the .poni that belongs to these frames; for a part of a detector, calibrate on that part.",
  );
}

function checkSetup({ poni, shape, mask, flat, dark, config, radialMap }: IntegrationSetup): void {
  checkDetector(poni, shape);
  const pixels = shape.rows * shape.cols;
  if (mask && (mask.rows !== shape.rows || mask.cols !== shape.cols || mask.data.length !== pixels)) {
    throw new InputError(
      "mask-shape",
      `The mask is ${mask.rows} x ${mask.cols} pixels and the frames are ${shape.rows} x ${shape.cols} (rows x columns). ` +
        "Give a mask of the same detector, not cropped, binned or transposed.",
    );
  }
  for (const [name, map] of Object.entries({ flat, dark, radialMap })) {
    if (map && map.length !== pixels) {
      throw new InputError(
        "frame-shape-mismatch",
        `The ${name} image has ${map.length} pixels and the frames have ${shape.rows} x ${shape.cols} = ${pixels}. Give one of the same detector.`,
      );
    }
  }
  if (config.split !== "none" && (config.statistic === "trimmed-mean" || config.statistic === "median")) {
    throw new InputError(
      "trimmed-needs-whole-pixels",
      `statistic: ${config.statistic} ranks whole pixels, and split: ${config.split} shares them between bins. ` +
        "Use split: none with it, or statistic: sigma-clip or mean with splitting.",
    );
  }
}

function excludedPixels({ shape, mask, flat }: IntegrationSetup): Uint8Array {
  const excluded = new Uint8Array(shape.rows * shape.cols);
  for (let at = 0; at < excluded.length; at++) {
    if (mask?.data[at] || (flat && !(flat[at]! > 0))) excluded[at] = 1;
  }
  return excluded;
}

function checkFrames(frames: readonly FrameArray[], pixels: number, monitor?: ArrayLike<number>): void {
  frames.forEach((frame, i) => {
    if (frame.length === pixels) return;
    throw new InputError(
      "frame-shape-mismatch",
      `Frame ${i} has ${frame.length} pixels and the calibration was set up for ${pixels}. All frames of a scan must come from the same detector as the .poni.`,
    );
  });
  if (!monitor) return;
  for (let i = 0; i < frames.length; i++) {
    if (monitor[i]! > 0) continue;
    throw new InputError(
      "monitor-not-positive",
      `The monitor reading of frame ${i} is ${monitor[i]}; it must be a number above 0 for each of the ${frames.length} frames. ` +
        "Mark that frame as missing, or leave the monitor out.",
    );
  }
}

/** Frames that already lie in kernel memory are used where they are; the others are copied into the slots. */
function intoKernelMemory(
  frames: readonly FrameArray[],
  slots: readonly Int32Array[],
  memory: WebAssembly.Memory,
  dummy: number | null,
): { views: (Int32Array | Float32Array)[]; isFloat: boolean } {
  const isFloat = frames.some((frame) => frame instanceof Float32Array || frame instanceof Float64Array);
  const views = frames.map((frame, i) => {
    const isWide = isFloat
      ? frame instanceof Float32Array
      : frame instanceof Int32Array || frame instanceof Uint32Array;
    // A count of 2^31 or more is no count but a detector's sign for a dead pixel: as int32 it is negative, a gap.
    const bits = isWide && !isFloat ? new Int32Array(frame.buffer, frame.byteOffset, frame.length) : frame;
    if (isWide && frame.buffer === (memory.buffer as ArrayBufferLike) && dummy === null)
      return bits as Int32Array | Float32Array;
    const slot = slots[i]!;
    const view = isFloat ? new Float32Array(slot.buffer, slot.byteOffset, slot.length) : slot;
    const isCount = isFloat && !(frame instanceof Float32Array || frame instanceof Float64Array);
    view.set(bits);
    if (dummy !== null) markEqual(frame, dummy, view, isFloat);
    if (isCount) markNegative(view);
    return view;
  });
  return { views, isFloat };
}

function markEqual(frame: FrameArray, dummy: number, view: Int32Array | Float32Array, isFloat: boolean): void {
  const gap = isFloat ? Number.NaN : -1;
  for (let at = 0; at < frame.length; at++) if (frame[at] === dummy) view[at] = gap;
}

/** Integer frames beside float ones in the same pass: their gaps become NaN. */
function markNegative(view: Int32Array | Float32Array): void {
  for (let at = 0; at < view.length; at++) if (view[at]! < 0) view[at] = Number.NaN;
}

function emptyResult(frames: number, cells: number, parts: boolean): IntegrationResult {
  const f64 = () => new Float64Array(frames * cells);
  return {
    intensity: new Float32Array(frames * cells),
    sigma: new Float32Array(frames * cells),
    ...(parts && { parts: { signal: f64(), variance: f64(), normalisation: f64() } }),
  };
}

function divide(
  { signal, variance, normalisation }: PassResult,
  frames: number,
  first: number,
  cells: number,
  monitor: ArrayLike<number> | undefined,
  { intensity, sigma, parts }: IntegrationResult,
): void {
  for (let frame = 0; frame < frames; frame++) {
    const flux = monitor?.[first + frame] ?? 1;
    const [from, to] = [frame * cells, (first + frame) * cells];
    for (let cell = 0; cell < cells; cell++) {
      const norm = normalisation[from + cell]! * flux;
      intensity[to + cell] = norm > 0 ? signal[from + cell]! / norm : Number.NaN;
      sigma[to + cell] = norm > 0 ? Math.sqrt(variance[from + cell]!) / norm : Number.NaN;
    }
    if (!parts) continue;
    parts.signal.set(signal.subarray(from, from + cells), to);
    parts.variance.set(variance.subarray(from, from + cells), to);
    parts.normalisation.set(normalisation.subarray(from, from + cells), to);
  }
}
