/**
 * The result file: one NeXus HDF5 file for a scan, as docs/result-file.md describes it.
 *
 *   /entry                     NXentry    title, times, program
 *   /entry/<stage>             NXprocess  program, version, date, sequence_index, configuration, inputs
 *   /entry/<stage>/.../<name>  NXdata     data, data_errors, status, one dataset for each axis
 */
import { AXIS_UNITS, type FrameArray, InputError, type ParameterMap, STATUS } from "../data/index.ts";
import { buildRecord, describeBuild } from "./build-record.ts";
import { sizeOf } from "./hdf5-blocks.ts";
import { createHdf5, type Hdf5Writer, type SlabDataset, type WrittenType } from "./hdf5-writer.ts";

/** What a result file says of itself. */
export interface ResultOptions {
  readonly program: string;
  readonly version: string;
  readonly title: string;
  /** ISO 8601; kept as the entry's start_time */
  readonly startedAt?: string;
}

/** What bins stand for; each where it is known. */
export interface ResultInstrument {
  readonly wavelengthA?: number | undefined;
  /** from the sample to the detector */
  readonly distanceM?: number | undefined;
}

/** What is kept of a stage. */
export interface ProcessRecord {
  /** the stage's full configuration, kept as JSON */
  readonly config: unknown;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly inputs: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  /** what the user has to know about this run of the stage */
  readonly notes?: readonly string[];
}

/** An axis of an array of a result. */
export interface ResultAxis {
  /** as in "angle", "translation", "two-theta", "q", "y" */
  readonly name: string;
  /** left out where the axis only counts */
  readonly values?: ArrayLike<number>;
  readonly unit?: string;
  readonly longName?: string;
}

/** Shape, type, unit and axes of an array of a result. */
export interface ResultArrayOptions {
  readonly shape: readonly number[];
  readonly dtype: WrittenType;
  readonly unit: string;
  readonly longName: string;
  /** one for each dimension, slowest first */
  readonly axes: readonly ResultAxis[];
  /** the block in which slabs are written and read; chosen from the shape where left out */
  readonly chunk?: readonly number[];
  /** gzip: smaller files, about ten times slower to write */
  readonly compress?: boolean;
  /** a second array of the same shape for the standard uncertainty */
  readonly errors?: boolean;
}

/** An array of a result that is being filled. */
export interface ResultArray {
  /** `errors` where the array was made with them. @throws InputError "disk-full" | "hdf5-write-failed" */
  writeSlab(offset: readonly number[], shape: readonly number[], data: FrameArray, errors?: FrameArray): void;
}

/** Where the voxels of a map lie. */
export interface MapOptions {
  /** mm a voxel; the axes are then positions from the middle of the grid */
  readonly voxelMm?: number;
  readonly longName?: string;
  /** instead of x and y from voxelMm: for raster maps */
  readonly axes?: readonly [ResultAxis, ResultAxis];
}

/** A result file that is being written; it has its name once it is whole. */
export interface ResultWriter {
  instrument(instrument: ResultInstrument): void;
  /** Records a stage; stages are numbered in the order of these calls. */
  process(stage: string, record: ProcessRecord): void;
  /**
   * @param name as in "sinogram/data": the stage, then the result
   * @throws InputError "result-name"
   */
  array(name: string, options: ResultArrayOptions): ResultArray;
  /**
   * @param name as in "map/NMC532/a"
   * @throws InputError "result-name"
   */
  map(name: string, map: ParameterMap, options?: MapOptions): void;
  /**
   * A text that goes with a stage, as an NXnote.
   *
   * @param name as in "map/model"
   * @param type as in "application/yaml"
   */
  note(name: string, type: string, text: string): void;
  /** What a viewer opens first; the last array or map written where not called. */
  plotFirst(name: string): void;
  /** Gives the file its name, once everything is on the disk. */
  finish(endedAt?: string): void;
  /** Leaves nothing behind. */
  abort(): void;
}

