/** Folders as a run uses them: room, speed, locks, and what kind of file system it is. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, gigabytes, good, judge } from "./finding.ts";

/** `f_type` of Linux' statfs(2), from the man page and the systems' own headers. */
const FILE_SYSTEMS: Readonly<
  Record<number, { readonly name: string; readonly isShared?: true; readonly isMemory?: true }>
> = {
  61267: { name: "ext4" },
  1481003842: { name: "XFS" },
  2435016766: { name: "Btrfs" },
  801189825: { name: "ZFS" },
  2035054128: { name: "overlay (a container's own)" },
  16914836: { name: "tmpfs", isMemory: true },
  2240043254: { name: "ramfs", isMemory: true },
  26985: { name: "NFS", isShared: true },
  1196443219: { name: "GPFS", isShared: true },
  198183888: { name: "Lustre", isShared: true },
  428016422: { name: "BeeGFS", isShared: true },
  12805120: { name: "CephFS", isShared: true },
  4283649346: { name: "CIFS", isShared: true },
  4266872130: { name: "SMB", isShared: true },
  1702057286: { name: "FUSE", isShared: true },
  1397113167: { name: "AFS", isShared: true },
};

const TRIAL_BYTES = 32e6;
/** A full-size scan writes about so much. */
const FULL_SCAN_BYTES = 10e9;

/** @param folder where results would go: it must be there */
export function examineStorage(folder: string): Finding[] {
  const { bavail, bsize, type } = statfsSync(folder);
  const free = bavail * bsize;
  const system = FILE_SYSTEMS[type >>> 0];
  const findings = [
    judge(
      "disk",
      `${gigabytes(free)} free in ${folder}`,
      free > FULL_SCAN_BYTES,
      free > 1e9 ? "slow" : "bad",
      "A full-size scan writes about 10 GB: give an output elsewhere with -o",
    ),
    system?.isMemory
      ? judge(
          "file system",
          system.name,
          false,
          "slow",
          "It is memory: results are gone when the machine is. Write elsewhere",
        )
      : good(
          "file system",
          system?.isShared
            ? `${system.name}, over the network: one run at a time is held by a lock file`
            : (system?.name ?? `type 0x${(type >>> 0).toString(16)}`),
        ),
  ];
  return [...findings, ...tryWriting(folder, system?.isShared ?? false)];
}

/** Writes, renames and locks as runs do. */
function tryWriting(folder: string, isShared: boolean): Finding[] {
  let trial: string;
  try {
    trial = mkdtempSync(join(folder, ".xrdct-doctor-"));
  } catch (error) {
    return [notWritable(error, "Change to a folder of yours")];
  }
  try {
    const speed = megabytesPerSecond(join(trial, "speed"));
    const skew = clockSkewSeconds(join(trial, "clock"));
    const isLocking = isExclusive(trial);
    return [
      good("writable", "yes"),
      judge(
        "disk speed",
        `${speed.toFixed(0)} MB/s written to the disk`,
        speed > 60,
        "slow",
        "Frames come faster than this: give an output on a local disk with -o",
      ),
      judge(
        "locks",
        isLocking ? "a file that is there is not made again, and renaming replaces" : "a lock file can be taken twice",
        isLocking,
        "bad",
        "Two runs could work on one result: write to another file system",
      ),
      ...(isShared || Math.abs(skew) > 5
        ? [
            judge(
              "file clock",
              `${Math.abs(skew).toFixed(0)} s ${skew > 0 ? "ahead of" : "behind"} this machine's`,
              Math.abs(skew) <= 5,
              "slow",
              "Times in results and of files will disagree: have both follow one time server",
            ),
          ]
        : []),
    ];
  } catch (error) {
    return [notWritable(error, "Make room there")];
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

const notWritable = (error: unknown, advice: string): Finding =>
  judge("writable", (error as Error).message, false, "bad", `${advice}, or name another one: xrdct doctor FOLDER`);

/** With what the system holds back until it is on the disk; of bytes that no disk can compress. */
function megabytesPerSecond(path: string): number {
  const bytes = randomBytes(1e6);
  const start = process.hrtime.bigint();
  const file = openSync(path, "wx");
  try {
    for (let at = 0; at < TRIAL_BYTES; at += bytes.length) writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return (1e3 * TRIAL_BYTES) / Number(process.hrtime.bigint() - start);
}

function isExclusive(folder: string): boolean {
  const [lock, other] = [join(folder, "lock"), join(folder, "other")];
  writeFileSync(lock, "1", { flag: "wx" });
  try {
    writeFileSync(lock, "2", { flag: "wx" });
    return false;
  } catch {
    writeFileSync(other, "3");
    renameSync(other, lock);
    return !existsSync(other) && statSync(lock).size === 1;
  }
}

/** Who keeps the files may have another clock. */
function clockSkewSeconds(path: string): number {
  const before = Date.now();
  writeFileSync(path, "");
  const [written, after] = [statSync(path).mtimeMs, Date.now()];
  return written > after ? (written - after) / 1e3 : written < before ? (written - before) / 1e3 : 0;
}

/** The system's folder for temporary files. Runs and pages do without: it is where a user without a home has caches. */
export function examineTemporary(): Finding {
  const folder = tmpdir();
  const advice = "Set TMPDIR to a folder of yours with room";
  try {
    const trial = mkdtempSync(join(folder, "xrdct-doctor-"));
    try {
      writeFileSync(join(trial, "trial"), "1");
    } finally {
      rmSync(trial, { recursive: true, force: true });
    }
    const { bavail, bsize } = statfsSync(folder);
    return judge("temporary", `${gigabytes(bavail * bsize)} free in ${folder}`, bavail * bsize > 1e9, "slow", advice);
  } catch (error) {
    return judge("temporary", (error as Error).message, false, "slow", advice);
  }
}
