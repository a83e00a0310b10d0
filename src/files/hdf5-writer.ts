/**
 * HDF5 files, for writing: groups, attributes, whole datasets, and datasets of known shape filled slab by slab, so
 * that an array larger than memory streams through. Written as `<name>.partial`, synced and renamed at the end:
 * under its own name a file is whole or is not there.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type FrameArray, InputError } from "../data/index.ts";
import { diskFault, diskFaultInWords } from "./disk-fault.ts";
import type { AttributeValue } from "./hdf5.ts";
import { blocksOf, copyBox, sizeOf } from "./hdf5-blocks.ts";
import { type H5File, type Hdf5Library, loadHdf5Library } from "./hdf5-library.ts";

/** h5py's names of the element types that are written. */
const DTYPES = {
  uint8: { code: "<B", bytes: 1 },
  int32: { code: "<i", bytes: 4 },
  uint32: { code: "<I", bytes: 4 },
  float32: { code: "<f", bytes: 4 },
  float64: { code: "<d", bytes: 8 },
} as const;
export type WrittenType = keyof typeof DTYPES;

export interface DatasetOptions {
  /** needed for compression and for datasets written slab by slab */
  readonly chunks?: readonly number[];
  /** gzip level 1 to 9; 0 for none */
  readonly gzip?: number;
}

/** A dataset of known shape, filled slab by slab. */
export interface SlabDataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  /** @throws InputError "disk-full" | "hdf5-write-failed" */
  writeSlab(offset: readonly number[], shape: readonly number[], data: FrameArray): void;
}

const BLOCK_BYTES = 1 << 24;

/**
 * @param path where the file shall be; `<path>.partial` until finish()
 * @throws InputError "folder-missing" | "not-writable" | "disk-full"
 */
export async function createHdf5(path: string): Promise<Hdf5Writer> {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) {
    throw new InputError("folder-missing", `Cannot write ${path}: there is no folder ${folder}. Make it first.`);
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new InputError("not-writable", `Cannot write ${path}: it is a folder. Name a file in it.`);
  }
  const library = await loadHdf5Library();
  const partial = `${path}.partial`;
  const { value: file, complaint } = library.attempt(() => new library.File(partial, "w"));
  if (!file || file.file_id < 0n) {
    rmSync(partial, { force: true });
    const fault = diskFaultInWords(partial, complaint);
    if (fault) throw fault;
    throw new InputError(
      isFullDisk(complaint) ? "disk-full" : "not-writable",
      `Cannot write ${partial}: ${complaint || "no reason given"}. Check that you may write to ${folder} and that there is room.`,
    );
  }
  return new Hdf5Writer(path, partial, library, file);
}

export class Hdf5Writer {
  readonly path: string;
  readonly #partial: string;
  readonly #library: Hdf5Library;
  readonly #file: H5File;
  #isOpen = true;
  /** bytes of all datasets asked for so far, uncompressed */
  #bytesAsked = 0;

  constructor(path: string, partial: string, library: Hdf5Library, file: H5File) {
    this.path = path;
    this.#partial = partial;
    this.#library = library;
    this.#file = file;
  }

  /** Makes a group with its parents, or leaves it as it is. */
  group(path: string): void {
    let at = "";
    for (const name of path.split("/").filter(Boolean)) {
      const parent = at || "/";
      at = `${at}/${name}`;
      if (this.#call(at, () => this.#file.get(at)) === null) {
        this.#call(at, () => (this.#file.get(parent) as H5File).create_group(name));
      }
    }
  }

  has(path: string): boolean {
    return this.#library.attempt(() => this.#file.get(`/${path}`)).value !== null;
  }

