/** The result file from what the stages left, and arrays back out of it. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { AXIS_LABELS, type Axis, convertAxis, InputError, type Pattern } from "../data/index.ts";
import { isMachineFault } from "../data/machine-fault.ts";
import { version } from "../data/version.ts";
import { openResult } from "../files/result-reader.ts";
import { binsInChunk, createResultWriter, type ResultAxis, type ResultWriter } from "../files/result-writer.ts";
import type { RefinementResult } from "../stages/refine/index.ts";
import { type ArrayReference, openArray } from "./array-reference.ts";
import { isWholeArray } from "./array-seals.ts";
import { BIN_BLOCK, BlockedArray } from "./blocked-array.ts";
import { diskError } from "./disk-error.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { StageDone } from "./stage-store.ts";
import { bulkOf } from "./stages/absorb-stage.ts";
import type { PatternsMeta, SinogramMeta, VolumeMeta } from "./stages/meta.ts";
import type { Left } from "./steps.ts";
import { describeWork } from "./work-log.ts";

export interface StageRecord extends StageDone {
  readonly name: string;
  readonly settings: unknown;
  readonly inputs: readonly Fingerprint[];
}

/** Writes everything under another name first; the file appears when it is complete. */
export async function assembleResult(
  path: string,
  title: string,
  stages: readonly StageRecord[],
  left: Left,
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const startedAt = stages[0]!.startedAt;
  const writer = await createResultWriter(path, {
    program: "xrdct",
    version,
    title: title || "XRD-CT scan",
    startedAt,
  });
  try {
    for (const { name, settings, startedAt, endedAt, inputs, notes, key, work = [] } of stages) {
      const jobs = describeWork(work);
      const told = jobs === undefined ? notes : [...notes, jobs];
      writer.process(name, { config: { settings, key }, startedAt, endedAt, inputs, notes: told });
      writer.note(`${name}/work`, "application/json", JSON.stringify(work, null, 1));
    }
    const asTaken = left.frames ?? left.patterns;
    if (asTaken) writer.instrument(asTaken);
    const isRaster = !left.measured && asTaken && left.volume?.volume.path === asTaken.patterns.path;
    if (asTaken && !isRaster && stages.some(({ name }) => name === "integrate")) writePatterns(writer, asTaken);
    if (left.measured) writeSinogram(writer, left.measured, left.patterns!, left.sinogram?.report.cells);
    if (left.volume)
      writeVolume(writer, isRaster ? "read/data" : "reconstruct/data", left.volume, left.patterns?.isAbsorption);
    if (left.map) writeMaps(writer, left);
    if (left.absorb) writeAbsorption(writer, left);
    if (left.dlsr) writeDirect(writer, left);
    const first = left.map?.maps.find(({ name }) => /\/(area|weight_fraction)$/.test(name))?.name;
    if (first) writer.plotFirst(first);
    writer.finish(stages.at(-1)!.endedAt);
  } catch (error) {
    writer.abort();
    throw diskError(error, path, resultBytes(left));
  }
}

/** About how large the result will be. */
export function resultBytes({ frames, patterns = frames, measured, volume }: Left): number {
  const arrays = [patterns?.patterns, measured?.sinogram, volume?.volume].flatMap((array) => (array ? [array] : []));
  return arrays.reduce((sum, { items, bins }) => sum + 8 * items * bins, 0);
}

/** The radial axis as a NeXus axis, with its unit. */
export function radialAxis({ unit, values }: Axis): ResultAxis {
  return { name: unit.replace("-", "_"), values, unit: NEXUS_UNITS[unit], longName: AXIS_LABELS[unit].label };
}
const NEXUS_UNITS = { "two-theta": "deg", q: "1/angstrom", radius: "mm", "log-tan": "", channel: "" } as const;

interface Stack {
  readonly unit: string;
  readonly longName: string;
  /** slow, fast, bins */
  readonly axes: readonly [ResultAxis, ResultAxis, ResultAxis];
  readonly rows: number;
  readonly cols: number;
  readonly values: ArrayReference;
  readonly sigma?: ArrayReference | undefined;
}

