import type { Kernels } from "../../kernels/index.ts";
import type { IntegrateConfig } from "./config.ts";
import type { IntegrationTables } from "./integration-tables.ts";

export const FRAMES_PER_PASS = 4;
/** Bins in one kernel call: V8 replaces a function by its optimised form only between calls. */
const STRIP = 32;

/** [4, cells] f64, overwritten by the next pass. */
export interface PassResult {
  readonly signal: Float64Array;
  readonly variance: Float64Array;
  readonly normalisation: Float64Array;
}

type View = Int32Array | Float32Array;
/** One to four frames in kernel memory to their sums. */
export type Pass = (frames: readonly View[], isFloat: boolean) => PassResult;

/** Takes its scratch from the arena once. */
export function createPass(kernels: Kernels, config: IntegrateConfig, tables: IntegrationTables): Pass {
  if (config.statistic === "mean") return meanPass(kernels, tables);
  if (config.statistic === "sigma-clip") return clippedPass(kernels, tables, config);
  return trimmedPass(kernels, tables, config.statistic === "median" ? 0.5 : config.trim);
}

function output(kernels: Kernels, cells: number): PassResult {
  const f64 = () => kernels.arena.f64(FRAMES_PER_PASS * cells);
  return { signal: f64(), variance: f64(), normalisation: f64() };
}

/** Four arguments for a kernel; the last frame stands in for those that are missing. */
function four(frames: readonly View[]): [View, View, View, View] {
  const at = (i: number): View => frames[Math.min(i, frames.length - 1)]!;
  return [at(0), at(1), at(2), at(3)];
}

function forStrips(cells: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < cells; from += STRIP) work(from, Math.min(from + STRIP, cells));
}

function meanPass({ run, arena, ...rest }: Kernels, tables: IntegrationTables): Pass {
  const { cells, pixel, coef, start, hasCoef, hasDark, sums } = tables;
  const out = output({ run, arena, ...rest }, cells);
  const gaps = arena.u8(FRAMES_PER_PASS * cells);
  return (frames, isFloat) => {
    const [f0, f1, f2, f3] = four(frames);
    const float = isFloat ? 1 : 0;
    forStrips(cells, (from, to) => {
      if (hasCoef) {
        run.integrateShares(f0, f1, f2, f3, float, pixel, coef, start, from, to, cells, out.signal, out.variance, gaps);
      } else run.integrateSums(f0, f1, f2, f3, float, pixel, start, from, to, cells, out.signal, gaps);
    });
    frames.forEach((frame, f) => {
      const row = <T extends Float64Array | Uint8Array>(array: T): T => array.subarray(f * cells, (f + 1) * cells) as T;
      const [signal, variance, normalisation] = [row(out.signal), row(out.variance), row(out.normalisation)];
      // Whole pixels: the variance of a sum of counts is that sum.
      if (!hasCoef) variance.set(signal);
      normalisation.set(sums.normalisation);
      if (hasDark) for (let cell = 0; cell < cells; cell++) signal[cell] = signal[cell]! - sums.dark[cell]!;
      const gap = row(gaps);
      if (!gap.includes(1)) return;
      const { norm, dark } = tables;
      forStrips(cells, (from, to) => {
        run.integrateGaps(
          frame,
          float,
          pixel,
          coef,
          hasCoef ? 1 : 0,
          norm,
          dark,
          hasDark ? 1 : 0,
          start,
          from,
          to,
          signal,
          variance,
          normalisation,
          gap,
        );
      });
    });
    return out;
  };
}

function trimmedPass(kernels: Kernels, tables: IntegrationTables, trim: number): Pass {
  const { run, arena } = kernels;
  const { cells, pixel, scale, entryDark, hasDark, start, sums } = tables;
  const out = output(kernels, cells);
  const scratch = arena.f32(3 * tables.largestCell + 256);
  // The spread of a median of Gaussian values is sqrt(pi / 2) that of their mean.
  const spread = trim === 0.5 ? Math.PI / 2 : 1;
  return (frames, isFloat) => {
    const [f0, f1, f2, f3] = four(frames);
    const float = isFloat ? 1 : 0;
    forStrips(cells, (from, to) => {
      run.integrateTrimmed(
        f0,
        f1,
        f2,
        f3,
        frames.length,
        float,
        pixel,
        scale,
        entryDark,
        hasDark ? 1 : 0,
        start,
        from,
        to,
        cells,
        trim,
        scratch,
        out.signal,
        out.normalisation,
      );
    });
    for (let f = 0; f < frames.length; f++) {
      for (let cell = 0; cell < cells; cell++) {
        const at = f * cells + cell;
        const kept = out.normalisation[at]!;
        const mean = out.signal[at]!;
        const entries = start[cell + 1]! - start[cell]!;
        // Poisson: a pixel's variance is counts x scale^2 = (value + dark x scale) x scale.
        const variance = (mean * sums.scale[cell]! + sums.darkScaleSquare[cell]!) / entries;
        // A median rests on one or two pixels but is as certain as all of the bin's.
        out.variance[at] = trim === 0.5 ? (spread * variance * kept * kept) / entries : variance * kept;
        out.signal[at] = mean * kept;
      }
    }
    return out;
  };
}

function clippedPass(kernels: Kernels, tables: IntegrationTables, config: IntegrateConfig): Pass {
  const { run, arena } = kernels;
  const { cells, pixel, scale, weight, entryDark, hasDark, start, pixelsInCell, sums } = tables;
  const { threshold, iterations, errorModel } = config.clip;
  const out = output(kernels, cells);
  const kept = arena.f64(FRAMES_PER_PASS * cells);
  const scratch = arena.f32(tables.largestCell + 64);
  return (frames, isFloat) => {
    const [f0, f1, f2, f3] = four(frames);
    const [float, azimuthal] = [isFloat ? 1 : 0, errorModel === "azimuthal" ? 1 : 0];
    forStrips(cells, (from, to) => {
      run.integrateClipped(
        f0,
        f1,
        f2,
        f3,
        frames.length,
        float,
        pixel,
        scale,
        entryDark,
        hasDark ? 1 : 0,
        weight,
        pixelsInCell,
        start,
        from,
        to,
        cells,
        threshold,
        iterations,
        azimuthal,
        scratch,
        out.signal,
        out.variance,
        out.normalisation,
        kept,
      );
    });
    for (let at = 0; at < frames.length * cells; at++) {
      const cell = at % cells;
      const entries = start[cell + 1]! - start[cell]!;
      out.signal[at] = out.signal[at]! * out.normalisation[at]!;
      if (hasDark) out.variance[at] = out.variance[at]! + (sums.squareDark[cell]! * kept[at]!) / entries;
    }
    return out;
  };
}
