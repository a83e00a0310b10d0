/** What a scan looks like so far, small enough to be made again every few seconds. */
import { InputError } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createReconstructionPlan, reconstructBlock } from "../../stages/reconstruct/index.ts";
import {
  analyseSinogram,
  applySinogram,
  createPatternSummary,
  type PatternSummary,
  type ScanRecord,
  type SinogramConfig,
  type SinogramReport,
  summarisePatterns,
} from "../../stages/sinogram/index.ts";

export interface CoarseInput {
  readonly points: number;
  readonly bands: number;
  /** [frame, band] */
  readonly sums: Float32Array;
  /** [line] degrees, at least as many as there are lines */
  readonly omegaDeg: Float64Array;
  /** [frame] */
  readonly monitor?: Float64Array | undefined;
  readonly config: SinogramConfig;
  /** bands to be reconstructed */
  readonly shown: readonly number[];
}

export interface CoarseView {
  readonly report: SinogramReport;
  /** in coarse steps */
  readonly axis: number;
  /** the arc is too short for an axis to be found: it is the middle of the sample */
  readonly isProvisional: boolean;
  /** neighbouring points that were put together */
  readonly binning: number;
  readonly projections: number;
  readonly size: number;
  /** [shown][y, x] */
  readonly images: readonly Float32Array[];
}

/** Translations at most: what an eye can tell on half a screen. */
const MOST_POINTS = 160;
const LEAST_LINES = 4;

/**
 * Filtered back-projection of the lines so far, after the sinogram stage has put them right. Undefined while there
 * are too few.
 *
 * @throws InputError of the sinogram stage, where lines so far do not tell enough
 */
export function coarseView(kernels: Kernels, input: CoarseInput): CoarseView | undefined {
  const { bands, shown } = input;
  const lines = Math.min(Math.floor(input.sums.length / bands / input.points), input.omegaDeg.length);
  if (lines < LEAST_LINES) return undefined;
  const binning = Math.ceil(input.points / MOST_POINTS);
  const points = Math.floor(input.points / binning);
  const intensity = binned(input.sums, input.points, bands, lines, binning);
  const block = { lines, points, bins: bands, intensity };
  const summary = createPatternSummary(lines, points, bands);
  summarisePatterns(summary, block);
  const { rotationAxis } = input.config;
  const record: ScanRecord = {
    omegaDeg: input.omegaDeg.subarray(0, lines),
    ...(input.monitor && { monitor: binned(Float32Array.from(input.monitor), input.points, 1, lines, binning) }),
  };
  const given = typeof rotationAxis === "number" ? (rotationAxis - (binning - 1) / 2) / binning : undefined;
  const { report, isProvisional } = analyse(summary, record, input.config, given ?? "auto");
  const mark = kernels.arena.mark();
  try {
    const sinogram = new Float32Array(report.angles * points * bands);
    applySinogram(kernels, report, block, sinogram);
    const axis = isProvisional ? middleOf(sinogram, report.angles, points, bands) : report.rotationAxis.value;
    const plan = createReconstructionPlan(
      { method: "fbp" },
      { omegaDeg: report.omegaDeg, translations: points, rotationAxis: axis, stepMm: 1 },
    );
    const { size } = plan.projector;
    const volume = new Float32Array(size * size * shown.length);
    reconstructBlock(kernels, { plan, sinogram: pick(sinogram, bands, shown), bins: shown.length }, volume);
    const images = shown.map((_, k) =>
      Float32Array.from({ length: size * size }, (_, v) => volume[v * shown.length + k]!),
    );
    return { report, axis, isProvisional, binning, projections: report.angles, size, images };
  } finally {
    kernels.arena.release(mark);
  }
}

/** Long before half a turn is done no axis can be found; the order of the lines can. */
function analyse(
  summary: PatternSummary,
  record: ScanRecord,
  config: SinogramConfig,
  rotationAxis: number | "auto",
): { report: SinogramReport; isProvisional: boolean } {
  const options: Partial<SinogramConfig> = {
    ...config,
    ...{ order: "auto", lineShiftSteps: "auto", hotSpots: "off", rings: "off", sigma: "none" },
    ...{ air: config.air === "given" ? "outermost" : config.air, axisDisagreement: "flag", rotationAxis },
  };
  try {
    return { report: analyseSinogram(summary, record, options), isProvisional: false };
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "sinogram-axis-not-found") throw error;
    const middle = { ...options, rotationAxis: (summary.points - 1) / 2 };
    return { report: analyseSinogram(summary, record, middle), isProvisional: true };
  }
}

/** Mean over the projections of where the middle of the intensity lies. */
function middleOf(sinogram: Float32Array, angles: number, points: number, bands: number): number {
  let [moment, sum] = [0, 0];
  for (let ray = 0; ray < angles * points; ray++) {
    const value = Math.max(0, sinogram[ray * bands]!);
    moment += value * (ray % points);
    sum += value;
  }
  return sum > 0 ? moment / sum : (points - 1) / 2;
}

/** [line, point, band] means over `binning` neighbouring points; NaN where none is there */
function binned(sums: Float32Array, points: number, bands: number, lines: number, binning: number): Float32Array {
  const coarse = Math.floor(points / binning);
  const out = new Float32Array(lines * coarse * bands);
  for (let line = 0; line < lines; line++)
    for (let p = 0; p < coarse; p++)
      for (let band = 0; band < bands; band++) {
        let [sum, count] = [0, 0];
        for (let q = p * binning; q < (p + 1) * binning; q++) {
          const value = sums[(line * points + q) * bands + band]!;
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
        out[(line * coarse + p) * bands + band] = sum / count;
      }
  return out;
}

/** [ray, band] to [ray, shown] */
function pick(values: Float32Array, bands: number, shown: readonly number[]): Float32Array {
  const rays = values.length / bands;
  const out = new Float32Array(rays * shown.length);
  for (let ray = 0; ray < rays; ray++)
    shown.forEach((band, k) => {
      out[ray * shown.length + k] = values[ray * bands + band]!;
    });
  return out;
}
