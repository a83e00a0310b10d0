/**
 * The HDF5 library (h5wasm: the C library as WebAssembly, on the real file system), loaded when first needed.
 * Files of this folder that read or write HDF5 go through hdf5.ts and hdf5-writer.ts, and only those know h5wasm.
 *
 * The library prints its error stack on stderr and h5wasm drops its status codes. Here the stack is caught, so that
 * nothing reaches the user's terminal and a message can say what HDF5 found.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as h5wasm from "h5wasm/node";
import { isBelow, isReachable } from "./confinement.ts";

export type H5Module = Awaited<typeof h5wasm.ready>;
export type H5File = InstanceType<typeof h5wasm.File>;

export interface Hdf5Library {
  readonly module: H5Module;
  readonly File: typeof h5wasm.File;
  /**
   * Runs a call into the library.
   *
   * @param roomBytes that it may take of memory besides what it has; left out: up to its 2 GiB
   */
  attempt<T>(work: () => T, roomBytes?: number): Attempted<T>;
}

export interface Attempted<T> {
  readonly value: T | undefined;
  /** the innermost reason that HDF5 gave, or "" */
  readonly complaint: string;
  /** memory that it asked for and was not given; 0 for none */
  readonly refusedBytes: number;
}

let loading: Promise<Hdf5Library> | undefined;
let instances = 0;

/** One instance per thread, with the compression plugins (bitshuffle, LZ4, blosc, zstd and others) on its path. */
export function loadHdf5Library(): Promise<Hdf5Library> {
  loading ??= load().catch((error) => {
    loading = undefined; // a server may have the memory for it later
    throw error;
  });
  return loading;
}

async function load(): Promise<Hdf5Library> {
  const errors = { text: "" };
  const allowance: Allowance = { mostBytes: Number.POSITIVE_INFINITY, refusedBytes: 0 };
  const { library, module } = await instantiate(errors, allowance);
  const plugins = dirname(createRequire(import.meta.url).resolve("h5wasm-plugins/package.json"));
  module.insert_plugin_search_path(join(plugins, "plugins"), 0);
  keepInside(module, plugins);
  catchErrorStream(module, errors);
  return {
    module,
    File: library.File,
    attempt(work, roomBytes = Number.POSITIVE_INFINITY) {
      errors.text = "";
      allowance.mostBytes = module.HEAPU8.length + roomBytes;
      allowance.refusedBytes = 0;
      try {
        const value = work();
        return { value, complaint: innermostReason(errors.text), refusedBytes: allowance.refusedBytes };
      } catch (error) {
        // A damaged file can make the C code abort or trap. Its state is then unknown: the next file gets a new instance.
        if (error instanceof WebAssembly.RuntimeError) loading = undefined;
        const message = error instanceof Error ? error.message : String(error);
        const complaint = innermostReason(errors.text) || `HDF5 stopped: ${message}`;
        return { value: undefined, complaint, refusedBytes: allowance.refusedBytes };
      } finally {
        errors.text = "";
        allowance.mostBytes = Number.POSITIVE_INFINITY;
      }
    },
  };
}

/** A new instance each time: the same module under another address. */
async function instantiate(
  errors: { text: string },
  allowance: Allowance,
): Promise<{ library: typeof h5wasm; module: H5Module }> {
  const restore = [catchConsole(errors), catchMemory(allowance)];
  try {
    const library = await (instances++ === 0 ? import("h5wasm/node") : importAgain(instances));
    return { library, module: await library.ready };
  } catch (error) {
    throw allowance.failure ?? error;
  } finally {
    for (const one of restore) one();
  }
}

/** What a call may make of the library's memory. */
interface Allowance {
  mostBytes: number;
  refusedBytes: number;
  /** why it did not start: it would look for itself on the network then, and stumble over that */
  failure?: unknown;
}

const PAGE_BYTES = 65_536;

/**
 * A damaged header makes the library take as much as it claims, up to 2 GiB, and touch all of it. h5wasm has no limit
 * to set and keeps its memory to itself, so it is met where it comes from while the library starts.
 */
