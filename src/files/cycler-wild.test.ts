/** Damaged files of cyclers: a record or an InputError, and nothing else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { InputError } from "../data/index.ts";
import { parseCyclerFile } from "./cycler-file.ts";

const GAMRY = `EXPLAIN\nTAG\tPWR800_CHARGE\nDATE\tLABEL\t11/12/2015\tDate\nTIME\tLABEL\t11:16:43\tTime\nCURVE\tTABLE\t3\n\tPt\tT\tVf\tIm\n\t#\ts\tV\tA\n\t0\t0.1\t3.1\t2.0E-2\n\t1\t0.2\t3.2\t2.0E-2\n\t2\t0.3\t3.3\t2.0E-2\n`;
const MPT = `EC-Lab ASCII FILE\r\nNb header lines : 5\r\n\r\nAcquisition started on : 10/26/2020 12:49:58\r\ntime/s\tEwe/V\t<I>/mA\t(Q-Qo)/mA.h\tNs\r\n0,0\t3,0\t1,0\t0,0\t0\r\n3,6\t3,1\t1,0\t0,001\t0\r\n7,2\t3,2\t1,0\t0,002\t1\r\n`;
const NEWARE = `DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(mA),Voltage(V),Capacity(mAh),Date\n1,1,1,CC Chg,00:00:00,00:00:00,1.0,3.0,0,2022-05-18 16:27:52\n2,1,1,CC Chg,00:01:00,00:01:00,1.0,3.1,0.0166667,2022-05-18 16:28:52\n`;
const LAYERED = `Cycle ID,Cap(mAh)\n,Step ID,Step Name\n,,Record ID,Time(h:min:s.ms),Voltage(V),Current(mA),Capacity(mAh)\n1,1\n,1,CC Chg\n,,1,00:00:00.000,3.0,1,0\n,,2,00:01:00.000,3.1,1,0.01667\n`;
const ARBIN = `Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V),Charge_Capacity(Ah),Discharge_Capacity(Ah)\n0,1,1,0.1,3.0,0,0\n36,1,1,0.1,3.1,0.001,0\n72,1,1,0.1,3.2,0.002,0\n`;
const MACCOR = `Today's Date\t03/28/2022\n\nRec#\tCyc#\tStep\tTestTime\tStepTime\tAmp-hr\tWatt-hr\tAmps\tVolts\tState\tES\tDPt Time\n1\t0\t1\t  0d 00:00:00.00\t  0d 00:00:00.00\t0.0\t0.0\t0.1\t3.0\tC\t0\t08/23/2021 6:04:18 PM\n2\t0\t1\t  0d 00:00:36.00\t  0d 00:00:36.00\t0.001\t0.003\t0.1\t3.1\tC\t1\t08/23/2021 6:04:54 PM\n`;
const COLUMNS = "# time [h]\tvoltage [V]\n0.0\t3.1\n0.1\t3.0\n0.2\t2.9\n";

/** A small .mpr: flags, time, voltage, charge. */
function mpr(): Uint8Array {
  const data = new Uint8Array(406 + 3 * 21);
  const view = new DataView(data.buffer);
  view.setUint32(0, 3, true);
  view.setUint8(4, 4);
  [1, 4, 6, 13].forEach((id, k) => view.setUint16(5 + 2 * k, id, true));
  const whole = new Uint8Array(52 + 57 + data.length);
  whole.set(new TextEncoder().encode("BIO-LOGIC MODULAR FILE\x1a".padEnd(48)));
  whole.set(new TextEncoder().encode(`MODULE${"VMP data".padEnd(35)}`), 52);
  new DataView(whole.buffer).setUint32(52 + 41, data.length, true);
  new DataView(whole.buffer).setUint32(52 + 45, 3, true);
  whole.set(data, 109);
  return whole;
}

const FILES: readonly (readonly [string, Uint8Array])[] = [
  ...(
    [
      ["Gamry", GAMRY],
      ["EC-Lab text", MPT],
      ["Neware", NEWARE],
      ["Neware, layered", LAYERED],
      ["Arbin", ARBIN],
      ["Maccor", MACCOR],
      ["columns", COLUMNS],
    ] as const
  ).map(([name, text]) => [name, new TextEncoder().encode(text)] as const),
  ["mpr", mpr()],
];

describe.each(FILES)("%s", (name, bytes) => {
  it("is read whole", () => {
    const record = parseCyclerFile(bytes, name);
    expect(record.timeS.length).toBeGreaterThan(1);
    expect(record.timeS.length).toBe(record.voltageV.length);
  });

  it("damaged, gives a record or an InputError", () => {
    expectOnlyInputErrors(bytes, (damaged) => expectWhole(parseCyclerFile(damaged, name)), 150);
  });
});

it("numbers replaced by other words give a record or an InputError", () => {
  const words = fc.constantFrom(
    "",
    "NaN",
    "-",
    "1e400",
    "1e-400",
    "--5",
    "1,2,3",
    "Infinity",
    "0x10",
    "99999999999",
    "\u0000",
    "é",
    "00:00:61",
    "1d",
    "TABLE",
    "\t",
  );
  const texts = FILES.filter(([name]) => name !== "mpr").map(([, bytes]) => new TextDecoder().decode(bytes));
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.nat(60), words, (text, at, word) => {
      let k = 0;
      const changed = text.replace(/[\d.]+/g, (number) => (k++ === at ? word : number));
      try {
        expectWhole(parseCyclerFile(new TextEncoder().encode(changed), "wild"));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 1500 },
  );
});

/** What a record promises, whatever the file looked like. */
function expectWhole({ timeS, voltageV, currentA, chargeAh, step, cycle }: ReturnType<typeof parseCyclerFile>): void {
  for (const values of [voltageV, currentA, chargeAh, step, cycle])
    if (values) expect(values.length).toBe(timeS.length);
  expect([...timeS].every((time, i) => Number.isFinite(time) && (i === 0 || time >= timeS[i - 1]!))).toBe(true);
  for (const values of [voltageV, currentA, chargeAh])
    if (values) expect([...values].every(Number.isFinite)).toBe(true);
}
