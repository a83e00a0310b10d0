/** What goes wrong: each drawn anew, from a seed, for the stage that it is done to. */
import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { hasH5py, PYTHON } from "../h5py.ts";
import type { Workload } from "./workloads.ts";

export type Random = () => number;

/** One try: what is done before, while and after the program runs. */
export interface Plan {
  /** for inject.mjs, but for its mark */
  readonly inject?: Injected;
  /** of the shell: in front of the command, behind it */
  readonly before?: string;
  readonly behind?: string;
  /** memory of V8, MB */
  readonly heapMb?: number;
  readonly args?: readonly string[];
  /** done to the folder before the program starts */
  readonly prepare?: (folder: string) => void;
  /** as soon as it has ended, before anything is looked at */
  readonly ended?: (folder: string) => void;
  /** after it has ended: what somebody would mend, or damages further */
  readonly after?: (folder: string, random: Random) => void;
  /** what is told has to have one of these codes; any of those that the program knows where left out */
  readonly codes?: readonly string[];
  /** has to be told: going on to the end would be wrong */
  readonly isFatal?: boolean;
  /** what was finished may have to be done again: it was damaged or deleted, or its input is another */
  readonly mayLose?: boolean;
  /** the input is another now: the end has to be that of a run which never saw the other */
  readonly isOtherInput?: boolean;
  /** a disk of its own, bytes */
  readonly disk?: string;
  /** whether what was to happen could be done at all; asked after the program has ended */
  readonly isReached?: (folder: string) => boolean;
}

export interface Injected {
  readonly on: "open" | "read" | "write" | "sync" | "rename" | "stat" | "any" | "clock";
  readonly path?: string;
  readonly nth?: number;
  readonly last?: number;
  readonly in?: "main" | "worker";
  readonly of?: string;
  readonly do: object;
}

export interface Fault {
  readonly name: string;
  readonly fits?: (workload: Workload) => boolean;
  readonly draw: (random: Random, workload: Workload) => Plan;
}

const FOREVER = 1e9;
/** 1 to most, small numbers as often as large ones */
const some = (random: Random, most: number): number => Math.floor(Math.exp(random() * Math.log(most + 1)));
const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)]!;

const hasWorkers = ({ hasWorkers }: Workload): boolean => hasWorkers;
const isCommand = ({ program }: Workload): boolean => program === undefined;
const hasInput = ({ input }: Workload): boolean => input !== undefined;
/** where a thread is busy: its files, and those it reads */
const busy = ({ work, input }: Workload): string => (input ? `${work}|${input.pattern}` : work);

const kill =
  (signal: string) =>
  (random: Random, workload: Workload): Plan => ({
    inject: { on: "any", path: busy(workload), nth: some(random, 60), do: { kill: signal } },
  });

const failing =
  (
    on: Injected["on"],
    errors: readonly string[],
    { lasts = false, most = 12, codes = undefined as readonly string[] | undefined } = {},
  ) =>
  (random: Random, workload: Workload): Plan => {
    const nth = some(random, most);
    const error = pick(random, errors);
    return {
      inject: {
        ...{ on, path: on === "read" || on === "open" ? busy(workload) : workload.work, nth },
        ...(lasts && { last: FOREVER }),
        do: { error, torn: random() < 0.5 },
      },
      ...(codes && { codes }),
    };
  };

