/**
 * Opening an HDF5 file in the library: what is no HDF5 file, or a made one that would hang it or fill the memory, does
 * not come there.
 */
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { InputError } from "../data/index.ts";
import { notReadable, readFully } from "./byte-source.ts";
import { assertReachable } from "./confinement.ts";
import { diskFaultInWords } from "./disk-fault.ts";
import { findEndlessHeap } from "./hdf5-heaps.ts";
import { type H5File, type Hdf5Library, loadHdf5Library } from "./hdf5-library.ts";

/** Room in memory for a call into the library: of its own, and per byte of the file. */
const ROOM_BYTES = 256 * 2 ** 20;
const ROOM_PER_FILE_BYTE = 4;

export interface OpenedHdf5 {
  readonly library: Hdf5Library;
  readonly file: H5File;
  /** of memory for a call into the library that reads no chunks */
  readonly roomBytes: number;
}

/**
 * @throws InputError "file-not-found" | "file-not-readable" | "hdf5-not-hdf5" | "hdf5-unreadable" | "hdf5-too-large" |
 *   "path-outside" | "disk-error" | "files-too-many" | "memory-exhausted"
 */
export async function openInLibrary(path: string): Promise<OpenedHdf5> {
  assertReachable(path);
  const heap = looking(path, () => {
    checkSignature(path);
    return findEndlessHeap(path);
  });
  if (heap !== undefined) {
    throw new InputError(
      "hdf5-unreadable",
      `${path} is damaged: the store of its texts (a global heap at byte ${heap}) has an object of impossible size. Copy it again from its source.`,
    );
  }
  const library = await loadHdf5Library();
  const fileBytes = statSync(path).size;
  const roomBytes = ROOM_BYTES + ROOM_PER_FILE_BYTE * fileBytes;
  const { file, complaint, refusedBytes } = openFile(library, path, roomBytes);
  if (refusedBytes > 0) throw tooMuchMemory(path, refusedBytes, roomBytes);
  if (!file) {
    const isWritten = complaint.includes(OPEN_FOR_WRITE);
    const fault = diskFaultInWords(path, complaint);
    if (fault) throw fault;
    throw new InputError(
      "hdf5-unreadable",
      isWritten
        ? `${path} is an HDF5 file that another program is writing, or was when it died (${complaint}). Wait until it is closed; to have it read while it is written, the program has to write it for readers (SWMR; h5py: swmr_mode = True) or in the older format and flush it (h5py: libver="earliest"). If nothing writes it any more, run h5clear -s on it.`
        : `${path} is an HDF5 file but cannot be opened: ${complaint || "no reason given"}. It is truncated or damaged; copy it again from its source.`,
    );
  }
  return { library, file, roomBytes };
}

export function tooMuchMemory(path: string, askedBytes: number, roomBytes: number): InputError {
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return new InputError(
    "hdf5-too-large",
    `${path} makes the HDF5 library take more than the ${mib(roomBytes)} MiB of memory that it is given (256 MiB, 4 times the file, 5 times a chunk): it asked for ${mib(askedBytes)} MiB on top of what it had. The file is damaged, or made to fill the memory; copy it again from its source.`,
  );
}

/** What the system says of a file is an InputError. */
function looking<T>(path: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof InputError ? error : notReadable(path, error);
  }
}

const OPEN_FOR_WRITE = "already open for write";

/** For reading; where a program writes it for others to read meanwhile (SWMR), as one of these. */
function openFile(
  library: Hdf5Library,
  path: string,
  roomBytes: number,
): { file: H5File | undefined; complaint: string; refusedBytes: number } {
  const open = (mode: "r" | "Sr") => {
    const { value, ...why } = library.attempt(() => new library.File(path, mode), roomBytes);
    return { file: value && value.file_id >= 0n ? value : undefined, ...why };
  };
  const plain = open("r");
  if (plain.file || !plain.complaint.includes(OPEN_FOR_WRITE)) return plain;
  const shared = open("Sr");
  return shared.file ? shared : plain;
}

function checkSignature(path: string): void {
  if (!existsSync(path)) throw new InputError("file-not-found", `There is no file ${path}. Check the path.`);
  if (statSync(path).isDirectory()) {
    throw new InputError("hdf5-not-hdf5", `${path} is a folder; an HDF5 file is needed. Name a file in it.`);
  }
  const handle = openSync(path, "r");
  try {
    const head = Buffer.alloc(8);
    // A user block may come first: the signature then lies at 512, 1024, 2048, ...
    for (let at = 0; at <= 1 << 20; at = at === 0 ? 512 : at * 2) {
      if (readFully(handle, at, head, path).length < 8) break;
      if (head.equals(Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]))) return;
    }
  } finally {
    closeSync(handle);
  }
  const bytes = statSync(path).size;
  throw new InputError(
    "hdf5-not-hdf5",
    `${path} is not an HDF5 file: its ${bytes} bytes do not hold the HDF5 signature. Check that it is the right file and that it was copied whole.`,
  );
}
