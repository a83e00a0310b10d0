/**
 * A Slurm of two nodes on this machine, for tests: controller, two node daemons and munge, all in a folder of their
 * own and ended with the test. Needs slurm-wlm and munge, of Debian for example.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// where Debian puts daemons, which is not on everybody's path
process.env["PATH"] = `${process.env["PATH"]}:/usr/sbin`;

const PROGRAMS = ["munged", "munge", "slurmctld", "slurmd", "sbatch", "squeue", "scancel"];
export const hasSlurm = PROGRAMS.every((program) => {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const NODES = ["n1", "n2"] as const;

export class SlurmCluster {
  readonly folder: string;
  private readonly daemons = new Map<string, ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Starts it, and points SLURM_CONF of this process, and so of its children, to it.
   *
   * @param cpus of each node, as Slurm is told; there may be fewer
   */
  static async start(folder: string, { cpus = 1 } = {}): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(folder);
    for (const name of ["state", "log", ...NODES]) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, "munge.key"), randomBytes(1024), { mode: 0o600 });
    const conf = join(folder, "slurm.conf");
    writeFileSync(conf, configuration(folder, await Promise.all([freePort(), freePort(), freePort()]), cpus));
    process.env["SLURM_CONF"] = conf;
    const files = { "key-file": "munge.key", socket: "munge.socket", "pid-file": "munge.pid" };
    const logs = { "seed-file": "munge.seed", "log-file": "log/munged" };
    const options = Object.entries({ ...files, ...logs }).map(([name, file]) => `--${name}=${join(folder, file)}`);
    cluster.daemon("munged", ["--foreground", "--force", ...options]);
    await until(() => cluster.ask("munge", "-n", "-S", join(folder, "munge.socket")) !== "");
    cluster.daemon("slurmctld", ["-D", "-c"]);
    for (const node of NODES) cluster.startNode(node);
    await until(() => cluster.ask("sinfo", "-N", "-h", "-o", "%t").trim() === "idle\nidle");
    return cluster;
  }

  startNode(node: string): void {
    this.daemon("slurmd", ["-D", "-N", node], node);
  }

  /** As if it had lost its power: its daemon, and all that runs on it. */
  killNode(node: string): void {
    this.daemons.get(node)!.kill("SIGKILL");
    for (const { pid, parent } of jobProcesses(this.folder, node)) {
      kill(parent); // its slurmstepd, which would tell
      kill(pid);
    }
  }

  ask(program: string, ...args: string[]): string {
    try {
      return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch {
      return "";
    }
  }

  async stop(): Promise<void> {
    this.ask("scancel", "--me");
    await until(() => this.ask("squeue", "-h").trim() === "", 5_000).catch(() => {});
    for (const node of NODES) this.killNode(node);
    for (const daemon of this.daemons.values()) daemon.kill("SIGKILL");
    delete process.env["SLURM_CONF"];
    await sleep(100);
  }

  private daemon(program: string, args: string[], name = program): void {
    this.daemons.set(name, spawn(program, args, { stdio: "ignore" }));
  }
}

/** Processes of jobs on a node, by what Slurm put into their environment. */
function jobProcesses(folder: string, node: string): { pid: number; parent: number }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = readFileSync(join("/proc", name, "environ"), "utf8").split("\0");
        if (!environment.includes(`SLURMD_NODENAME=${node}`)) return [];
        if (!environment.includes(`SLURM_CONF=${join(folder, "slurm.conf")}`)) return [];
        const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(join("/proc", name, "status"), "utf8"))![1]);
        return [{ pid: Number(name), parent }];
      } catch {
        return []; // it has just ended
      }
    });
}

function kill(pid: number): void {
  try {
    if (pid > 1) process.kill(pid, "SIGKILL");
  } catch {
    // it has just ended
  }
}

export async function until(isSo: () => boolean, milliseconds = 60_000): Promise<void> {
  for (const end = Date.now() + milliseconds; !isSo(); await sleep(50)) {
    if (Date.now() > end) throw new Error(`not so after ${milliseconds} ms: ${isSo}`);
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

function configuration(folder: string, [controller, ...nodes]: readonly number[], cpus: number): string {
  const user = userInfo().username;
  const at = (name: string): string => join(folder, name);
  return [
    "ClusterName=test",
    `SlurmctldHost=${hostname().split(".")[0]}(127.0.0.1)`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    "AuthType=auth/munge",
    `AuthInfo=socket=${at("munge.socket")}`,
    "CredType=cred/munge",
    `SlurmctldPort=${controller}`,
    `StateSaveLocation=${at("state")}`,
    `SlurmctldPidFile=${at("slurmctld.pid")}`,
    `SlurmctldLogFile=${at("log/slurmctld")}`,
    `SlurmdSpoolDir=${at("%n")}`,
    `SlurmdPidFile=${at("%n.pid")}`,
    `SlurmdLogFile=${at("log/%n")}`,
    "ProctrackType=proctrack/linuxproc",
    "TaskPlugin=task/none",
    "MpiDefault=none",
    "SelectType=select/cons_tres",
    "SelectTypeParameters=CR_CPU_Memory",
    "SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1",
    "SlurmdTimeout=5",
    "SlurmdParameters=config_overrides",
    "MaxArraySize=2",
    "MinJobAge=86400",
    "KillWait=2",
    "ReturnToService=2",
    "AccountingStorageType=accounting_storage/none",
    "JobAcctGatherType=jobacct_gather/none",
    ...NODES.map(
      (name, i) =>
        `NodeName=${name} NodeHostname=${hostname().split(".")[0]} NodeAddr=127.0.0.1 Port=${nodes[i]} CPUs=${cpus} RealMemory=8000`,
    ),
    `PartitionName=all Nodes=${NODES.join(",")} Default=YES MaxTime=INFINITE State=UP`,
    "",
  ].join("\n");
}