export const FAULTS: readonly Fault[] = [
  { name: "kill -9 of the process", draw: kill("SIGKILL") },
  {
    name: "kill -9 of the server",
    fits: (workload) => !isCommand(workload),
    draw: (random, workload) => ({
      inject: { on: "any", path: busy(workload), nth: some(random, 60), of: "run-process", do: { killServer: true } },
    }),
  },
  ...(["exit", "abort"] as const).map(
    (how): Fault => ({
      name: how === "exit" ? "a worker thread ends" : "a worker thread aborts the process",
      fits: hasWorkers,
      draw: (random, workload) => ({
        inject: {
          on: "any",
          path: busy(workload),
          nth: some(random, 30),
          in: "worker",
          do: { [how]: how === "exit" ? 7 : true },
        },
      }),
    }),
  ),
  {
    name: "a worker thread runs out of memory",
    fits: hasWorkers,
    draw: (random, workload) => ({
      inject: { on: "any", path: busy(workload), nth: some(random, 30), in: "worker", do: { exhaust: true } },
      heapMb: 128,
      codes: ["memory-exhausted"],
    }),
  },
  {
    name: "disk full (ENOSPC, EDQUOT)",
    draw: failing("write", ["ENOSPC", "EDQUOT"], { lasts: true, codes: ["disk-full"] }),
  },
  { name: "write error (EIO)", draw: failing("write", ["EIO"], { codes: ["disk-error"] }) },
  { name: "read error (EIO, ESTALE)", draw: failing("read", ["EIO", "ESTALE"], { codes: ["disk-error"] }) },
  { name: "too many open files (EMFILE)", draw: failing("open", ["EMFILE", "ENFILE"]) },
  { name: "fsync fails (EIO)", draw: failing("sync", ["EIO"], { most: 3, codes: ["disk-error"] }) },
  { name: "rename fails (EXDEV, EACCES, EIO)", draw: failing("rename", ["EXDEV", "EACCES", "EIO"], { most: 3 }) },
  {
    name: "every read and write is short",
    draw: () => ({ inject: { on: "any", path: "", nth: 1, last: FOREVER, do: { short: true } } }),
  },
  {
    name: "killed, and a file of the work damaged",
    draw: (random, workload) => ({
      inject: { on: "any", path: workload.work, nth: some(random, 60), do: { kill: "SIGKILL" } },
      after: damageWork,
      mayLose: true,
    }),
  },
  {
    name: "what an earlier stage left is damaged",
    draw: (random) => ({ prepare: (folder) => damageWork(folder, random), mayLose: true }),
    fits: ({ name }) => !["read", "integrate", "refine --each", "simulate", "series", "serve"].includes(name),
  },
  ...(["changed", "cut", "grown", "replaced", "removed"] as const).map(
    (how): Fault => ({
      name: `an input file is ${how} while it is read`,
      fits: hasInput,
      draw: (random, { input }) => ({
        inject: {
          on: "read",
          path: input!.pattern,
          nth: some(random, 40),
          do: { shell: changeInput(input!.file, how) },
        },
        mayLose: true,
        isOtherInput: true,
      }),
    }),
  ),
  ...([3.6e6, -3.6e6, 1.6e11, -1.6e11] as const).map(
    (clock): Fault => ({
      name: `the clock steps ${Math.abs(clock) > 1e7 ? "5 years" : "an hour"} ${clock > 0 ? "forwards" : "backwards"}`,
      draw: (random) => ({ inject: { on: "clock", nth: some(random, 30), in: "main", do: { clock } } }),
    }),
  ),
  {
    name: "little address space (ulimit -v)",
    draw: (random) => ({ before: `ulimit -v ${pick(random, [11, 12, 13, 14, 16]) * 1_000_000};` }),
  },
  {
    name: "little memory (--memory-gb)",
    fits: ({ name }) => !["refine --each", "simulate"].includes(name),
    draw: (random) => ({ args: ["--memory-gb", String(pick(random, [0.001, 0.01, 0.05, 0.07, 0.1]))] }),
  },
  {
    name: "a second run on the same result",
    fits: ({ name }) => name !== "simulate" && name !== "series" && name !== "study",
    draw: (random, workload) => ({
      inject: {
        on: "any",
        path: workload.work,
        nth: some(random, 40),
        in: "main",
        do: { shell: "$AGAIN > second.json 2> second.txt; echo $? > second.code" },
      },
    }),
  },
  {
    name: "locked from another machine",
    fits: ({ isRun }) => isRun,
    draw: () => ({
      prepare: (folder) => lock(folder, { pid: 1, host: "another-machine", since: "noon" }),
      after: unlock,
      codes: ["run-in-progress"],
      isFatal: true,
    }),
  },
  {
    name: "the lock of a dead process, or a damaged one",
    fits: ({ isRun }) => isRun,
    draw: (random) => ({
      prepare: (folder) =>
        lock(folder, pick(random, [{ pid: 4_000_000, host: hostname(), since: "noon" }, "", '{"pid":12', "null"])),
    }),
  },
  {
    name: "the work folder is deleted",
    draw: (random, workload) => ({
      inject: {
        on: "any",
        path: workload.work,
        nth: some(random, 40),
        do: { shell: "rm -rf out.nxs.work made series.json.* each" },
      },
      mayLose: true,
    }),
  },
  {
    name: "a real disk fills up (tmpfs)",
    draw: (random) => ({
      disk: `${some(random, 1500) + 16}k`,
      after: (folder) => remount(folder, "size=200m"),
      codes: ["disk-full"],
    }),
  },
  {
    name: "the disk becomes read-only (tmpfs, EROFS)",
    draw: (random, workload) => ({
      disk: "200m",
      // files that are open for writing keep a disk from it: what is not open yet fails
      inject: { on: "open", path: workload.work, nth: some(random, 10), do: { error: "EROFS" } },
    }),
  },
  {
    name: "the disk is mounted read-only (tmpfs, remount)",
    draw: (random, workload) => ({
      disk: "200m",
      // refused while a file is open for writing: tried again and again, as long as the program runs
      inject: {
        on: "any",
        path: workload.work,
        nth: some(random, 40),
        do: {
          shell:
            "(while kill -0 $PPID 2> /dev/null && ! mount -o remount,ro . 2> /dev/null; do sleep 0.005; done) > /dev/null 2>&1 &",
        },
      },
      isReached: isReadOnly,
      after: (folder) => remount(folder, "rw"),
      codes: ["not-writable"],
    }),
  },
  ...(["reads", "writes"] as const).map(
    (does): Fault => ({
      name: `h5py ${does} the result of before meanwhile`,
      fits: ({ from }) => hasH5py && existsSync(join(from, "out.nxs")),
      draw: () => ({
        prepare: (folder) => holdOpen(folder, does),
        ended: letGo,
      }),
    }),
  ),
  ...(["SIGTERM", "SIGINT", "SIGHUP"] as const).map((signal): Fault => ({ name: signal, draw: kill(signal) })),
  {
    name: "SIGSTOP, a second run, SIGCONT",
    fits: ({ isRun }) => isRun,
    draw: (random, workload) => ({
      inject: {
        ...{ on: "any", path: workload.work, nth: some(random, 40), in: "main" as const },
        do: {
          shell:
            "(sleep 0.2; $AGAIN > second.json 2> second.txt; echo $? > second.code; kill -CONT $PPID) & kill -STOP $PPID",
        },
      },
    }),
  },
  { name: "stdin and stdout closed", fits: isCommand, draw: () => ({ behind: "<&- >&-" }) },
  {
    name: "nobody reads (| head -c 0)",
    fits: isCommand,
    draw: (random) => ({ behind: pick(random, ["| head -c 0", "2>&1 | head -c 1"]) }),
  },
];