/** One stack of bins, a block of bins at a time. */
function writeStack(
  writer: ResultWriter,
  name: string,
  { unit, longName, axes, rows, cols, values, sigma }: Stack,
): void {
  const { bins } = values;
  const chunkBins = Math.min(BIN_BLOCK, bins, binsInChunk(rows, cols));
  const chunkRows = Math.max(1, Math.min(rows, Math.ceil((1 << 20) / (4 * cols * chunkBins))));
  const chunk = [chunkRows, cols, chunkBins];
  const target = writer.array(name, {
    shape: [rows, cols, bins],
    dtype: "float32",
    unit,
    longName,
    axes,
    chunk,
    errors: sigma !== undefined,
  });
  const data = openArray(values);
  const errors = sigma && openArray(sigma);
  try {
    for (let block = 0; block < data.blocks; block++) {
      const width = data.width(block);
      const slab = new Float32Array(data.items * width);
      data.readBlock(block, slab);
      const slabErrors = errors && new Float32Array(data.items * width);
      if (slabErrors) errors.readBlock(block, slabErrors);
      target.writeSlab([0, 0, block * BIN_BLOCK], [rows, cols, width], slab, slabErrors);
    }
  } finally {
    data.close();
    errors?.close();
  }
}

function writePatterns(
  writer: ResultWriter,
  { lines, points, axis, omegaDeg, patterns, sigma }: NonNullable<Left["patterns"]>,
): void {
  writeStack(writer, "integrate/data", {
    unit: "counts",
    longName: "intensity as measured, line by line",
    axes: [
      { name: "rotation_angle", values: omegaDeg, unit: "deg", longName: "ω" },
      { name: "point" },
      radialAxis(axis),
    ],
    rows: lines,
    cols: points,
    values: patterns,
    sigma,
  });
}

function writeSinogram(
  writer: ResultWriter,
  { report, sinogram, sigma }: SinogramMeta,
  { axis, isAbsorption }: PatternsMeta,
  cells = report.cells,
): void {
  const [angles, translations] = rayAxes(report);
  const shape = { rows: report.angles, cols: report.translations };
  writeStack(writer, "sinogram/data", {
    unit: isAbsorption ? "" : "counts",
    longName: isAbsorption ? "sinogram of the absorption" : "sinogram",
    axes: [angles, translations, radialAxis(axis)],
    ...shape,
    values: sinogram,
    sigma,
  });
  const image = (name: string, longName: string, values: Uint8Array | Float64Array): void => {
    const options = { shape: [shape.rows, shape.cols], unit: "", longName, axes: [angles, translations] };
    const array = writer.array(name, { ...options, dtype: values instanceof Uint8Array ? "uint8" : "float64" });
    array.writeSlab([0, 0], options.shape, values);
  };
  image(
    "sinogram/cells",
    "why a point is not simply what was measured (bits: 1 missing, 2 weak line, 4 vacated, 8 opaque, 16 hot, 32 ring)",
    cells,
  );
  const transmission = report.transmission ?? report.unusedTransmission;
  if (transmission) image("sinogram/transmission", "measured transmission", transmission);
}

function rayAxes({ omegaDeg, translations, rotationAxis }: SinogramMeta["report"]): [ResultAxis, ResultAxis] {
  return [
    { name: "rotation_angle", values: omegaDeg, unit: "deg", longName: "ω" },
    {
      name: "translation",
      values: Float64Array.from({ length: translations }, (_, i) => i - rotationAxis.value),
      unit: "steps",
      longName: "translation from the rotation axis",
    },
  ];
}

/** The attenuation and what came of it; maps before the correction, to be held against those of map/. */
function writeAbsorption(writer: ResultWriter, { absorb, map, volume }: Left): void {
  const { size, energyKeV, muPerMm, transmission, before, sinogram, outcome, factor, comparison, passes } = absorb!;
  const grid = volume?.voxelMm ? { voxelMm: volume.voxelMm } : {};
  const shape = { ny: size, nx: size };
  writer.map(
    "absorb/mu",
    { name: "absorb/mu", ...shape, unit: "1/mm", values: muPerMm },
    { ...grid, longName: `attenuation at ${energyKeV.toFixed(1)} keV` },
  );
  const axes = rayAxes(sinogram.report);
  const rays = axes.map(({ values }) => values!.length);
  writer
    .array("absorb/transmission", { shape: rays, dtype: "float64", unit: "", longName: "transmission", axes })
    .writeSlab([0, 0], rays, transmission);
  for (const one of before) writer.map(one.name, one, grid);
  const after = bulkOf(map);
  const { opaqueRays } = absorb!;
  const report = { outcome, energyKeV, opaqueRays, factor, comparison, passes, after };
  writer.note("absorb/report", "application/json", JSON.stringify(report, null, 1));
}

