/** What a battery cycler or a potentiostat wrote, from a file of any of the formats that we know. */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { isArbinCsv, parseArbinCsv } from "./arbin-csv.ts";
import { isBiologicMpr, parseBiologicMpr } from "./biologic-mpr.ts";
import { isEcLabText, parseEcLabText } from "./biologic-mpt.ts";
import { decodeText, fileSource } from "./byte-source.ts";
import { type CyclerFormat, headerLine, recordOfText } from "./cycler-columns.ts";
import { gunzip, isGzip } from "./edf.ts";
import { isGamryDta, parseGamryDta } from "./gamry-dta.ts";
import { isMaccorText, parseMaccorText } from "./maccor-text.ts";
import { isNewareCsv, parseNewareCsv } from "./neware-csv.ts";

/** Months of a fast cycler are less; more is a frame or a volume, or more than one string holds. */
const MAX_BYTES = 256 * 2 ** 20;
/** Fields of a table, some 30 bytes each while it is read: three million rows of ten columns. */
const MOST_FIELDS = 30_000_000;
const HEAD_CHARACTERS = 1 << 16;

/** Any table whose titles name a time and a voltage with their units. */
const NAMED: CyclerFormat = {
  format: "columns",
  time: [/^(test|total|elapsed)? ?time$/, /^t$/],
  date: [/^date ?time$/, /^timestamp$/, /^date$/],
  voltage: [/^(cell )?voltage$/, /^ecell$/, /^ewe$/, /^(cell )?potential$/, /^[vue]$/],
  current: [/^current$/, /^i$/],
  charge: [/^(net )?charge$/, /^q$/],
  charged: [/^charg(e|ing) capacity$/],
  discharged: [/^discharg(e|ing) capacity$/],
  capacity: [/^capacity$/],
  cycle: [/^cycle( (number|index))?$/],
  step: [/^step( (number|index))?$/],
};

/**
 * A record from Gamry .DTA, BioLogic .mpr and .mpt, Neware .csv, Arbin .csv and BDF, Maccor text, or any table whose
 * titles name time and voltage with units; gzipped or not. What it is is seen from its content, not from its name.
 *
 * @throws InputError "file-not-readable" | "gzip-damaged" | "cycler-format" | "cycler-too-large" and those of the parsers
 */
export function readCyclerFile(path: string): CyclerRecord {
  const source = fileSource(path);
  try {
    checkSize(source.size, path);
    const given = source.read(0, source.size);
    const bytes = isGzip(given) ? gunzip(given, path, MAX_BYTES) : given;
    return parseCyclerFile(bytes, path);
  } finally {
    source.close();
  }
}

function checkSize(size: number, path: string): void {
  if (size <= MAX_BYTES) return;
  throw new InputError(
    "cycler-too-large",
    `${path}: ${Math.round(size / 2 ** 20)} MiB are more than a cycler's file has (${MAX_BYTES / 2 ** 20} at most). Is this the right file? Else export it in parts.`,
  );
}

/** Before anything is taken apart: what stands between the fields of any of the formats. */
function checkFields(bytes: Uint8Array, path: string): void {
  if (bytes.length <= MOST_FIELDS) return;
  let fields = 0;
  for (const byte of bytes) if (byte === 10 || byte === 13 || byte === 9 || byte === 44 || byte === 59) fields++;
  if (fields <= MOST_FIELDS) return;
  throw new InputError(
    "cycler-too-large",
    `${path}: a table of ${fields} fields, where at most ${MOST_FIELDS} are read. Export fewer columns, or in parts.`,
  );
}

/** @throws InputError "cycler-format" | "cycler-too-large" and those of the parsers */
export function parseCyclerFile(bytes: Uint8Array, path: string): CyclerRecord {
  if (isBiologicMpr(bytes)) return parseBiologicMpr(bytes, path);
  refuseBinary(bytes, path);
  checkFields(bytes, path);
  const text = textOf(bytes);
  const head = text.slice(0, HEAD_CHARACTERS);
  if (/^\s*EC-LAB SETTING FILE/i.test(head)) {
    throw new InputError(
      "cycler-format",
      `${path}: settings of an EC-Lab experiment (.mps), without data. Give the .mpr or .mpt that lies beside it.`,
    );
  }
  if (isGamryDta(head)) return parseGamryDta(text, path);
  if (isEcLabText(head)) return parseEcLabText(text, path);
  if (isMaccorText(head)) return parseMaccorText(text, path);
  if (isNewareCsv(head)) return parseNewareCsv(text, path);
  if (isArbinCsv(head)) return parseArbinCsv(text, path);
  if (headerLine(head.split(/\r\n|\r|\n/), NAMED) >= 0) return recordOfText(text, path, NAMED);
  throw new InputError(
    "cycler-format",
    `${path}: not a cycler's file that is known: it begins with ${firstWords(head)}. Known are Gamry .DTA, BioLogic .mpr and .mpt, Neware and Arbin .csv, Maccor text, and tables whose titles name a time and a voltage with units, as in "time (s), voltage (V), current (mA)".`,
  );
}

const ACCESS =
  "an Access database, as Arbin's .res is. Export it as .csv: in MITS Pro's Data Watcher, or with mdb-export of mdbtools (table Channel_Normal_Table)";
/** Where its first letters are, what they are, and what to export instead. */
const BINARY: readonly (readonly [at: number, magic: string, what: string])[] = [
  [4, "Standard Jet DB", ACCESS],
  [4, "Standard ACE DB", ACCESS],
  [0, "PK\u0003\u0004", "a zip archive, as .xlsx and Neware's .ndax are. Export the records as .csv, or unzip it"],
  [0, "NEWARE", "Neware's binary .nda. Export it as .csv from BTSDA, with the layer of records"],
  [0, "\u0089HDF", "an HDF5 file. Export time, voltage and current as .csv"],
  [0, "\u00d0\u00cf\u0011\u00e0", "an old Excel file (.xls). Save the sheet of the records as .csv"],
];

function refuseBinary(bytes: Uint8Array, path: string): void {
  const start = String.fromCharCode(...bytes.subarray(0, 24));
  const found = BINARY.find(([at, magic]) => start.startsWith(magic, at));
  if (found) throw new InputError("cycler-format", `${path}: this is ${found[2]}.`);
}

/** Programs on Windows write UTF-16, too, with a mark at the start. */
function textOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return decodeText(bytes).replace(/^\uFEFF/, "");
}

function firstWords(head: string): string {
  const first = head
    .trim()
    .split(/\r\n|\r|\n/)[0]!
    .slice(0, 60);
  if (first === "") return "nothing";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what it looks for
  return /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufffd]/.test(first) ? "bytes that are no text" : `"${first}"`;
}
