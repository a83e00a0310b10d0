/** Already integrated patterns [line, point, bin], whatever layout they lie in; opened alike in every thread. */
import { type Axis, type AxisUnit, InputError } from "../data/index.ts";
import { findFramePaths } from "../files/frame-paths.ts";
import { openPatternArray } from "../files/hdf5-patterns.ts";
import { filesOfP07, openP07Scan } from "../files/p07.ts";
import { openRaster } from "./raster.ts";
import type { Scan } from "./scan-config.ts";
import { openSinograms, type SinogramSpec, sinogramSpec } from "./sinogram-source.ts";

export type PatternSourceSpec =
  | { readonly kind: "p07"; readonly folder: string }
  | {
      readonly kind: "array";
      readonly file: string;
      readonly dataset?: string;
      readonly axisDataset?: string;
      readonly axisUnit?: AxisUnit;
    }
  | ({ readonly kind: "sinograms" } & SinogramSpec)
  | {
      readonly kind: "raster";
      readonly files: readonly string[];
      readonly rows: number;
      readonly cols: number;
      readonly axisUnit?: AxisUnit;
    };

export interface MissingPatterns {
  readonly line: number;
  readonly path: string;
  readonly reason: string;
}

export interface PatternSource {
  readonly lines: number;
  readonly points: number;
  readonly axis: Axis;
  readonly hasSigma: boolean;
  /** [line] degrees, where the files say */
  readonly omegaDeg?: Float64Array;
  /** [line, point] */
  readonly monitor?: Float64Array;
  readonly transmitted?: Float64Array;
  /** of the integration, where the files say */
  readonly wavelengthA?: number;
  /** for provenance */
  readonly files: readonly string[];
  /** what could not be read and is NaN; may grow while reading */
  readonly missing: () => readonly MissingPatterns[];
  /** [point, bin] of one line, NaN where there is none */
  readonly readLine: (line: number) => Promise<{ intensity: Float32Array; sigma?: Float32Array }>;
  readonly close: () => void;
}

/** The files that a source is read from, before any of them is opened; of a folder all that may belong to the scan. */
export function filesOfPatterns(spec: PatternSourceSpec): readonly string[] {
  if (spec.kind === "raster") return spec.files;
  return spec.kind === "p07" ? filesOfP07(spec.folder) : [spec.file];
}

export async function openPatternSource(spec: PatternSourceSpec): Promise<PatternSource> {
  if (spec.kind === "raster") return openRaster(spec);
  if (spec.kind === "sinograms") return openSinograms(spec);
  if (spec.kind === "array") return openArrayFile(spec);
  const scan = await openP07Scan(spec.folder);
  return {
    lines: scan.angles,
    points: scan.translations,
    axis: scan.axis,
    hasSigma: false,
    files: scan.files.filter((file) => file !== ""),
    missing: () => scan.missing.map(({ angle, path, reason }) => ({ line: angle, path, reason })),
    readLine: async (line) => ({ intensity: await scan.readLine(line) }),
    close: () => {},
    ...(scan.omegaDeg && { omegaDeg: scan.omegaDeg }),
    ...(scan.monitor && { monitor: scan.monitor }),
    ...(scan.transmitted && { transmitted: scan.transmitted }),
  };
}

async function openArrayFile({
  file,
  dataset,
  axisDataset,
  axisUnit,
}: PatternSourceSpec & { kind: "array" }): Promise<PatternSource> {
  const array = await openPatternArray(file, {
    ...(dataset && { dataset }),
    ...(axisDataset && { axisDataset }),
    ...(axisUnit && { axisUnit }),
  });
  return {
    lines: array.shape[0],
    points: array.shape[1],
    axis: array.axis,
    hasSigma: array.hasErrors,
    files: [file],
    missing: () => [],
    async readLine(line) {
      const sigma = array.readErrors(line, 1);
      return { intensity: array.read(line, 1), ...(sigma && { sigma }) };
    },
    close: () => array.close(),
    ...(array.wavelengthA && { wavelengthA: array.wavelengthA }),
  };
}

/** Where a scan of patterns has them. @throws InputError "input-kind" for frames */
export function patternSource({ config: { input }, resolve }: Scan): PatternSourceSpec {
  if (input.kind === "p07") return { kind: "p07", folder: resolve(input.folder) };
  if (input.kind === "patterns" || input.kind === "volume") {
    const { dataset, axisDataset, axisUnit } = input;
    return {
      kind: "array",
      file: resolve(input.file),
      ...(dataset && { dataset }),
      ...(axisDataset && { axisDataset }),
      ...(axisUnit && { axisUnit }),
    };
  }
  if (input.kind === "sinograms") return sinogramSpec(input, resolve);
  if (input.kind === "raster") {
    const { files, rows, cols, axisUnit } = input;
    const paths = findFramePaths(typeof files === "string" ? resolve(files) : files.map(resolve));
    return { kind: "raster", files: paths, rows, cols, ...(axisUnit && { axisUnit }) };
  }
  throw new InputError("input-kind", `Frames are integrated, not read as patterns: input.kind is ${input.kind}.`);
}
