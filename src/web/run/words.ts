/** States and times as people say them. */
import type { JobInfo, JobStage } from "../../server/wire.ts";

export function timeInWords(seconds: number): string {
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 90) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 10 ? `${hours.toFixed(1)} h` : `${Math.round(hours)} h`;
}

/** "sinogram: 3 of 19 blocks, about 2 min left" without the name */
export function stageInWords({ state, done, blocks, resumed, seconds, secondsLeft }: JobStage): string {
  if (state === "waiting") return "not yet";
  if (state === "kept") return "finished before, kept";
  if (state === "done") return seconds === undefined ? "done" : `done in ${timeInWords(seconds)}`;
  const share = blocks > 0 ? `${Math.floor((100 * done) / blocks)} %` : "beginning";
  if (state === "stopped") return `stopped at ${share}`;
  const left = secondsLeft === undefined ? "" : `, about ${timeInWords(secondsLeft)} left`;
  return `${share}${resumed > 0 && done === resumed ? ", going on" : ""}${left}`;
}

export function jobInWords({ state, stages, maps }: JobInfo): string {
  const at = stages.find((stage) => stage.state === "running" || stage.state === "stopped");
  if (state === "waiting") return "waits for the run before it";
  if (state === "running") return at ? `at work on ${at.name}: ${stageInWords(at)}` : "looking at the scan's files";
  if (state === "stopping") return "stopping after the block at hand; what is finished is kept";
  if (state === "interrupted") return `interrupted${at ? ` in ${at.name}, ${stageInWords(at)}` : ""}; it can go on`;
  if (state === "failed") return `failed${at ? ` in ${at.name}` : ""}`;
  const filled = maps?.filter(({ voxels }) => voxels > 0).length ?? 0;
  return filled > 0 ? `done: ${filled} maps` : "done";
}

/** "today 14:05", "3 May 14:05" */
export function timeOf(iso: string): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? `today ${time}` : `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}
