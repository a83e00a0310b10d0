/**
 * The HDF5 library (h5wasm: the C library as WebAssembly, on the real file system), loaded when first needed.
 * Files of this folder that read or write HDF5 go through hdf5.ts and hdf5-writer.ts, and only those know h5wasm.
 *
 * The library prints its error stack on stderr and h5wasm drops its status codes. Here the stack is caught, so that
 * nothing reaches the user's terminal and a message can say what HDF5 found.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as h5wasm from "h5wasm/node";

export type H5Module = Awaited<typeof h5wasm.ready>;
export type H5File = InstanceType<typeof h5wasm.File>;

export interface Hdf5Library {
  readonly module: H5Module;
  readonly File: typeof h5wasm.File;
  /** Runs a call into the library; `complaint` is the innermost reason that HDF5 gave, or "". */
  attempt<T>(work: () => T): { value: T | undefined; complaint: string };
}

let loading: Promise<Hdf5Library> | undefined;

/** One instance per thread, with the compression plugins (bitshuffle, LZ4, blosc, zstd and others) on its path. */
export function loadHdf5Library(): Promise<Hdf5Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Hdf5Library> {
  const library = await import("h5wasm/node");
  const module = await library.ready;
  const plugins = dirname(createRequire(import.meta.url).resolve("h5wasm-plugins/package.json"));
  module.insert_plugin_search_path(join(plugins, "plugins"), 0);
  const takeErrors = catchErrorStream(module);
  return {
    module,
    File: library.File,
    attempt(work) {
      takeErrors();
      try {
        const value = work();
        return { value, complaint: innermostReason(takeErrors()) };
      } catch (error) {
        const printed = innermostReason(takeErrors());
        return { value: undefined, complaint: printed || (error instanceof Error ? error.message : String(error)) };
      }
    },
  };
}

interface ErrorStream {
  node?: { mode: number };
  stream_ops?: { write: (stream: unknown, bytes: Uint8Array, offset: number, length: number) => number };
}

/** Puts the library's stderr (descriptor 2 inside WebAssembly, not the process's) into a string. */
function catchErrorStream(module: H5Module): () => string {
  const decoder = new TextDecoder();
  let text = "";
  const stderr = (module.FS as unknown as { streams: ErrorStream[] }).streams[2]!;
  stderr.node = { mode: 0 };
  stderr.stream_ops = {
    write: (_stream, bytes, offset, length) => {
      if (text.length < 100_000) text += decoder.decode(bytes.slice(offset, offset + length));
      return length;
    },
  };
  return () => {
    const taken = text;
    text = "";
    return taken;
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
