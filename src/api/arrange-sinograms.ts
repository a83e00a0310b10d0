import type * as z from "zod";
import { ringLengthOf } from "../pipeline/stages/sinogram-stage.ts";
import {
  analyseSinogram,
  applySinogram,
  createPatternSummary,
  type ScanRecord,
  SinogramConfig,
  summarisePatterns,
} from "../stages/sinogram/index.ts";
import type { PatternGrid, ScanGeometry, Sinograms } from "./arrays.ts";
import { withKernels } from "./shared-kernels.ts";

/** What was recorded beside the patterns, and how they are arranged. */
export interface SinogramOptions extends ScanRecord, ScanGeometry {
  /** mm between two translations */
  readonly stepMm: number;
  /** order, air, rotation axis, rings ...: the settings `sinogram` of scan.yaml */
  readonly config?: z.input<typeof SinogramConfig>;
}

/**
 * Patterns as measured to sinograms: zig-zag and shifted lines put right, monitor and transmission divided by, air
 * subtracted, rotation axis found, jumps, hot spots and rings mended, holes filled. What was done is in `report`.
 *
 * @param patterns [line, point, bin]
 * @param options  omegaDeg [line] degrees; monitor, transmitted, exposureS [line, point]
 * @returns [angle, translation, bin], angles ascending
 * @throws InputError as analyseSinogram and convertAxis
 */
export function arrangeSinograms(patterns: PatternGrid, options: SinogramOptions): Sinograms {
  const { stepMm, config, wavelengthA, distanceM, ...record } = options;
  const { axis, lines, points, intensity, sigma } = patterns;
  const bins = axis.values.length;
  const block = { lines, points, bins, intensity, ...(sigma && { sigma }) };
  const geometry = { axis, ...(wavelengthA && { wavelengthA }), ...(distanceM && { distanceM }) };
  const ringLength = sigma ? undefined : ringLengthOf(geometry);
  const summary = createPatternSummary(lines, points, bins);
  summarisePatterns(summary, block, { line: 0 }, ringLength);
  const report = analyseSinogram(summary, record, SinogramConfig.parse(config ?? {}), sigma !== undefined);
  const { omegaDeg, translations } = report;
  const data = new Float32Array(omegaDeg.length * translations * bins);
  const found = report.sigma.source === "none" ? undefined : new Float32Array(data.length);
  const { cells } = withKernels((kernels) =>
    applySinogram(kernels, report, block, data, { ...(ringLength && { ringLength }), ...(found && { sigma: found }) }),
  );
  report.cells.set(cells);
  const rotationAxis = report.rotationAxis.value;
  return { omegaDeg, translations, axis, data, rotationAxis, stepMm, report, ...(found && { sigma: found }) };
}
