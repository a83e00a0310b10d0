/** What jobs ask for beyond the settings, once some of theirs had too little of it. */
import { describeEnd } from "./job-states.ts";
import type { SlurmJob } from "./slurm-commands.ts";

/** What a try asks for. */
export interface Demands {
  /** of the memory that the settings come to */
  readonly memoryTimes: number;
  /** as Slurm writes it; left out: that of the settings */
  readonly time?: string;
  /** nodes that it keeps away from */
  readonly exclude?: readonly string[];
}

export const NO_DEMANDS: Demands = { memoryTimes: 1 };

/** How a job that did not end well ended. */
export interface JobEnd extends Pick<SlurmJob, "index" | "state" | "reason" | "node"> {
  /** whether it finished a part of its work: the next try has less to do */
  readonly hasDone: boolean;
}

export interface Limits {
  /** of the settings */
  readonly time: string;
  /** of the partition, s; undefined where it has none, or nobody knows */
  readonly mostSeconds?: number | undefined;
}

/**
 * More memory and more time, once each, twice as much: what is short again with that is no matter of chance. A job that
 * ran into its time with something done needs no more of it, as the next one goes on behind that. Nodes on which
 * nothing was finished while others did well are left out.
 *
 * @returns what the next try asks for; undefined where another one cannot end better
 */
export function raiseDemands(before: Demands, ends: readonly JobEnd[], good: ReadonlySet<string>, limits: Limits) {
  let { memoryTimes, time } = before;
  if (ends.some(({ state }) => state === "OUT_OF_MEMORY")) {
    const isShortAgain = ends.some(({ state, hasDone }) => state === "OUT_OF_MEMORY" && !hasDone);
    if (memoryTimes > 1 && isShortAgain) return undefined;
    memoryTimes = 2;
  }
  if (ends.some(({ state, hasDone }) => state === "TIMEOUT" && !hasDone)) {
    const wanted = Math.min(2 * secondsOf(limits.time), limits.mostSeconds ?? Number.POSITIVE_INFINITY);
    if (time !== undefined || wanted <= secondsOf(limits.time)) return undefined;
    time = formatSeconds(wanted);
  }
  const bad = ends.flatMap(({ state, node, hasDone }) => (OF_THE_NODE.has(state) && node && !hasDone ? [node] : []));
  const exclude = [...new Set([...(before.exclude ?? []), ...(good.size > 0 ? bad : [])])].filter(
    (node) => !good.has(node),
  );
  return {
    memoryTimes,
    ...(time !== undefined && { time }),
    ...(exclude.length > 0 && { exclude: exclude.sort() }),
  } satisfies Demands;
}

/**
 * Of a step, whose work is one computation that may keep what it has reached: more time as long as the partition has it.
 *
 * @returns undefined where beginning it again would end as before
 */
export function raiseStep(before: Demands, state: string, { time, mostSeconds }: Limits): Demands | undefined {
  if (state === "OUT_OF_MEMORY") return before.memoryTimes > 1 ? undefined : { ...before, memoryTimes: 2 };
  if (state !== "TIMEOUT") return before;
  const now = secondsOf(before.time ?? time);
  const wanted = Math.min(2 * now, mostSeconds ?? Number.POSITIVE_INFINITY);
  return wanted > now ? { ...before, time: formatSeconds(wanted) } : before;
}

/** States that another node may be spared. */
const OF_THE_NODE: ReadonlySet<string> = new Set(["FAILED", "NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED"]);

/** "twice the memory, a time of 8:00:00, without n3"; "" for none. */
export function describeDemands({ memoryTimes, time, exclude = [] }: Demands): string {
  return [
    ...(memoryTimes > 1 ? ["twice the memory"] : []),
    ...(time === undefined ? [] : [`a time of ${time}`]),
    ...(exclude.length > 0 ? [`without ${exclude.join(", ")}`] : []),
  ].join(", ");
}

/** "2 jobs on n1, n2 failed (FAILED, NonZeroExitCode): part-0.log, part-3.log", of each way to end. */
export function describeEnds(ends: readonly JobEnd[], most = 5): string[] {
  const ways = new Map<string, JobEnd[]>();
  for (const end of ends) {
    const way = describeEnd(end);
    if (way) ways.set(way, [...(ways.get(way) ?? []), end]);
  }
  return [...ways].map(([way, jobs]) => {
    const nodes = [...new Set(jobs.map(({ node }) => node))].filter(Boolean).sort();
    const logs = jobs.flatMap(({ index }) => (index === undefined ? [] : [`part-${index}.log`])).slice(0, most);
    const more = jobs.length - logs.length;
    const where = nodes.length > 0 ? ` on ${nodes.join(", ")}` : "";
    const said = logs.length > 0 ? `: ${logs.join(", ")}${more > 0 ? ` and ${more} more` : ""}` : "";
    return `${jobs.length === 1 ? "1 job" : `${jobs.length} jobs`}${where} ${way}${said}`;
  });
}

/** Of a time as Slurm writes it: minutes, M:SS, H:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS; Infinity for "infinite". */
export function secondsOf(time: string): number {
  const found = /^(?:(\d+)-)?(\d+(?::\d+){0,2})$/.exec(time.trim());
  if (!found) return Number.POSITIVE_INFINITY;
  const [, days, rest] = found;
  const numbers = rest!.split(":").map(Number);
  if (days !== undefined) {
    const [hours = 0, minutes = 0, seconds = 0] = numbers;
    return ((Number(days) * 24 + hours) * 60 + minutes) * 60 + seconds;
  }
  if (numbers.length === 3) return (numbers[0]! * 60 + numbers[1]!) * 60 + numbers[2]!;
  return numbers[0]! * 60 + (numbers[1] ?? 0);
}

function formatSeconds(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(Math.floor(seconds) % 60)}`;
}