function catchMemory(allowance: Allowance): () => void {
  const { instantiate } = WebAssembly;
  const caught = async (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) => {
    // others start while this one does, fetch among them
    if (source instanceof WebAssembly.Module) return instantiate(source, imports);
    const made = await instantiate(source, imports).catch((error) => {
      allowance.failure = error;
      throw error;
    });
    const { H5open, memory } = made.instance.exports;
    if (H5open && memory instanceof WebAssembly.Memory) bound(memory, allowance);
    return made;
  };
  WebAssembly.instantiate = caught as typeof instantiate;
  return () => {
    WebAssembly.instantiate = instantiate;
  };
}

/** The library goes on where it is given nothing: its malloc then gives 0, and HDF5 an error. */
function bound(memory: WebAssembly.Memory, allowance: Allowance): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    const bytes = pages * PAGE_BYTES;
    const isTooMuch = memory.buffer.byteLength + bytes > allowance.mostBytes;
    // it asks for a fifth more than it needs first, then for less
    allowance.refusedBytes = isTooMuch ? bytes : 0;
    if (isTooMuch) throw new RangeError("no more memory");
    return grow(pages);
  };
}

function importAgain(instance: number): Promise<typeof h5wasm> {
  const folders = createRequire(import.meta.url).resolve.paths("h5wasm") ?? [];
  const path = folders.map((folder) => join(folder, "h5wasm/dist/node/hdf5_hl.js")).find((file) => existsSync(file));
  if (!path) throw new Error("h5wasm is not where it was loaded from");
  return import(/* @vite-ignore */ `${pathToFileURL(path).href}?instance=${instance}`) as Promise<typeof h5wasm>;
}

/** What the library prints where it cannot start, and throws too. */
const NOT_STARTED = /^(failed to asynchronously prepare wasm|Aborted)/;

/**
 * The library takes console.log and console.error for itself while it starts. It gets functions that keep its words
 * from the terminal; what others print in the meantime goes through.
 */
function catchConsole(errors: { text: string }): () => void {
  const { log, error } = console;
  let isStarting = true;
  const caught =
    (original: typeof log): typeof log =>
    (...words) => {
      if (isStarting && !NOT_STARTED.test(words.join(" "))) original(...words);
      else keep(errors, words.join(" "));
    };
  console.log = caught(log);
  console.error = caught(error);
  return () => {
    isStarting = false;
    console.log = log;
    console.error = error;
  };
}

function keep(errors: { text: string }, words: string): void {
  if (errors.text.length < 100_000) errors.text += words;
}

/** musl's number for "permission denied", which is what the library's C code expects. */
const EACCES = 2;

/** The library follows links to other files by itself; all that it opens passes here. */
function keepInside(module: H5Module, plugins: string): void {
  const files = module.FS as unknown as {
    open: (path: string, ...rest: unknown[]) => unknown;
    ErrnoError: new (number: number) => Error;
  };
  const { open } = files;
  files.open = (path, ...rest) => {
    if (!isReachable(path) && !isBelow(plugins, path)) throw new files.ErrnoError(EACCES);
    return open(path, ...rest);
  };
}

interface ErrorStream {
  node?: { mode: number };
  stream_ops?: { write: (stream: unknown, bytes: Uint8Array, offset: number, length: number) => number };
}

/** Puts the library's stderr (descriptor 2 inside WebAssembly, not the process's) into a string. */
function catchErrorStream(module: H5Module, errors: { text: string }): void {
  const decoder = new TextDecoder();
  const stderr = (module.FS as unknown as { streams: ErrorStream[] }).streams[2]!;
  stderr.node = { mode: 0 };
  stderr.stream_ops = {
    write: (_stream, bytes, offset, length) => {
      keep(errors, decoder.decode(bytes.slice(offset, offset + length)));
      return length;
    },
  };
}

/**
 * What the innermost frame of HDF5's error stack says: `#004: H5Fint.c line 2117 in H5F_open(): truncated file ...`.
 * It may run over several lines (HDF5 prints the time with a line end in it).
 */
function innermostReason(stack: string): string {
  const frames = stack.matchAll(/^\s*#\d+: .*? in \w+\(\): ([\s\S]*?)\n\s+major: /gm);
  const reasons = [...frames].map(([, reason]) => reason!.replace(/\s+/g, " ").trim());
  return reasons.at(-1) ?? "";
}

/** Filters that this library decodes: its own, and those of the plugins. */
export const KNOWN_FILTERS: ReadonlySet<number> = new Set([
  1, 2, 3, 4, 5, 6, 307, 32000, 32001, 32004, 32008, 32013, 32015, 32019, 32022, 32023, 32026,
]);
