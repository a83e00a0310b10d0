import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeEdf } from "../../files/edf.ts";
import { frameOf, sourceOf } from "./opened-frames.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-frames-"));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, counts: readonly number[]): void =>
  writeFileSync(
    join(folder, name),
    encodeEdf({ rows: 1, cols: counts.length, data: Int32Array.from(counts), header: {} }),
  );

test("a frame that was saved again is read again", async () => {
  const at = { path: join(folder, "one.edf"), name: "one.edf", frame: 0 };
  write("one.edf", [1, 2, 3]);
  expect([...(await frameOf(at)).data]).toEqual([1, 2, 3]);
  write("one.edf", [4, 5, 6, 7]);
  expect([...(await frameOf(at)).data]).toEqual([4, 5, 6, 7]);
});

test("frames that joined a folder are there", async () => {
  const at = { path: join(folder, "scan_*.edf"), name: "scan_*.edf", frame: 0 };
  write("scan_1.edf", [1]);
  expect((await sourceOf(at)).count).toBe(1);
  write("scan_2.edf", [2]);
  expect((await sourceOf(at)).count).toBe(2);
  expect([...(await frameOf({ ...at, frame: 1 })).data]).toEqual([2]);
});
