/**
 * Instrument files of old GSAS (.prm, .ins): lines of 80 columns with a key in the first twelve. X-ray banks of
 * constant wavelength with profile functions 2, 3 and 4.
 *
 *   2  GU GV GW LX LY trns asym shft GP stec ptec sfec ...
 *   3  GU GV GW GP LX LY S/L H/L trns shft stec ptec sfec ...
 *   4  GU GV GW GP LX ptec trns shft sfec S/L H/L eta ...
 *
 * asym, shft and trns, in centidegrees, move lines by -asym f / tan 2theta (f from 0 to 1: Howard), -shft cos theta and
 * -trns sin 2theta.
 *
 * GP / cos^2 is GP tan^2 + GP, so it goes into U and W without loss. Zero is in centidegrees.
 *
 * Source: Larson & Von Dreele, General Structure Analysis System (GSAS), LAUR 86-748 (2004), "CW profile functions"
 * and "Instrument parameter files".
 */
import { InputError } from "../data/index.ts";
import type { InstrumentParameters } from "./instprm.ts";

const FWHM2_PER_SIGMA2 = (8 * Math.log(2)) / 1e4;

const COEFFICIENTS: Record<number, readonly string[]> = {
  2: ["GU", "GV", "GW", "LX", "LY", "trns", "asym", "shft", "GP", "stec", "ptec", "sfec"],
  3: ["GU", "GV", "GW", "GP", "LX", "LY", "S/L", "H/L", "trns", "shft", "stec", "ptec", "sfec"],
  4: ["GU", "GV", "GW", "GP", "LX", "ptec", "trns", "shft", "sfec", "S/L", "H/L", "eta"],
};

export const hasGsasPrmLines = (text: string): boolean => /^INS[ \d]{3}.{6}/m.test(text);

/**
 * The banks of a .prm in ascending order.
 *
 * @throws InputError "instrument-not-recognised" | "instrument-unsupported" | "instrument-value"
 */
export function parseGsasPrm(text: string, name: string): InstrumentParameters[] {
  const records = readRecords(text);
  const type = (records.get("  ")?.get("HTYPE") ?? "").trim();
  if (!/^PX?C/.test(type) || /^PN/.test(type)) {
    throw new InputError(
      "instrument-unsupported",
      `${name} is for data of type ${type.slice(0, 8) || "(not given)"} (INS   HTYPE); X-ray patterns of one wavelength (PXC) are refined here. Take the instrument file of such a measurement.`,
    );
  }
  const banks = [...records].filter(([bank, keys]) => bank.trim() !== "" && keys.has("ICONS"));
  if (banks.length === 0) {
    throw new InputError(
      "instrument-not-recognised",
      `${name} has INS lines, but no bank with wavelengths (INS  1 ICONS). Is the file complete?`,
    );
  }
  return banks.map(([bank, keys]) => readBank(Number(bank), keys, name)).sort((p, q) => p.bank - q.bank);
}

/** bank, as it stands in two columns -> key -> rest of the line */
function readRecords(text: string): Map<string, Map<string, string>> {
  const records = new Map<string, Map<string, string>>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.startsWith("INS")) continue;
    const bank = line.slice(4, 6);
    if (!/^( {2}| \d|\d\d)$/.test(bank)) continue;
    const keys = records.get(bank) ?? new Map<string, string>();
    records.set(bank, keys.set(line.slice(6, 12).trim(), line.slice(12)));
  }
  return records;
}

function readBank(bank: number, keys: ReadonlyMap<string, string>, file: string): InstrumentParameters {
  const where = `${file}, bank ${bank}`;
  const constants = keys.get("ICONS")!;
  const field = (from: number, to: number): number => Number(constants.slice(from, to).trim() || 0);
  const [first, second] = [field(0, 10), field(10, 20)];
  const [zero, polarization, kind, ratio] = [field(20, 30), field(40, 50), field(50, 55), field(55, 65)];
  if (!(first > 0 && second >= 0 && Number.isFinite(zero) && polarization >= 0 && polarization <= 1 && ratio >= 0)) {
    throw new InputError(
      "instrument-value",
      `${where}: ICONS is "${constants.trim().slice(0, 70)}"; needed in columns of ten: wavelength 1, wavelength 2 or 0, zero, -, polarisation from 0 to 1, its kind, intensity of line 2. Mend the line.`,
    );
  }
  const notes: string[] = [];
  const isRatioGiven = constants.slice(55, 65).trim() !== "";
  if (second > 0 && !isRatioGiven)
    notes.push(`${where}: the intensity of line 2 is not given, taken as half of line 1`);
  const weight = isRatioGiven ? ratio : 0.5;
  if (kind !== 0) notes.push(`${where}: polarisation of kind ${kind} is read as kind 0`);
  const title = (keys.get("INAME") ?? keys.get("I HEAD") ?? "").trim().slice(0, 80);
  const azimuth = Number(keys.get("DETAZM") ?? 0);
  if (azimuth !== 0) notes.push(`${where}: detector azimuth ${azimuth} is not used`);
  return {
    bank,
    ...(title && { name: title }),
    lines:
      second > 0 && weight > 0
        ? [
            { wavelengthA: first, weight: 1 },
            { wavelengthA: second, weight },
          ]
        : [{ wavelengthA: first, weight: 1 }],
    zeroDeg: zero / 100,
    polarization: 1 - polarization,
    ...readProfile(keys, where, notes),
    notes,
  };
}