  attribute(path: string, name: string, value: AttributeValue): void {
    this.#call(`${path}@${name}`, () => {
      const object = (path === "" ? this.#file : this.#file.get(`/${path}`)) as H5File;
      if (typeof value === "number") object.create_attribute(name, value, [], Number.isInteger(value) ? "<i" : "<d");
      else if (Array.isArray(value) && typeof value[0] === "number") {
        object.create_attribute(name, value, null, value.every(Number.isInteger) ? "<i" : "<d");
      } else object.create_attribute(name, value as string | string[]);
    });
  }

  attributes(path: string, values: Readonly<Record<string, AttributeValue>>): void {
    for (const [name, value] of Object.entries(values)) this.attribute(path, name, value);
  }

  text(path: string, value: string | readonly string[]): void {
    this.#inGroup(path, (group, name) =>
      group.create_dataset({ name, data: typeof value === "string" ? value : [...value] }),
    );
  }

  number(path: string, value: number, type: WrittenType = Number.isInteger(value) ? "int32" : "float64"): void {
    this.#inGroup(path, (group, name) =>
      group.create_dataset({ name, data: [value], shape: [], dtype: DTYPES[type].code }),
    );
  }

  /** A whole dataset at once. */
  dataset(path: string, shape: readonly number[], data: FrameArray, options: DatasetOptions = {}): void {
    const type = writtenType(data);
    if (data.length !== sizeOf(shape)) throw new RangeError(`${path}: ${data.length} values are not [${shape}]`);
    const zero = shape.map(() => 0);
    const isSmall = data.byteLength <= BLOCK_BYTES;
    if (isSmall && !options.gzip && !options.chunks) {
      this.#bytesAsked += data.byteLength;
      this.#inGroup(path, (group, name) => {
        group.create_dataset({ name, data, shape: [...shape], dtype: DTYPES[type].code });
      });
    } else this.slabs(path, shape, type, { chunks: shape, ...options }).writeSlab(zero, shape, data);
  }

  /** A chunked dataset to be filled slab by slab; slabs aligned with the chunks are written once. */
  slabs(
    path: string,
    shape: readonly number[],
    type: WrittenType,
    options: DatasetOptions & { readonly chunks: readonly number[] },
  ): SlabDataset {
    const { code, bytes } = DTYPES[type];
    const chunks = options.chunks.map((n, axis) => Math.max(1, Math.min(n, shape[axis]!)));
    this.#bytesAsked += sizeOf(shape) * bytes;
    if (!options.gzip) this.#checkSpace(path, sizeOf(shape) * bytes);
    this.#inGroup(path, (group, name) => {
      // h5wasm writes data as it creates a dataset: made with no rows and then grown, nothing is allocated.
      const dataset = group.create_dataset({
        name,
        data: new (type === "float64" ? Float64Array : Float32Array)(0),
        dtype: code,
        shape: [0, ...shape.slice(1)],
        maxshape: [...shape],
        chunks,
        ...(options.gzip ? { compression: "gzip" as const, compression_opts: options.gzip } : {}),
      });
      if (dataset.resize([...shape]) < 0) throw new Error("the dataset cannot be grown");
    });
    return {
      path,
      shape,
      chunks,
      writeSlab: (offset, slab, data) => {
        if (data.length !== sizeOf(slab)) throw new RangeError(`${path}: ${data.length} values are not [${slab}]`);
        this.#writeSlab(path, chunks, bytes, offset, slab, data);
      },
    };
  }

  #writeSlab(
    path: string,
    chunks: readonly number[],
    itemBytes: number,
    offset: readonly number[],
    shape: readonly number[],
    data: FrameArray,
  ): void {
    const module = this.#library.module;
    if (data.BYTES_PER_ELEMENT !== itemBytes) {
      throw new TypeError(`${path}: elements of ${itemBytes} bytes are needed, not ${data.BYTES_PER_ELEMENT}`);
    }
    for (const block of blocksOf(offset, shape, chunks, Math.floor(BLOCK_BYTES / itemBytes))) {
      const at = block.offset.map((o, axis) => o - offset[axis]!);
      const values = boxOf(data, shape, at, block.shape);
      const address = module._malloc(values.byteLength);
      if (address === 0) throw new Error(`${path}: no memory for a slab of ${values.byteLength} bytes`);
      try {
        module.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), address);
        this.#call(path, () => {
          const ones = block.shape.map(() => 1n);
          const [count, from] = [block.shape.map(BigInt), block.offset.map(BigInt)];
          const status = module.set_dataset_data(this.#file.file_id, `/${path}`, count, from, ones, BigInt(address));
          if (status < 0) throw new Error("the slab cannot be written");
        });
      } finally {
        module._free(address);
      }
    }
  }

  /** Closes, syncs to disk and gives the file its name. @throws InputError "disk-full" | "disk-error" */
  finish(): void {
    this.#isOpen = false;
    const { value: status, complaint } = this.#library.attempt(() => this.#file.close());
    if (status === undefined || status < 0) this.#fail(this.path, complaint);
    try {
      syncFile(this.#partial);
      renameSync(this.#partial, this.path);
      syncFile(dirname(resolve(this.path)));
    } catch (error) {
      this.abort();
      throw diskFault(this.path, error) ?? error;
    }
  }

  /** Gives up: nothing stays behind. */
  abort(): void {
    if (this.#isOpen) this.#library.attempt(() => this.#file.close());
    this.#isOpen = false;
    rmSync(this.#partial, { force: true });
  }

  #inGroup(path: string, work: (group: H5File, name: string) => void): void {
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
    if (parent) this.group(parent);
    this.#call(path, () => {
      const group = (parent ? this.#file.get(`/${parent}`) : this.#file) as H5File;
      work(group, basename(path));
    });
  }

  /** HDF5 reports some failures only in its error stack, so any complaint while writing counts. */
  #call<T>(path: string, work: () => T): T {
    if (!this.#isOpen) throw new Error(`${this.path} is already closed`);
    const { value, complaint } = this.#library.attempt(work);
    if (value === undefined && complaint) this.#fail(path, complaint);
    return value as T;
  }

  #checkSpace(path: string, bytes: number): void {
    const { bavail, bsize } = statfsSync(dirname(resolve(this.path)));
    if (bytes > bavail * bsize) this.#fail(path, `No space left on device for ${bytes} bytes`);
  }

  #fail(path: string, reason: string): never {
    const isFull = isFullDisk(reason) || this.#freeBytes() < 1 << 16;
    this.abort();
    const fault = isFull ? undefined : diskFaultInWords(this.path, reason);
    if (fault) throw fault;
    if (isFull) {
      throw new InputError(
        "disk-full",
        `The disk is full: ${this.path} needs ${megabytes(this.#bytesAsked)} or more, and ${megabytes(this.#freeBytes())} are free in ${dirname(resolve(this.path))} now that the unfinished file is removed. It stopped at ${path}. Make room, or write to another disk.`,
      );
    }
    throw new InputError(
      "hdf5-write-failed",
      `${this.path} cannot be written (at ${path}): ${reason}. The unfinished file is removed. Check the disk and your permissions.`,
    );
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(resolve(this.path)));
    return bavail * bsize;
  }
}

const isFullDisk = (reason: string): boolean => /no space left|quota/i.test(reason);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB (${bytes} bytes)`;

function writtenType(data: FrameArray): WrittenType {
  const name = data.constructor.name.replace("Array", "").toLowerCase();
  if (name in DTYPES) return name as WrittenType;
  throw new TypeError(`a dataset of ${data.constructor.name} is not written: use one of ${Object.keys(DTYPES)}`);
}

/** One box of a C-ordered array, as a view where it is contiguous. */
function boxOf(data: FrameArray, shape: readonly number[], at: number[], box: number[]): FrameArray {
  if (sizeOf(box) === data.length) return data;
  const out = new (data.constructor as Float32ArrayConstructor)(sizeOf(box));
  const zero = box.map(() => 0);
  copyBox(data as never, shape, at, out as never, box, zero, box);
  return out;
}

function syncFile(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
