/** Neware, Arbin, Maccor and plain columns: one experiment, written by each. */
import { describe, expect, it } from "vitest";
import type { CyclerRecord } from "../data/index.ts";
import { parseCyclerFile } from "./cycler-file.ts";

/** 0.18 A in for 20 s, a rest, 0.36 A out for 10 s: +1 mAh, then -1 mAh. */
const TIMES = [0, 10, 20, 20, 30, 30, 40];
const STATES = ["C", "C", "C", "R", "R", "D", "D"] as const;
const CURRENT = { C: 0.18, R: 0, D: -0.36 } as const;
const VOLTS = [3, 3.25, 3.5, 3.5, 3.4375, 3.25, 3];
const PASSED_MAH = [0, 0.5, 1, 1, 1, 1, 0];
const IN_MAH = [0, 0.5, 1, 1, 1, 1, 1];
const OUT_MAH = [0, 0, 0, 0, 0, 0, 1];
/** of the step alone */
const STEP_MAH = [0, 0.5, 1, 0, 0, 0, 1];
const STEP_TIME = [0, 10, 20, 0, 10, 0, 10];
const STEP = [1, 1, 1, 2, 2, 3, 3];

const parse = (text: string, name = "c.csv"): CyclerRecord => parseCyclerFile(new TextEncoder().encode(text), name);
const clock = (seconds: number): string => `00:00:${String(seconds).padStart(2, "0")}`;
const table = (titles: string, row: (i: number) => readonly unknown[], divider = ","): string =>
  `${titles}\n${TIMES.map((_, i) => row(i).join(divider)).join("\n")}\n`;

function expectTruth({ timeS, voltageV, currentA, chargeAh }: CyclerRecord): void {
  expect([...timeS]).toEqual(TIMES);
  VOLTS.forEach((value, i) => expect(voltageV[i]).toBeCloseTo(value, 9));
  STATES.forEach((state, i) => expect(currentA![i]).toBeCloseTo(CURRENT[state], 9));
  PASSED_MAH.forEach((value, i) => expect(chargeAh![i]).toBeCloseTo(value / 1000, 9));
}

const NAMES = { C: "CC Chg", R: "Rest", D: "CC DChg" } as const;
const NEWARE =
  "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(mA),Voltage(mV),Capacity(mAh),Chg. Cap.(mAh),DChg. Cap.(mAh),Date";
const newareRow = (i: number): unknown[] => [
  i + 1,
  1,
  STEP[i],
  NAMES[STATES[i]!],
  clock(STEP_TIME[i]!),
  clock(TIMES[i]!),
  1000 * CURRENT[STATES[i]!],
  1000 * VOLTS[i]!,
  STEP_MAH[i],
  STATES[i] === "C" ? STEP_MAH[i] : 0,
  STATES[i] === "D" ? STEP_MAH[i] : 0,
  `2022-05-18 16:27:${String(TIMES[i]!).padStart(2, "0")}`,
];

function layered(): string {
  const lines = [
    "Cycle ID,Cap_Chg(mAh),Cap_DChg(mAh)",
    ",Step ID,Step Name,Step Time(h:min:s.ms)",
    ",,Record ID,Time(h:min:s.ms),Voltage(V),Current(mA),Capacity(mAh)",
    "1,1,1",
  ];
  TIMES.forEach((_, i) => {
    if (i === 0 || STEP[i] !== STEP[i - 1]) lines.push(`,${STEP[i]},${NAMES[STATES[i]!]},00:00:20.000`);
    lines.push(`,,${i + 1},${clock(STEP_TIME[i]!)}.000,${VOLTS[i]},${1000 * CURRENT[STATES[i]!]},${STEP_MAH[i]}`);
  });
  return `${lines.join("\r\n")}\r\n`;
}

describe("Neware", () => {
  it("one table", () => {
    const record = parse(table(NEWARE, newareRow));
    expectTruth(record);
    expect(record).toMatchObject({ format: "Neware csv", startedAt: "2022-05-18T16:27:00", notes: [] });
    expect([...record.step!]).toEqual(STEP);
  });

  it("layered, with times of the steps alone", () => {
    const record = parse(layered());
    expectTruth(record);
    expect([...record.step!]).toEqual(STEP);
    expect([...record.cycle!]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it("with currents that have no sign", () => {
    const record = parse(
      table(NEWARE, (i) => newareRow(i).map((field, k) => (k === 6 ? Math.abs(Number(field)) : field))),
    );
    expectTruth(record);
    expect(record.notes.join()).toContain("sign");
  });

  it("layered without records is refused", () => {
    const text = layered()
      .split("\r\n")
      .filter((line) => !/^,,\d/.test(line))
      .join("\n");
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "cycler-empty" }));
  });
});

