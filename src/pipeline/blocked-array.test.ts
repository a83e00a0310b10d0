import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BIN_BLOCK, BlockedArray } from "./blocked-array.ts";
import { Journal } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = (): string => join(folder, `file-${files++}`);

describe("BlockedArray", () => {
  // 3 blocks, the last one narrower, as in a scan whose number of bins is no multiple of 32
  const shape = { items: 7, bins: 2 * BIN_BLOCK + 5 };
  const whole = Float32Array.from({ length: shape.items * shape.bins }, (_, i) => i + 0.5);

  it("gives back by bins what was written by items, and the other way round", () => {
    const array = BlockedArray.create(newPath(), shape);
    array.writeItems(0, 3, whole.subarray(0, 3 * shape.bins));
    array.writeItems(3, 4, whole.subarray(3 * shape.bins));
    for (let block = 0; block < array.blocks; block++) {
      const width = array.width(block);
      const out = new Float32Array(shape.items * width);
      array.readBlock(block, out);
      for (let item = 0; item < shape.items; item++) {
        for (let bin = 0; bin < width; bin++)
          expect(out[item * width + bin]).toBe(whole[item * shape.bins + block * BIN_BLOCK + bin]);
      }
    }
    const other = BlockedArray.create(newPath(), shape);
    for (let block = 0; block < array.blocks; block++) {
      const piece = new Float32Array(shape.items * array.width(block));
      array.readBlock(block, piece);
      other.writeBlock(block, piece);
    }
    const out = new Float32Array(whole.length);
    other.readItems(0, shape.items, out);
    expect(out).toEqual(whole);
    expect(readFileSync(other.path)).toEqual(readFileSync(array.path));
    expect(statSync(array.path).size).toBe(shape.items * shape.bins * 4);
  });

  it("reads some items with some of their bins, across blocks", () => {
    const array = BlockedArray.create(newPath(), shape);
    array.writeItems(0, shape.items, whole);
    const out = new Float32Array(2 * 40);
    array.readItems(4, 2, out, 20, 60);
    expect(out[0]).toBe(whole[4 * shape.bins + 20]);
    expect(out[40 + 39]).toBe(whole[5 * shape.bins + 59]);
  });

  it("gives the checksum of what it wrote, and another one once the file is not that any more", () => {
    const array = BlockedArray.create(newPath(), shape);
    const crc = array.writeItems(2, 3, whole.subarray(0, 3 * shape.bins));
    expect(array.crcOfItems(2, 3)).toBe(crc);
    array.writeItems(3, 1, new Float32Array(shape.bins));
    expect(array.crcOfItems(2, 3)).not.toBe(crc);
    const block = new Float32Array(shape.items * BIN_BLOCK).fill(3);
    expect(array.crcOfBlock(1)).not.toBe(array.writeBlock(1, block));
    expect(array.crcOfBlock(1)).toBe(array.writeBlock(1, block));
  });

  it("says so when the file is too short", () => {
    const array = BlockedArray.create(newPath(), shape);
    truncateSync(array.path, 100);
    expect(() => array.readItems(0, 7, new Float32Array(whole.length))).toThrow(/ends at \d+ bytes/);
  });
});

describe("Journal", () => {
  it("keeps what was recorded, and starts anew for another key", () => {
    const path = newPath();
    Journal.open(path, "a").record({ block: 3, crc: [1, 2] });
    expect([...Journal.open(path, "a").entries.values()]).toEqual([{ block: 3, crc: [1, 2] }]);
    expect(Journal.open(path, "b").entries.size).toBe(0);
    expect(Journal.open(path, "a").entries.size).toBe(0);
  });
  it("ignores a last line that was cut short, and can be written on", () => {
    const path = newPath();
    Journal.open(path, "a").record({ block: 0, crc: [7] });
    appendFileSync(path, '{"block":1,"cr');
    const journal = Journal.open(path, "a");
    expect([...journal.entries.keys()]).toEqual([0]);
    journal.record({ block: 2, crc: [9] });
    expect([...Journal.open(path, "a").entries.keys()]).toEqual([0, 2]);
  });
  it("starts anew from a file that is something else", () => {
    const path = newPath();
    writeFileSync(path, "\0\0\0 not a journal");
    expect(Journal.open(path, "a").entries.size).toBe(0);
  });
});
