/** Progress of a run on a cluster, from the files that its jobs write: as a local run tells it. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { createEstimator, type ProgressEvent, type ProgressListener } from "../progress.ts";
import { steadyNow } from "../steady-clock.ts";
import { type PartLine, parsePart, stageFolders, triesOf } from "./slurm-folder.ts";

export interface RunTeller {
  /** tells what is new */
  tell(): void;
}

/**
 * @param folder of the run, RESULT.work/slurm
 * @param onWrong told what the first jobs of an array said that failed
 * @param name put before the stage, where there are several runs
 */
export function createRunTeller(
  folder: string,
  onProgress: ProgressListener,
  onWrong: (text: string) => void,
  name?: string,
): RunTeller {
  const events = new Tail(join(folder, "events.jsonl"));
  const parts = new Map<string, Tail>();
  const failed = new Set<string>();
  const stages = createStageTeller((event) =>
    onProgress(name === undefined ? event : { ...event, stage: `${name} ${event.stage}` }),
  );
  return {
    tell() {
      for (const event of events.lines().flatMap(parseEvent)) stages.event(event);
      const stage = stages.atWork();
      if (stage === undefined) return;
      for (const at of stageFolders(folder).filter((one) => one.replace(/-[0-9a-f]{8}$/, "") === stage)) {
        for (const path of triesOf(join(folder, at)).flatMap(partFiles)) {
          if (!parts.has(path)) parts.set(path, new Tail(path));
          for (const line of parsePart(parts.get(path)!.lines().join("\n"))) {
            stages.part(line);
            if (!("failure" in line) || failed.has(line.failure.message) || failed.size >= MOST_FAILED) continue;
            failed.add(line.failure.message);
            onWrong(`${stage}, ${basename(path, ".jsonl")}: ${line.failure.message}`);
          }
        }
      }
      stages.progress();
    },
  };
}
/** Two steps that Slurm let run at a time may have written into each other's lines. */
function parseEvent(line: string): ProgressEvent[] {
  try {
    const event = JSON.parse(line) as ProgressEvent;
    return typeof event?.stage === "string" ? [event] : [];
  } catch {
    return [];
  }
}

/** Of different words. */
const MOST_FAILED = 5;

const partFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^part-\d+\.jsonl$/.test(name))
    .map((name) => join(folder, name));

interface StageTeller {
  event(event: ProgressEvent): void;
  part(line: PartLine): void;
  /** of what the parts have done, which no step tells */
  progress(): void;
  /** the stage */
  atWork(): string | undefined;
}

/** Every step tells again what was finished before it: each stage is shown to start, to be skipped and to end once. */
function createStageTeller(onProgress: ProgressListener): StageTeller {
  const told = new Set<string>();
  let stage:
    | { name: string; blocks: number; left: (done: number) => number | undefined; told: number; done: Set<number> }
    | undefined;
  return {
    atWork: () => stage?.name,
    event(event) {
      if (event.type === "stage-progress") {
        if (stage && event.done <= stage.told) return;
        if (stage) stage.told = event.done;
        return onProgress(event);
      }
      const isOver = told.has(`stage-end ${event.stage}`) || told.has(`stage-start ${event.stage}`);
      if (told.has(`${event.type} ${event.stage}`) || (event.type === "stage-skipped" && isOver)) return;
      told.add(`${event.type} ${event.stage}`);
      if (event.type === "stage-start") {
        const { blocks, resumed } = event;
        const left = createEstimator(blocks, resumed, steadyNow);
        stage = { name: event.stage, blocks, told: resumed, left, done: new Set() };
      } else stage = undefined;
      onProgress(event);
    },
    part(line) {
      if ("result" in line) stage?.done.add(line.block);
    },
    progress() {
      if (!stage || stage.done.size <= stage.told) return;
      const { name, blocks, left, done } = stage;
      stage.told = done.size;
      const secondsLeft = left(done.size);
      const event = { type: "stage-progress", stage: name, done: done.size, blocks } as const;
      onProgress(secondsLeft === undefined ? event : { ...event, secondsLeft });
    },
  };
}

/** Whole lines of a file as it grows. */
class Tail {
  private at = 0;
  private file = 0;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** those since the last time; one that is being written is read the next time */
  lines(): string[] {
    if (!existsSync(this.path)) return [];
    const fd = openSync(this.path, "r");
    try {
      const { size, ino } = fstatSync(fd);
      if (ino !== this.file || size < this.at) this.at = 0; // a run that is begun anew writes another one
      this.file = ino;
      const bytes = Buffer.alloc(Math.max(0, size - this.at));
      readSync(fd, bytes, 0, bytes.length, this.at);
      const end = bytes.lastIndexOf(10) + 1;
      this.at += end;
      return bytes.subarray(0, end).toString("utf8").split("\n").filter(Boolean);
    } finally {
      closeSync(fd);
    }
  }
}