/**
 * Begins a result file; arrays and maps stream into it.
 *
 * @param path of the result; it appears there only with finish()
 * @throws InputError "folder-missing" | "not-writable"
 */
export async function createResultWriter(path: string, options: ResultOptions): Promise<ResultWriter> {
  const file = await createHdf5(path);
  file.attributes("", {
    NX_class: "NXroot",
    default: "entry",
    creator: `${options.program} ${options.version}`,
    file_name: path,
  });
  file.group("entry");
  file.attribute("entry", "NX_class", "NXentry");
  file.text("entry/title", options.title);
  file.text("entry/program_name", options.program);
  file.attribute("entry/program_name", "version", options.version);
  file.attribute("entry/program_name", "build", describeBuild(buildRecord()));
  if (options.startedAt) file.text("entry/start_time", options.startedAt);
  return new NexusResultWriter(file, options);
}

class NexusResultWriter implements ResultWriter {
  readonly #file: Hdf5Writer;
  readonly #options: ResultOptions;
  readonly #unfinished = new Map<string, number>();
  /** the first member with something to plot, for each group under the entry */
  readonly #defaults = new Map<string, string>();
  #processes = 0;
  #first: string | undefined;
  #isChosen = false;

  constructor(file: Hdf5Writer, options: ResultOptions) {
    this.#file = file;
    this.#options = options;
  }

  instrument({ wavelengthA, distanceM }: ResultInstrument): void {
    if (wavelengthA !== undefined) this.#quantity("beam", "NXbeam", "incident_wavelength", wavelengthA, "angstrom");
    if (distanceM !== undefined) this.#quantity("detector", "NXdetector", "distance", distanceM, "m");
  }

