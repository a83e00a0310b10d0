/**
 * BioLogic's binary .mpr: modules one after the other, of which "VMP data" holds rows of fixed length and "VMP LOG" the
 * time of the start. BioLogic does not publish the format; ids of columns and offsets as found by galvani
 * (https://github.com/echemdata/galvani), checked here by the length of the rows.
 */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { currentFromCharge } from "./cycler-columns.ts";
import { checkRecord } from "./cycler-record-checks.ts";
import { isoOfSeconds } from "./date-stamp.ts";

const MAGIC = "BIO-LOGIC MODULAR FILE";
const FIRST_MODULE = 52;
const MODULE_HEAD = 57;

type Type = "u1" | "u2" | "u4" | "f4" | "f8";
const BYTES: Readonly<Record<Type, number>> = { u1: 1, u2: 2, u4: 4, f4: 4, f8: 8 };

/** Bits of one byte that all these share. */
const FLAGS = new Set([1, 2, 3, 21, 31, 65]);
/** What is taken, by id; mA, mA.h and V as in EC-Lab. */
const TAKEN: Readonly<Record<number, readonly [name: string, type: Type]>> = {
  4: ["time", "f8"],
  6: ["voltage", "f4"],
  77: ["meanVoltage", "f4"],
  7: ["chargeStep", "f8"],
  23: ["chargeStep", "f8"],
  8: ["current", "f4"],
  11: ["current", "f8"],
  76: ["current", "f4"],
  13: ["charge", "f8"],
  24: ["cycle", "f8"],
  131: ["step", "u2"],
};
/** What is passed over: ids by the length of their number. */
const PASSED: Readonly<Record<Exclude<Type, "u1">, readonly number[]>> = {
  u2: [39],
  u4: [468, 469],
  f4: [
    5, 9, 16, 17, 19, 20, 26, 27, 32, 33, 34, 35, 36, 37, 38, 69, 70, 75, 78, 96, 98, 99, 100, 101, 163, 168, 169, 172,
    173, 174, 178, 179, 430, 431, 432, 433, 434, 435, 441, 462, 471, 473, 474, 476, 477, 479, 480,
  ],
  f8: [74, 123, 124, 125, 126, 182, 211, 467],
};

interface Module {
  readonly name: string;
  readonly version: number;
  /** of its data */
  readonly at: number;
  readonly length: number;
}

export const isBiologicMpr = (bytes: Uint8Array): boolean => ascii(bytes, 0, MAGIC.length) === MAGIC;

/** @throws InputError "mpr-damaged" | "mpr-unsupported" and those of the checks of records */
export function parseBiologicMpr(bytes: Uint8Array, source: string): CyclerRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const modules = modulesOf(view, bytes, source);
  const data = modules.find(({ name }) => name === "VMP data");
  if (!data) throw damaged(source, "it has no module with data");
  const { count, ids, at } = dataHead(view, data, source);
  const offsets = layout(ids, (data.at + data.length - at) / Math.max(1, count), source);
  const column = (name: string): Float64Array | undefined => {
    const found = offsets.columns.get(name);
    if (!found) return undefined;
    const [offset, type] = found;
    return Float64Array.from({ length: count }, (_, i) => read(view, at + i * offsets.length + offset, type));
  };
  const timeS = column("time");
  const voltageV = column("voltage") ?? column("meanVoltage");
  if (!timeS || !voltageV) {
    throw new InputError(
      "cycler-columns",
      `${source} (BioLogic mpr): its columns ${ids.join(", ")} are without ${timeS ? "a voltage" : "a time"}: an impedance spectrum, perhaps. Needed is a record of voltage over time.`,
    );
  }
  const charge = column("charge") ?? runningSum(column("chargeStep"));
  const chargeAh = charge?.map((value) => value / 1000);
  const current = column("current")?.map((value) => value / 1000);
  const cycle = column("cycle");
  const step = column("step");
  const startedAt = startOf(view, modules);
  return checkRecord({
    source,
    format: "BioLogic mpr",
    startedAt,
    timeS,
    voltageV,
    currentA: current ?? (chargeAh && currentFromCharge(timeS, chargeAh)),
    chargeAh,
    ...(cycle && { cycle: Int32Array.from(cycle) }),
    ...(step && { step: Int32Array.from(step) }),
    notes: current || !chargeAh ? [] : ["the file has no current: it was taken from the charge counted between rows"],
  });
}

