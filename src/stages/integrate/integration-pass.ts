import type { Kernels } from "../../kernels/index.ts";
import type { IntegrateConfig } from "./config.ts";
import type { IntegrationTables } from "./integration-tables.ts";

export const FRAMES_PER_PASS = 4;
/** In one kernel call: V8 replaces a function by its optimised form only between calls. */
const BINS_PER_CALL = 32;
const PIXELS_PER_CALL = 1 << 15;

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

/** Four arguments for a kernel; the last frame stands in for those that are missing. */
function four(frames: readonly View[]): [View, View, View, View] {
  const at = (i: number): View => frames[Math.min(i, frames.length - 1)]!;
  return [at(0), at(1), at(2), at(3)];
}

function inSteps(length: number, step: number, work: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += step) work(from, Math.min(from + step, length));
}

function meanPass({ run, arena }: Kernels, tables: IntegrationTables): Pass {
  const { cells, pixels, first, cell, coef, norm, dark, hasShares, hasDark, sums } = tables;
  const signal = arena.f64(4 * (cells + 1));
  const variance = arena.f64(hasShares ? 4 * (cells + 1) : 0);
  const missing = arena.f64(8 * (cells + 1));
  const out = output(cells);
  const darkFlag = hasDark ? 1 : 0;
  return (frames, isFloat) => {
    const [f0, f1, f2, f3] = four(frames);
    const float = isFloat ? 1 : 0;
    signal.fill(0);
    variance.fill(0);
    missing.fill(0);
    inSteps(pixels, PIXELS_PER_CALL, (from, to) => {
      if (!hasShares)
        run.integrateWhole(f0, f1, f2, f3, float, cell, norm, dark, darkFlag, from, to, cells, signal, missing);
      else
        run.integrateShares(
          ...([f0, f1, f2, f3, float, first, cell, coef, norm, dark, darkFlag] as const),
          ...([from, to, signal, variance, missing] as const),
        );
    });
    for (let f = 0; f < frames.length; f++) {
      for (let c = 0; c < cells; c++) {
        const [at, to] = [4 * c + f, f * cells + c];
        out.signal[to] = signal[at]! - (sums.dark[c]! - missing[2 * at + 1]!);
        // Whole pixels: the variance of a sum of counts is that sum.
        out.variance[to] = hasShares ? variance[at]! : signal[at]!;
        const left = sums.normalisation[c]! - missing[2 * at]!;
        // What a subtraction leaves of a bin without a valid pixel is rounding.
        out.normalisation[to] = left > 1e-9 * sums.normalisation[c]! ? left : 0;
      }
    }
    return out;
  };
}

const output = (cells: number): PassResult => ({
  signal: new Float64Array(FRAMES_PER_PASS * cells),
  variance: new Float64Array(FRAMES_PER_PASS * cells),
  normalisation: new Float64Array(FRAMES_PER_PASS * cells),
});

/** In the kernel memory, where the robust kernels write it. */
const kernelOutput = ({ arena }: Kernels, cells: number): PassResult => ({
  signal: arena.f64(FRAMES_PER_PASS * cells),
  variance: arena.f64(FRAMES_PER_PASS * cells),
  normalisation: arena.f64(FRAMES_PER_PASS * cells),
});

/** The first half of every robust statistic: the corrected pixels, bin after bin. */
function createRegroup({ run, arena }: Kernels, tables: IntegrationTables) {
  const { pixels, entries, first, hasShares, position, inverseNorm, dark, hasDark } = tables;
  const values = arena.f32(4 * (entries + 1));
  const regroup = (frames: readonly View[], isFloat: boolean): void => {
    const [f0, f1, f2, f3] = four(frames);
    inSteps(pixels, PIXELS_PER_CALL, (from, to) =>
      run.integrateRegroup(
        ...([f0, f1, f2, f3, isFloat ? 1 : 0, first, hasShares ? 1 : 0, position, inverseNorm] as const),
        ...([dark, hasDark ? 1 : 0, from, to, values] as const),
      ),
    );
  };
  return { values, regroup };
}

function trimmedPass(kernels: Kernels, tables: IntegrationTables, trim: number): Pass {
  const { run, arena } = kernels;
  const { cells, start, sums } = tables;
  const { values, regroup } = createRegroup(kernels, tables);
  const out = kernelOutput(kernels, cells);
  const scratch = arena.f32(6 * tables.largestCell + 1200);
  return (frames, isFloat) => {
    regroup(frames, isFloat);
    const { signal, variance, normalisation } = out;
    inSteps(cells, BINS_PER_CALL, (from, to) =>
      run.integrateTrimmed(values, frames.length, start, from, to, cells, trim, scratch, signal, normalisation),
    );
    for (let at = 0; at < frames.length * cells; at++) {
      const cell = at % cells;
      const [mean, valid] = [signal[at]!, normalisation[at]!];
      const kept = valid === 0 ? 0 : valid - 2 * Math.min(Math.floor(trim * valid), (valid - 1) >> 1);
      // Poisson: a pixel's variance is counts x scale^2 = (value + dark x scale) x scale.
      const ofPixel = (mean * sums.scale[cell]! + sums.darkScaleSquare[cell]!) / (start[cell + 1]! - start[cell]!);
      // A median rests on one or two values but on all pixels; its variance is pi / 2 that of their mean.
      variance[at] = trim === 0.5 ? ((Math.PI / 2) * ofPixel * kept * kept) / valid : ofPixel * kept;
      normalisation[at] = kept;
      signal[at] = mean * kept;
    }
    return out;
  };
}

function clippedPass(kernels: Kernels, tables: IntegrationTables, config: IntegrateConfig): Pass {
  const { run, arena } = kernels;
  const { cells, scale, weight, hasDark, start, pixelsInCell, sums } = tables;
  const { threshold, iterations, errorModel } = config.clip;
  const { values, regroup } = createRegroup(kernels, tables);
  const out = kernelOutput(kernels, cells);
  const kept = arena.f64(FRAMES_PER_PASS * cells);
  const scratch = arena.f32(4 * tables.largestCell + 256);
  const azimuthal = errorModel === "azimuthal" ? 1 : 0;
  return (frames, isFloat) => {
    regroup(frames, isFloat);
    const { signal, variance, normalisation } = out;
    inSteps(cells, BINS_PER_CALL, (from, to) =>
      run.integrateClipped(
        ...([values, frames.length, scale, weight, pixelsInCell, start, from, to, cells] as const),
        ...([threshold, iterations, azimuthal, scratch, signal, variance, normalisation, kept] as const),
      ),
    );
    for (let at = 0; at < frames.length * cells; at++) {
      const cell = at % cells;
      const entries = start[cell + 1]! - start[cell]!;
      signal[at] = signal[at]! * normalisation[at]!;
      if (hasDark) variance[at] = variance[at]! + (sums.squareDark[cell]! * kept[at]!) / entries;
    }
    return out;
  };
}