  #quantity(part: string, nxClass: string, name: string, value: number, unit: string): void {
    const at = "entry/instrument";
    if (!this.#file.has(at)) {
      this.#file.group(at);
      this.#file.attribute(at, "NX_class", "NXinstrument");
    }
    this.#file.group(`${at}/${part}`);
    this.#file.attribute(`${at}/${part}`, "NX_class", nxClass);
    this.#file.number(`${at}/${part}/${name}`, value, "float64");
    this.#file.attribute(`${at}/${part}/${name}`, "units", unit);
  }

  process(stage: string, record: ProcessRecord): void {
    const file = this.#file;
    const at = this.#stage(stage);
    file.text(`${at}/program`, this.#options.program);
    file.text(`${at}/version`, this.#options.version);
    file.text(`${at}/date`, record.endedAt);
    file.text(`${at}/start_time`, record.startedAt);
    file.number(`${at}/sequence_index`, ++this.#processes);
    this.note(`${stage}/configuration`, "application/json", JSON.stringify(record.config, null, 1));
    if (record.notes?.length) file.text(`${at}/notes`, record.notes);
    if (record.inputs.length === 0) return;
    const inputs = `${at}/inputs`;
    file.group(inputs);
    file.attribute(inputs, "NX_class", "NXcollection");
    const column = (name: "path" | "sha256") => record.inputs.map((input) => input[name]);
    file.text(`${inputs}/path`, column("path"));
    file.text(`${inputs}/sha256`, column("sha256"));
    file.dataset(
      `${inputs}/bytes`,
      [record.inputs.length],
      Float64Array.from(record.inputs, ({ bytes }) => bytes),
    );
  }

  note(name: string, type: string, text: string): void {
    const at = `entry/${name}`;
    this.#file.group(at);
    this.#file.attribute(at, "NX_class", "NXnote");
    this.#file.text(`${at}/type`, type);
    this.#file.text(`${at}/data`, text);
  }

  array(name: string, options: ResultArrayOptions): ResultArray {
    const { shape, dtype } = options;
    if (options.axes.length !== shape.length) {
      throw new RangeError(`${name}: ${options.axes.length} axes for an array of ${shape.length} dimensions`);
    }
    const at = this.#data(name, options.axes, shape, withUnit(options.longName, options.unit));
    const layout = { chunks: options.chunk ?? defaultChunk(shape), gzip: options.compress ? 4 : 0 };
    const data = this.#file.slabs(`${at}/data`, shape, dtype, layout);
    this.#describe(`${at}/data`, options.unit, options.longName);
    if (shape.length > 1) this.#file.attribute(`${at}/data`, "interpretation", interpretation(options.axes));
    let errors: SlabDataset | undefined;
    if (options.errors) {
      errors = this.#file.slabs(`${at}/data_errors`, shape, dtype, layout);
      this.#describe(`${at}/data_errors`, options.unit, `standard uncertainty of ${options.longName}`);
    }
    this.#unfinished.set(name, sizeOf(shape));
    return {
      writeSlab: (offset, slab, values, sigma) => {
        data.writeSlab(offset, slab, values);
        if (errors && !sigma) throw new TypeError(`${name} was made with errors, and a slab comes without`);
        if (sigma) errors?.writeSlab(offset, slab, sigma);
        this.#unfinished.set(name, this.#unfinished.get(name)! - sizeOf(slab));
      },
    };
  }

  map(name: string, map: ParameterMap, options: MapOptions = {}): void {
    const shape = [map.ny, map.nx];
    const axes = options.axes ?? [gridAxis("y", map.ny, options.voxelMm), gridAxis("x", map.nx, options.voxelMm)];
    const longName = options.longName ?? `${name.split("/").slice(1).join(" ").replaceAll("_", " ")}`;
    const at = this.#data(name, axes, shape, withUnit(longName, map.unit));
    this.#file.dataset(`${at}/data`, shape, map.values);
    this.#describe(`${at}/data`, map.unit, longName);
    this.#file.attribute(`${at}/data`, "interpretation", interpretation(axes));
    if (map.esd) {
      this.#file.dataset(`${at}/data_errors`, shape, map.esd);
      this.#describe(`${at}/data_errors`, map.unit, `esd of ${longName}`);
    }
    if (!map.status) return;
    this.#file.dataset(`${at}/status`, shape, map.status);
    this.#file.attributes(`${at}/status`, {
      long_name: `fit status of ${longName}`,
      flag_values: Object.values(STATUS),
      flag_meanings: Object.keys(STATUS),
    });
  }

  plotFirst(name: string): void {
    this.#first = name;
    this.#isChosen = true;
  }

  finish(endedAt?: string): void {
    const [open] = [...this.#unfinished].filter(([, left]) => left > 0);
    if (open) {
      this.abort();
      throw new Error(`${open[0]} is not complete: ${open[1]} values were not written`);
    }
    if (endedAt) this.#file.text("entry/end_time", endedAt);
    this.#markDefault();
    this.#file.finish();
  }

  abort(): void {
    this.#file.abort();
  }

  /** Makes the NXdata group of a result with its axes. */
  #data(name: string, axes: readonly ResultAxis[], shape: readonly number[], title: string): string {
    const parts = name.split("/");
    if (parts.length < 2 || parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new InputError(
        "result-name",
        `"${name}" cannot name a result: the stage and the result are needed, as in "map/NMC532/a".`,
      );
    }
    const at = `entry/${name}`;
    if (this.#file.has(at)) throw new Error(`${name} is written twice`);
    this.#stage(parts[0]!);
    for (let depth = 2; depth < parts.length; depth++) this.#collection(parts.slice(0, depth).join("/"));
    const names = axes.map((axis) => axis.name.replaceAll("-", "_"));
    this.#file.group(at);
    this.#file.attributes(at, {
      NX_class: "NXdata",
      signal: "data",
      axes: names.map((axis, i) => (axes[i]!.values ? axis : ".")),
    });
    this.#file.text(`${at}/title`, title);
    for (const [i, axis] of axes.entries()) {
      if (!axis.values) continue;
      if (axis.values.length !== shape[i]) {
        throw new RangeError(`${name}: ${axis.values.length} values on axis ${axis.name} of length ${shape[i]}`);
      }
      this.#file.dataset(`${at}/${names[i]}`, [shape[i]!], Float64Array.from(axis.values));
      this.#describe(`${at}/${names[i]}`, axis.unit ?? "", axis.longName ?? axis.name);
      this.#file.attribute(at, `${names[i]}_indices`, i);
    }
    if (!this.#isChosen) this.#first = name;
    for (const [i, part] of parts.entries()) {
      const group = ["entry", ...parts.slice(0, i)].join("/");
      if (!this.#defaults.has(group)) this.#defaults.set(group, part);
    }
    return at;
  }

  #describe(path: string, unit: string, longName: string): void {
    if (unit) this.#file.attribute(path, "units", unit);
    this.#file.attribute(path, "long_name", withUnit(longName, unit));
  }

  #stage(stage: string): string {
    const at = `entry/${stage}`;
    if (this.#file.has(at)) return at;
    this.#file.group(at);
    this.#file.attribute(at, "NX_class", "NXprocess");
    return at;
  }

  #collection(name: string): void {
    if (this.#file.has(`entry/${name}`)) return;
    this.#file.group(`entry/${name}`);
    this.#file.attribute(`entry/${name}`, "NX_class", "NXcollection");
  }

  /** `default` in every group with a plot below it, and from the entry on the way to what a viewer shows first. */
  #markDefault(): void {
    if (this.#first && this.#file.has(`entry/${this.#first}`)) {
      let at = "entry";
      for (const part of this.#first.split("/")) {
        this.#defaults.set(at, part);
        at = `${at}/${part}`;
      }
    }
    for (const [group, member] of this.#defaults) this.#file.attribute(group, "default", member);
  }
}

