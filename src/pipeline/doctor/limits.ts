/** What the system gives this process: processors, memory, open files; the limits of a container or a batch job too. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { type Finding, gigabytes, good, judge } from "./finding.ts";

/** Limits of the control groups that a process is in (Linux: kernel.org, cgroup-v2.rst and cgroup-v1); Infinity: none. */
export interface ControlGroupLimits {
  /** processors' worth of time */
  readonly processors: number;
  readonly memoryBytes: number;
  /** how often the processes were stopped because their share of time was used up */
  readonly throttled: number;
}

type ReadFile = (path: string) => string | undefined;

/**
 * The tightest of the group and all above it.
 *
 * @param read gives a file's text, or nothing where it is not there
 */
export function controlGroupLimits(read: ReadFile = textOf): ControlGroupLimits {
  let [processors, memoryBytes, throttled] = [Infinity, Infinity, 0];
  for (const entry of (read("/proc/self/cgroup") ?? "").split("\n").filter(Boolean)) {
    const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(entry) ?? [];
    for (const group of pathsUp(path)) {
      if (controllers === "") {
        const at = join("/sys/fs/cgroup", group);
        const [quota, period] = (read(join(at, "cpu.max")) ?? "").split(/\s+/).map(Number);
        if (quota && period) processors = Math.min(processors, quota / period);
        memoryBytes = Math.min(memoryBytes, limitIn(read(join(at, "memory.max"))));
        throttled = Math.max(
          throttled,
          Number(/^nr_throttled (\d+)/m.exec(read(join(at, "cpu.stat")) ?? "")?.[1] ?? 0),
        );
      } else if (controllers.split(",").includes("cpu")) {
        const at = join("/sys/fs/cgroup/cpu", group);
        const [quota, period] = ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((name) => Number(read(join(at, name))));
        if (quota! > 0 && period! > 0) processors = Math.min(processors, quota! / period!);
      } else if (controllers.split(",").includes("memory"))
        memoryBytes = Math.min(
          memoryBytes,
          limitIn(read(join("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))),
        );
    }
  }
  return { processors, memoryBytes, throttled };
}

/** "max", and the huge number that stands for it in version 1, are no limit. */
function limitIn(text: string | undefined): number {
  const value = Number(text?.trim() || Number.NaN);
  return value > 0 && value < 2 ** 60 ? value : Infinity;
}

const pathsUp = (path: string): string[] => {
  const parts = path.split("/").filter(Boolean);
  return parts.map((_, i) => `/${parts.slice(0, parts.length - i).join("/")}`).concat("/");
};

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function examineLimits(): Finding[] {
  const limits = controlGroupLimits();
  const threads = availableParallelism();
  const model = cpus()[0]?.model.trim() || process.arch;
  const total = Math.min(totalmem(), limits.memoryBytes);
  const free = Math.min(freemem(), total);
  const findings = [
    limits.processors < threads
      ? judge(
          "processor",
          `${model}, ${threads} threads, held to the time of ${limits.processors.toFixed(1)}${limits.throttled ? `, throttled ${limits.throttled} times` : ""}`,
          false,
          "slow",
          `Ask the container or the batch system for more, or give --workers ${Math.max(1, Math.floor(limits.processors))}, so that threads do not take turns`,
        )
      : judge(
          "processor",
          `${model}, ${threads} threads`,
          threads > 1,
          "slow",
          "Every stage uses all threads it is given",
        ),
    judge(
      "memory",
      `${gigabytes(free)} of ${gigabytes(total)} free${limits.memoryBytes < totalmem() ? ", the limit of the container or job" : ""}`,
      free > 3e9,
      "slow",
      "Below 3 GB large scans go slower: give --memory-gb what there is, and end other programs",
    ),
  ];
  const files = openFileLimit(textOf("/proc/self/limits"));
  if (files !== undefined)
    findings.push(
      judge(
        "open files",
        `${files} at a time`,
        files >= 1024,
        "bad",
        "Runs with many threads open several hundred: ulimit -n 4096",
      ),
    );
  const year = new Date().getFullYear();
  findings.push(
    year >= 2026
      ? good("clock", new Date().toISOString())
      : judge(
          "clock",
          new Date().toISOString(),
          false,
          "bad",
          "It is wrong: results carry times, and order by them. Set it",
        ),
  );
  return findings;
}

/** The soft limit in Linux' /proc/PID/limits. */
export function openFileLimit(text: string | undefined): number | undefined {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(text ?? "") ?? [];
  return soft === undefined ? undefined : soft === "unlimited" ? Infinity : Number(soft);
}
