/**
 * Phase two: a block of bins of the scan as measured becomes the same bins of a clean, ordered stack. Every bin is
 * treated on its own and with its neighbours in angle and translation, so blocks over bins may be cut anywhere.
 */
import { InputError } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { subtractRings } from "./apply-rings.ts";
import { fillCells, fillMaskedValues } from "./fill.ts";
import { replaceHotSpots } from "./hot-spots.ts";
import type { SinogramReport } from "./report.ts";
import type { PatternBlock } from "./summary.ts";
import { TAPS, tapsInMemory, tapsOf } from "./taps.ts";

export interface ApplyOptions {
  /** bin of the scan at which the block begins, default 0 */
  readonly firstBin?: number;
  /** [bins of the scan] relative number of counts behind an intensity, mean 1; as given to summarisePatterns */
  readonly ringLength?: ArrayLike<number>;
  /** [angle, translation, bin] filled with sigma: infinite where the value is interpolated */
  readonly sigma?: Float32Array;
  /** [angle, translation, bin] filled with 1 where the value was hot and replaced */
  readonly hot?: Uint8Array;
}

export interface AppliedBlock {
  /** [angle, translation] bits of CELL, hot and ring included */
  readonly cells: Uint8Array;
  readonly hotValues: number;
  /** values that were NaN in cells that had others, filled along the angle */
  readonly maskedValues: number;
}

/**
 * Order, shift, normalise, subtract air, fill, take off rings, replace hot spots. Negative values stay: cutting them
 * off would leave a bias. Kernel memory for about eight lines of the block is taken from the arena and given back.
 *
 * @param block the bins of all lines, as measured
 * @param out   [angle, translation, bin]
 * @throws InputError "sinogram-block-shape"
 */
export function applySinogram(
  kernels: Kernels,
  report: SinogramReport,
  block: PatternBlock,
  out: Float32Array,
  options: ApplyOptions = {},
): AppliedBlock {
  const { angles, translations } = report;
  const { bins } = block;
  if (block.lines !== report.lines || block.points !== translations || out.length !== angles * translations * bins)
    throw new InputError(
      "sinogram-block-shape",
      `The block has ${block.lines} lines x ${block.points} points and room for ${out.length} values; the report speaks of ` +
        `${report.lines} lines x ${translations} points, which give ${angles} x ${translations} x ${bins} values.`,
    );
  const mark = kernels.arena.mark();
  const staging = stage(kernels, report, block, options);
  for (let a = 0; a < angles; a++) out.set(staging.intensityOf(a), a * translations * bins);
  if (options.sigma) fillSigma(report, staging, options.sigma, bins, options.firstBin ?? 0);
  const cells = report.cells.slice();
  fillCells(report, out, options.sigma, bins);
  const maskedValues = report.hasMaskedValues ? fillMaskedValues(report, out, options.sigma, bins) : 0;
  subtractRings(report, out, bins, cells);
  const hotValues = report.hotSpots.enabled
    ? replaceHotSpots(kernels, report, out, bins, staging.varianceOf, cells, options.sigma, options.hot)
    : 0;
  kernels.arena.release(mark);
  return { cells, hotValues, maskedValues };
}

/** Line by line through kernel memory: [translation, bin] of one angle, from the measured lines that make it up. */
function stage(kernels: Kernels, report: SinogramReport, block: PatternBlock, options: ApplyOptions) {
  const { translations } = report;
  const { bins } = block;
  const size = translations * bins;
  const first = options.firstBin ?? 0;
  const { arena, run } = kernels;
  const taps = tapsInMemory(kernels, translations);
  const lines = arena.f32(2 * size + bins);
  const row = arena.f32(size);
  const gain = arena.f32(bins);
  gain.set(gainOfBins(report, bins, first, options.ringLength));
  const load = (angle: number, from: Float32Array): void => {
    tapsOf(report, angle, taps);
    const at = report.lineOfAngle[angle]! * size;
    lines.set(from.subarray(at, at + size));
    if (angle === 0 && report.scan.closing === "averaged") {
      const closing = report.scan.closingLine * size;
      lines.set(from.subarray(closing, closing + size), size);
    }
  };
  return {
    intensityOf(angle: number): Float32Array {
      load(angle, block.intensity);
      const air = report.air.pattern;
      if (air) for (let b = 0; b < bins; b++) lines[2 * size + b] = air[first + b]!;
      run.gatherRows(row, lines, taps.source, taps.weight, translations, TAPS, bins);
      return row;
    },
    varianceOf(angle: number): Float32Array {
      const given = report.sigma.source === "given" ? block.sigma : undefined;
      load(angle, given ?? block.intensity);
      const { source, noiseWeight } = taps;
      run.gatherVariances(row, lines, gain, source, noiseWeight, translations, TAPS, bins, given ? 1 : 0);
      return row;
    },
  };
}

/** [bin] variance / intensity of the counting model. */
function gainOfBins(
  report: SinogramReport,
  bins: number,
  first: number,
  ringLength: ArrayLike<number> | undefined,
): Float32Array {
  return Float32Array.from({ length: bins }, (_, b) => {
    const n = ringLength?.[first + b] ?? 1;
    return n > 0 ? report.sigma.gain / n : report.sigma.gain;
  });
}

function fillSigma(
  report: SinogramReport,
  staging: { varianceOf(angle: number): Float32Array },
  sigma: Float32Array,
  bins: number,
  first: number,
): void {
  const { angles, translations, air } = report;
  const airVariance = Float32Array.from({ length: bins }, (_, b) => (air.patternSigma?.[first + b] ?? 0) ** 2);
  for (let a = 0; a < angles; a++) {
    const variance = staging.varianceOf(a);
    const line = sigma.subarray(a * translations * bins);
    for (let t = 0; t < translations; t++)
      for (let b = 0; b < bins; b++) line[t * bins + b] = Math.sqrt(variance[t * bins + b]! + airVariance[b]!);
  }
}