/** Viewers head a plot with its title and have no other place for the unit of an image. */
const withUnit = (name: string, unit: string): string => (unit ? `${name} (${unit})` : name);

/** How NeXus viewers slice an array of several dimensions: by patterns where the bins are last, else by images. */
function interpretation(axes: readonly ResultAxis[]): "spectrum" | "image" {
  return RADIAL_NAMES.has(axes.at(-1)!.name) ? "spectrum" : "image";
}

const RADIAL_NAMES: ReadonlySet<string> = new Set([...AXIS_UNITS, "channel", "bin"]);

/** Voxel centres from the middle of the grid, which is the rotation axis. */
function gridAxis(name: "x" | "y", n: number, voxelMm: number | undefined): ResultAxis {
  const values = Float64Array.from({ length: n }, (_, i) => (voxelMm ? (i - (n - 1) / 2) * voxelMm : i));
  return { name, values, unit: voxelMm ? "mm" : "voxel" };
}

/** The image of one bin takes the reading of all bins that are stored with it: 40 MB at most. */
const LAYER_BYTES = 40e6;

/** Bins in one chunk of a stack of float32: 64, and fewer where slices are large; the fewer, the slower are patterns. */
export function binsInChunk(rows: number, cols: number): number {
  const most = Math.floor(Math.log2(LAYER_BYTES / (4 * rows * cols)));
  return 2 ** Math.max(2, Math.min(6, most));
}

/**
 * Chunks of 1 to 4 MiB of float32 that serve both ways of reading a stack, patterns of some rows and images of some
 * bins: up to 64 bins, whole rows, and as many rows as fit. HDF5 writes chunks of over 1 MiB straight from the buffer, which
 * is twice as fast. Dimensions are divided evenly, because the last chunk of each is padded on the disk.
 */
function defaultChunk(shape: readonly number[]): number[] {
  const chunk = shape.map(() => 1);
  let left = 1 << 20;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const wanted = axis === shape.length - 1 && shape.length > 2 ? binsInChunk(shape[0]!, shape[1]!) : left;
    const most = Math.max(1, Math.min(shape[axis]!, wanted, left));
    chunk[axis] = Math.ceil(shape[axis]! / Math.ceil(shape[axis]! / most));
    left = Math.floor(left / chunk[axis]!);
  }
  return chunk;
}
