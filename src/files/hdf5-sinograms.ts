/**
 * Sinograms and projection stacks that exist already, in any HDF5 file: say which dataset, what its dimensions are,
 * and what it is to be divided by.
 */
import { type Axis, type AxisUnit, type FrameArray, InputError } from "../data/index.ts";
import { type Hdf5Dataset, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { readAxis } from "./hdf5-axis.ts";
import { sizeOf } from "./hdf5-blocks.ts";

/** What a dimension of a file's sinograms is. */
export type SinogramDimension = "angle" | "translation" | "slice" | "bin";

/** How the dimensions of a file's sinograms are meant. */
export interface SinogramArrayOptions {
  readonly dataset: string;
  /** what each dimension of the dataset is, slowest first; angle and translation are needed */
  readonly layout: readonly SinogramDimension[];
  /** a dataset of angles in degrees, or equally spaced ones; the end belongs to the scan where endIncluded */
  readonly omega?: string | { readonly startDeg: number; readonly endDeg: number; readonly endIncluded: boolean };
  /** open beam and closed beam: the layout without angle, or stacks of it, which are averaged */
  readonly flat?: string;
  readonly dark?: string;
  /** divides; the layout of the data, or [angle, translation], or [angle] */
  readonly monitor?: string;
  /** "line-integral": -ln of the transmission, NaN where it is not positive */
  readonly quantity?: "signal" | "line-integral";
}

/** Sinograms in an HDF5 file. */
export interface SinogramArray {
  readonly name: string;
  readonly angles: number;
  readonly translations: number;
  readonly slices: number;
  readonly bins: number;
  /** [angle] in the order of the data; not sorted, not reduced */
  readonly omegaDeg?: Float64Array;
  /** [angle, translation, bin] of one slice, corrected as the options say; all angles, or `count` from `first` on */
  read(slice?: number, first?: number, count?: number): Float32Array;
  /** the radial axis in a dataset, one value for each bin */
  readAxis(path: string, unit?: AxisUnit): Axis;
  close(): void;
}

/**
 * Opens sinograms of an HDF5 file, flats, darks and monitor divided by.
 *
 * @throws InputError "sinogram-layout" | "sinogram-shape" | "sinogram-angles" | "sinogram-slice" and those of openHdf5
 */
export async function openSinogramArray(path: string, options: SinogramArrayOptions): Promise<SinogramArray> {
  const file = await openHdf5(path);
  try {
    return sinogramArray(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

function sinogramArray(file: Hdf5File, options: SinogramArrayOptions): SinogramArray {
  const dataset = file.needDataset(options.dataset);
  const { layout } = options;
  checkLayout(file, dataset, layout);
  const extent = (name: SinogramDimension) => dataset.shape![layout.indexOf(name)] ?? 1;
  const [angles, translations, slices, bins] = [extent("angle"), extent("translation"), extent("slice"), extent("bin")];
  const omegaDeg = angleList(file, options, angles);
  const withoutAngle = layout.filter((name) => name !== "angle");
  const open = options.flat ? averaged(file, options.flat, withoutAngle, extent) : undefined;
  const closed = options.dark ? averaged(file, options.dark, withoutAngle, extent) : undefined;
  const monitor = options.monitor ? readMonitor(file, options.monitor, layout, extent) : undefined;
  const isLineIntegral = options.quantity === "line-integral";
  return {
    name: `${file.path}:${dataset.path}`,
    angles,
    translations,
    slices,
    bins,
    ...(omegaDeg ? { omegaDeg } : {}),
    read(slice = 0, first = 0, count = angles - first) {
      if (slice < 0 || slice >= slices) throw noSlice(file, dataset, slice, slices);
      const range = { slice: [slice, 1], angle: [first, count] } as const;
      const out = readRange(file, dataset.path, layout, extent, range);
      for (let angle = first, at = 0; angle < first + count; angle++) {
        for (let translation = 0; translation < translations; translation++) {
          const beam = monitor?.(slice, angle, translation) ?? 1;
          for (let bin = 0; bin < bins; bin++, at++) {
            const dark = closed?.(slice, translation, bin) ?? 0;
            const flat = open ? open(slice, translation, bin) - dark : 1;
            const value = (out[at]! - dark) / (flat * beam);
            // The logarithm of nothing is not a large absorption but no measurement.
            out[at] = isLineIntegral ? (value > 0 ? -Math.log(value) : Number.NaN) : value;
          }
        }
      }
      return out;
    },
    readAxis(axisPath, unit) {
      const axis = readAxis(file, axisPath, unit);
      if (axis.values.length !== bins) throw wrongShape(file, axisPath, [axis.values.length], `[${bins}]`);
      return axis;
    },
    close: () => file.close(),
  };
}

type Extent = (name: SinogramDimension) => number;

function checkLayout(file: Hdf5File, dataset: Hdf5Dataset, layout: readonly SinogramDimension[]): void {
  const shape = dataset.shape ?? [];
  const isComplete = layout.includes("angle") && layout.includes("translation");
  if (isComplete && new Set(layout).size === layout.length && shape.length === layout.length) return;
  throw new InputError(
    "sinogram-layout",
    `${file.path}: ${dataset.path} is [${shape.join(", ")}] and the layout given is [${layout.join(", ")}]. Name each of its ${shape.length} dimensions once, from angle, translation, slice and bin; angle and translation are needed.`,
  );
}

function noSlice(file: Hdf5File, dataset: Hdf5Dataset, slice: number, slices: number): InputError {
  return new InputError(
    "sinogram-slice",
    `${file.path}: ${dataset.path} has ${slices} slices, so a slice from 0 to ${slices - 1} is needed; ${slice} was given.`,
  );
}

/** [angle, translation, bin] of one slice and some angles, whatever the order in the file. */
function readRange(
  file: Hdf5File,
  path: string,
  layout: readonly SinogramDimension[],
  extent: Extent,
  range: { readonly slice: readonly [number, number]; readonly angle: readonly [number, number] },
): Float32Array {
  const part = (name: SinogramDimension) =>
    name === "slice" || name === "angle" ? range[name] : ([0, extent(name)] as const);
  const offset = layout.map((name) => part(name)[0]);
  const shape = layout.map((name) => part(name)[1]);
  const values = file.read(path, offset, shape);
  return reordered(values, layout, shape, ["slice", "angle", "translation", "bin"]);
}

/** The values of a C-ordered array in another order of its dimensions. */
function reordered(
  values: FrameArray,
  layout: readonly SinogramDimension[],
  shape: readonly number[],
  order: readonly SinogramDimension[],
): Float32Array {
  const out = new Float32Array(values.length);
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  const wanted = order.filter((name) => layout.includes(name)).map((name) => layout.indexOf(name));
  const index = wanted.map(() => 0);
  for (let at = 0; at < out.length; at++) {
    let from = 0;
    for (let k = 0; k < wanted.length; k++) from += index[k]! * strides[wanted[k]!]!;
    out[at] = values[from]!;
    for (let k = wanted.length - 1; k >= 0 && ++index[k]! === shape[wanted[k]!]; k--) index[k] = 0;
  }
  return out;
}

/** The mean of a stack of flats or darks as a function of slice, translation and bin. */
function averaged(
  file: Hdf5File,
  path: string,
  layout: readonly SinogramDimension[],
  extent: Extent,
): (slice: number, translation: number, bin: number) => number {
  const shape = file.needDataset(path).shape ?? [];
  const wanted = layout.map(extent);
  const single = sizeOf(wanted);
  const isStack = shape.length === wanted.length + 1 && shape.slice(1).join() === wanted.join();
  if (!isStack && shape.join() !== wanted.join()) throw wrongShape(file, path, shape, `[${wanted}] or a stack of it`);
  const values = file.read(path);
  const mean = new Float64Array(single);
  for (let i = 0; i < values.length; i++) mean[i % single]! += values[i]!;
  const count = values.length / single;
  const stride = (name: SinogramDimension) => {
    const at = layout.indexOf(name);
    return at < 0 ? 0 : sizeOf(wanted.slice(at + 1));
  };
  const [bySlice, byTranslation, byBin] = [stride("slice"), stride("translation"), stride("bin")];
  return (slice, translation, bin) => mean[slice * bySlice + translation * byTranslation + bin * byBin]! / count;
}

function readMonitor(
  file: Hdf5File,
  path: string,
  layout: readonly SinogramDimension[],
  extent: Extent,
): (slice: number, angle: number, translation: number) => number {
  const shape = file.needDataset(path).shape ?? [];
  const orders: SinogramDimension[][] = [
    layout.filter((name) => name !== "bin"),
    layout.filter((name) => name === "angle" || name === "translation"),
    ["angle"],
  ];
  const order = orders.find((names) => names.map(extent).join() === shape.join());
  if (!order) throw wrongShape(file, path, shape, orders.map((names) => `[${names.map(extent)}]`).join(" or "));
  const values = file.read(path);
  const stride = (name: SinogramDimension) =>
    order.includes(name) ? sizeOf(order.slice(order.indexOf(name) + 1).map(extent)) : 0;
  const [bySlice, byAngle, byTranslation] = [stride("slice"), stride("angle"), stride("translation")];
  return (slice, angle, translation) => values[slice * bySlice + angle * byAngle + translation * byTranslation]!;
}

function wrongShape(file: Hdf5File, path: string, shape: readonly number[], wanted: string): InputError {
  return new InputError(
    "sinogram-shape",
    `${file.path}: ${path} is [${shape.join(", ")}] where ${wanted} is needed to go with the data. Name another dataset.`,
  );
}

function angleList(file: Hdf5File, options: SinogramArrayOptions, angles: number): Float64Array | undefined {
  const { omega } = options;
  if (omega === undefined) return undefined;
  if (typeof omega !== "string") {
    const steps = omega.endIncluded ? angles - 1 : angles;
    const step = (omega.endDeg - omega.startDeg) / steps;
    return Float64Array.from({ length: angles }, (_, i) => omega.startDeg + i * step);
  }
  const values = file.numbers(file.needDataset(omega).path);
  if (values?.length === angles) return values;
  throw new InputError(
    "sinogram-angles",
    `${file.path}: ${omega} holds ${values?.length ?? 0} angles, and the data have ${angles}. Name the right dataset, or give start and end.`,
  );
}
