/** Reads the result file that result-writer.ts makes (docs/result-file.md). */
import { type FrameArray, InputError, type ParameterMap } from "../data/index.ts";
import { cleanPath, type Hdf5File, type Hdf5Type, openHdf5 } from "./hdf5.ts";
import type { ChunkTable } from "./hdf5-chunks.ts";

/** An array of a result: name, shape, type and unit. */
export interface ResultEntry {
  /** as in "map/NMC532/a" or "sinogram/data"; with `_esd` or `_status` for what goes with it */
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: Hdf5Type;
  readonly unit: string;
  readonly longName: string;
}

export interface ResultAxisValues {
  readonly name: string;
  readonly values: Float64Array;
  readonly unit: string;
}

/** What made a part of a result: program, version, times, settings, inputs. */
export interface ProcessSummary {
  readonly stage: string;
  readonly sequenceIndex: number;
  readonly program: string;
  readonly version: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly config: unknown;
  readonly inputs: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
  readonly notes: readonly string[];
}

/** A result file, open for reading: arrays and maps by name, axes with units, provenance. */
export interface Result {
  readonly path: string;
  readonly title: string;
  /** Every array and map, with the esd and status that go with it. */
  list(): ResultEntry[];
  /** One of them. @throws InputError "result-name-unknown" */
  entry(name: string): ResultEntry;
  /** @throws InputError "result-name-unknown" | "result-not-a-map" */
  readMap(name: string): ParameterMap;
  /** A hyperslab, everything where offset and shape are left out. @throws InputError "result-name-unknown" */
  readArray(name: string, offset?: readonly number[], shape?: readonly number[]): FrameArray;
  /** One for each dimension; "." where the file names none. @throws InputError "result-name-unknown" */
  axisNames(name: string): string[];
  /** One for each dimension; the index where the file keeps no values. @throws InputError "result-axis-too-long" */
  axes(name: string): ResultAxisValues[];
  /** The block in which an array is stored; undefined where it lies in one piece. @throws InputError "result-name-unknown" */
  chunks(name: string): readonly number[] | undefined;
  /**
   * Where its chunks lie in the file, for reading without the HDF5 library; undefined where that has to read.
   *
   * @param file descriptor of the result file
   * @throws InputError "result-name-unknown"
   */
  chunkTable(name: string, file: number): ChunkTable | undefined;
  /** What the file asks viewers to open first. */
  first(): string | undefined;
  /** A text that goes with a stage, as "map/model"; undefined where the file has none. */
  readNote(name: string): string | undefined;
  /** Each where the file says it. */
  instrument(): { readonly wavelengthA?: number; readonly distanceM?: number };
  /** The stages that made this file, in their order. */
  processes(): ProcessSummary[];
  close(): void;
}

/**
 * Opens a result file for reading; close it when done.
 *
 * @throws InputError "result-not-a-result" besides those of openHdf5
 */
export async function openResult(path: string): Promise<Result> {
  const file = await openHdf5(path);
  if (file.attribute("entry", "NX_class") !== "NXentry") {
    const message = `${path} is not a result of xrdct: it has no NXentry at /entry. ${file.summary(6)}`;
    file.close();
    throw new InputError("result-not-a-result", message);
  }
  return new NexusResult(file);
}

/** More than any detector or scan has: a file can say what it likes, and each value takes memory. */
const MOST_ON_AXIS = 1e6;

/** The datasets of a result group, and what is put behind its name for each. */
const PARTS = [
  ["", "data"],
  ["_esd", "data_errors"],
  ["_status", "status"],
] as const;

class NexusResult implements Result {
  readonly #file: Hdf5File;
  #entries: Map<string, ResultEntry & { readonly at: string }> | undefined;

  constructor(file: Hdf5File) {
    this.#file = file;
  }

  get path(): string {
    return this.#file.path;
  }

  get title(): string {
    return this.#file.text("entry/title") ?? "";
  }

