/** One run: its process, and what is known of it. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import type { StagePreview } from "../../pipeline/preview.ts";
import { builtScript } from "../threads/built-script.ts";
import type { JobInfo, JobStage } from "../wire.ts";
import { writeRecord } from "./job-record.ts";
import type { CheckOrder, RunEvent, RunOrder } from "./run-order.ts";

/** An interrupted stage ends at the next block. One that does not is killed: what is finished is on the disk. */
const PATIENCE_MS = 20_000;

/** The process that does what is ordered; it takes no options of this one (--import, --inspect). */
export function startProcess(order: RunOrder | CheckOrder): ChildProcess {
  const child = fork(builtScript("jobs/run-process.js"), {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  child.send(order);
  return child;
}

export class Job {
  private now: JobInfo;
  private readonly order: RunOrder;
  private readonly onChange: () => void;
  private readonly previews = new Map<string, StagePreview>();
  private child: ChildProcess | undefined;
  private isAsked = false;
  private ended: Promise<void> = Promise.resolve();

  constructor(info: JobInfo, order: RunOrder, onChange: () => void) {
    this.now = info;
    this.order = order;
    this.onChange = onChange;
  }

  get info(): JobInfo {
    return this.now;
  }
  get isOver(): boolean {
    return ["done", "failed", "interrupted"].includes(this.now.state);
  }
  preview(stage: string): StagePreview | undefined {
    return this.previews.get(stage);
  }

  /** @returns when it is over, however it ends */
  start(): Promise<void> {
    this.ended = this.run().catch((error: Error) => {
      // the system gives no process: the next run must not wait for this one
      this.finish({ state: "failed", error: { code: "run-lost", message: describeLoss(error.message, "") } });
    });
    return this.ended;
  }

  private async run(): Promise<void> {
    this.change({ state: "running", startedAt: new Date().toISOString() });
    const child = startProcess(this.order);
    this.child = child;
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on("message", (event: RunEvent) => this.take(event));
    const end = await new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("close", (code, signal) => resolve(signal ?? `code ${code}`));
    });
    this.child = undefined;
    if (this.isOver) return;
    if (this.isAsked) this.finish({ state: "interrupted" });
    else this.finish({ state: "failed", error: { code: "run-lost", message: describeLoss(end, said) } });
  }

  /** Interrupts it; what is finished is kept. @returns when it is over */
  async cancel(): Promise<void> {
    if (this.isOver) return;
    this.isAsked = true;
    if (!this.child) return this.finish({ state: "interrupted" });
    this.change({ state: "stopping" });
    this.child.kill("SIGINT");
    const timer = setTimeout(() => this.child?.kill("SIGKILL"), PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  private take(event: RunEvent): void {
    if (event.type === "stages") {
      const stages = event.names.map(
        (name): JobStage => ({ name, state: "waiting", done: 0, blocks: 0, resumed: 0, notes: [] }),
      );
      this.change({ stages });
    } else if (event.type === "stage-start") {
      const { stage, blocks, resumed, preview } = event;
      this.changeStage(stage, {
        state: "running",
        blocks,
        resumed,
        done: resumed,
        notes: [],
        ...(preview && this.keepPreview(stage, preview)),
      });
    } else if (event.type === "stage-progress") {
      const { stage, done, blocks, secondsLeft, preview } = event;
      this.changeStage(stage, {
        done,
        blocks,
        ...(secondsLeft !== undefined && { secondsLeft }),
        ...(preview && this.keepPreview(stage, preview)),
      });
    } else if (event.type === "stage-skipped") this.changeStage(event.stage, { state: "kept" });
    else if (event.type === "stage-end") {
      const { stage, seconds, notes } = event;
      this.changeStage(stage, { state: "done", seconds, notes });
    } else if (event.type === "end") {
      const maps = event.maps.map((map) => ({ ...map, median: Number.isFinite(map.median) ? map.median : null }));
      this.finish({ state: "done", maps });
    } else if (event.type === "interrupted") this.finish({ state: "interrupted" });
    else if (event.type === "error") {
      const { code, message } = event;
      this.finish({ state: "failed", error: { code, message } });
    }
  }

  private keepPreview(stage: string, preview: StagePreview): Pick<JobStage, "preview"> {
    this.previews.set(stage, preview);
    return { preview: { title: preview.title, columns: preview.columns?.map(({ name }) => name) ?? [] } };
  }

  private changeStage(name: string, part: Partial<JobStage>): void {
    const { stages } = this.now;
    const at = stages.findIndex((stage) => stage.name === name);
    if (at < 0) return;
    const { secondsLeft: _, ...before } = stages[at]!;
    this.change({ stages: stages.with(at, { ...before, ...part }) });
    if (part.state) this.write();
  }

  private finish(part: Partial<JobInfo>): void {
    if (this.isOver) return;
    const stages = this.now.stages.map((stage) =>
      stage.state === "running" ? { ...stage, state: "stopped" as const } : stage,
    );
    this.change({ ...part, stages, endedAt: new Date().toISOString(), hasResult: existsSync(this.order.output) });
    this.write();
  }

  private change(part: Partial<JobInfo>): void {
    this.now = { ...this.now, ...part };
    this.onChange();
  }

  private write(): void {
    if (this.now.stages.length > 0) writeRecord(`${this.order.output}.work`, this.now);
  }
}

function describeLoss(end: string, said: string): string {
  const why = /heap out of memory|Array buffer allocation failed/.test(said)
    ? "its memory ran out. Lower the memory or the threads that it may take"
    : end === "SIGKILL"
      ? "the system ended it (SIGKILL), mostly because memory ran out. Lower the memory or the threads that it may take"
      : `it ended by itself (${end}). This is a bug in xrdct: ${/^.*Error.*$/m.exec(said)?.[0] ?? said.trim()}`;
  return `The process of this run is gone: ${why}. Nothing that was finished is lost: start it again to go on.`;
}
