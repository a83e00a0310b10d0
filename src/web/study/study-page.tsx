/** The page "study": several cells side by side, their lithium, their figures and tables. */
import type { Found, ResultInfo, StudyInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { formatRoute, useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { isStudy, whenOf } from "../start/file-links.ts";
import { StudyCells } from "./study-cells.tsx";
import { StudyFiles } from "./study-files.tsx";
import { StudyMaps } from "./study-maps.tsx";
import { StudyPlaces } from "./study-places.tsx";
import "../explore/explore.css";
import "../explore/compare.css";
import "./study.css";

const MODES = [
  { value: "cells", label: "cells", hint: "what each cell is, and what was found" },
  { value: "maps", label: "maps", hint: "any quantity of all cells, side by side on one grid" },
  { value: "places", label: "by place", hint: "curves over depth, length and distance; unwound electrodes" },
  { value: "files", label: "figures and tables", hint: "what the study wrote" },
] as const;
const DEFAULTS: { mode: (typeof MODES)[number]["value"] } = { mode: "cells" };

export default function StudyPage({ file }: { file: string | undefined }) {
  return file ? <Study key={file} file={file} /> : <StudyList />;
}

function StudyList() {
  const { data: found, error } = useJson<Found>("found");
  if (error) return <Message error={error} />;
  if (!found) return <Busy what="looking for studies" />;
  const studies = found.results.filter(({ path }) => isStudy(path));
  return (
    <main className="page study">
      <Panel name="studies" title="Studies">
        {studies.length > 0 ? (
          <table className="study-table">
            <tbody>
              {studies.map((entry) => (
                <tr key={entry.path}>
                  <td>
                    <a href={formatRoute({ page: "study", file: entry.path, view: {} })}>{entry.path}</a>
                  </td>
                  <td className="dim">{whenOf(entry)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <div className="study-help">
            <p>
              No study in this folder yet. A study puts several cells on one grid, compares them, counts their lithium
              and draws the figures. To see one, simulate five cells and run it:
            </p>
            <pre>npx xrdct simulate study -o study{"\n"}npx xrdct study study/study.yaml -o study/out</pre>
          </div>
        )}
      </Panel>
    </main>
  );
}

function Study({ file }: { file: string }) {
  const [view, change] = useView(DEFAULTS);
  const mode = MODES.find(({ value }) => value === view.mode)?.value ?? DEFAULTS.mode;
  const { data: info, error } = useJson<ResultInfo>("result", { file });
  const { data: study, error: studyError } = useJson<StudyInfo>("study", { file });
  if (error) return <Message error={error} />;
  if (!info || (!study && !studyError)) return <Busy what={`reading what is in ${file}`} />;
  return (
    <main className="page study">
      <div className="explore-modes">
        <Tabs label="mode" tabs={MODES} shown={mode} onShow={(to) => change({ mode: to })} />
        <span className="dim explore-title">{study?.title || info.title}</span>
        <a href={formatRoute({ page: "explore", file, view: {} })} title="each map of this file by itself">
          explore this file
        </a>
      </div>
      {studyError && <Message error={studyError} />}
      {mode === "cells" && <StudyCells info={info} study={study} />}
      {mode === "maps" && <StudyMaps info={info} study={study} />}
      {mode === "places" && <StudyPlaces info={info} study={study} />}
      {mode === "files" && <StudyFiles file={file} study={study} />}
    </main>
  );
}