type Profile = Pick<
  InstrumentParameters,
  "U" | "V" | "W" | "X" | "Y" | "Z" | "SL" | "HL" | "asymmetryDeg" | "sampleShiftDeg" | "transparencyDeg"
>;

function readProfile(keys: ReadonlyMap<string, string>, where: string, notes: string[]): Profile {
  const functions = profileFunctions(keys);
  const chosen = [3, 4, 2].map((type) => functions.find((f) => f.type === type)).find((f) => f);
  if (!chosen) {
    const found = functions.map(({ type }) => type).join(", ");
    notes.push(`${where}: no profile function 2, 3 or 4 (found ${found || "none"}), widths taken as 0`);
  }
  const coefficients = chosen?.coefficients ?? [];
  const names = COEFFICIENTS[chosen?.type ?? 3]!;
  const value = (key: string): number => coefficients[names.indexOf(key)] ?? 0;
  if (coefficients.some((x) => !Number.isFinite(x))) {
    throw new InputError(
      "instrument-value",
      `${where}: the profile coefficients (PRCF) hold something that is no number. Mend the lines.`,
    );
  }
  const used = new Set(["GU", "GV", "GW", "GP", "LX", "LY", "S/L", "H/L", "asym", "shft", "trns"]);
  names.forEach((key, i) => {
    if (!used.has(key) && coefficients[i])
      notes.push(`${where}: profile coefficient ${key} = ${coefficients[i]} is not used`);
  });
  if (coefficients.slice(names.length).some((x) => x !== 0)) {
    notes.push(`${where}: anisotropic broadening (${coefficients.length - names.length} coefficients) is not used`);
  }
  for (const { type } of functions) {
    if (type !== chosen?.type) notes.push(`${where}: profile function ${type} is not used`);
  }
  return {
    U: (value("GU") + value("GP")) * FWHM2_PER_SIGMA2,
    V: value("GV") * FWHM2_PER_SIGMA2,
    W: (value("GW") + value("GP")) * FWHM2_PER_SIGMA2,
    X: value("LX") / 100,
    Y: value("LY") / 100,
    Z: 0,
    SL: Math.max(0, value("S/L")),
    HL: Math.max(0, value("H/L")),
    ...(value("asym") !== 0 && { asymmetryDeg: value("asym") / 100 }),
    ...(value("shft") !== 0 && { sampleShiftDeg: value("shft") / 100 }),
    ...(value("trns") !== 0 && { transparencyDeg: value("trns") / 100 }),
  };
}

interface ProfileFunction {
  readonly type: number;
  readonly coefficients: readonly number[];
}

/** PRCFn gives type and number of coefficients of the n-th function, PRCFn1, PRCFn2 ... four of them each. */
function profileFunctions(keys: ReadonlyMap<string, string>): ProfileFunction[] {
  const out: ProfileFunction[] = [];
  for (const n of ["", "1", "2", "3", "4", "5"]) {
    const head = keys.get(`PRCF${n}`);
    if (head === undefined) continue;
    const [type, count] = head.trim().split(/\s+/).map(Number);
    const coefficients: number[] = [];
    for (let line = 1; line <= 9; line++) {
      const rest = keys.get(`PRCF${n}${n === "" ? " " : ""}${line}`);
      if (rest === undefined) break;
      coefficients.push(...rest.trim().split(/\s+/).filter(Boolean).map(Number));
    }
    out.push({ type: Math.abs(type ?? 0), coefficients: coefficients.slice(0, Math.min(count || 99, 99)) });
  }
  return out;
}
