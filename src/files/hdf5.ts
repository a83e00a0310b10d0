/**
 * HDF5 files, for reading: what is in them, hyperslabs into typed arrays, attributes; each failure an InputError that
 * names the file, the dataset and HDF5's own reason.
 */
import { closeSync, existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { type FrameArray, InputError } from "../data/index.ts";
import { openFile } from "./byte-source.ts";
import { isReachable } from "./confinement.ts";
import { diskFaultInWords } from "./disk-fault.ts";
import { type Block, blocksOf, copyBox, sizeOf } from "./hdf5-blocks.ts";
import { type ChunkTable, readChunkTable } from "./hdf5-chunks.ts";
import { type H5File, type H5Module, type Hdf5Library, KNOWN_FILTERS } from "./hdf5-library.ts";
import { type OpenedHdf5, openInLibrary, tooMuchMemory } from "./hdf5-open.ts";
import {
  type AttributeValue,
  attributeValue,
  type BrokenLink,
  cleanPath,
  type Hdf5Contents,
  type Hdf5Dataset,
  type Hdf5Number,
  strings,
  TYPES,
  typeOf,
} from "./hdf5-types.ts";

export type { AttributeValue, BrokenLink, Hdf5Contents, Hdf5Dataset, Hdf5Number, Hdf5Type } from "./hdf5-types.ts";
export { cleanPath } from "./hdf5-types.ts";

/** Elements copied through the library's heap at a time; keeps that heap near 32 MiB whatever is read. */
const BLOCK_BYTES = 1 << 24;
const MOST_CHUNK_BYTES = 256e6;
/** Where a file links to itself the walk has to end. */
const MAX_DEPTH = 24;
const MAX_NODES = 50_000;
/** Ways to one group that are followed: links make many of them, and circles make them without end. */
const MOST_WAYS = 8;
/** Room in memory for a call into the library, per byte of the chunks to be read. */
const ROOM_PER_CHUNK_BYTE = 5;
/** Lists beside the data: angles, readings of monitors, axes. A scan of 2000 x 2000 points has 4 million. */
const MOST_NUMBERS = 20_000_000;
/** Texts beside the data, and their bytes where each has room for as many. */
const MOST_TEXTS = 100_000;
const MOST_TEXT_BYTES = 64 * 2 ** 20;

/**
 * Opens an HDF5 file for reading. External links and virtual datasets are followed, relative to the file.
 *
 * @throws InputError "file-not-found" | "file-not-readable" | "hdf5-not-hdf5" | "hdf5-unreadable" | "path-outside" |
 *   "disk-error" | "files-too-many"
 */
export async function openHdf5(path: string): Promise<Hdf5File> {
  return new Hdf5File(path, await openInLibrary(path));
}

/** An open file. Everything is read when asked for; nothing is kept but the metadata of datasets already asked for. */
export class Hdf5File {
  readonly path: string;
  readonly #library: Hdf5Library;
  readonly #file: H5File;
  readonly #id: bigint;
  readonly #known = new Map<string, Hdf5Dataset | undefined>();
  readonly #checked = new Set<string>();
  readonly #roomBytes: number;
  #isOpen = true;

  constructor(path: string, { library, file, roomBytes }: OpenedHdf5) {
    this.path = path;
    this.#roomBytes = roomBytes;
    this.#library = library;
    this.#file = file;
    this.#id = file.file_id;
  }

  get #module(): H5Module {
    return this.#library.module;
  }

  /**
   * @param moreBytes of memory, for chunks
   * @throws InputError "disk-error" | "files-too-many" where the disk failed: that says nothing of what the file holds;
   *   "hdf5-too-large" where it would fill the memory
   */
  #attempt<T>(work: () => T, moreBytes = 0): { value: T | undefined; complaint: string } {
    const roomBytes = this.#roomBytes + moreBytes;
    const attempted = this.#library.attempt(work, roomBytes);
    if (attempted.refusedBytes > 0) throw tooMuchMemory(this.path, attempted.refusedBytes, roomBytes);
    const fault = attempted.complaint && diskFaultInWords(this.path, attempted.complaint);
    if (fault) throw fault;
    return attempted;
  }

  close(): void {
    if (this.#isOpen) this.#library.attempt(() => this.#module.close_file(this.#id));
    this.#isOpen = false;
  }

  /** The dataset at a path, or undefined where there is none that can be reached. */
  dataset(path: string): Hdf5Dataset | undefined {
    const clean = cleanPath(path);
    if (!this.#known.has(clean)) this.#known.set(clean, this.#describe(clean));
    return this.#known.get(clean);
  }

  /** @throws InputError "hdf5-dataset-missing" listing what the file holds */
  needDataset(path: string): Hdf5Dataset {
    const found = this.dataset(path);
    if (found) return found;
    const broken = this.contents().broken.find((link) => link.path === cleanPath(path));
    if (broken) {
      this.#checkReach(broken.path, this.#externalFile(broken.path));
      throw new InputError(
        "hdf5-link-broken",
        `${this.path}: ${broken.path} is a link to ${broken.target}, which cannot be opened. Put that file beside ${this.path}, or name another dataset.`,
      );
    }
    throw new InputError("hdf5-dataset-missing", `${this.path} has no dataset ${path}. ${this.summary()}`);
  }

  #describe(path: string): Hdf5Dataset | undefined {
    const { value } = this.#attempt(() => {
      if (this.#module.get_type(this.#id, `/${path}`) !== this.#module.H5G_DATASET) return undefined;
      const metadata = this.#module.get_dataset_metadata(this.#id, `/${path}`);
      return {
        path,
        shape: metadata.shape ? [...metadata.shape] : null,
        type: typeOf(metadata),
        chunks: metadata.chunks ? [...metadata.chunks] : null,
        virtualFiles: [...new Set((metadata.virtual_sources ?? []).map((source) => source.file_name))],
      };
    });
    return value;
  }

  /** Names of a group's members; [] where the group is absent or unreadable. */
  members(group: string): string[] {
    const path = `/${cleanPath(group)}`;
    return this.#attempt(() => [...this.#module.get_names(this.#id, path, false)]).value ?? [];
  }

  isGroup(path: string): boolean {
    const { value } = this.#attempt(() => this.#module.get_type(this.#id, `/${cleanPath(path)}`));
    return value === this.#module.H5G_GROUP;
  }

  /** Everything under a group, links followed. */
  contents(group = ""): Hdf5Contents {
    const groups: string[] = [];
    const datasets: Hdf5Dataset[] = [];
    const broken: BrokenLink[] = [];
    const ways = new Map<string, number>();
    const visit = (path: string, depth: number, inside: string): void => {
      for (const name of this.members(path)) {
        if (groups.length + datasets.length + broken.length >= MAX_NODES) return;
        const child = path ? `${path}/${name}` : name;
        if (this.isGroup(child)) {
          groups.push(child);
          const other = this.#externalFile(child) ?? inside;
          const object = `${other} ${this.#address(child)}`;
          const way = 1 + (ways.get(object) ?? 0);
          ways.set(object, way);
          if (depth < MAX_DEPTH && way <= MOST_WAYS) visit(child, depth + 1, other);
          continue;
        }
        const dataset = this.dataset(child);
        if (dataset) datasets.push(dataset);
        else broken.push({ path: child, target: this.#linkTarget(child) });
      }
    };
    visit(cleanPath(group), 0, "");
    return { groups, datasets, broken };
  }

  /** Of an object in its file: the same for all links to it. */
  #address(path: string): bigint {
    const { value } = this.#library.attempt(() =>
      Buffer.from(this.#module.create_object_reference(this.#id, `/${path}`)).readBigUInt64LE(0),
    );
    return value ?? 0n;
  }

  /** @throws InputError "path-outside" where another file is taken from outside of where this process may read */
  #checkReach(what: string, file: string | undefined): void {
    if (file === undefined || file === ".") return;
    const beside = isAbsolute(file) ? file : join(dirname(this.path), file);
    if (isReachable(beside)) return;
    throw new InputError(
      "path-outside",
      `${this.path}: ${what} takes its data from ${file}, outside of the folder that is served. Start \`xrdct serve\` on a folder that holds both files.`,
    );
  }

  #externalFile(path: string): string | undefined {
    const { value } = this.#attempt(() => this.#module.get_external_link(this.#id, `/${path}`).filename);
    return value || undefined;
  }

  /** Other files that this one takes data from, by external links and virtual datasets, where they are. */
  linkedFiles(): string[] {
    return this.#namedFiles().filter((path) => isReachable(path) && existsSync(path));
  }

  /** Whether all that it holds lies in it. */
  get isSelfContained(): boolean {
    return this.contents().broken.length === 0 && this.#namedFiles().length === 0;
  }

  #namedFiles(): string[] {
    const { groups, datasets } = this.contents();
    const names = [
      ...[...groups, ...datasets.map(({ path }) => path)].flatMap((path) => this.#externalFile(path) ?? []),
      ...datasets.flatMap(({ virtualFiles }) => virtualFiles),
    ];
    return [...new Set(names.filter((name) => name !== ".").map((name) => this.#beside(name)))];
  }

  #beside(name: string): string {
    return isAbsolute(name) ? name : join(dirname(this.path), name);
  }

  /** The file in which a dataset's chunks lie: this one, or that of its own link; undefined where they may be in several. */
  fileOf(path: string): string | undefined {
    const dataset = this.needDataset(path);
    if (!dataset.chunks || dataset.virtualFiles.length > 0) return undefined;
    const linked = this.#externalFile(dataset.path);
    return linked === undefined || linked === "." ? this.path : this.#beside(linked);
  }

  #linkTarget(path: string): string {
    const { value } = this.#attempt(() => {
      const external = this.#module.get_external_link(this.#id, `/${path}`);
      if (external.filename) return `${external.obj_path} of ${external.filename}`;
      return this.#module.get_symbolic_link(this.#id, `/${path}`) ?? "an unreadable object";
    });
    return value || "an unreadable object";
  }

  /** One sentence for messages: the datasets that are there. */
  summary(limit = 12): string {
    const { datasets } = this.contents();
    if (datasets.length === 0) return "It holds no dataset at all.";
    const shown = datasets.slice(0, limit).map((d) => `${d.path} [${(d.shape ?? []).join(", ")}] ${d.type}`);
    const more = datasets.length > limit ? `, and ${datasets.length - limit} more` : "";
    return `It holds: ${shown.join("; ")}${more}.`;
  }

  /**
   * A hyperslab as a typed array of the dataset's own type; 64-bit integers become float64.
   *
   * @param offset first index along each axis; everything where left out
   * @param into filled and returned instead of a new array; same type and size
   * @throws InputError "hdf5-dataset-missing" | "hdf5-link-broken" | "hdf5-not-numbers" | "hdf5-filter-unknown" |
   *   "path-outside" | "hdf5-source-missing" | "hdf5-chunk-too-large" | "hdf5-too-large" | "hdf5-data-unreadable"
   */
  read(path: string, offset?: readonly number[], shape?: readonly number[], into?: FrameArray): FrameArray {
    const dataset = this.needDataset(path);
    const Type = this.#arrayType(dataset);
    const whole = dataset.shape ?? [];
    const from = offset ?? whole.map(() => 0);
    const count = shape ?? whole.map((n, axis) => n - from[axis]!);
    if (whole.some((n, axis) => from[axis]! < 0 || count[axis]! < 0 || from[axis]! + count[axis]! > n)) {
      throw new RangeError(`${path} [${whole}] has no hyperslab at [${from}] of [${count}]`);
    }
    if (!this.#checked.has(dataset.path)) {
      this.#checkFilters(dataset);
      this.#checkChunk(dataset, Type.BYTES_PER_ELEMENT);
      this.#checkSources(dataset);
      this.#checked.add(dataset.path);
    }
    const out = (into ?? this.#allocate(dataset, Type, sizeOf(count))) as InstanceType<typeof Type>;
    const limit = Math.floor(BLOCK_BYTES / Type.BYTES_PER_ELEMENT);
    for (const block of blocksOf(from, count, dataset.chunks, limit)) {
      this.#readBlock(dataset, block, Type.BYTES_PER_ELEMENT, (heap, address) => {
        const values = new Type(heap, address, sizeOf(block.shape));
        const at = block.offset.map((o, axis) => o - from[axis]!);
        const zero = block.offset.map(() => 0);
        copyBox(values as never, block.shape, zero, out as never, count, at, block.shape);
      });
    }
    return out instanceof BigInt64Array || out instanceof BigUint64Array ? Float64Array.from(out, Number) : out;
  }

  /** The library holds a whole chunk to give one value of it, and its memory is never given back. */
  #checkChunk(dataset: Hdf5Dataset, itemBytes: number): void {
    const bytes = sizeOf(dataset.chunks ?? []) * itemBytes;
    if (bytes <= MOST_CHUNK_BYTES) return;
    throw new InputError(
      "hdf5-chunk-too-large",
      `${this.path}: ${dataset.path} is stored in chunks of [${dataset.chunks!.join(", ")}], ${Math.round(bytes / 1e6)} MB each; at most ${MOST_CHUNK_BYTES / 1e6} MB are read. Store it anew in smaller chunks (h5repack -l CHUNK=...).`,
    );
  }

  #allocate(dataset: Hdf5Dataset, Type: (typeof TYPES)[Hdf5Number], length: number): InstanceType<typeof Type> {
    try {
      return new Type(length);
    } catch (error) {
      // A damaged header may claim any shape.
      throw new InputError(
        "hdf5-too-large",
        `${this.path}: ${dataset.path} is said to be [${dataset.shape?.join(", ")}] ${dataset.type}, too much for the memory at once. If that shape is wrong the file is damaged; copy it again.`,
        { cause: error },
      );
    }
  }

  /** Reads one block into the library's heap and hands it over there; the values are gone after `use`. */
  #readBlock(
    dataset: Hdf5Dataset,
    { offset, shape }: Block,
    itemBytes: number,
    use: (heap: ArrayBuffer, address: number) => void,
  ): void {
    const module = this.#module;
    const bytes = sizeOf(shape) * itemBytes;
    const address = bytes < module.MAXIMUM_MEMORY ? module._malloc(bytes) : 0;
    if (address === 0) {
      throw new InputError(
        "hdf5-chunk-too-large",
        `${this.path}: ${dataset.path} is stored in chunks of [${dataset.chunks?.join(", ") ?? ""}], and one needs ${bytes} bytes, more than HDF5's 2 GiB of memory here allows. Store it again with smaller chunks (h5repack -l).`,
      );
    }
    try {
      const isScalar = shape.length === 0;
      // chunks behind a virtual dataset are not known from here
      const chunkBytes = dataset.virtualFiles.length > 0 ? MOST_CHUNK_BYTES : sizeOf(dataset.chunks ?? [0]) * itemBytes;
      const { value: status, complaint } = this.#attempt(
        () =>
          module.get_dataset_data(
            this.#id,
            `/${dataset.path}`,
            isScalar ? null : shape.map(BigInt),
            isScalar ? null : offset.map(BigInt),
            isScalar ? null : shape.map(() => 1n),
            BigInt(address),
          ),
        ROOM_PER_CHUNK_BYTE * chunkBytes,
      );
      if (status === undefined || status < 0) {
        throw new InputError(
          "hdf5-data-unreadable",
          `${this.path}: ${dataset.path} cannot be read at [${offset.join(", ")}]: ${complaint || "no reason given"}. The file is truncated or damaged there; copy it again from its source.`,
        );
      }
      use(module.HEAPU8.buffer as ArrayBuffer, address);
    } finally {
      this.#free(dataset, address);
    }
  }

  /** A plugin that a damaged chunk led astray may have written over the heap: then nothing that it gave is to be believed. */
  #free({ path }: Hdf5Dataset, address: number): void {
    const { complaint } = this.#library.attempt(() => this.#module._free(address));
    if (complaint === "") return;
    throw new InputError(
      "hdf5-data-unreadable",
      `${this.path}: ${path} cannot be read: unpacking it damaged the memory of the HDF5 library (${complaint}). The file is damaged; copy it again from its source.`,
    );
  }

  #arrayType(dataset: Hdf5Dataset): (typeof TYPES)[Hdf5Number] {
    if (dataset.shape && dataset.type in TYPES) return TYPES[dataset.type as Hdf5Number];
    throw new InputError(
      "hdf5-not-numbers",
      `${this.path}: ${dataset.path} holds ${dataset.shape ? `values of type ${dataset.type}` : "nothing"}; integers of 8 to 64 bits, float32 or float64 are needed. Name another dataset.`,
    );
  }

  #checkFilters(dataset: Hdf5Dataset): void {
    const filters = this.#attempt(() => this.#module.get_dataset_filters(this.#id, `/${dataset.path}`)).value;
    const unknown = filters?.find((filter) => !KNOWN_FILTERS.has(filter.id));
    if (!unknown) return;
    throw new InputError(
      "hdf5-filter-unknown",
      `${this.path}: ${dataset.path} is compressed with HDF5 filter ${unknown.id} (${unknown.name || "no name"}), which is not built in. Known are gzip, szip, lzf, LZ4, bitshuffle, blosc, blosc2, bzip2, zstd, zfp and jpeg: store it again with one of these (h5repack -f).`,
    );
  }

  /** HDF5 fills the holes of a virtual dataset with zeros where a source file is absent: a silent wrong number. */
  #checkSources(dataset: Hdf5Dataset): void {
    for (const file of dataset.virtualFiles) this.#checkReach(dataset.path, file);
    const absent = dataset.virtualFiles.filter((name) => !this.#virtualFileExists(name));
    if (absent.length === 0) return;
    throw new InputError(
      "hdf5-source-missing",
      `${this.path}: ${dataset.path} is a virtual dataset, and ${absent.length} of its ${dataset.virtualFiles.length} source files cannot be found: ${absent.slice(0, 3).join(", ")}. Put them beside ${this.path}.`,
    );
  }

  #virtualFileExists(name: string): boolean {
    if (name === "." || name.includes("%")) return true;
    const beside = isAbsolute(name) ? name : join(dirname(this.path), name);
    return existsSync(beside) || existsSync(join(dirname(this.path), name.split("/").at(-1)!));
  }

  /**
   * Where the chunks of a dataset lie, for reading them without this library; undefined where it has to do it: where
   * they are compressed, or not all there.
   *
   * @param file descriptor of this file
   */
  chunkTable(path: string, file: number): ChunkTable | undefined {
    const dataset = this.needDataset(path);
    const header = this.#headerOf(dataset);
    if (!header || header.links.length > 0) return undefined;
    const { BYTES_PER_ELEMENT } = TYPES[dataset.type as Hdf5Number];
    const table = readChunkTable(file, header.address, dataset.shape!, BYTES_PER_ELEMENT);
    return table?.filters.length === 0 && !table.addresses.some(Number.isNaN) ? table : undefined;
  }

  /**
   * The chunks of a dataset, compressed or not, with the file that they lie in, opened: the caller closes it. Found
   * without the library, so that what they hold has to be held against what it reads. Undefined where it has to read.
   */
  storedChunks(path: string): { readonly path: string; readonly file: number; readonly table: ChunkTable } | undefined {
    const dataset = this.needDataset(path);
    const header = this.#headerOf(dataset);
    if (!header || header.links.length > 1) return undefined;
    const [link] = header.links;
    const at = link === undefined ? this.path : isAbsolute(link) ? link : join(dirname(this.path), link);
    if (!isReachable(at) || !existsSync(at)) return undefined;
    const file = openFile(at);
    const { BYTES_PER_ELEMENT } = TYPES[dataset.type as Hdf5Number];
    const table = readChunkTable(file, header.address, dataset.shape!, BYTES_PER_ELEMENT);
    if (table) return { path: at, file, table };
    closeSync(file);
    return undefined;
  }

  /** Where a dataset's header lies, and the other files on the way to it; undefined where its chunks are not plain numbers. */
  #headerOf(dataset: Hdf5Dataset): { address: number; links: string[] } | undefined {
    if (!dataset.shape || !dataset.chunks || !(dataset.type in TYPES) || /64$/.test(dataset.type)) return undefined;
    const parts = dataset.path.split("/");
    const { value } = this.#attempt(() => {
      const links = parts
        .map((_, i) => this.#module.get_external_link(this.#id, `/${parts.slice(0, i + 1).join("/")}`).filename)
        .filter((name) => name);
      const { littleEndian } = this.#module.get_dataset_metadata(this.#id, `/${dataset.path}`);
      if (!littleEndian) return undefined;
      const reference = this.#module.create_object_reference(this.#id, `/${dataset.path}`);
      return { address: Number(Buffer.from(reference).readBigUInt64LE(0)), links };
    });
    return value;
  }

  /**
   * All values of a dataset as float64; undefined where it is absent or holds no numbers.
   *
   * @throws InputError "hdf5-list-too-long" besides those of read
   */
  numbers(path: string): Float64Array | undefined {
    const dataset = this.dataset(path);
    if (!dataset?.shape || !(dataset.type in TYPES)) return undefined;
    this.#checkList(dataset, sizeOf(dataset.shape), MOST_NUMBERS, "numbers");
    return Float64Array.from(this.read(path) as ArrayLike<number>);
  }

  /** A string dataset, or the first of several; undefined where there is none. */
  text(path: string): string | undefined {
    const value = this.texts(path);
    return value?.[0];
  }

  /** @throws InputError "hdf5-list-too-long" */
  texts(path: string): string[] | undefined {
    const dataset = this.dataset(path);
    if (dataset?.type !== "string") return undefined;
    const count = sizeOf(dataset.shape ?? []);
    this.#checkList(dataset, count, MOST_TEXTS, "texts");
    const each = this.#library.attempt(() => this.#module.get_dataset_metadata(this.#id, `/${dataset.path}`).size);
    this.#checkList(dataset, count * (each.value ?? 0), MOST_TEXT_BYTES, "bytes of text");
    const { value } = this.#attempt(() => {
      const found = this.#file.get(`/${cleanPath(path)}`) as { value?: unknown } | null;
      return found?.value;
    });
    return strings(value);
  }

  /** A header may claim any length, and compressed or unwritten values take no room in the file. */
  #checkList({ path }: Hdf5Dataset, found: number, most: number, what: string): void {
    if (found <= most) return;
    throw new InputError(
      "hdf5-list-too-long",
      `${this.path}: ${path} claims ${found} ${what}; at most ${most} are read into a list. If that is wrong the file is damaged; copy it again.`,
    );
  }

  /** An attribute's value; undefined where it is absent, empty or of another kind. */
  attribute(path: string, name: string): AttributeValue | undefined {
    const at = `/${cleanPath(path)}`;
    const { value } = this.#attempt(() => {
      if (!this.#module.get_attribute_names(this.#id, at).includes(name)) return undefined;
      const object = at === "/" ? this.#file : (this.#file.get(at) as H5File | null);
      return object?.get_attribute(name, true);
    });
    return attributeValue(value);
  }
}
