/** How a live run stands, in words. */
import type { LiveRun } from "../../server/wire-live.ts";

export const phaseInWords = ({ state, isAtWork }: LiveRun): string => {
  if (state.phase === "complete") return "complete";
  if (state.phase === "quiet") return "ended, nothing came any more";
  if (state.phase === "stopped") return "stopped by hand";
  if (!isAtWork) return "interrupted; the same command goes on";
  return state.phase === "waiting" ? "waiting for the first frames" : "being measured";
};

/** "8 s", "3 min 20 s", "2 h 5 min" */
export function durationText(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
}

/** Nothing new for so many usual intervals, and so many seconds at least, is stale. */
const STALE = { intervals: 30, leastS: 10 };

/** Seconds since the last frame, where that is longer than usual. */
export function staleForS({ state, now, isAtWork }: LiveRun): number | undefined {
  if (state.phase !== "following" && state.phase !== "waiting") return undefined;
  const seconds = (Date.parse(now) - Date.parse(state.lastFrameAt ?? state.startedAt)) / 1000;
  const usual = state.framesPerS > 0 ? STALE.intervals / state.framesPerS : 0;
  return !isAtWork || seconds > Math.max(STALE.leastS, usual) ? seconds : undefined;
}
