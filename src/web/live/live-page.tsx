/** A scan while it is measured: how it goes, what went wrong, and what there is to see of it so far. */
import type { LiveRun, LiveRuns } from "../../server/wire-live.ts";
import { useJson } from "../core/api.ts";
import { go } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { LiveProgress } from "./live-progress.tsx";
import { LiveViews } from "./live-views.tsx";
import { phaseInWords } from "./words.ts";
import "./live.css";

const EVERY_MS = 1000;

export default function LivePage({ file }: { file: string | undefined }) {
  return file ? <Followed output={file} /> : <Choice />;
}

/** Which one; where there is only one at work it is shown at once. */
function Choice() {
  const found = useJson<LiveRuns>("live", {}, { every: 3000 });
  if (found.error) return <Message error={found.error} />;
  if (!found.data) return <Busy what="looking for scans that are followed" />;
  const { runs } = found.data;
  const atWork = runs.filter(({ isAtWork }) => isAtWork);
  if (atWork.length === 1) return <Followed output={atWork[0]!.output} />;
  return (
    <main className="page live-choice">
      <Panel name="live-runs" title="Scans that are followed">
        {runs.length === 0 ? (
          <p className="dim live-none">
            No scan of this folder is followed. Start one while it is measured:{" "}
            <code>npx xrdct run scan.yaml -o cell.nxs --live</code>
          </p>
        ) : (
          <ul className="live-list">
            {runs.map((run) => (
              <li key={run.output}>
                <button type="button" onClick={() => go("live", run.output)}>
                  {run.output}
                </button>
                <span className="dim">
                  {phaseInWords(run)}, {run.state.frames} frames
                </span>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </main>
  );
}

const isFollowing = ({ isAtWork, state }: LiveRun): boolean =>
  isAtWork && (state.phase === "following" || state.phase === "waiting");

function Followed({ output }: { output: string }) {
  const run = useJson<LiveRun>("live/state", { output }, { keep: true, every: EVERY_MS });
  if (run.error) return <Message error={run.error} />;
  if (!run.data) return <Busy what={`looking at ${output}`} />;
  return (
    <main className="page live" data-live={run.data.state.phase}>
      <LiveProgress run={run.data} />
      <LiveViews run={run.data} isFollowing={isFollowing(run.data)} />
    </main>
  );
}
