/**
 * Instrument parameters of GSAS-II (.instprm), in and out; those of old GSAS (.prm) are read by gsas-prm.ts into the
 * same form. Constant-wavelength X-ray banks; everything is converted to the program's own definitions:
 *
 *   U V W   degree^2 of FWHM^2 = U tan^2 + V tan + W; GSAS-II has sigma^2 in centidegree^2: x 8 ln 2 / 1e4
 *   X Y Z   degrees, Lorentzian FWHM = X / cos + Y tan + Z; GSAS-II has centidegrees: / 100
 *   S/L H/L GSAS-II has one number, SH/L = S/L + H/L: half of it each
 *   K       of the polarisation factor (1 - K) + K cos^2 2theta; GSAS-II has P, with K = (1 - P) cos^2 A + P sin^2 A at
 *           the azimuth A
 *   zero    degrees, added to the calculated 2theta, in both
 *
 * Source: GSAS-II, GSASIIfiles.ReadInstprm, GSASIIpwd.getCWsig, getCWgam and Polarization, GSASIIstrMath.GetReflPos.
 */
import { InputError } from "../data/index.ts";
import { readText } from "./byte-source.ts";
import { hasGsasPrmLines, parseGsasPrm } from "./gsas-prm.ts";

/** FWHM^2 in degree^2 of sigma^2 in centidegree^2. */
export const FWHM2_PER_SIGMA2 = (8 * Math.log(2)) / 1e4;
/** Banks of one file; no instrument has more, and a damaged file may claim any number. */
const MOST_BANKS = 1000;

/** What an instrument file says, in the program's own units and definitions (head of this file). */
export interface InstrumentParameters {
  readonly bank: number;
  readonly name?: string;
  /** angstrom, and relative intensity */
  readonly lines: readonly { readonly wavelengthA: number; readonly weight: number }[];
  readonly zeroDeg: number;
  /** K; absent where the file does not say */
  readonly polarization?: number;
  readonly U: number;
  readonly V: number;
  readonly W: number;
  readonly X: number;
  readonly Y: number;
  readonly Z: number;
  /** S/L and H/L; 0: no asymmetry */
  readonly SL: number;
  readonly HL: number;
  /** Howard's asymmetry, degrees; GSAS's asym is 100 times it */
  readonly asymmetryDeg?: number;
  /** 2theta is lower by this times cos theta: a displaced flat sample */
  readonly sampleShiftDeg?: number;
  /** 2theta is lower by this times sin 2theta: a transparent flat sample */
  readonly transparencyDeg?: number;
  readonly geometry?: "bragg-brentano" | "debye-scherrer";
  readonly radiusMm?: number;
  /** what the file holds and is not used, one sentence each */
  readonly notes: readonly string[];
}

/**
 * The banks of a .instprm or of an old GSAS .prm.
 *
 * @throws InputError "file-not-readable" and those of parseInstrument
 */
export const readInstrument = (path: string): InstrumentParameters[] => parseInstrument(readText(path), path);

/**
 * As readInstrument, from the text itself; `name` is what messages call it.
 *
 * @throws InputError "instrument-not-recognised" | "instrument-unsupported" | "instrument-value"
 */
export function parseInstrument(text: string, name: string): InstrumentParameters[] {
  return hasGsasPrmLines(text) ? parseGsasPrm(text, name) : parseInstprm(text, name);
}

/**
 * The banks of a .instprm, in the order of the file.
 *
 * @throws InputError "instrument-not-recognised" | "instrument-unsupported" | "instrument-value"
 */
export function parseInstprm(text: string, name: string): InstrumentParameters[] {
  const banks = readItems(text).filter(({ items }) => items.has("Type") || items.has("Lam") || items.has("Lam1"));
  if (banks.length === 0) {
    throw new InputError(
      "instrument-not-recognised",
      `${name} is no instrument file: needed a GSAS-II .instprm with lines such as "Type:PXC" and "Lam:0.1198", or a GSAS .prm with INS lines. Save the profile from GSAS-II's Instrument Parameters.`,
    );
  }
  return banks.map(({ number, items }) => toParameters(items, number, name));
}

