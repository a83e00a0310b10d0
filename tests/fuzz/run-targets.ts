/** What runs leave for the next run to read: journals and locks. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { Journal } from "../../src/pipeline/journal.ts";
import { isRunning, lockFile } from "../../src/pipeline/run-lock.ts";
import { type FuzzTarget, made, must } from "./target.ts";

const KEY = "a key";
const line = (entry: unknown): string => {
  const text = JSON.stringify(entry);
  const isRecord = typeof entry === "object" && entry !== null && !Array.isArray(entry);
  return JSON.stringify(isRecord ? { ...entry, sum: crc32(text) } : entry);
};
const journalOf = (entries: readonly unknown[]): string =>
  `${[JSON.stringify({ key: KEY }), ...entries.map(line)].join("\n")}\n`;
const entries = [0, 1, 2, 5].map((block) => ({
  block,
  crc: [block * 7, 1],
  ...(block > 1 && { problems: ["a word"] }),
}));

const journal: FuzzTarget = {
  name: "run-journal",
  kind: "text",
  seeds: () => [made("journal", journalOf(entries)), made("other", journalOf(entries).replace(KEY, "another"))],
  // checksums that are right over lines that are not
  grammar: fc
    .array(
      fc.oneof(
        fc.record({ block: fc.oneof(fc.nat(9), fc.jsonValue()), crc: fc.oneof(fc.array(fc.nat(9)), fc.jsonValue()) }),
        fc.jsonValue(),
      ),
      { maxLength: 6 },
    )
    .map(journalOf),
  read(bytes, folder) {
    const path = join(folder, "journal");
    writeFileSync(path, bytes);
    const found = Journal.open(path, KEY);
    for (const { block, crc, problems = [] } of found.entries.values()) {
      must(Number.isSafeInteger(block) && block >= 0, "a block without a number");
      must(Array.isArray(crc) && crc.every(Number.isSafeInteger), "a checksum that is none");
      must(Array.isArray(problems) && problems.every((one) => typeof one === "string"), "a problem that is no text");
    }
    found.record({ block: 77, crc: [4] });
    const again = Journal.open(path, KEY);
    must(again.entries.get(77)?.crc[0] === 4, "what was recorded is not there");
    must(again.entries.size === new Set([...found.entries.keys(), 77]).size, "what was there is not there again");
    return [...found.entries];
  },
};

const HOLDER = { pid: 2 ** 22 + 5, host: hostname(), since: "2026-11-23T09:00:00.000Z" };
const lock: FuzzTarget = {
  name: "run-lock",
  kind: "text",
  seeds: () => [
    made("dead", JSON.stringify(HOLDER)),
    made("alive", JSON.stringify({ ...HOLDER, pid: 1 })),
    made("elsewhere", JSON.stringify({ ...HOLDER, host: "another" })),
    made("empty", ""),
  ],
  read(bytes, folder) {
    const path = join(folder, "lock");
    writeFileSync(path, bytes);
    const was = isRunning(folder);
    try {
      const unlock = lockFile(path, "a.nxs");
      must(!was, "a lock was taken from somebody who is at work");
      must(existsSync(path), "a lock that is not there");
      unlock();
      must(!existsSync(path), "a lock that stays");
    } finally {
      rmSync(path, { force: true });
    }
  },
};

export const RUN_TARGETS: readonly FuzzTarget[] = [journal, lock];
