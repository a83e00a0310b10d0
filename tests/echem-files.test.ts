/** Every measured cycler file: read, with numbers that its own other columns confirm, or refused in one clear message. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { CyclerRecord } from "../src/data/index.ts";
import { readCyclerFile } from "../src/files/cycler-file.ts";
import { describeRecord, EchemConfig } from "../src/stages/echem/index.ts";
import { hasShared, shared } from "./shared.ts";

const READ: Readonly<Record<string, { format: string; rows: number; note?: string }>> = {
  "gamry/ccd_charge_data.dta": { format: "Gamry DTA (PWR800_CHARGE)", rows: 66 },
  "gamry/chronoa_data.dta": { format: "Gamry DTA (CHRONOA)", rows: 10, note: "10 of the 5258 rows" },
  "gamry/chronoa_de_data.dta": { format: "Gamry DTA (CHRONOA)", rows: 10, note: "day, month" },
  "gamry/cv_data.dta": { format: "Gamry DTA (CV)", rows: 50 },
  "gamry/eispot_data.dta": { format: "Gamry DTA (EISPOT)", rows: 10, note: "impedance" },
  "gamry/eispot_data_curveaborted.dta": { format: "Gamry DTA (EISPOT)", rows: 5, note: "aborted" },
  "gamry/ocp_data.dta": { format: "Gamry DTA (CORPOT)", rows: 21 },
  "gamry/ocvcurve_data.dta": { format: "Gamry DTA (CV)", rows: 51, note: "behind the table before" },
  "gamry/vfp600_data.dta": { format: "Gamry DTA (VFP600)", rows: 20, note: "15 Hz" },
  "biologic/00_BIOLOGIC_NO_CURRENT.txt.gz": { format: "BioLogic EC-Lab text", rows: 8662, note: "no current" },
  "biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr": { format: "BioLogic mpr", rows: 46102 },
  "other/arbin_example.bdf.csv": { format: "Arbin csv", rows: 2150, note: "factor 1.00e+3" },
  "other/maccor_three.txt": { format: "Maccor text", rows: 4009, note: "mV" },
  "other/neware_uio.csv.gz": { format: "Neware csv", rows: 9065 },
};
const REFUSED: Readonly<Record<string, { code: string; words: RegExp }>> = {
  "gamry/cv_data_incompleteheader.dta": { code: "gamry-no-curve", words: /head without any table/ },
  "gamry/squarewave_data.dta": { code: "gamry-no-curve", words: /SQUARE_WAVE.*Vfwd, Vrev/ },
  "biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data.mps": {
    code: "cycler-format",
    words: /settings.*\.mpr or \.mpt/,
  },
  "other/20160805_test001_45_cc_01.res.gz": { code: "cycler-format", words: /Access database.*\.csv/ },
};
const path = (name: string): string => shared(`data/echem/${name}`);
const describeFile = (record: CyclerRecord) => describeRecord(record, EchemConfig.parse({}));

describe.skipIf(!hasShared)("measured cycler files (needs ../shared)", () => {
  it("each has its outcome here", () => {
    const all = ["gamry", "biologic", "other"].flatMap((folder) =>
      readdirSync(path(folder)).map((file) => `${folder}/${file}`),
    );
    expect(all.sort()).toEqual([...Object.keys(READ), ...Object.keys(REFUSED)].sort());
  });

  it.each(Object.entries(READ))("%s is read", (name, { format, rows, note = "" }) => {
    const record = readCyclerFile(path(name));
    expect(record.format).toBe(format);
    expect(record.timeS.length).toBe(rows);
    expect(record.notes.join("; ")).toContain(note);
  });

  it.each(Object.entries(REFUSED))("%s is refused", (name, { code, words }) => {
    expect(() => readCyclerFile(path(name))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(words) }),
    );
  });

  it("Gamry: the same table with decimal commas, but for the rows that its makers changed", () => {
    const [points, commas] = ["chronoa_data", "chronoa_de_data"].map((name) =>
      readCyclerFile(path(`gamry/${name}.dta`)),
    );
    expect([...commas!.voltageV.slice(1)]).toEqual([...points!.voltageV.slice(1)]);
    expect([...commas!.timeS]).toEqual([...points!.timeS]);
  });

  it("Gamry: voltage times current is the power that the instrument wrote", () => {
    const { voltageV, currentA } = readCyclerFile(path("gamry/ccd_charge_data.dta"));
    const text = readFileSync(path("gamry/ccd_charge_data.dta"), "latin1");
    const power = [...text.matchAll(/^\t\d+\t[\d.]+\t\S+\t\S+\t\S+\t(\S+)/gm)].map(([, value]) => Number(value));
    expect(power.length).toBe(66);
    power.forEach((value, i) => expect(voltageV[i]! * currentA![i]!).toBeCloseTo(value, 7));
  });

  it("BioLogic: current from the charge counted, times voltage, is the power that EC-Lab wrote", () => {
    const file = path("biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr");
    const record = readCyclerFile(file);
    const bytes = readFileSync(file);
    const rows = 7185 + 406; // head of the module with data, and its list of columns
    let worst = 0;
    for (let i = 1; i < 46102; i++) {
      const power = bytes.readFloatLE(rows + 53 * i + 49);
      if (record.timeS[i]! - record.timeS[i - 1]! < 0.5 || Math.abs(power) < 1e-6) continue;
      worst = Math.max(worst, Math.abs((record.voltageV[i]! * record.currentA![i]!) / power - 1));
    }
    expect(worst).toBeLessThan(1e-6);
    expect(record.startedAt).toBe("2020-10-26T12:49:58");
  });

  it("BioLogic: segments are those of the settings file: rest of 1 h, then 88.796 µA out and in between 2 and 3.8 V", () => {
    const { segments } = describeFile(
      readCyclerFile(path("biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr")),
    );
    expect(segments.map(({ kind }) => kind)).toEqual(["rest", ...Array.from({ length: 13 }, () => "CC")]);
    expect(segments[0]!.lengthS).toBeCloseTo(3600, 0);
    segments.slice(1).forEach(({ currentA, voltageToV, direction }, k) => {
      expect(direction).toBe(k % 2 === 0 ? -1 : 1);
      expect(Math.abs(currentA!) / 88.796e-6).toBeCloseTo(1, 2);
      expect(voltageToV).toBeCloseTo(k % 2 === 0 ? 2 : 3.8, 3);
    });
  });

  it("Neware: charges of the steps are its own, and so are its names of them", () => {
    const { segments } = describeFile(readCyclerFile(path("other/neware_uio.csv.gz")));
    const lines = gunzipSync(readFileSync(path("other/neware_uio.csv.gz")))
      .toString()
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    const ends = lines.filter((row, i) => `${row[1]} ${row[2]}` !== `${lines[i + 1]?.[1]} ${lines[i + 1]?.[2]}`);
    expect(segments.length).toBe(ends.length);
    segments.forEach((segment, k) => {
      const [, , , name, , , , , capacity] = ends[k]!;
      expect(`${segment.kind}${{ 0: "", 1: " Chg", [-1]: " DChg" }[segment.direction]}`.replace("rest", "Rest")).toBe(
        name,
      );
      expect(Math.abs(segment.chargeAh!)).toBeCloseTo(Number(capacity), 8);
    });
  });

  it("Arbin: integrals of the current are the counted charges, the time between steps given to the one that follows", () => {
    const { segments } = describeFile(readCyclerFile(path("other/arbin_example.bdf.csv")));
    const moving = segments.filter(({ kind }) => kind === "CC");
    expect(moving.length).toBe(8);
    for (const { chargeAh, integratedAh } of moving) expect(integratedAh! / chargeAh!).toBeCloseTo(1, 4);
  });

  it.each([
    "other/maccor_three.txt",
    "other/neware_uio.csv.gz",
    "biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr",
  ])("%s without its numbers of steps has the same segments, a row or three aside", (name) => {
    const { step: _, cycle: __, ...bare } = readCyclerFile(path(name));
    const [numbered, found] = [readCyclerFile(path(name)), bare].map((record) => describeFile(record).segments);
    expect(found!.map(({ kind, direction }) => `${kind}${direction}`)).toEqual(
      numbered!.map(({ kind, direction }) => `${kind}${direction}`),
    );
    found!.forEach(({ last }, k) => expect(Math.abs(last - numbered![k]!.last)).toBeLessThanOrEqual(3));
  });

  it("Maccor: charge, constant voltage and discharge of each cycle as its states say, 1.05 C and C/4.7", () => {
    const { segments, capacity, cycles } = describeFile(readCyclerFile(path("other/maccor_three.txt")));
    expect(segments.slice(0, 7).map(({ kind, direction }) => `${kind}${direction}`)).toEqual([
      "rest0",
      "CC1",
      "CV1",
      "CC-1",
      "CC1",
      "CV1",
      "CC-1",
    ]);
    expect(capacity!.ah).toBeCloseTo(0.8509278, 6); // the file's own count at the end of that step
    expect(segments[3]!.trueRate).toBeCloseTo(0.896 / 0.8509, 2);
    expect(cycles[1]!.efficiency).toBeCloseTo(846.9606 / 854.4292, 5);
    // energy by the file's own watt-hours
    expect(cycles[0]!.dischargedWh).toBeCloseTo(2.3823848, 3);
  });
});
