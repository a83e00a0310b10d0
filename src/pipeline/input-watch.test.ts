import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../data/index.ts";
import { fingerprint } from "./fingerprint.ts";
import { watchInputs, whileUnchanged } from "./input-watch.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-watch-"));
afterAll(() => rmSync(folder, { recursive: true }));
const [a, b] = [join(folder, "a"), join(folder, "b")];
let files: string[];

beforeEach(() => {
  files = [a, b];
  for (const path of files) writeFileSync(path, "0123456789");
});

const WAYS: readonly [string, () => void, RegExp][] = [
  ["grows", () => appendFileSync(b, "1"), /had 10 bytes, and has 11/],
  ["is cut", () => truncateSync(b, 4), /had 10 bytes, and has 4/],
  ["is written over with as many bytes", () => utimesSync(b, 1, 1), /was written at 1970/],
  [
    "is replaced by a copy of the same size and time",
    () => {
      utimesSync(b, 5, 5);
      const before = join(folder, "other");
      copyFileSync(b, before);
      utimesSync(before, 5, 5);
      renameSync(before, b);
    },
    /another file has taken its place|was written at/,
  ],
  ["is removed", () => rmSync(b), /is gone/],
];

describe("a watch of input files", () => {
  it("is quiet while they are only read", () => {
    const watch = watchInputs(() => files);
    readFileSync(a);
    expect(watch.changed()).toBeUndefined();
  });

  it.each(WAYS)("tells that one %s", (_, change, words) => {
    const watch = watchInputs(() => files);
    change();
    expect(watch.changed()).toMatchObject({ code: "input-changed", message: expect.stringMatching(words) });
    expect(watch.changed()!.message).toContain(b);
  });

  it("tells that one has come, or the folder has gone", () => {
    const watch = watchInputs(() => files);
    files = [a, join(folder, "aa"), b];
    writeFileSync(files[1]!, "");
    expect(watch.changed()!.message).toMatch(/aa changed while it was read: it was not there before/);
    const gone = watchInputs(() => {
      if (files.length === 0) throw new InputError("frames-none", "no frames in this folder");
      return files;
    });
    files = [];
    expect(gone.changed()).toMatchObject({ code: "input-changed" });
  });

  it("forgets what was kept, whether the work ended well or not", async () => {
    for (const end of [() => Promise.resolve(1), () => Promise.reject(new Error("half a frame"))]) {
      let forgotten = false;
      const watch = watchInputs(() => files);
      const work = whileUnchanged(
        watch,
        () => {
          forgotten = true;
        },
        () => {
          appendFileSync(a, "x");
          return end();
        },
      );
      await expect(work).rejects.toMatchObject({ code: "input-changed" });
      expect(forgotten).toBe(true);
    }
  });
});

describe("the fingerprint of a large file", () => {
  it("tells a change in its middle, that is in neither of its ends", () => {
    const path = join(folder, "large");
    writeFileSync(path, "");
    truncateSync(path, 70 << 20);
    const before = fingerprint(path);
    expect(fingerprint(path)).toEqual(before);
    utimesSync(path, 7, 7); // as a write leaves it
    expect(fingerprint(path).sha256).not.toBe(before.sha256);
  });
});