describe("Arbin", () => {
  const titles =
    "Data_Point,Test_Time(s),Step_Time(s),Date_Time,Step_Index,Cycle_Index,Current(A),Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah)";
  const row = (i: number): unknown[] => [
    i + 1,
    TIMES[i],
    STEP_TIME[i],
    45131.5,
    STEP[i],
    1,
    CURRENT[STATES[i]!],
    VOLTS[i],
    IN_MAH[i]! / 1000,
    OUT_MAH[i]! / 1000,
  ];

  it("as MITS Pro writes it", () => {
    const record = parse(table(titles, row));
    expectTruth(record);
    expect(record).toMatchObject({ format: "Arbin csv", startedAt: "2023-07-24T12:00:00" });
  });

  it("as the Battery Data Format names it", () => {
    const bdf =
      "Test Time / s,Voltage / V,Current / A,Cycle Count / 1,Step Index / 1,Charging Capacity / Ah,Discharging Capacity / Ah";
    expectTruth(
      parse(
        table(bdf, (i) => [TIMES[i], VOLTS[i], CURRENT[STATES[i]!], 1, STEP[i], IN_MAH[i]! / 1000, OUT_MAH[i]! / 1000]),
      ),
    );
  });

  it("a current whose unit disagrees with the counted charge is refused; of two columns the one that agrees is taken", () => {
    expect(() => parse(table(titles.replace("Current(A)", "Current(mA)"), row))).toThrow(
      expect.objectContaining({ code: "cycler-units-disagree", message: expect.stringContaining("1000 times") }),
    );
    const record = parse(table(`${titles},Current / mA`, (i) => [...row(i), CURRENT[STATES[i]!]]));
    expectTruth(record);
    expect(record.notes.join()).toContain("disagrees");
  });
});

describe("Maccor", () => {
  const titles = "Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time";
  const wattHours = [0, 1.5625e-3, 3.25e-3, 0, 0, 0, 3.125e-3];
  const row = (i: number): unknown[] => [
    i + 1,
    0,
    STEP[i],
    `  0d ${clock(TIMES[i]!)}.00`,
    `  0d ${clock(STEP_TIME[i]!)}.00`,
    STEP_MAH[i]! / 1000,
    wattHours[i],
    Math.abs(CURRENT[STATES[i]!]),
    VOLTS[i],
    STATES[i],
    1,
    `08/23/2021 6:04:${String(18 + TIMES[i]! / 10)} PM`,
  ];
  const head = "Today's Date\t03/28/2022\n\n";

  it("takes the sign of the current from its state", () => {
    const record = parse(head + table(titles, row, "\t"), "m.txt");
    expectTruth(record);
    expect(record).toMatchObject({ format: "Maccor text", startedAt: "2021-08-23T18:04:18" });
  });

  it("mAmps, mAmp-hr and millivolts under Volts, as the energy tells", () => {
    const milli = titles.replace("Amp-hr", "mAmp-hr").replace("Watt-hr", "mWatt-hr").replace("Amps", "mAmps");
    const scaled = (i: number): unknown[] =>
      row(i).map((field, k) => ([5, 6, 7, 8].includes(k) ? 1000 * Number(field) : field));
    const record = parse(head + table(milli, scaled, "\t"), "m.txt");
    expectTruth(record);
    expect(record.notes.join()).toContain("mV");
    const without = milli.replace("mWatt-hr", "Other");
    expect(() => parse(head + table(without, scaled, "\t"), "m.txt")).toThrow(
      expect.objectContaining({ code: "cycler-units-disagree" }),
    );
  });
});

describe("plain columns", () => {
  it("need their units", () => {
    const record = parse(
      table(
        "# time [min]\tvoltage [mV]\tcurrent [mA]",
        (i) => [TIMES[i]! / 60, 1000 * VOLTS[i]!, 1000 * CURRENT[STATES[i]!]],
        "\t",
      ),
      "c.txt",
    );
    STATES.forEach((state, i) => expect(record.currentA![i]).toBeCloseTo(CURRENT[state], 9));
    expect(record.timeS[6]).toBeCloseTo(40, 9);
    expect(() => parse("time,voltage\n1,2\n2,3\n")).toThrow(expect.objectContaining({ code: "cycler-unit" }));
  });

  it("commas divide thousands where points divide decimals, and are decimal else", () => {
    const record = parse('time (s),voltage (V),current (mA)\n0,3.5,"1,234.5"\n10,3.6,"1,235"\n');
    expect([...record.currentA!]).toEqual([1.2345, 1.235]);
    const comma = parse("time (s);voltage (V);current (mA)\n0;3,5;1,234\n10;3,6;1,235\n");
    expect([...comma.currentA!].map((value) => Number(value.toFixed(9)))).toEqual([0.001234, 0.001235]);
  });

  it("in UTF-16 and gzip's and other programs' files are told apart", () => {
    const text = table("time (s),voltage (V)", (i) => [TIMES[i], VOLTS[i]]);
    const utf16 = Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((letter) => [letter.charCodeAt(0), 0])]);
    expect([...parseCyclerFile(utf16, "c.csv").voltageV]).toEqual(VOLTS);
    for (const [start, what] of [
      ["PK\u0003\u0004", "zip"],
      ["NEWARE", ".nda"],
      ["\0\u0001\0\0Standard Jet DB\0", "Access"],
    ] as const) {
      expect(() => parse(start.padEnd(40))).toThrow(
        expect.objectContaining({ code: "cycler-format", message: expect.stringContaining(what) }),
      );
    }
  });

  it("rows that go back in time, or are damaged, are refused; one alone is left out and told", () => {
    expect(() => parse("time (s),voltage (V)\n0,3\n10,3\n5,3\n")).toThrow(
      expect.objectContaining({ code: "cycler-time", message: expect.stringContaining("line 4") }),
    );
    const rows = Array.from({ length: 300 }, (_, i) => `${i},${i === 50 ? "#!" : 3}`);
    const record = parse(`time (s),voltage (V)\n${rows.join("\n")}\n`);
    expect(record.timeS.length).toBe(299);
    expect(record.notes.join()).toContain("1 damaged row left out, the first on line 52");
    expect(() => parse(`time (s),voltage (V)\n${rows.map((row, i) => (i % 20 ? row : "x,y")).join("\n")}\n`)).toThrow(
      expect.objectContaining({ code: "cycler-damaged" }),
    );
  });
});
