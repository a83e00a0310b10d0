import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { examineMachine } from "./examine.ts";
import { controlGroupLimits, openFileLimit } from "./limits.ts";
import { examineStorage } from "./storage.ts";
import { examineSlurm } from "./surroundings.ts";

const files =
  (texts: Readonly<Record<string, string>>) =>
  (path: string): string | undefined =>
    texts[path];

describe("limits of control groups", () => {
  it("are the tightest of the group and those above it (version 2)", () => {
    const limits = controlGroupLimits(
      files({
        "/proc/self/cgroup": "0::/system.slice/slurm/job_7\n",
        "/sys/fs/cgroup/system.slice/slurm/job_7/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/system.slice/slurm/job_7/memory.max": "max\n",
        "/sys/fs/cgroup/system.slice/slurm/cpu.max": "150000 100000\n",
        "/sys/fs/cgroup/system.slice/slurm/memory.max": "8589934592\n",
        "/sys/fs/cgroup/system.slice/slurm/cpu.stat": "usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 8\n",
        "/sys/fs/cgroup/system.slice/memory.max": "17179869184\n",
      }),
    );
    expect(limits).toEqual({ processors: 1.5, memoryBytes: 2 ** 33, throttled: 4 });
  });

  it("are found in version 1, whose huge number means none", () => {
    const texts = {
      "/proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n1:name=systemd:/a\n",
      "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "400000\n",
      "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n",
    };
    expect(controlGroupLimits(files(texts))).toEqual({ processors: 4, memoryBytes: Infinity, throttled: 0 });
    const held = { ...texts, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n" };
    expect(controlGroupLimits(files(held)).memoryBytes).toBe(2 ** 30);
  });

  it("are none where there are no groups", () => {
    expect(controlGroupLimits(files({}))).toEqual({ processors: Infinity, memoryBytes: Infinity, throttled: 0 });
  });
});

it("reads the limit of open files", () => {
  const text =
    "Limit                     Soft Limit           Hard Limit           Units\nMax open files            1024                 524288               files\n";
  expect(openFileLimit(text)).toBe(1024);
  expect(openFileLimit(text.replace("1024 ", "unlimited"))).toBe(Infinity);
  expect(openFileLimit(undefined)).toBeUndefined();
});

describe("a folder", () => {
  it("is tried and left as it was", () => {
    const folder = tempFolder();
    const found = examineStorage(folder);
    expect(found.find(({ name }) => name === "writable")!.state).toBe("good");
    expect(found.find(({ name }) => name === "locks")!.state).toBe("good");
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(process.platform === "linux")("that takes no files is bad, with what to do", () => {
    const found = examineStorage("/proc").find(({ name }) => name === "writable")!;
    expect(found).toMatchObject({ state: "bad", advice: expect.stringContaining("folder") });
  });

  it("that is not there is refused", async () => {
    await expect(examineMachine("/no/such/folder")).rejects.toMatchObject({ code: "folder-missing" });
  });
});

describe.skipIf(process.platform === "win32")("Slurm", () => {
  /** A folder with an sbatch of its own. */
  function pathWith(does: string): string {
    const folder = join(tempFolder(), "bin");
    mkdirSync(folder);
    writeFileSync(join(folder, "sbatch"), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    return folder;
  }

  it("is no fault of the machine where it is not here, or installed without a cluster", () => {
    expect(examineSlurm(tempFolder())).toMatchObject({ state: "good", value: expect.stringContaining("not here") });
    // what Debian's slurm-client 22.05 says without a slurm.conf
    const bare = pathWith('echo "sbatch: fatal: Could not establish a configuration source" >&2; exit 1');
    expect(examineSlurm(bare)).toMatchObject({ state: "good", value: expect.stringMatching(/^not configured: /) });
    expect(examineSlurm(pathWith("echo slurm-wlm 22.05.8"))).toEqual({
      ...{ name: "slurm", state: "good", value: "slurm-wlm 22.05.8" },
    });
  });

  it("that is broken is told with its own words", () => {
    const broken = pathWith('echo "sbatch: error: plugin_load_from_file: cannot open" >&2; exit 1');
    const { state, value, advice } = examineSlurm(broken);
    expect([state, advice]).toEqual(["slow", expect.stringContaining("in a shell")]);
    expect(value).toContain("plugin_load_from_file");
  });
});

it("reads what every compression of HDF5 wrote, starts a thread, and has a word for each thing", async () => {
  const { findings } = await examineMachine(tempFolder());
  const named = new Map(findings.map((finding) => [finding.name, finding]));
  expect(named.size).toBe(findings.length);
  expect(named.get("hdf5")).toMatchObject({ state: "good", value: expect.stringContaining("bitshuffle-LZ4") });
  expect(named.get("threads")!.value).toMatch(/^one starts in \d+ ms$/);
  for (const { state, advice } of findings) expect(advice === undefined).toBe(state === "good");
});
