import type { LiveRun } from "../../server/wire-live.ts";
import { Panel } from "../parts/panel.tsx";
import { durationText, phaseInWords, staleForS } from "./words.ts";

/** Frames, rate, lag, time left; what was found, and what went wrong. */
export function LiveProgress({ run }: { run: LiveRun }) {
  const { state, output } = run;
  const { frames, expectedFrames, lines, expectedLines, framesPerS, lagS, backlog, notWhole, secondsLeft } = state;
  const stale = staleForS(run);
  const isOver = state.phase !== "following" && state.phase !== "waiting";
  const of = (count: number | undefined): string => (count === undefined ? "" : ` of ${count.toLocaleString("en")}`);
  const numbers: readonly (readonly [string, string, string | number])[] = [
    ["frames", `${frames.toLocaleString("en")}${of(expectedFrames)}`, frames],
    ["lines", `${lines}${of(expectedLines)}`, lines],
    ...(isOver ? [] : ([["rate", `${framesPerS.toFixed(1)} frames/s`, framesPerS]] as const)),
    ...(lagS ? ([["lag", `${lagS.median.toFixed(1)} s (95 %: ${lagS.p95.toFixed(1)} s)`, lagS.median]] as const) : []),
    ...(isOver ? [] : ([["waiting", `${backlog} frames`, backlog]] as const)),
    ...(notWhole > 0 ? ([["not whole", `${notWhole} files`, notWhole]] as const) : []),
    ...(isOver || secondsLeft === undefined ? [] : ([["time left", durationText(secondsLeft), secondsLeft]] as const)),
  ];
  return (
    <Panel name="live-progress" title={state.title || output} className="live-progress">
      <div className="live-head">
        <strong data-phase={state.phase}>{phaseInWords(run)}</strong>
        {expectedFrames !== undefined && (
          <progress aria-label="share of the scan" max={expectedFrames} value={frames} />
        )}
        <dl className="live-numbers">
          {numbers.map(([name, text, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd data-value={value} data-number={name}>
                {text}
              </dd>
            </div>
          ))}
        </dl>
      </div>
      {stale !== undefined && (
        <p className="live-stale" role="status" data-stale={Math.round(stale)}>
          {run.isAtWork
            ? `Stale: nothing new has come for ${durationText(stale)}.`
            : `Stale: nobody follows this scan any more; the last frame came ${durationText(stale)} ago.`}
        </p>
      )}
      {state.found.length > 0 && <p className="dim live-found">{state.found.join("; ")}</p>}
      <ul className="live-notices" aria-label="notices" aria-live="polite">
        {state.notices.map(({ kind, from, text }) => (
          <li key={`${kind} ${from} ${text}`} data-notice={kind}>
            {text}
          </li>
        ))}
      </ul>
      {state.notices.length === 0 && <p className="dim live-found">Nothing was noticed that is wrong.</p>}
    </Panel>
  );
}
