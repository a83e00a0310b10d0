/** EC-Lab's text and binary of one experiment say the same. */
import { describe, expect, it } from "vitest";
import { parseBiologicMpr } from "./biologic-mpr.ts";
import { parseEcLabText } from "./biologic-mpt.ts";

const TIMES = [0, 10, 20, 30, 40];
const VOLTS = [3, 3.25, 3.5, 3.75, 4];
const CHARGE_MAH = [0, 0.5, 1, 1.5, 1.25];

function text({ comma = false, current = true } = {}): string {
  const titles = [
    "mode",
    "ox/red",
    "error",
    "Ns",
    "time/s",
    "control/V/mA",
    "Ewe/V",
    ...(current ? ["<I>/mA"] : []),
    "(Q-Qo)/mA.h",
    "cycle number",
  ];
  const rows = TIMES.map((t, i) => {
    const mean = i === 0 ? 180 : ((CHARGE_MAH[i]! - CHARGE_MAH[i - 1]!) * 3600) / 10;
    return [1, 1, 0, i < 4 ? 0 : 1, t, 180, VOLTS[i], ...(current ? [mean] : []), CHARGE_MAH[i], 1]
      .map((value) => Number(value).toExponential(9))
      .join("\t");
  });
  const head = [
    "EC-Lab ASCII FILE",
    "Nb header lines : 6",
    "",
    "Galvanostatic Cycling with Potential Limitation",
    "Acquisition started on : 10/26/2020 12:49:58.000",
    titles.join("\t"),
  ];
  const whole = [...head, ...rows].join("\r\n");
  return comma ? whole.replace(/(\d)\.(\d)/g, "$1,$2") : whole;
}

interface Column {
  readonly id: number;
  readonly bytes: number;
  readonly write: (view: DataView, at: number, row: number) => void;
}
const f8 = (id: number, values: readonly number[]): Column => ({
  id,
  bytes: 8,
  write: (view, at, row) => view.setFloat64(at, values[row]!, true),
});
const f4 = (id: number, values: readonly number[]): Column => ({
  id,
  bytes: 4,
  write: (view, at, row) => view.setFloat32(at, values[row]!, true),
});
const flag = (id: number): Column => ({ id, bytes: 1, write: (view, at) => view.setUint8(at, 0x21) });
const COLUMNS = [flag(1), f8(4, TIMES), f4(6, VOLTS), f8(13, CHARGE_MAH)];

function mpr(columns: readonly Column[], { version = 3, start = 44130.5347 } = {}): Uint8Array {
  const rowBytes = columns.reduce((sum, { bytes }) => sum + bytes, 0);
  const data = new Uint8Array(406 + TIMES.length * rowBytes);
  const view = new DataView(data.buffer);
  view.setUint32(0, TIMES.length, true);
  view.setUint8(4, columns.length);
  columns.forEach(({ id }, k) => view.setUint16(5 + 2 * k, id, true));
  TIMES.forEach((_, row) => {
    let at = 406 + row * rowBytes;
    for (const { bytes, write } of columns) {
      write(view, at, row);
      at += bytes;
    }
  });
  const log = new Uint8Array(700);
  new DataView(log.buffer).setFloat64(585, start, true);
  const parts = [
    module("VMP Set", new Uint8Array(20), 0),
    module("VMP data", data, version),
    module("VMP LOG", log, 0),
  ];
  const magic = new Uint8Array(52);
  magic.set(new TextEncoder().encode("BIO-LOGIC MODULAR FILE\x1a".padEnd(48)));
  return Uint8Array.from([magic, ...parts].flatMap((part) => [...part]));
}

function module(name: string, data: Uint8Array, version: number): Uint8Array {
  const out = new Uint8Array(57 + data.length);
  out.set(new TextEncoder().encode(`MODULE${name.padEnd(10)}${name.padEnd(25)}`));
  new DataView(out.buffer).setUint32(41, data.length, true);
  new DataView(out.buffer).setUint32(45, version, true);
  out.set(data, 57);
  return out;
}

describe("EC-Lab text", () => {
  it("gives seconds, volts, amperes and ampere-hours", () => {
    const record = parseEcLabText(text(), "c.mpt");
    expect([...record.timeS]).toEqual(TIMES);
    expect([...record.voltageV]).toEqual(VOLTS);
    expect(record.currentA![1]).toBeCloseTo(0.18, 12);
    expect(record.chargeAh![3]).toBeCloseTo(0.0015, 12);
    expect([...record.step!]).toEqual([0, 0, 0, 0, 1]);
    expect(record.startedAt).toBe("2020-10-26T12:49:58");
  });

  it("may have decimal commas, and no current", () => {
    expect(parseEcLabText(text({ comma: true }), "c.mpt")).toEqual(parseEcLabText(text(), "c.mpt"));
    const derived = parseEcLabText(text({ current: false }), "c.mpt");
    parseEcLabText(text(), "c.mpt").currentA!.forEach((value, i) =>
      expect(derived.currentA![i]).toBeCloseTo(value, 12),
    );
    expect(derived.notes.join()).toContain("no current");
  });
});

describe(".mpr", () => {
  it("says what the text of the same experiment says", () => {
    const binary = parseBiologicMpr(mpr(COLUMNS), "c.mpr");
    const { timeS, voltageV, currentA, chargeAh } = parseEcLabText(text(), "c.mpt");
    expect([binary.timeS, binary.voltageV]).toEqual([timeS, voltageV]);
    chargeAh!.forEach((value, i) => expect(binary.chargeAh![i]).toBeCloseTo(value, 12));
    currentA!.forEach((value, i) => expect(binary.currentA![i]).toBeCloseTo(value, 12));
    expect(binary.startedAt).toMatch(/^2020-10-26T12:49:58/);
  });

  it("passes over one column that it does not know, as the row's length gives its size", () => {
    const odd: Column = { id: 999, bytes: 4, write: () => {} };
    const record = parseBiologicMpr(mpr([COLUMNS[0]!, odd, ...COLUMNS.slice(1)]), "c.mpr");
    expect([...record.timeS]).toEqual(TIMES);
  });

  it("refuses two of them, and a version that is not known", () => {
    const odd = (id: number): Column => ({ id, bytes: 4, write: () => {} });
    expect(() => parseBiologicMpr(mpr([...COLUMNS, odd(998), odd(999)]), "c.mpr")).toThrow(
      expect.objectContaining({ code: "mpr-unsupported", message: expect.stringContaining("998, 999") }),
    );
    expect(() => parseBiologicMpr(mpr(COLUMNS, { version: 7 }), "c.mpr")).toThrow(
      expect.objectContaining({ code: "mpr-unsupported" }),
    );
  });

  it("refuses an impedance spectrum and a file that was cut", () => {
    expect(() => parseBiologicMpr(mpr([f4(32, TIMES), f4(37, TIMES), f4(38, TIMES)]), "z.mpr")).toThrow(
      expect.objectContaining({ code: "cycler-columns" }),
    );
    expect(() => parseBiologicMpr(mpr(COLUMNS).slice(0, 600), "c.mpr")).toThrow(
      expect.objectContaining({ code: "mpr-damaged" }),
    );
  });
});
