import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { PatternRows } from "./pattern-rows.ts";

const folder = tempFolder();

it("a row is what was written, in any order of slots; a damaged one, or one that is not there, is none", () => {
  const path = join(folder, "patterns.f32");
  PatternRows.create(path, 3).close();
  const rows = PatternRows.open(path, 3);
  const [late, early] = [2, 0].map((slot) =>
    rows.write(slot, Float32Array.of(slot, 1, Number.NaN), Float32Array.of(4, 5, 6)),
  );
  expect(rows.read(2, late!)).toEqual({
    intensity: Float32Array.of(2, 1, Number.NaN),
    sigma: Float32Array.of(4, 5, 6),
  });
  expect(rows.read(1, late!)).toBeUndefined();
  expect(rows.read(3, late!)).toBeUndefined();
  rows.close();
  const bytes = readFileSync(path);
  bytes[5]! ^= 1;
  writeFileSync(path, bytes);
  const again = PatternRows.open(path, 3);
  expect(again.read(0, early!)).toBeUndefined();
  expect(again.read(2, late!)).toBeDefined();
  again.close();
});

it("a file that cannot be opened is told as such", () => {
  expect(() => PatternRows.open(folder, 3)).toThrow(expect.objectContaining({ code: "not-writable" }));
});
