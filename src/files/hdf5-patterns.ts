/**
 * Patterns that another program has integrated already, in one HDF5 dataset: [angle, translation, bin] of a scan or
 * [y, x, bin] of a raster map, as pyFAI's diffraction map, nDTomo and beamline pipelines write them.
 */
import { type Axis, type AxisUnit, InputError } from "../data/index.ts";
import { type Hdf5Dataset, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { findAxis, readAxis } from "./hdf5-axis.ts";
import { defaultSignal, isNumeric } from "./nexus.ts";
import { findDiffmaps } from "./pyfai-diffmap.ts";

/** Patterns in an HDF5 file, read by rows of their first dimension. */
export interface PatternArray {
  readonly name: string;
  /** [angle, translation] or [y, x] */
  readonly shape: readonly [number, number];
  readonly axis: Axis;
  readonly hasErrors: boolean;
  /** of the integration, where the file says it */
  readonly wavelengthA?: number;
  /** [count, second, bin] from `first` on along the first dimension */
  read(first: number, count?: number): Float32Array;
  /** standard uncertainty, where the file has one */
  readErrors(first: number, count?: number): Float32Array | undefined;
  close(): void;
}

/** What openPatternArray is told where the file does not say it. */
export interface PatternArrayOptions {
  /** found by itself where left out: the default plot, `data`, or the only array of three dimensions */
  readonly dataset?: string;
  readonly axisDataset?: string;
  readonly axisUnit?: AxisUnit;
  /** which dimension holds the bins; told by the axis length where left out */
  readonly binDimension?: "first" | "last";
}

/**
 * Opens patterns [angle, translation, bin] or [y, x, bin] of an HDF5 file: nDTomo's, pyFAI's, or any NXdata.
 *
 * @throws InputError "patterns-no-dataset" | "patterns-wrong-rank" | "patterns-no-axis" | "patterns-axis-length" |
 *   "patterns-ambiguous-bins" and those of openHdf5 and readAxis
 */
export async function openPatternArray(path: string, options: PatternArrayOptions = {}): Promise<PatternArray> {
  const file = await openHdf5(path);
  try {
    return patternArray(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

function patternArray(file: Hdf5File, given: PatternArrayOptions): PatternArray {
  const maps = findDiffmaps(file);
  const named = given.dataset ? file.needDataset(given.dataset) : undefined;
  const diffmap = named ? maps.find((map) => map.intensity === named.path) : maps.length === 1 ? maps[0] : undefined;
  const options: PatternArrayOptions = {
    ...(diffmap?.radial && { axisDataset: diffmap.radial }),
    ...(diffmap && { binDimension: "last" }),
    ...given,
  };
  const dataset = named ?? (diffmap ? file.needDataset(diffmap.intensity) : findPatterns(file));
  const stored = dataset.shape ?? [];
  if (stored.length !== 3) {
    throw new InputError(
      "patterns-wrong-rank",
      `${file.path}: ${dataset.path} has ${stored.length} dimensions [${stored.join(", ")}]; patterns need three, [angle, translation, bin] or [y, x, bin]. Name another dataset. ${file.summary()}`,
    );
  }
  const axis = readAxis(file, axisPath(file, dataset, options), options.axisUnit);
  const bins = axis.values.length;
  const isFirst = isBinFirst(file, dataset, bins, options.binDimension);
  const shape: [number, number] = isFirst ? [stored[1]!, stored[2]!] : [stored[0]!, stored[1]!];
  const errors = errorsOf(file, dataset);
  const readRows = (name: string, first: number, count: number): Float32Array => {
    if (!isFirst) return asFloat32(file.read(name, [first, 0, 0], [count, shape[1], bins]));
    return binsLast(file.read(name, [0, first, 0], [bins, count, shape[1]]) as ArrayLike<number>, bins);
  };
  return {
    name: `${file.path}:${dataset.path}`,
    shape,
    axis,
    hasErrors: errors !== undefined,
    ...(diffmap?.wavelengthA && { wavelengthA: diffmap.wavelengthA }),
    read: (first, count = 1) => readRows(dataset.path, first, count),
    readErrors: (first, count = 1) => (errors ? readRows(errors, first, count) : undefined),
    close: () => file.close(),
  };
}

const asFloat32 = (values: ArrayLike<number>): Float32Array =>
  values instanceof Float32Array ? values : Float32Array.from(values);

/** [bin, pixel] -> [pixel, bin] */
function binsLast(values: ArrayLike<number>, bins: number): Float32Array {
  const pixels = values.length / bins;
  const out = new Float32Array(values.length);
  for (let bin = 0; bin < bins; bin++) {
    for (let pixel = 0; pixel < pixels; pixel++) out[pixel * bins + bin] = values[bin * pixels + pixel]!;
  }
  return out;
}

function findPatterns(file: Hdf5File): Hdf5Dataset {
  const stacks = file.contents().datasets.filter((d) => isNumeric(d) && d.shape!.length === 3);
  const signal = defaultSignal(file);
  const chosen =
    stacks.find((d) => d.path === signal) ??
    stacks.find((d) => d.path === "data") ??
    (stacks.length === 1 ? stacks[0] : undefined);
  if (chosen) return chosen;
  throw new InputError(
    "patterns-no-dataset",
    `${file.path}: ${stacks.length === 0 ? "no dataset has three dimensions [angle, translation, bin]" : `${stacks.length} datasets have three dimensions`}. Name the one with the patterns (dataset). ${file.summary()}`,
  );
}

/** The dataset of the axis: as given, as NeXus says (`axes`), or by its name beside the data. */
function axisPath(file: Hdf5File, dataset: Hdf5Dataset, options: PatternArrayOptions): string {
  if (options.axisDataset) return options.axisDataset;
  const group = dataset.path.includes("/") ? dataset.path.slice(0, dataset.path.lastIndexOf("/")) : "";
  const named = file.attribute(group, "axes");
  const inGroup = (name: string) => (group ? `${group}/${name}` : name);
  const last = Array.isArray(named) ? String(named.at(-1)) : "";
  if (last && last !== "." && file.dataset(inGroup(last))?.shape?.length === 1) return inGroup(last);
  const [a, , c] = dataset.shape!;
  const found = findAxis(file, group, c) ?? findAxis(file, group, a) ?? findAxis(file, "", c) ?? findAxis(file, "", a);
  if (found) return found;
  throw new InputError(
    "patterns-no-axis",
    `${file.path}: no radial axis (q, tth, 2th) of ${c} or ${a} values belongs to ${dataset.path} [${dataset.shape!.join(", ")}]. Name it (axisDataset). ${file.summary()}`,
  );
}

function isBinFirst(file: Hdf5File, dataset: Hdf5Dataset, bins: number, given: "first" | "last" | undefined): boolean {
  const shape = dataset.shape!;
  const [fits, where] = [shape.map((n) => n === bins), `[${shape.join(", ")}]`];
  if (!fits[0] && !fits[2]) {
    throw new InputError(
      "patterns-axis-length",
      `${file.path}: the axis has ${bins} values, but ${dataset.path} is ${where}: neither its first nor its last dimension has as many. Name the right axis (axisDataset).`,
    );
  }
  if (given === "first" && fits[0]) return true;
  if (given === "last" && fits[2]) return false;
  if (fits[0] && fits[2] && !given) {
    throw new InputError(
      "patterns-ambiguous-bins",
      `${file.path}: ${dataset.path} is ${where} and its axis has ${bins} values, so the bins may be its first or its last dimension. Say which (binDimension: first or last).`,
    );
  }
  return !fits[2];
}

/** NeXus: `<signal>_errors`; pyFAI and older NeXus: `errors`; only where the shape is the same. */
function errorsOf(file: Hdf5File, dataset: Hdf5Dataset): string | undefined {
  const at = dataset.path.lastIndexOf("/") + 1;
  const group = dataset.path.slice(0, at);
  const names = [`${dataset.path.slice(at)}_errors`, "errors", "sigma"];
  const found = names.map((name) => file.dataset(group + name));
  return found.find((d) => d?.shape?.join() === dataset.shape!.join())?.path;
}