interface Bank {
  number: number | undefined;
  items: Map<string, string>;
}

/** Keys and values, spaces left out; several may share a line, and text between triple quotes runs over lines. */
function readItems(text: string): Bank[] {
  const banks: Bank[] = [{ number: undefined, items: new Map() }];
  let quote = "";
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (quote) {
      if (line.includes(quote)) quote = "";
      continue;
    }
    const bank = /^\s*#\s*Bank\s+(\d{1,6})/i.exec(line);
    if (bank && banks.length <= MOST_BANKS) banks.push({ number: Number(bank[1]), items: new Map() });
    if (/^\s*#/.test(line)) continue;
    const opened = /'''|"""/.exec(line);
    if (opened) {
      if (line.indexOf(opened[0]) === line.lastIndexOf(opened[0])) quote = opened[0];
      continue;
    }
    for (const part of line.split(";")) {
      const colon = part.indexOf(":");
      if (colon > 0) {
        banks.at(-1)!.items.set(part.slice(0, colon).replace(/\s/g, ""), part.slice(colon + 1).trim());
      }
    }
  }
  return banks;
}

/** Read, or of no meaning to a calculated pattern. */
const KNOWN = new Set(
  "Type Bank Lam Lam1 Lam2 I(L2)/I(L1) Zero Polariz. Azimuth U V W X Y Z SH/L Source InstrName Diff-type Gonio.radius"
    .split(" ")
    .concat("XE", "YE", "ZE", "WE"),
);

function toParameters(items: Map<string, string>, number: number | undefined, file: string): InstrumentParameters {
  const where = number === undefined ? file : `${file}, bank ${number}`;
  checkType(items.get("Type") ?? "PXC", where);
  const value = (key: string, otherwise: number): number => {
    const text = items.get(key);
    if (text === undefined) return otherwise;
    // "value" or "value:refined"
    const parsed = Number(text.replace(/:\s*(true|false|0|1)$/i, ""));
    if (text !== "" && Number.isFinite(parsed)) return parsed;
    throw badValue(where, key, text, "a number");
  };
  const positive = (key: string): number => {
    const found = value(key, Number.NaN);
    if (found > 0) return found;
    throw badValue(where, key, items.get(key) ?? "(missing)", "a wavelength in Å above 0");
  };
  const notes = [...items.keys()]
    .filter((key) => !KNOWN.has(key))
    .map((key) => `${where}: ${key} = ${items.get(key)!.slice(0, 40)} is not used`);
  const missing = ["U", "V", "W", "X", "Y"].filter((key) => !items.has(key));
  if (missing.length > 0) notes.push(`${where}: ${missing.join(", ")} not given, taken as 0`);
  const lines = items.has("Lam1")
    ? [
        { wavelengthA: positive("Lam1"), weight: 1 },
        { wavelengthA: positive("Lam2"), weight: value("I(L2)/I(L1)", 0.5) },
      ].filter(({ weight }) => weight > 0)
    : [{ wavelengthA: positive("Lam"), weight: 1 }];
  const share = items.has("Polariz.") ? polarizationShare(value("Polariz.", 0.5), value("Azimuth", 0)) : undefined;
  if (share !== undefined && !(share >= 0 && share <= 1)) {
    throw badValue(where, "Polariz.", items.get("Polariz.")!, "a share from 0 to 1");
  }
  const half = Math.max(0, value("SH/L", 0)) / 2;
  const radius = value("Gonio.radius", 0);
  const geometry = items.get("Diff-type");
  return {
    bank: number ?? Math.round(value("Bank", 1)),
    ...(items.get("InstrName") && { name: items.get("InstrName")!.slice(0, 80) }),
    lines,
    zeroDeg: value("Zero", 0),
    ...(share !== undefined && { polarization: share }),
    U: value("U", 0) * FWHM2_PER_SIGMA2,
    V: value("V", 0) * FWHM2_PER_SIGMA2,
    W: value("W", 0) * FWHM2_PER_SIGMA2,
    X: value("X", 0) / 100,
    Y: value("Y", 0) / 100,
    Z: value("Z", 0) / 100,
    SL: half,
    HL: half,
    ...(geometry && { geometry: /bragg/i.test(geometry) ? "bragg-brentano" : "debye-scherrer" }),
    ...(radius > 0 && { radiusMm: radius }),
    notes,
  };
}

function polarizationShare(p: number, azimuthDeg: number): number {
  const cosine2 = Math.cos((azimuthDeg * Math.PI) / 180) ** 2;
  return (1 - p) * cosine2 + p * (1 - cosine2);
}

/** PXC: powder, X-rays, constant wavelength. */
function checkType(type: string, where: string): void {
  const word = type.replace(/:.*/, "").trim().toUpperCase();
  if (/^PXC/.test(word)) return;
  const kind = /^P?NT|^P?XT|T$/.test(word)
    ? "time-of-flight data"
    : /^PN/.test(word)
      ? "neutrons"
      : /E$/.test(word)
        ? "energy-dispersive data"
        : "another kind of data";
  throw new InputError(
    "instrument-unsupported",
    `${where} is for ${kind} (Type ${word.slice(0, 20)}); X-ray patterns of one wavelength (Type PXC) are refined here. Take the instrument file of such a measurement.`,
  );
}

function badValue(where: string, key: string, found: string, needed: string): InputError {
  return new InputError(
    "instrument-value",
    `${where}: ${key} is "${found.slice(0, 40)}", where ${needed} is needed. Mend the line.`,
  );
}

/**
 * A .instprm of one bank. Of more than two emission lines the first two are written; SH/L is the sum of S/L and H/L.
 *
 * @param comments lines for the head of the file, without "#"
 */
export function formatInstprm(
  parameters: Omit<InstrumentParameters, "notes" | "bank">,
  comments: readonly string[] = [],
): string {
  const { lines, U, V, W, X, Y, Z, SL, HL } = parameters;
  const [first, second] = lines;
  const number = (x: number): string => String(Number(x.toPrecision(12)));
  const rows: [string, string][] = [
    ["Type", "PXC"],
    ["Bank", "1"],
    ...(second
      ? ([
          ["Lam1", number(first!.wavelengthA)],
          ["Lam2", number(second.wavelengthA)],
          ["I(L2)/I(L1)", number(second.weight / first!.weight)],
        ] as [string, string][])
      : ([["Lam", number(first!.wavelengthA)]] as [string, string][])),
    ["Zero", number(parameters.zeroDeg)],
    ["Polariz.", number(1 - (parameters.polarization ?? 0))],
    ...Object.entries({ U, V, W }).map(([key, x]): [string, string] => [key, number(x / FWHM2_PER_SIGMA2)]),
    ...Object.entries({ X, Y, Z }).map(([key, x]): [string, string] => [key, number(x * 100)]),
    ["SH/L", number(SL + HL)],
    ["Azimuth", "0.0"],
    ...(parameters.name ? ([["InstrName", parameters.name.replace(/[;:\r\n]/g, " ")]] as [string, string][]) : []),
    ...(parameters.geometry
      ? ([["Diff-type", parameters.geometry === "bragg-brentano" ? "Bragg-Brentano" : "Debye-Scherrer"]] as [
          string,
          string,
        ][])
      : []),
    ...(parameters.radiusMm ? ([["Gonio. radius", number(parameters.radiusMm)]] as [string, string][]) : []),
  ];
  // GSAS-II stops at a comment after the first item, so that all of them stand at the head
  return [
    "#GSAS-II instrument parameter file; do not add/delete items!",
    ...rows.map(([key, value]) => `${key}:${value}`),
    ...comments.map((line) => `#${line}`),
    "",
  ].join("\n");
}
