import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FakeSlurm } from "../../tests/fake-slurm.ts";
import { handOverRun, isRunning, lockFile } from "./run-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-lock-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "lock");
const lock = (): (() => void) => lockFile(path, "out.nxs");
const write = (holder: object | string): void =>
  writeFileSync(path, typeof holder === "string" ? holder : JSON.stringify(holder));

beforeEach(() => rmSync(path, { force: true }));

describe("a lock", () => {
  it("is whole from the first moment, keeps others out, and leaves nothing", () => {
    const unlock = lock();
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(readdirSync(folder)).toEqual(["lock"]);
    expect(lock).toThrow(expect.objectContaining({ code: "run-in-progress" }));
    unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["of a process that is dead", { pid: 4_000_000, host: hostname(), since: "noon" }],
    ["that is empty, as after a power cut", ""],
    ["that was cut", '{"pid":12'],
    ["that holds nothing of use", "null"],
    ["of something else", '{"pid":"a","host":4}'],
  ])("%s is taken over", (_, holder) => {
    write(holder);
    const unlock = lock();
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    unlock();
    expect(existsSync(path)).toBe(false);
  });

  it("that a faster one took over in the meantime is put back", () => {
    const faster = { pid: process.ppid, host: hostname(), since: "noon" };
    write({ pid: 4_000_000, host: hostname(), since: "noon" });
    const { renameSync } = fs;
    fs.renameSync = (from, to) => {
      write(faster); // between the look at the dead lock and its removal
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
      renameSync(from, to);
    };
    syncBuiltinESMExports();
    try {
      expect(lock).toThrow(expect.objectContaining({ code: "run-in-progress" }));
    } finally {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    }
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(faster);
  });

  it("of another machine is not touched", () => {
    write({ pid: 1, host: "another", since: "noon" });
    expect(lock).toThrow(/process 1 on another, since noon.*delete/s);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ host: "another" });
  });

  it("of a process of another user is not touched", () => {
    write({ pid: process.ppid, host: hostname(), since: "noon" });
    expect(lock).toThrow(expect.objectContaining({ code: "run-in-progress" }));
  });
});

it("runs that a cluster has are looked for in its queue, and it is asked once for all of them", () => {
  const slurm = new FakeSlurm(join(folder, "bin"));
  try {
    slurm.say("squeue.txt", "xrdct-cell-1\nxrdct-cell-2.parts\nsomebody-else\n");
    const runs = [0, 1, 2, 3].map((i) => {
      const workFolder = join(folder, `cell-${i}.nxs.work`);
      mkdirSync(workFolder);
      handOverRun(workFolder, `xrdct-cell-${i}`);
      return isRunning(workFolder);
    });
    expect(runs).toEqual([false, true, true, false]);
    expect(slurm.calls()).toHaveLength(1);
  } finally {
    slurm.stop();
  }
});
