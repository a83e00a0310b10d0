/**
 * Experiments of old GSAS (.EXP): phases with cell, atoms and group, and the instrument of one histogram with the
 * profile of its first phase. Lines of 80 columns with a key in the first twelve.
 *
 * Source: Larson & Von Dreele, General Structure Analysis System (GSAS), LAUR 86-748 (2004), "The GSAS experiment file".
 */
import {
  type Cell,
  cellVolume,
  type Site,
  type Structure,
  scatteringFactor,
  spaceGroupTriplets,
} from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { readText } from "./byte-source.ts";
import { parseGsasPrm } from "./gsas-prm.ts";
import type { InstrumentParameters } from "./instprm.ts";

export interface GsasExperiment {
  readonly instrument: InstrumentParameters;
  readonly phases: readonly Structure[];
  /** degrees */
  readonly range?: readonly [number, number];
  readonly exclude: readonly (readonly [number, number])[];
  /** what is not carried over or was assumed, one sentence each */
  readonly notes: readonly string[];
}

const B_PER_U = 8 * Math.PI ** 2;
const MOST_ATOMS = 10000;

/** @throws InputError "file-not-readable" and those of parseGsasExp */
export const readGsasExp = (path: string, histogram = 1): GsasExperiment =>
  parseGsasExp(readText(path), path, histogram);

/**
 * @param histogram its number in the file
 * @throws InputError "gsas-exp-not-recognised" | "gsas-exp-phase" | "instrument-unsupported" |
 *   "instrument-not-recognised" | "instrument-value" | "bad-cell" | "unknown-space-group" | "unknown-scatterer"
 */
export function parseGsasExp(text: string, name: string, histogram = 1): GsasExperiment {
  const records = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) records.set(line.slice(0, 12).trimEnd(), line.slice(12));
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((n) => records.has(`CRS${n}  ABC`));
  if (numbers.length === 0) {
    throw new InputError(
      "gsas-exp-not-recognised",
      `${name} is no GSAS experiment with a phase: needed lines such as "CRS1  ABC" and "HST  1 ICONS". Give an .EXP.`,
    );
  }
  const notes = ["GSAS's scale is on another measure and is found anew"];
  const phases = numbers.map((n) => readPhase(records, n, name, notes));
  const prefix = `HST ${String(histogram).padStart(2)}`;
  const limits = pair(records.get(`${prefix} TRNGE`));
  const exclude: (readonly [number, number])[] = [];
  for (let i = 1; i <= 99; i++) {
    const found = pair(records.get(`${prefix}EXC ${String(i).padStart(2)}`));
    if (found && found[0] < found[1] && (!limits || found[0] < limits[1])) exclude.push(found);
  }
  return {
    instrument: readHistogram(text, histogram, numbers[0]!, name, notes),
    phases,
    ...(limits && limits[0] < limits[1] && { range: limits }),
    exclude,
    notes,
  };
}

function pair(record: string | undefined): readonly [number, number] | undefined {
  const [low, high] = (record ?? "").trim().split(/\s+/).map(Number);
  return Number.isFinite(low) && Number.isFinite(high) ? [low!, high!] : undefined;
}

/** The records of a histogram are those of an instrument file, its profile that of a phase in it. */
function readHistogram(text: string, histogram: number, phase: number, name: string, notes: string[]) {
  const number = String(histogram).padStart(2);
  const lines = [`INS   HTYPE   ${/EXPR {2}HTYP1\s+(\w+)/.exec(text)?.[1] ?? "PXC"}`];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.startsWith(`HST ${number} ICONS`)) lines.push(`INS  1${line.slice(6)}`);
    if (line.startsWith(`HAP${phase}${number}PRCF`)) lines.push(`INS  1${line.slice(6)}`);
  }
  const [instrument] = parseGsasPrm(lines.join("\n"), name);
  notes.push("the profile is that of the first phase; widths of others start there too", ...instrument!.notes);
  return { ...instrument!, bank: histogram, notes: [] };
}

function readPhase(records: ReadonlyMap<string, string>, n: number, file: string, notes: string[]): Structure {
  const record = (key: string): string => records.get(`CRS${n}  ${key}`) ?? "";
  const numbers = (text: string): number[] => [0, 10, 20].map((at) => Number(text.slice(at, at + 10).trim() || "NaN"));
  const phaseName = (records.get(`CRS${n}    PNAM`) ?? "").trim() || `phase ${n}`;
  const [a, b, c] = numbers(record("ABC")) as [number, number, number];
  const [alpha, beta, gamma] = numbers(record("ANGLES")) as [number, number, number];
  const cell: Cell = { a, b, c, alpha, beta, gamma };
  cellVolume(cell);
  const symbol = record("SG SYM").trim();
  const sites: Site[] = [];
  for (let i = 1; i <= MOST_ATOMS; i++) {
    const at = record(`AT${String(i).padStart(3)}A`);
    if (at === "") break;
    sites.push(readSite(at, record(`AT${String(i).padStart(3)}B`), `${file}, ${phaseName}, atom ${i}`, notes));
  }
  if (symbol === "" || sites.length === 0) {
    throw new InputError(
      "gsas-exp-phase",
      `${file}: the phase ${phaseName.slice(0, 40)} has ${symbol === "" ? "no space group (SG SYM)" : "no atoms (AT)"}. Is the file complete?`,
    );
  }
  return { name: phaseName, cell, operations: operationsOf(symbol, cell), sites };
}

/** GSAS takes the origin at the centre where there are two. */
function operationsOf(symbol: string, cell: Cell): string[] {
  try {
    return spaceGroupTriplets(symbol, cell);
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== "ambiguous-origin") throw error;
    return spaceGroupTriplets(`${symbol}:2`, cell);
  }
}

function readSite(first: string, second: string, where: string, notes: string[]): Site {
  const [element = "", charge = ""] = /^([A-Za-z]{1,2})([-+]\d)?/.exec(first.slice(2, 10).trim())?.slice(1) ?? [];
  const proper = element.slice(0, 1).toUpperCase() + element.slice(1).toLowerCase();
  const scatterer = charge ? `${proper}${charge[1]}${charge[0]}` : proper;
  scatteringFactor(scatterer);
  const [x, y, z, occupancy] = [10, 20, 30, 40].map((at) => Number(first.slice(at, at + 10).trim() || "NaN"));
  const isAniso = /\bA\b/.test(second.slice(60));
  const u = [0, 10, 20].map((at) => Number(second.slice(at, at + 10).trim() || "0"));
  const uIso = isAniso ? (u[0]! + u[1]! + u[2]!) / 3 : u[0]!;
  if (isAniso) notes.push(`${where}: anisotropic, the mean is taken`);
  if (![x, y, z, occupancy, uIso].every(Number.isFinite)) {
    throw new InputError("gsas-exp-phase", `${where}: a coordinate, occupancy or U is no number. The line is damaged.`);
  }
  const label = first.slice(50, 58).trim() || scatterer;
  return { label, scatterer, x: x!, y: y!, z: z!, occupancy: occupancy!, bIso: B_PER_U * uIso };
}
