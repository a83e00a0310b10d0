/** The runs of this server, one at a time: each takes all the threads that there are. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { InputError } from "../../data/index.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { JobInfo } from "../wire.ts";
import { Job } from "./job.ts";
import type { RunOrder } from "./run-order.ts";

/** More than anybody waits for. */
const MOST_WAITING = 100;
/** Those that are over and still known; what they left on the disk is found all the same. */
const MOST_OVER = 200;

export class JobQueue {
  private readonly jobs = new Map<string, Job>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly folder: ServedFolder;
  private isClosed = false;
  private working = false;

  constructor(folder: ServedFolder) {
    this.folder = folder;
  }

  /** @throws InputError "run-in-progress" where a job on this output waits or runs; "server-busy" */
  add(order: Omit<RunOrder, "kind" | "root">): JobInfo {
    const output = this.folder.nameOf(order.output);
    const other = [...this.jobs.values()].find((job) => job.info.output === output && !job.isOver);
    if (other) {
      throw new InputError(
        "run-in-progress",
        `A run on ${output} ${other.info.state === "waiting" ? "waits for its turn" : "is at work"} already. Wait for it or cancel it, or give another output.`,
      );
    }
    const waiting = [...this.jobs.values()].filter((job) => !job.isOver).length;
    if (waiting >= MOST_WAITING)
      throw new InputError("server-busy", `${waiting} runs are waiting already. Wait for them, or cancel some.`);
    this.forgetOldest();
    const id = randomBytes(6).toString("hex");
    const { from, until, workers, memoryBytes } = order;
    const info: JobInfo = {
      id,
      scan: this.folder.nameOf(order.scan),
      output,
      ...(from && { from }),
      ...(until && { until }),
      workers,
      memoryGb: memoryBytes / 1e9,
      state: "waiting",
      startedAt: new Date().toISOString(),
      stages: [],
      hasResult: existsSync(order.output),
    };
    const job = new Job(info, { kind: "run", root: this.folder.root, ...order }, () => this.tell(id));
    // what is going on again takes the place of what was interrupted
    for (const [key, { info }] of this.jobs) if (info.output === output) this.jobs.delete(key);
    this.jobs.set(id, job);
    void this.work();
    return job.info;
  }

  private forgetOldest(): void {
    const over = [...this.jobs].filter(([, job]) => job.isOver);
    for (const [id] of over.slice(0, Math.max(0, over.length - MOST_OVER))) {
      this.jobs.delete(id);
      this.listeners.delete(id);
    }
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (;;) {
      const next = [...this.jobs.values()].find(({ info }) => info.state === "waiting");
      if (!next || this.isClosed) break;
      await next.start();
    }
    this.working = false;
  }

  get(id: string): Job | undefined {
    return this.jobs.get(id);
  }
  /** the newest first */
  list(): JobInfo[] {
    return [...this.jobs.values()].map(({ info }) => info).reverse();
  }

  /** @returns a function that ends it */
  listen(id: string, onChange: () => void): () => void {
    const all = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, all.add(onChange));
    return () => all.delete(onChange);
  }

  private tell(id: string): void {
    for (const listener of this.listeners.get(id) ?? []) listener();
  }

  /** Interrupts what runs. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.jobs.values()].map((job) => job.cancel()));
  }
}
