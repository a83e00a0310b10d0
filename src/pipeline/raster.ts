/** Raster maps that are not tomography: one pattern file a point, row by row. */
import { InputError } from "../data/index.ts";
import { isMachineFault } from "../data/machine-fault.ts";
import { readPattern } from "../files/pattern-file.ts";
import type { MissingPatterns, PatternSource, PatternSourceSpec } from "./pattern-source.ts";

/** @throws InputError "raster-count" where the files are not rows x cols */
export function openRaster({ files, rows, cols, axisUnit }: PatternSourceSpec & { kind: "raster" }): PatternSource {
  if (files.length !== rows * cols) {
    throw new InputError(
      "raster-count",
      `The raster is ${rows} rows x ${cols} columns = ${rows * cols} points, and there are ${files.length} pattern files (${files[0] ?? "none"} ...). One file for each point is needed, row by row.`,
    );
  }
  const options = axisUnit ? { axis: axisUnit } : {};
  const first = readPattern(files[0]!, options);
  const missing: MissingPatterns[] = [];
  const bins = first.axis.values.length;
  return {
    lines: rows,
    points: cols,
    axis: first.axis,
    hasSigma: first.sigma !== undefined,
    files,
    missing: () => missing,
    async readLine(line) {
      const intensity = new Float32Array(cols * bins).fill(Number.NaN);
      const sigma = new Float32Array(cols * bins).fill(Number.NaN);
      for (let point = 0; point < cols; point++) {
        const path = files[line * cols + point]!;
        try {
          const pattern = readPattern(path, options);
          if (!isSameAxis(pattern.axis.values, first.axis.values))
            throw new InputError("raster-axis", "its axis is not that of the first pattern");
          intensity.set(pattern.intensity, point * bins);
          if (pattern.sigma) sigma.set(pattern.sigma, point * bins);
        } catch (error) {
          if (!(error instanceof InputError) || isMachineFault(error)) throw error;
          missing.push({ line, path, reason: error.message });
        }
      }
      return { intensity, ...(first.sigma && { sigma }) };
    },
    close: () => {},
  };
}

const isSameAxis = (a: Float64Array, b: Float64Array): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= 1e-6 * Math.abs(b[i]!) + 1e-9);