  list(): ResultEntry[] {
    return [...this.#index().values()].map(({ at: _, ...entry }) => entry);
  }

  entry(name: string): ResultEntry {
    const { at: _, ...entry } = this.#find(name);
    return entry;
  }

  readMap(name: string): ParameterMap {
    const entry = this.#find(name);
    const [ny, nx] = entry.shape;
    if (entry.shape.length !== 2 || ny === undefined || nx === undefined) {
      throw new InputError(
        "result-not-a-map",
        `${this.path}: ${name} is an array of [${entry.shape.join(", ")}], not a map [y, x]. Maps here are: ${this.#names((e) => e.shape.length === 2)}.`,
      );
    }
    const esd = this.#index().get(`${name}_esd`);
    const status = this.#index().get(`${name}_status`);
    const values = this.#file.read(entry.at);
    return {
      name,
      ny,
      nx,
      unit: entry.unit,
      values: isFloat(values) ? values : Float32Array.from(values),
      ...(esd ? { esd: this.#file.read(esd.at) as Float32Array | Float64Array } : {}),
      ...(status ? { status: this.#file.read(status.at) as Uint8Array } : {}),
    };
  }

  readArray(name: string, offset?: readonly number[], shape?: readonly number[]): FrameArray {
    return this.#file.read(this.#find(name).at, offset, shape);
  }

  axisNames(name: string): string[] {
    const { at, shape } = this.#find(name);
    const names = this.#file.attribute(at.slice(0, at.lastIndexOf("/")), "axes");
    return shape.map((_, i) => (Array.isArray(names) ? String(names[i]) : i === 0 ? String(names) : "."));
  }

  axes(name: string): ResultAxisValues[] {
    const { at, shape } = this.#find(name);
    const group = at.slice(0, at.lastIndexOf("/"));
    return this.axisNames(name).map((axis, i) => {
      const given = axis === "." ? undefined : this.#file.dataset(`${group}/${axis}`)?.shape;
      for (const length of [shape[i]!, ...(given ?? [])]) this.#assertAxis(name, axis, length);
      const values = axis === "." ? undefined : this.#file.numbers(`${group}/${axis}`);
      const unit = axis === "." ? "" : this.#file.attribute(`${group}/${axis}`, "units");
      return {
        name: axis,
        values: values ?? Float64Array.from({ length: shape[i]! }, (_, index) => index),
        unit: typeof unit === "string" ? unit : "",
      };
    });
  }

  #assertAxis(name: string, axis: string, length: number): void {
    if (length <= MOST_ON_AXIS) return;
    throw new InputError(
      "result-axis-too-long",
      `${this.path}: ${name} has ${length} values along its axis ${axis}, where at most ${MOST_ON_AXIS} are expected. The file is damaged, or no result of xrdct.`,
    );
  }

  chunks(name: string): readonly number[] | undefined {
    return this.#file.dataset(this.#find(name).at)?.chunks ?? undefined;
  }

  chunkTable(name: string, file: number): ChunkTable | undefined {
    return this.#file.chunkTable(this.#find(name).at, file);
  }

  first(): string | undefined {
    let at = "entry";
    for (;;) {
      const next = this.#file.attribute(at, "default");
      if (typeof next !== "string" || !this.#file.isGroup(`${at}/${next}`)) break;
      at = `${at}/${next}`;
    }
    const name = at.slice("entry/".length);
    return this.#index().has(name) ? name : undefined;
  }

  readNote(name: string): string | undefined {
    return this.#file.text(`entry/${name}/data`);
  }

  instrument(): { readonly wavelengthA?: number; readonly distanceM?: number } {
    const number = (path: string): number | undefined => this.#file.numbers(`entry/instrument/${path}`)?.[0];
    const [wavelengthA, distanceM] = [number("beam/incident_wavelength"), number("detector/distance")];
    return { ...(wavelengthA !== undefined && { wavelengthA }), ...(distanceM !== undefined && { distanceM }) };
  }

  processes(): ProcessSummary[] {
    const stages = this.#file
      .members("entry")
      .filter((stage) => this.#file.attribute(`entry/${stage}`, "NX_class") === "NXprocess");
    return stages.map((stage) => this.#process(stage)).sort((a, b) => a.sequenceIndex - b.sequenceIndex);
  }

  #process(stage: string): ProcessSummary {
    const at = `entry/${stage}`;
    const text = (name: string) => this.#file.text(`${at}/${name}`) ?? "";
    const paths = this.#file.texts(`${at}/inputs/path`) ?? [];
    const sums = this.#file.texts(`${at}/inputs/sha256`) ?? [];
    const bytes = this.#file.numbers(`${at}/inputs/bytes`) ?? [];
    return {
      stage,
      sequenceIndex: this.#file.numbers(`${at}/sequence_index`)?.[0] ?? 0,
      program: text("program"),
      version: text("version"),
      startedAt: text("start_time"),
      endedAt: text("date"),
      config: parseJson(text("configuration/data")),
      inputs: paths.map((path, i) => ({ path, bytes: bytes[i] ?? Number.NaN, sha256: sums[i] ?? "" })),
      notes: this.#file.texts(`${at}/notes`) ?? [],
    };
  }

  close(): void {
    this.#file.close();
  }

  #index(): Map<string, ResultEntry & { readonly at: string }> {
    if (this.#entries) return this.#entries;
    const entries = new Map<string, ResultEntry & { readonly at: string }>();
    for (const group of this.#file.contents("entry").groups) {
      if (this.#file.attribute(group, "NX_class") !== "NXdata") continue;
      for (const [suffix, part] of PARTS) {
        const dataset = this.#file.dataset(`${group}/${part}`);
        if (!dataset?.shape) continue;
        const text = (attribute: string) => {
          const value = this.#file.attribute(dataset.path, attribute);
          return typeof value === "string" ? value : "";
        };
        const name = `${group.slice("entry/".length)}${suffix}`;
        const entry = { name, shape: dataset.shape, type: dataset.type, unit: text("units") };
        entries.set(name, { ...entry, longName: text("long_name"), at: dataset.path });
      }
    }
    this.#entries = entries;
    return entries;
  }

  #find(name: string): ResultEntry & { readonly at: string } {
    const entry = this.#index().get(cleanPath(name));
    if (entry) return entry;
    throw new InputError(
      "result-name-unknown",
      `${this.path} holds no result named ${name}. It holds: ${this.#names(() => true)}.`,
    );
  }

  #names(keep: (entry: ResultEntry) => boolean): string {
    const names = this.list()
      .filter(keep)
      .map((entry) => entry.name);
    return names.length > 30 ? `${names.slice(0, 30).join(", ")} and ${names.length - 30} more` : names.join(", ");
  }
}

function isFloat(values: FrameArray): values is Float32Array | Float64Array {
  return values instanceof Float32Array || values instanceof Float64Array;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
