/** Gamry .DTA as PWR800 and Framework write it. */
import { describe, expect, it } from "vitest";
import { parseGamryDta } from "./gamry-dta.ts";

const TITLES = "\tPt\tT\tVf\tIm\tVu\tPwr\n\t#\ts\tV\tA\tV\tW";
const curve = (
  rows: readonly (readonly [number, number, number])[],
  name = "CURVE",
  promised: number | "" = rows.length,
): string =>
  `${name}\tTABLE\t${promised}\n${TITLES}\n${rows
    .map(([t, v, i], k) => `\t${k}\t${t}\t${v.toExponential(5)}\t${i.toExponential(5)}\t0\t${(v * i).toExponential(5)}`)
    .join("\n")}\n`;
const head = (tag: string, more = ""): string =>
  `EXPLAIN\nTAG\t${tag}\nTITLE\tLABEL\tTest\tTest &Identifier\nDATE\tLABEL\t8/23/2019\tDate\nTIME\tLABEL\t17:05:06\tTime\nNOTES\tNOTES\t1\t&Notes...\n\t\n${more}`;
const ROWS = [
  [0, 3.9, -0.4],
  [60, 3.8, -0.4],
  [120, 3.7, -0.4],
] as const;

describe("currents", () => {
  it("are negative while a cell is discharged, whichever way the program writes them", () => {
    const signed = parseGamryDta(head("PWR800_DISCHARGE") + curve(ROWS), "d.DTA");
    const unsigned = parseGamryDta(head("PWR800_DISCHARGE") + curve(ROWS.map(([t, v, i]) => [t, v, -i])), "d.DTA");
    expect([...signed.currentA!]).toEqual([-0.4, -0.4, -0.4]);
    expect(unsigned.currentA).toEqual(signed.currentA);
    expect(signed.notes).toEqual([]);
    expect(unsigned.notes.join()).toContain("turned");
  });

  it("of other experiments are left as they are", () => {
    const record = parseGamryDta(head("CHRONOP") + curve(ROWS), "c.DTA");
    expect([...record.currentA!]).toEqual([-0.4, -0.4, -0.4]);
    expect(record.startedAt).toBe("2019-08-23T17:05:06");
  });

  it("are none at open circuit", () => {
    const text = `${head("CORPOT")}CURVE\tTABLE\t2\n\tPt\tT\tVf\tVm\n\t#\ts\tV vs. Ref.\tV\n\t0\t1\t3.70\t3.70\n\t1\t2\t3.71\t3.71\n`;
    expect([...parseGamryDta(text, "o.DTA").currentA!]).toEqual([0, 0]);
  });
});

describe("numbers", () => {
  it("may have decimal commas", () => {
    const text = head("CHRONOP") + curve(ROWS);
    const commas = text.replace(/(\d)\.(\d)/g, "$1,$2");
    expect(commas).not.toBe(text);
    const { timeS, voltageV, currentA } = parseGamryDta(commas, "c.DTA");
    expect([timeS, voltageV, currentA]).toEqual(
      (({ timeS: t, voltageV: v, currentA: i }) => [t, v, i])(parseGamryDta(text, "c.DTA")),
    );
  });

  it("take the units that their table names", () => {
    const text = (head("CHRONOP") + curve(ROWS)).replace("\ts\tV\tA\t", "\tmin\tmV\tmA\t");
    const { timeS, voltageV, currentA } = parseGamryDta(text, "c.DTA");
    expect(timeS[1]).toBe(3600);
    expect(voltageV[0]).toBeCloseTo(0.0039, 12);
    expect(currentA![0]).toBeCloseTo(-0.0004, 12);
  });

  it("in units that nobody knows are refused", () => {
    const text = (head("CHRONOP") + curve(ROWS)).replace("\ts\tV\tA\t", "\ts\tV\tfurlong\t");
    expect(() => parseGamryDta(text, "c.DTA")).toThrow(
      expect.objectContaining({ code: "cycler-unit", message: expect.stringContaining("furlong") }),
    );
  });
});

describe("tables", () => {
  it("follow one another, the open circuit first, times running on", () => {
    const ocv = "OCVCURVE\tTABLE\t2\n\tPt\tT\tVf\tVm\n\t#\ts\tV\tV\n\t0\t5\t4.0\t4.0\n\t1\t10\t4.0\t4.0\n";
    const record = parseGamryDta(
      head("CHRONOP") +
        curve(ROWS, "CURVE1") +
        curve(
          ROWS.map(([t, v, i]) => [t + 120, v, i]),
          "CURVE2",
        ) +
        ocv,
      "m.DTA",
    );
    expect([...record.timeS]).toEqual([5, 10, 10, 70, 130, 130, 190, 250]);
    expect([...record.step!]).toEqual([1, 1, 2, 2, 2, 3, 3, 3]);
    expect([...record.currentA!.slice(0, 3)]).toEqual([0, 0, -0.4]);
  });

  it("that were cut short say so, and so do aborted experiments", () => {
    const text = `${head("CHRONOP")}${curve(ROWS, "CURVE", 500)}EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\n`;
    const { notes } = parseGamryDta(text, "c.DTA");
    expect(notes).toEqual(["the experiment was aborted", "CURVE ends after 3 of the 500 rows that its head names"]);
  });

  it("without a voltage over time are refused by name", () => {
    const text = `${head("SQUARE_WAVE")}CURVE\tTABLE\t1\n\tPt\tT\tVfwd\tIfwd\n\t#\ts\tV\tA\n\t0\t1\t2\t3\n`;
    expect(() => parseGamryDta(text, "s.DTA")).toThrow(
      expect.objectContaining({ code: "gamry-no-curve", message: expect.stringMatching(/SQUARE_WAVE.*Vfwd/) }),
    );
  });

  it("of a cyclic charge-discharge give charge and ends of each step", () => {
    const rows = ["\t0\t0\t0\t1\t720\t1800\t3.0\t4.2\t1", "\t1\t1800\t1\t1\t684\t1800\t4.2\t3.0\t-1"];
    const text = `${head("PWR800_CYCLICCHARGEDISCHARGE")}CAPACITYCURVE\tTABLE\t2\n\tPt\tTime\tType\tCycle\tCharge\tDuration\tVstart\tVend\tEnergy\n\t#\ts\t#\t#\tC\ts\tV\tV\tJ\n${rows.join("\n")}\n`;
    const record = parseGamryDta(text, "cyc.DTA");
    expect([...record.timeS]).toEqual([0, 1800, 1800, 3600]);
    expect([...record.voltageV]).toEqual([3, 4.2, 4.2, 3]);
    // 720 C are 0.2 Ah, in half an hour 0.4 A
    [0, 0.2, 0.2, 0.01].forEach((value, i) => expect(record.chargeAh![i]).toBeCloseTo(value, 12));
    [0.4, 0.4, -0.38, -0.38].forEach((value, i) => expect(record.currentA![i]).toBeCloseTo(value, 12));
  });
});