/** A byte changed, the end cut off, or nothing left, of any file that is kept; those of one kind are as likely as another. */
function damageWork(folder: string, random: Random): void {
  const roots = ["out.nxs.work", "made", "each", "."].filter((name) => existsSync(join(folder, name)));
  const files = roots
    .flatMap((root) =>
      root === "."
        ? readdirSync(folder).filter((name) => /partial|lock|unfinished/.test(name))
        : (readdirSync(join(folder, root), { recursive: true }) as string[]).map((name) => join(root, name)),
    )
    .filter((name) => statSync(join(folder, name)).isFile() && !name.endsWith("lock"));
  if (files.length === 0) return;
  const kinds = [...new Set(files.map(kindOf))].sort();
  const kind = pick(random, kinds);
  const name = pick(random, files.filter((file) => kindOf(file) === kind).sort());
  const path = join(folder, name);
  const bytes = readFileSync(path);
  if (bytes.length === 0) return;
  const at = Math.floor(random() * bytes.length);
  const how = pick(random, ["flip", "cut", "empty", "zero"]);
  if (how === "flip") {
    bytes[at]! ^= 1 << Math.floor(random() * 8);
    writeFileSync(path, bytes);
  } else if (how === "zero") writeFileSync(path, bytes.fill(0, at, Math.min(at + 4096, bytes.length)));
  else truncateSync(path, how === "cut" ? at : 0);
  appendFileSync(join(folder, "damaged.txt"), `${name} ${how} ${at}\n`);
}

const kindOf = (name: string): string =>
  /\.(f32|u8|jsonl|bin|checkpoint|partial|h5|nxs|json|svg)$/.exec(name)?.[1] ?? name.split("/").at(-1)!;

function changeInput(file: string, how: "changed" | "cut" | "grown" | "replaced" | "removed"): string {
  const keep = `cp -p ${file} original`;
  // the value of some pixel or bin, and not the whole file: the worst case
  const changed = `printf '\\001\\002\\003\\004' | dd of=${file} bs=1 seek=$(($(stat -c %s ${file}) * 2 / 3)) conv=notrunc status=none`;
  const ways = {
    changed,
    cut: `truncate -s -600 ${file}`,
    grown: `head -c 700 /dev/urandom >> ${file}`,
    replaced: `cp ${file} other; mv other ${file}; ${changed}`,
    removed: `rm ${file}`,
  };
  return `${keep}; ${ways[how]}`;
}

function lock(folder: string, holder: object | string): void {
  mkdirSync(join(folder, "out.nxs.work"), { recursive: true });
  const text = typeof holder === "string" ? holder : JSON.stringify(holder);
  writeFileSync(join(folder, "out.nxs.work/lock"), text);
}

function unlock(folder: string): void {
  execFileSync("rm", ["-f", join(folder, "out.nxs.work/lock")]);
}

export function remount(folder: string, options: string): void {
  execFileSync("mount", ["-o", `remount,${options}`, folder]);
}

/** Whether a folder is the root of a disk that is mounted read-only now. */
function isReadOnly(folder: string): boolean {
  const line = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((mount) => mount.split(" ")[1] === folder);
  return /^ro\b/.test(line?.split(" ")[3] ?? "");
}

/** Another program has the result open from now on, with the lock that HDF5 takes; one that writes goes on doing so. */
function holdOpen(folder: string, does: "reads" | "writes"): void {
  const script = `
import h5py, os, time
with h5py.File("out.nxs", "${does === "reads" ? "r" : "r+"}") as f:
    open("held", "w").close()
    k = 0
    while os.path.exists("held") and k < 60000:
        ${does === "reads" ? "f.visit(lambda name: None)" : 'f.attrs["note"] = k; f.flush()'}
        k += 1
        time.sleep(0.005)
open("released", "w").close()
`;
  spawn(PYTHON, ["-c", script], { cwd: folder, stdio: "ignore", detached: true }).unref();
  waitFor(join(folder, "held"));
}

function letGo(folder: string): void {
  rmSync(join(folder, "held"));
  waitFor(join(folder, "released"));
}

function waitFor(path: string): void {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (let k = 0; !existsSync(path); k++) {
    if (k > 1000) throw new Error(`${path} never came`);
    Atomics.wait(wait, 0, 0, 30);
  }
}
