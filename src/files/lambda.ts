/**
 * X-Spectrum LAMBDA detectors: each module writes its own files, `<scan>_m1_part00000.nxs`, `..._m2_...`; a module's
 * place on the detector is its translation/distance in pixels (x, y, z). They are put together to one frame.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Frame, InputError, type Mask } from "../data/index.ts";
import { type Hdf5File, openHdf5 } from "./hdf5.ts";
import { sizeOf } from "./hdf5-blocks.ts";
import type { Hdf5FrameSource } from "./hdf5-frames.ts";

const DETECTOR = "entry/instrument/detector";
const NAME = /^(.*_m)(\d+)((?:_part\d+)?\.\w+)$/;

interface Module {
  /** one for each part file, in order */
  readonly parts: { readonly file: Hdf5File; readonly count: number }[];
  readonly rows: number;
  readonly cols: number;
  row: number;
  col: number;
}

export function isLambdaFile(file: Hdf5File): boolean {
  return (
    NAME.test(basename(file.path)) &&
    (file.text(`${DETECTOR}/description`) ?? "").toLowerCase().includes("lambda") &&
    file.dataset(`${DETECTOR}/data`) !== undefined
  );
}

/**
 * All modules of the scan that one module's file belongs to.
 *
 * @throws InputError "lambda-modules-differ" where modules hold different numbers of frames
 */
export async function openLambdaFrames(file: Hdf5File): Promise<Hdf5FrameSource> {
  const opened: Hdf5File[] = [file];
  try {
    const modules = await openModules(file, opened);
    const counts = modules.map((module) => module.parts.reduce((sum, part) => sum + part.count, 0));
    if (counts.some((count) => count !== counts[0])) {
      throw new InputError(
        "lambda-modules-differ",
        `${file.path}: the ${modules.length} modules hold ${counts.join(", ")} frames. Copy the missing part files.`,
      );
    }
    return assemble(file.path, modules, counts[0]!, opened);
  } catch (error) {
    for (const other of opened) other.close();
    throw error;
  }
}

async function openModules(file: Hdf5File, opened: Hdf5File[]): Promise<Module[]> {
  const [, before, , after] = NAME.exec(basename(file.path))!;
  const folder = dirname(file.path);
  const open = async (name: string): Promise<Hdf5File> => {
    const path = join(folder, name);
    if (path === join(file.path)) return file;
    const other = await openHdf5(path);
    opened.push(other);
    return other;
  };
  const modules: Module[] = [];
  for (let m = 1; existsSync(join(folder, `${before}${m}${after}`)); m++) {
    const parts: Module["parts"] = [];
    for (const name of partNames(folder, `${before}${m}`, after!)) {
      const part = await open(name);
      parts.push({ file: part, count: part.needDataset(`${DETECTOR}/data`).shape![0]! });
    }
    const first = parts[0]!.file;
    const [, rows, cols] = first.needDataset(`${DETECTOR}/data`).shape as readonly number[];
    const place = first.numbers(`${DETECTOR}/translation/distance`) ?? [0, 0];
    modules.push({ parts, rows: rows!, cols: cols!, col: Math.round(place[0]!), row: Math.round(place[1]!) });
  }
  if (modules.length === 0) throw new InputError("lambda-modules-differ", `${file.path}: module m1 is absent.`);
  return modules;
}

function partNames(folder: string, stem: string, after: string): string[] {
  const part = /^_part(\d+)(.*)$/.exec(after);
  if (!part) return [`${stem}${after}`];
  const names: string[] = [];
  for (let i = 0; ; i++) {
    const name = `${stem}_part${String(i).padStart(part[1]!.length, "0")}${part[2]}`;
    if (!existsSync(join(folder, name))) return names.length > 0 ? names : [`${stem}${after}`];
    names.push(name);
  }
}

function assemble(path: string, modules: Module[], count: number, opened: Hdf5File[]): Hdf5FrameSource {
  const top = Math.min(...modules.map((module) => module.row));
  const left = Math.min(...modules.map((module) => module.col));
  for (const module of modules) {
    module.row -= top;
    module.col -= left;
  }
  const rows = Math.max(...modules.map((module) => module.row + module.rows));
  const cols = Math.max(...modules.map((module) => module.col + module.cols));
  const flat = assembleFlat(modules, rows, cols);
  return {
    name: `${path}:${modules.length} modules`,
    rows,
    cols,
    count,
    leadingShape: [count],
    missing: [],
    mask: assembleMask(modules, rows, cols, flat),
    ...(flat ? { flat } : {}),
    readFrame(index): Frame {
      const data = new Int32Array(rows * cols);
      readInto(path, modules, count, cols, index, data);
      return { rows, cols, data, header: {} };
    },
    readInto: (index, out) => readInto(path, modules, count, cols, index, out),
    close: () => {
      for (const file of opened) file.close();
    },
  };
}

function readInto(path: string, modules: Module[], count: number, cols: number, index: number, out: Int32Array): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) throw new RangeError(`${path} has no frame ${index}`);
  // -1 between the modules: masked, and not to be taken for a measured zero
  out.fill(-1);
  for (const module of modules) {
    let within = index;
    for (const { file, count: held } of module.parts) {
      if (within < held) {
        place(out, cols, module, file.read(`${DETECTOR}/data`, [within, 0, 0], [1, module.rows, module.cols]));
        break;
      }
      within -= held;
    }
  }
}

function place(to: Int32Array | Float32Array, cols: number, module: Module, values: ArrayLike<number>): void {
  for (let row = 0, from = 0; row < module.rows; row++) {
    let at = (module.row + row) * cols + module.col;
    for (let col = 0; col < module.cols; col++) to[at++] = values[from++]!;
  }
}

/**
 * [row, col], NaN between the modules and where a module's flat field is NaN; undefined where the flat is absent or
 * was applied already. Detectors without a measured flat write one that is NaN throughout: that is an absent one.
 */
function assembleFlat(modules: Module[], rows: number, cols: number): Float32Array | undefined {
  const flat = new Float32Array(rows * cols).fill(Number.NaN);
  let isMeasured = false;
  for (const module of modules) {
    const { file } = module.parts[0]!;
    const dataset = file.dataset(`${DETECTOR}/flatfield`);
    const isApplied = file.numbers(`${DETECTOR}/flatfield_applied`)?.[0] === 1;
    if (isApplied || !dataset?.shape || sizeOf(dataset.shape) !== module.rows * module.cols) return undefined;
    const values = Float32Array.from(file.read(dataset.path) as ArrayLike<number>);
    const isUnmeasured = values.every(Number.isNaN);
    isMeasured ||= !isUnmeasured;
    place(flat, cols, module, isUnmeasured ? values.fill(1) : values);
  }
  return isMeasured ? flat : undefined;
}

/** Gaps between the modules, the pixels of each pixel_mask, and those that a measured flat field leaves out. */
function assembleMask(modules: Module[], rows: number, cols: number, flat: Float32Array | undefined): Mask {
  const mask = new Int32Array(rows * cols).fill(1);
  for (const module of modules) {
    const { file } = module.parts[0]!;
    const dataset = file.dataset(`${DETECTOR}/pixel_mask`);
    const isUsable = dataset?.shape && sizeOf(dataset.shape) === module.rows * module.cols;
    place(mask, cols, module, isUsable ? file.read(dataset.path) : new Uint8Array(module.rows * module.cols));
  }
  const data = Uint8Array.from(mask, (value, i) => (value === 0 && !(flat && Number.isNaN(flat[i])) ? 0 : 1));
  return { rows, cols, data };
}
