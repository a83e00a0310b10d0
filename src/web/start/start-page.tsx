/** What there is in the served folder, and the way to a first map. */
import { useEffect } from "react";
import type { FileEntry, Found, Session } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { formatBytes } from "../core/format.ts";
import { formatRoute, useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { FileBrowser } from "./file-browser.tsx";
import { hrefOf, whenOf } from "./file-links.ts";
import { ResultCard } from "./result-card.tsx";
import { TextPanel } from "./text-panel.tsx";
import "./start.css";

/** More cards than this are a list to search, which the folder beside is. */
const MOST_CARDS = 24;

export function StartPage() {
  const session = useJson<Session>("session");
  const found = useJson<Found>("found");
  const [{ path, text }, change] = useView({ path: "", text: "" });
  useOpenAtOnce(session.data);
  const { refetch } = found;
  const wasThere = found.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, as the page opens again: a run may have ended meanwhile
  useEffect(() => {
    if (wasThere) void refetch();
  }, []);
  const hasResults = (found.data?.results.length ?? 0) > 0;
  useEffect(() => {
    // the page that comes next most likely, while there is time
    if (hasResults) requestIdleCallback(() => void import("../explore/explore-page.tsx").catch(() => {}));
  }, [hasResults]);
  return (
    <main className="page start">
      <div className="start-found">
        {found.error && <Message error={found.error} />}
        {found.isPending && <Busy what="looking for results and scans" />}
        {found.data && <Results found={found.data} />}
        {found.data && <Scans scans={found.data.scans} />}
        <p className="dim start-foot">
          {session.data && `xrdct ${session.data.version}, serving ${session.data.folder}`}{" "}
          <button type="button" disabled={found.isFetching} onClick={() => void refetch()}>
            {found.isFetching ? "looking" : "look again"}
          </button>
        </p>
      </div>
      <div className="start-files">
        <FileBrowser
          path={path}
          onPath={(to) => change({ path: to, text: "" })}
          onText={(to) => change({ text: to })}
        />
        {text && <TextPanel path={text} onClose={() => change({ text: "" })} />}
      </div>
    </main>
  );
}

/** The file that `xrdct serve FILE` named; who comes back here stays. */
function useOpenAtOnce(session: Session | undefined): void {
  useEffect(() => {
    if (!session?.open || window.location.hash !== "") return;
    const { open: path, openKind: kind = "other" } = session;
    window.location.replace(hrefOf({ path, kind }) ?? formatRoute({ page: "start", file: undefined, view: {} }));
  }, [session]);
}

function Results({ found: { results, scans, isCut } }: { found: Found }) {
  if (results.length === 0) return <NoResults hasScans={scans.length > 0} />;
  const left = results.length - MOST_CARDS;
  return (
    <Panel name="results" title="Results" tools={<span className="dim">the newest first</span>}>
      <ul className="start-cards">
        {results.slice(0, MOST_CARDS).map((entry) => (
          <ResultCard key={entry.path} entry={entry} />
        ))}
      </ul>
      {(left > 0 || isCut) && (
        <p className="dim start-note">
          {left > 0 && `${left} more results. `}
          {isCut && "The folder is too large to be searched as a whole. "}Find others under Files.
        </p>
      )}
    </Panel>
  );
}

function NoResults({ hasScans }: { hasScans: boolean }) {
  return (
    <Panel name="no-results" title="No results in this folder yet">
      <div className="start-help">
        {hasScans ? (
          <p>
            Open a scan below and press <strong>Start</strong>: its maps appear here.
          </p>
        ) : (
          <>
            <p>To see what the app does, make a small simulated Li-ion cell. In this folder, type</p>
            <pre>npx xrdct demo</pre>
            <p>
              With a scan of your own, write a <code>scan.yaml</code> on the <a href="#/run">Run</a> page, which says
              what was measured, and press <strong>Start</strong>. To begin with a geometry, open an image of a standard
              (CeO<sub>2</sub>, LaB<sub>6</sub>) on the <a href="#/frames">Frames</a> page.
            </p>
            <p>
              Results elsewhere? Stop the server with Ctrl-C and start <code>npx xrdct serve FOLDER</code> on the folder
              that holds them.
            </p>
          </>
        )}
      </div>
    </Panel>
  );
}

function Scans({ scans }: { scans: readonly FileEntry[] }) {
  if (scans.length === 0) return null;
  return (
    <Panel name="scans" title="Scans" tools={<span className="dim">scan.yaml: settings and runs</span>}>
      <table className="start-table">
        <tbody>
          {scans.slice(0, MOST_CARDS).map((entry) => (
            <tr key={entry.path}>
              <td>
                <a href={hrefOf(entry)}>{entry.path}</a>
              </td>
              <td className="number dim">{formatBytes(entry.bytes)}</td>
              <td className="number dim">{whenOf(entry)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}
