import fs, { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { isWholeArray, sealArrays } from "./array-seals.ts";
import { Journal, type JournalEntry } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-journal-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ENTRIES: readonly JournalEntry[] = [
  { block: 3, crc: [12, 3_000_000_000] },
  { block: 0, crc: [0], problems: ["frame_7.cbf: cut", "é"] },
  { block: 11, crc: [] },
];

describe("a journal", () => {
  const path = join(folder, "journal.jsonl");
  const journal = Journal.open(path, "key");
  for (const entry of ENTRIES) journal.record(entry);
  const whole = readFileSync(path);

  it("gives back what was recorded", () => {
    expect([...Journal.open(path, "key").entries.values()]).toEqual(ENTRIES);
  });

  it("does not take lines of another shape, be their checksums right", () => {
    const other = join(folder, "shapes.jsonl");
    const shapes = [{}, { block: "3", crc: [1] }, { block: -1, crc: [1] }, { block: 3, crc: "1" }, { block: 3 }];
    for (const shape of [...shapes, { block: 3, crc: [1], problems: [7] }]) {
      const line = JSON.stringify({ ...shape, sum: crc32(JSON.stringify(shape)) });
      writeFileSync(other, `${JSON.stringify({ key: "key" })}\n${line}\n`);
      expect([...Journal.open(other, "key").entries]).toEqual([]);
    }
  });

  it("keeps what other threads finish after a line that the disk took half of", () => {
    const other = join(folder, "torn.jsonl");
    const torn = Journal.open(other, "key");
    torn.record(ENTRIES[0]!);
    const { appendFileSync } = fs;
    fs.appendFileSync = (file, text) => {
      appendFileSync(file, String(text).slice(0, 20));
      throw Object.assign(new Error("made by the test"), { code: "EIO" });
    };
    syncBuiltinESMExports();
    try {
      expect(() => torn.record({ block: 5, crc: [1, 2] })).toThrow("EIO");
    } finally {
      fs.appendFileSync = appendFileSync;
      syncBuiltinESMExports();
    }
    for (const entry of ENTRIES.slice(1)) torn.record(entry);
    expect([...Journal.open(other, "key").entries.values()]).toEqual(ENTRIES);
  });

  it("gives no line that a disk has damaged: a byte changed, the end lost, zeros", () => {
    const damage = fc.record({
      at: fc.nat(whole.length - 1),
      how: fc.constantFrom("flip", "cut", "zero"),
      bit: fc.nat(7),
    });
    fc.assert(
      fc.property(damage, ({ at, how, bit }) => {
        const bytes = Buffer.from(whole);
        if (how === "flip") bytes[at]! ^= 1 << bit;
        else if (how === "zero") bytes.fill(0, at, Math.min(bytes.length, at + 64));
        writeFileSync(path, how === "cut" ? bytes.subarray(0, at) : bytes);
        const found = [...Journal.open(path, "key").entries.values()];
        expect(found).toEqual(ENTRIES.slice(0, found.length));
      }),
      { numRuns: 120, seed: 4 },
    );
  });
});

describe("the seal of an array", () => {
  const path = join(folder, "volume.f32");
  const bytes = Buffer.from(Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)).buffer);
  writeFileSync(path, bytes);
  sealArrays(folder);

  it("holds for what the stage left, under another name too", () => {
    expect(isWholeArray(path)).toBe(true);
    const copy = join(folder, "volume.f32.new");
    writeFileSync(copy, bytes);
    expect(isWholeArray(copy, path)).toBe(true);
    expect(isWholeArray(join(folder, "another.f32"))).toBe(false);
  });

  it("breaks with any bit, and where the array is cut, half filled or gone", () => {
    for (const change of [
      (b: Buffer) => Buffer.concat([b.subarray(0, 5001), Buffer.from([b[5001]! ^ 4]), b.subarray(5002)]),
      (b: Buffer) => b.subarray(0, 8000),
      (b: Buffer) => Buffer.concat([b.subarray(0, 6000), Buffer.alloc(6000)]),
      (b: Buffer) => Buffer.concat([b, Buffer.alloc(4)]),
    ]) {
      writeFileSync(path, change(bytes));
      expect(isWholeArray(path)).toBe(false);
    }
    rmSync(path);
    expect(isWholeArray(path)).toBe(false);
  });
});
