/**
 * What is finished, block by block: one JSON line each, written after the block's data. A run that was killed reads
 * it and does only what is missing. Every line carries the crc32 of the block, which is checked on resuming, so that
 * a block which never reached the disk (power cut) is done again, and its own: a line that the disk has damaged, and
 * those after it, do not count.
 */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { diskError } from "./disk-error.ts";

export interface JournalEntry {
  readonly block: number;
  readonly crc: readonly number[];
  readonly problems?: readonly string[];
}

export class Journal {
  readonly entries = new Map<number, JournalEntry>();
  private readonly path: string;
  /** of whole lines */
  private bytes = 0;
  private isTorn = false;

  private constructor(path: string) {
    this.path = path;
  }

  /** Opens the journal of this key, or starts a new one where the key (configuration, input) is another. */
  static open(path: string, key: string): Journal {
    const journal = new Journal(path);
    const header = JSON.stringify({ key });
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    if (lines[0] !== header) {
      writeFileSync(path, `${header}\n`);
      journal.bytes = Buffer.byteLength(header) + 1;
      return journal;
    }
    let valid = Buffer.byteLength(lines[0]) + 1;
    for (const line of lines.slice(1)) {
      const entry = parseEntry(line);
      if (!entry) break; // the line that was being written when the run was killed
      journal.entries.set(entry.block, entry);
      valid += Buffer.byteLength(line) + 1;
    }
    truncateSync(path, valid - 1); // without the last line end, which a killed run may not have written
    appendFileSync(path, "\n");
    journal.bytes = valid;
    return journal;
  }

  record(entry: JournalEntry): void {
    const line = `${formatEntry(entry)}\n`;
    try {
      // other threads end their blocks after a line that the disk took half of, and those count
      if (this.isTorn) truncateSync(this.path, this.bytes);
      this.isTorn = true;
      appendFileSync(this.path, line);
      this.isTorn = false;
      this.bytes += Buffer.byteLength(line);
    } catch (error) {
      throw diskError(error, this.path, 1e6);
    }
    this.entries.set(entry.block, entry);
  }

  /** Take back a block whose data turned out not to be what was recorded. */
  forget(block: number): void {
    this.entries.delete(block);
  }
}

/** The checksum of the line without it comes last. */
function formatEntry(entry: JournalEntry): string {
  return JSON.stringify({ ...entry, sum: crc32(JSON.stringify(entry)) });
}

/** A checksum says that a line is as it was written, not that this program wrote it. */
const isEntry = ({ block, crc, problems = [] }: JournalEntry): boolean =>
  Number.isSafeInteger(block) &&
  block >= 0 &&
  Array.isArray(crc) &&
  crc.every(Number.isSafeInteger) &&
  Array.isArray(problems) &&
  problems.every((problem) => typeof problem === "string");

function parseEntry(line: string): JournalEntry | undefined {
  if (!line.endsWith("}")) return undefined;
  try {
    const { sum, ...entry } = JSON.parse(line) as JournalEntry & { sum?: number };
    return sum === crc32(JSON.stringify(entry)) && isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}
