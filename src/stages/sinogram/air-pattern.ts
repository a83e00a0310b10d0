/** The pattern of air or of the empty cell: given, or the mean over the translations that hold no sample. */
import { InputError } from "../../data/index.ts";
import type { Arrangement } from "./arrangement.ts";
import type { SinogramConfig } from "./config.ts";
import type { ScanRecord } from "./normalise.ts";
import type { SinogramReport } from "./report.ts";
import type { PatternSummary } from "./summary.ts";

/** Fewer air patterns than this would put more noise into the data than they take out. */
const FEWEST_PATTERNS = 20;

/**
 * @param found  translations at either end without sample
 * @param factor, missing [line, point]
 * @throws InputError "sinogram-air-missing" | "sinogram-air-shape"
 */
export function airPattern(
  summary: PatternSummary,
  record: ScanRecord,
  config: SinogramConfig,
  kept: Arrangement,
  found: { low: number; high: number },
  factor: Float64Array,
  missing: Uint8Array,
  gain: number,
): SinogramReport["air"] {
  const none = { source: "none", ...found } as const;
  if (config.air === "none") return none;
  if (record.air && config.air !== "outermost") return givenAir(record.air, summary.bins, config.airScale, found);
  if (config.air === "given")
    throw new InputError(
      "sinogram-air-missing",
      "air: given was asked for, and no air or empty-cell pattern was given.",
    );
  const outermost = outermostAir(summary, kept, found, factor, missing);
  if (!outermost) {
    if (config.air === "outermost")
      throw new InputError(
        "sinogram-air-missing",
        "air: outermost was asked for, and no translation at either end is free of sample at all angles: give an air pattern, or set air: none.",
      );
    return none;
  }
  const { pattern, patterns } = outermost;
  const scaled = pattern.map((value) => value * config.airScale);
  const patternSigma = scaled.map((value) => Math.sqrt(((gain || 1) * Math.max(0, value)) / patterns));
  return { source: "outermost", ...found, pattern: scaled, patternSigma };
}

function givenAir(
  air: NonNullable<ScanRecord["air"]>,
  bins: number,
  scale: number,
  found: { low: number; high: number },
): SinogramReport["air"] {
  if (air.intensity.length !== bins)
    throw new InputError(
      "sinogram-air-shape",
      `The air pattern has ${air.intensity.length} bins, and the scan has ${bins}: integrate both onto the same axis.`,
    );
  const pattern = Float64Array.from(air.intensity, (value) => value * scale);
  const patternSigma = air.sigma ? Float64Array.from(air.sigma, (value) => value * scale) : undefined;
  return { source: "given", ...found, pattern, ...(patternSigma ? { patternSigma } : {}) };
}

function outermostAir(
  { lines, points, edge, bins, edgeSum, edgeCount }: PatternSummary,
  kept: Arrangement,
  { low, high }: { low: number; high: number },
  factor: Float64Array,
  missing: Uint8Array,
): { pattern: Float64Array; patterns: number } | undefined {
  const oddAngle = kept.lineOfAngle.findIndex((line) => line % 2 === 1);
  const isTurned = oddAngle >= 0 && kept.turned[oddAngle] === 1;
  const pattern = new Float64Array(bins);
  const counts = new Float64Array(bins);
  let patterns = 0;
  for (let slot = 0; slot < 4 * edge; slot++) {
    const parity = Math.floor(slot / (2 * edge));
    const isFar = Math.floor(slot / edge) % 2 === 1;
    const point = isFar ? points - 1 - (slot % edge) : slot % edge;
    const translation = parity === 1 && isTurned ? points - 1 - point : point;
    // one further in than the count, because alternate lines may be shifted by a step
    if (translation >= low - 1 && translation <= points - high) continue;
    let scale = 0;
    let used = 0;
    for (let line = parity; line < lines; line += 2) {
      if (missing[line * points + point]) continue;
      scale += factor[line * points + point]!;
      used++;
    }
    if (used === 0) continue;
    patterns += used;
    for (let b = 0; b < bins; b++) {
      pattern[b] = pattern[b]! + (edgeSum[slot * bins + b]! * scale) / used;
      counts[b] = counts[b]! + edgeCount[slot * bins + b]!;
    }
  }
  if (patterns < FEWEST_PATTERNS) return undefined;
  // bins that are masked everywhere have no air either
  return { pattern: pattern.map((sum, b) => (counts[b]! > 0 ? sum / counts[b]! : 0)), patterns };
}