function writeVolume(
  writer: ResultWriter,
  name: string,
  { ny, nx, voxelMm, axis, volume, sigma, plan }: VolumeMeta,
  isAbsorption = false,
): void {
  const grid = (axisName: "x" | "y", n: number): ResultAxis => ({
    name: axisName,
    values: Float64Array.from({ length: n }, (_, i) => (i - (n - 1) / 2) * (voxelMm ?? 1)),
    unit: voxelMm ? "mm" : "voxel",
  });
  const longName = name.startsWith("read") ? "patterns of the map" : "reconstructed intensity";
  const per = plan?.valuesPer === "mm" ? "1/mm" : "1/step";
  writeStack(writer, name, {
    unit: isAbsorption ? per : "counts",
    longName: isAbsorption ? "reconstructed absorption" : longName,
    axes: [grid("y", ny), grid("x", nx), radialAxis(axis)],
    rows: ny,
    cols: nx,
    values: volume,
    sigma,
  });
}

function writeDirect(writer: ResultWriter, { dlsr, volume }: Left): void {
  writer.note("dlsr/report", "application/json", JSON.stringify(dlsr!.report, null, 1));
  for (const parameter of dlsr!.maps)
    writer.map(parameter.name, parameter, volume?.voxelMm ? { voxelMm: volume.voxelMm } : {});
}

function writeMaps(writer: ResultWriter, { map, volume }: Left): void {
  const { summedPattern, maps, refinement } = map!;
  const bins = summedPattern.axis.values.length;
  const array = writer.array("map/summed_pattern", {
    shape: [bins],
    dtype: "float64",
    unit: "counts",
    longName: "mean pattern of the slice",
    axes: [radialAxis(summedPattern.axis)],
    errors: summedPattern.sigma !== undefined,
  });
  array.writeSlab(
    [0],
    [bins],
    Float64Array.from(summedPattern.intensity),
    summedPattern.sigma && Float64Array.from(summedPattern.sigma),
  );
  if (refinement) {
    writeRefinement(writer, refinement, summedPattern);
    const { pattern: _, ...report } = refinement;
    writer.note("map/refinement", "application/json", JSON.stringify({ ...report, bulk: map!.bulk }, null, 1));
  }
  if (map!.settledModel) writer.note("map/model", "application/yaml", map!.settledModel);
  for (const parameter of maps)
    writer.map(parameter.name, parameter, volume?.voxelMm ? { voxelMm: volume.voxelMm } : {});
}

/** The calculated mean pattern on the bins of the observed one; NaN where it was not fitted. */
function writeRefinement(writer: ResultWriter, { pattern, wavelengthA }: RefinementResult, { axis }: Pattern): void {
  const bins = axis.values.length;
  const twoTheta = convertAxis(axis.values, axis.unit, "two-theta", { wavelengthA });
  const calculated = new Float64Array(bins).fill(Number.NaN);
  let k = 0;
  twoTheta.forEach((value, bin) => {
    if (value === pattern.twoThetaDeg[k]) calculated[bin] = pattern.calculated[k++]!;
  });
  writer
    .array("map/summed_pattern_calculated", {
      shape: [bins],
      dtype: "float64",
      unit: "counts",
      longName: "mean pattern of the slice, calculated",
      axes: [radialAxis(axis)],
    })
    .writeSlab([0], [bins], calculated);
}

/**
 * Brings an array of the working folder back from a result file, so that later stages can be done again.
 *
 * @param key of the stage that made it: the file at this path may be of other settings, or of another scan
 * @returns false where the file does not have it, or has not what the stage left
 */
export async function restoreArray(
  path: string,
  name: string,
  reference: ArrayReference,
  key: string,
): Promise<boolean> {
  if (!existsSync(path)) return false;
  const result = await openResult(path);
  try {
    const process = result.processes().find(({ stage }) => stage === name.split("/")[0]);
    if ((process?.config as { key?: string } | undefined)?.key !== key) return false;
    const entry = result.list().find((candidate) => candidate.name === name);
    const [rows, cols, bins] = entry?.shape ?? [];
    if (rows === undefined || cols === undefined || bins !== reference.bins || rows * cols !== reference.items)
      return false;
    const restoring = `${reference.path}.new`; // a run that is killed must not leave half of it under its name
    const array = BlockedArray.create(restoring, reference);
    try {
      for (let block = 0; block < array.blocks; block++) {
        const slab = result.readArray(name, [0, 0, block * BIN_BLOCK], [rows, cols, array.width(block)]);
        array.writeBlock(block, slab as Float32Array);
      }
    } finally {
      array.close();
    }
    if (!isWholeArray(restoring, reference.path)) return false;
    renameSync(restoring, reference.path);
    return true;
  } catch (error) {
    // what the file has lost is made again
    if (error instanceof InputError && !isMachineFault(error)) return false;
    throw diskError(error, reference.path);
  } finally {
    rmSync(`${reference.path}.new`, { force: true });
    result.close();
  }
}