function modulesOf(view: DataView, bytes: Uint8Array, source: string): Module[] {
  const modules: Module[] = [];
  for (let at = FIRST_MODULE; at + MODULE_HEAD <= bytes.length; ) {
    if (ascii(bytes, at, 6) !== "MODULE") throw damaged(source, `no module begins at byte ${at}`);
    const length = view.getUint32(at + 41, true);
    const start = at + MODULE_HEAD;
    if (start + length > bytes.length) {
      throw damaged(
        source,
        `its module "${ascii(bytes, at + 6, 10).trim()}" ends ${start + length - bytes.length} bytes behind the file's end`,
      );
    }
    modules.push({ name: ascii(bytes, at + 6, 10).trim(), version: view.getUint32(at + 45, true), at: start, length });
    at = start + length;
  }
  return modules;
}

function dataHead(
  view: DataView,
  { version, at, length }: Module,
  source: string,
): { count: number; ids: number[]; at: number } {
  const heads: Readonly<Record<number, number>> = { 0: 100, 2: 405, 3: 406 };
  const head = heads[version];
  if (head === undefined) {
    throw new InputError(
      "mpr-unsupported",
      `${source} (BioLogic mpr): version ${version} of its data is not known (0, 2 and 3 are). Export it from EC-Lab as text (.mpt).`,
    );
  }
  const columns = length >= 5 ? view.getUint8(at + 4) : 0;
  const size = version === 0 ? 1 : 2;
  if (length < head || 5 + columns * size > head) throw damaged(source, "its list of columns is cut");
  const ids = Array.from({ length: columns }, (_, i) =>
    size === 1 ? view.getUint8(at + 5 + i) : view.getUint16(at + 5 + 2 * i, true),
  );
  return { count: view.getUint32(at, true), ids, at: at + head };
}

/** Where each column lies in a row; an unknown one is passed over where the row's length leaves no doubt. */
function layout(
  ids: readonly number[],
  rowBytes: number,
  source: string,
): { length: number; columns: Map<string, [number, Type]> } {
  const columns = new Map<string, [number, Type]>();
  const unknown = ids.filter((id) => !FLAGS.has(id) && typeOf(id) === undefined);
  const known = ids.reduce(
    (sum, id) => sum + (FLAGS.has(id) ? 0 : BYTES[typeOf(id) ?? "u1"] * (typeOf(id) ? 1 : 0)),
    0,
  );
  const rest = rowBytes - known - (ids.some((id) => FLAGS.has(id)) ? 1 : 0);
  if (unknown.length > 1 || !Number.isInteger(rest) || rest < 0 || (unknown.length === 0 && rest !== 0)) {
    throw new InputError(
      "mpr-unsupported",
      `${source} (BioLogic mpr): ${unknown.length > 0 ? `columns of the ids ${unknown.join(", ")} are not known` : `its rows have ${rowBytes} bytes where its columns need ${rowBytes - rest}`}, so that no number in it can be trusted. Export it from EC-Lab as text (.mpt).`,
    );
  }
  let offset = 0;
  let hasFlags = false;
  for (const id of ids) {
    if (FLAGS.has(id)) {
      if (!hasFlags) offset += 1;
      hasFlags = true;
      continue;
    }
    const type = typeOf(id);
    const name = TAKEN[id]?.[0];
    if (name !== undefined && !columns.has(name)) columns.set(name, [offset, type!]);
    offset += type ? BYTES[type] : rest;
  }
  return { length: rowBytes, columns };
}

function typeOf(id: number): Type | undefined {
  if (TAKEN[id]) return TAKEN[id][1];
  return (Object.keys(PASSED) as (keyof typeof PASSED)[]).find((type) => PASSED[type].includes(id));
}

function read(view: DataView, at: number, type: Type): number {
  if (type === "f8") return view.getFloat64(at, true);
  if (type === "f4") return view.getFloat32(at, true);
  return type === "u2" ? view.getUint16(at, true) : view.getUint32(at, true);
}

function runningSum(steps: Float64Array | undefined): Float64Array | undefined {
  let sum = 0;
  return steps?.map((step, i) => (sum += i > 0 ? step : 0));
}

/** Days since 1899-12-30, at one of a few places in the log, depending on EC-Lab's version. */
function startOf(view: DataView, modules: readonly Module[]): string | undefined {
  const log = modules.find(({ name }) => name === "VMP LOG");
  for (const offset of log ? [465, 469, 473, 585] : []) {
    if (offset + 8 > log!.length) continue;
    const days = view.getFloat64(log!.at + offset, true);
    if (days > 36526 && days < 73050) return isoOfSeconds((days - 25569) * 86400);
  }
  return undefined;
}

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

const damaged = (source: string, why: string): InputError =>
  new InputError("mpr-damaged", `${source} (BioLogic mpr): is cut or damaged: ${why}. Copy the file again.`);
