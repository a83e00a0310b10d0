/** What a file is, by its ending and, where that leaves a choice, by its first bytes. */
import { open } from "node:fs/promises";
import { extname } from "node:path";
import type { FileKind } from "./wire.ts";

const BY_ENDING: Readonly<Record<string, FileKind>> = {
  ".cbf": "frame",
  ".edf": "frame",
  ".tif": "frame",
  ".tiff": "frame",
  ".poni": "geometry",
  ".xye": "pattern",
  ".xy": "pattern",
  ".fxye": "pattern",
  ".gsa": "pattern",
  ".chi": "pattern",
  ".dat": "pattern",
  ".xrdml": "pattern",
  ".brml": "pattern",
};
const HDF5_ENDINGS = new Set([".nxs", ".h5", ".hdf5", ".hdf", ".nx5"]);
const YAML_ENDINGS = new Set([".yaml", ".yml"]);
/** Where result-writer.ts has the file's creator and the class of /entry. */
const HDF5_HEAD_BYTES = 4096;
const YAML_HEAD_BYTES = 65_536;
const HDF5_SIGNATURE = "\x89HDF\r\n\x1a\n";

/** Results and scans can be told only by looking inside. */
export const mayBeResult = (name: string): boolean =>
  HDF5_ENDINGS.has(endingOf(name)) && !/_(data|cnt)_\d+\.\w+$/i.test(name);
export const isYaml = (name: string): boolean => YAML_ENDINGS.has(endingOf(name));

/** @param path absolute; a file that cannot be read is "other" */
export async function kindOfFile(path: string, name: string): Promise<FileKind> {
  const ending = endingOf(name);
  if (isYaml(name)) return kindOfYaml(await headOf(path, YAML_HEAD_BYTES));
  if (mayBeResult(name)) return kindOfHdf5(await headOf(path, HDF5_HEAD_BYTES));
  if (HDF5_ENDINGS.has(ending)) return "hdf5";
  if (/\.mar\d{4}$/.test(ending)) return "frame";
  return BY_ENDING[ending] ?? "other";
}

const endingOf = (name: string): string => extname(name.toLowerCase().replace(/\.gz$/, ""));

function kindOfHdf5(head: string): FileKind {
  if (!head.startsWith(HDF5_SIGNATURE)) return "other";
  return head.includes("creator") && /xrdct \d/.test(head) && head.includes("NXentry") ? "result" : "hdf5";
}

function kindOfYaml(head: string): FileKind {
  if (/^input\s*:/m.test(head)) return "scan";
  return /^(phases|profile|background)\s*:/m.test(head) ? "model" : "other";
}

async function headOf(path: string, bytes: number): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
      return buffer.toString("latin1", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}
