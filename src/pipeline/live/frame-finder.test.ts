import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { FrameFinder } from "./frame-finder.ts";

const LATER = 1e12;

it("gives each file of a folder once: none of another kind, no folder, one that comes back under its name", () => {
  const folder = tempFolder();
  const finder = new FrameFinder(folder, () => {});
  try {
    expect(finder.look(0)).toEqual([]);
    for (const name of ["a_1.cbf", "a_2.cbf", "notes.txt", ".a_3.cbf"]) writeFileSync(join(folder, name), "");
    mkdirSync(join(folder, "a_4.cbf"));
    expect(finder.look(LATER).sort()).toEqual(["a_1.cbf", "a_2.cbf"].map((name) => join(folder, name)));
    renameSync(join(folder, "notes.txt"), join(folder, "a_5.cbf"));
    expect(finder.look(2 * LATER)).toEqual([join(folder, "a_5.cbf")]);
    expect(finder.look(3 * LATER)).toEqual([]);
    expect(finder.mayCome(join(folder, "a_9.cbf"))).toBe(true);
    expect(finder.mayCome(join(folder, "a_9.txt"))).toBe(false);
  } finally {
    finder.close();
  }
});

it("gives each of those that are listed when it is there", () => {
  const folder = tempFolder();
  const paths = ["one.cbf", "two.cbf"].map((name) => join(folder, name));
  const finder = new FrameFinder(paths, () => {});
  expect([finder.expected, finder.look(0)]).toEqual([2, []]);
  writeFileSync(paths[1]!, "");
  expect(finder.look(LATER)).toEqual([paths[1]]);
  writeFileSync(paths[0]!, "");
  expect(finder.look(2 * LATER)).toEqual([paths[0]]);
  expect(finder.look(3 * LATER)).toEqual([]);
});

it("takes a folder of more files than a call has arguments", () => {
  const finder = new FrameFinder(tempFolder(), () => {});
  const names = Array.from({ length: 200_000 }, (_, i) => `${i}.cbf`);
  const fake = finder as unknown as { fresh: (place: unknown, names: readonly string[]) => string[] };
  fake.fresh = () => names;
  expect(finder.look(LATER)).toHaveLength(400_000);
  finder.close();
});
