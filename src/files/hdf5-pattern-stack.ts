/** Patterns one after the other in an HDF5 file: [frame, bin] of a detector's integrated frames, or a whole scan. */
import { type Axis, type AxisUnit, InputError, type Pattern } from "../data/index.ts";
import { type Hdf5Dataset, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { findAxis, readAxis } from "./hdf5-axis.ts";
import { openPatternArray } from "./hdf5-patterns.ts";
import { defaultSignal, isNumeric } from "./nexus.ts";

export interface PatternStack {
  readonly count: number;
  readonly axis: Axis;
  read(index: number): Pattern;
  close(): void;
}

/**
 * @throws InputError "patterns-no-dataset" | "patterns-no-axis" and those of openHdf5, readAxis and openPatternArray
 */
export async function openPatternStack(path: string, options: { axisUnit?: AxisUnit } = {}): Promise<PatternStack> {
  const file = await openHdf5(path);
  try {
    const dataset = findRows(file);
    if (dataset) return rowsOf(file, dataset, options.axisUnit);
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  const array = await openPatternArray(path, options);
  const [rows, columns] = array.shape;
  const bins = array.axis.values.length;
  const part = (all: Float32Array, index: number): Float32Array =>
    all.slice((index % columns) * bins, ((index % columns) + 1) * bins);
  return {
    count: rows * columns,
    axis: array.axis,
    read(index) {
      const row = Math.floor(index / columns);
      const errors = array.readErrors(row);
      return {
        axis: array.axis,
        intensity: part(array.read(row), index),
        ...(errors && { sigma: part(errors, index) }),
      };
    },
    close: () => array.close(),
  };
}

/** The dataset [frame, bin]: the default plot, else the only one with an axis of as many bins. */
function findRows(file: Hdf5File): Hdf5Dataset | undefined {
  const tables = file
    .contents()
    .datasets.filter((one) => isNumeric(one) && one.shape!.length === 2 && one.shape![1]! > 1)
    .filter((one) => !/errors?$|sigma/i.test(one.path))
    .filter((one) => axisOf(file, one) !== undefined);
  const signal = defaultSignal(file);
  const chosen = tables.find(({ path }) => path === signal) ?? tables[0];
  if (tables.length > 1 && chosen?.path !== signal) {
    throw new InputError(
      "patterns-no-dataset",
      `${file.path}: ${tables.length} datasets are patterns [frame, bin] with an axis (${tables.map(({ path }) => path).join(", ")}) and none is the default plot: put the wanted one into a file of its own.`,
    );
  }
  return chosen;
}

function axisOf(file: Hdf5File, { path, shape }: Hdf5Dataset): string | undefined {
  const group = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return findAxis(file, group, shape![1]!) ?? findAxis(file, "", shape![1]!);
}

function rowsOf(file: Hdf5File, dataset: Hdf5Dataset, unit: AxisUnit | undefined): PatternStack {
  const axis = readAxis(file, axisOf(file, dataset)!, unit);
  const bins = axis.values.length;
  const errors = [`${dataset.path}_errors`, dataset.path.replace(/[^/]*$/, "errors")].find(
    (path) => file.dataset(path)?.shape?.join() === dataset.shape!.join(),
  );
  const row = (path: string, index: number): Float64Array =>
    Float64Array.from(file.read(path, [index, 0], [1, bins]) as ArrayLike<number>);
  return {
    count: dataset.shape![0]!,
    axis,
    read: (index) => ({
      axis,
      intensity: row(dataset.path, index),
      ...(errors && { sigma: row(errors, index) }),
    }),
    close: () => file.close(),
  };
}
