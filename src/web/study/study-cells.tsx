/** A row for each cell, what lithium between them comes to, and what has to be known. */
import { rateText } from "../../data/rate-text.ts";
import { withEsd } from "../../data/with-esd.ts";
import type { ResultInfo, StudyCellInfo, StudyInfo } from "../../server/wire.ts";
import { urlOf } from "../core/api.ts";
import { formatRoute } from "../core/route.ts";
import { Panel } from "../parts/panel.tsx";
import { cellsOf } from "./study-arrays.ts";
import { StudyCycling } from "./study-cycling.tsx";

export function StudyCells({ info, study }: { info: ResultInfo; study: StudyInfo | undefined }) {
  if (!study || study.cells.length === 0) {
    const names = cellsOf(info, study);
    return (
      <Panel name="study-cells" title="Cells">
        <p className="study-help">
          {names.length} cells: {names.map(({ label }) => label).join(", ")}. There is no report.json beside this file,
          so their maps are all there is to be shown.
        </p>
      </Panel>
    );
  }
  const electrodes = [...new Set(study.cells.flatMap(({ lithium }) => lithium.map(({ electrode }) => electrode)))];
  return (
    <div className="study-scroll">
      <Panel name="study-cells" title="Cells">
        <table className="study-table">
          <thead>
            <tr>
              <th>cell</th>
              <th>state</th>
              <th title="as it was set">rate as set</th>
              <th title="current over the capacity that was measured">rate as measured</th>
              <th>capacity (mAh)</th>
              {electrodes.map((electrode) => (
                <th key={electrode} title="mean over the slice; in brackets the esd with what is systematic">
                  x in {electrode}
                </th>
              ))}
              <th />
            </tr>
          </thead>
          <tbody>
            {study.cells.map((cell) => (
              <CellRow
                key={cell.name}
                cell={cell}
                electrodes={electrodes}
                isReference={cell.name === study.reference}
              />
            ))}
          </tbody>
        </table>
        <Elsewhere cells={study.cells} />
      </Panel>
      {study.tables.includes("tables/cycling.json") ? (
        <StudyCycling file={study.file} />
      ) : (
        <DrawnCycling study={study} />
      )}
      {study.closings.length > 0 && (
        <Panel name="study-closings" title="Does the lithium balance?">
          <ul className="study-list">
            {study.closings.map(({ what, words }) => (
              <li key={what}>
                {what}: <strong>{words}</strong>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {study.notes.length > 0 && (
        <Panel name="study-notes" title="To be known">
          <ul className="study-list">
            {study.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      )}
    </div>
  );
}

/** Results that cannot be opened from here, and what would help. */
function Elsewhere({ cells }: { cells: readonly StudyCellInfo[] }) {
  const unserved = cells.filter(({ elsewhere }) => elsewhere?.serve !== undefined);
  const gone = cells.filter(({ elsewhere }) => elsewhere && elsewhere.serve === undefined);
  // the folder that holds all of them is the shortest: each holds the served one
  const serve = unserved.map(({ elsewhere }) => elsewhere!.serve!).sort((a, b) => a.length - b.length)[0];
  return (
    <>
      {serve !== undefined && (
        <div className="study-help" data-read="elsewhere">
          The results of {unserved.map(({ label }) => label).join(", ")} lie outside of the folder that is served. To
          look into them from here, serve the folder that holds them and this study:
          <pre>npx xrdct serve {/[^\w./:\\-]/.test(serve) ? JSON.stringify(serve) : serve}</pre>
        </div>
      )}
      {gone.length > 0 && (
        <div className="study-help" data-read="gone">
          {gone.map(({ label, elsewhere }) => (
            <p key={label}>
              The result of {label} is not where the study read it, {elsewhere!.path}: it was moved, or the study comes
              from another machine. Its maps in this file are whole.
            </p>
          ))}
        </div>
      )}
    </>
  );
}

/** Voltage over time and capacity as a study drew it that left no curves. */
function DrawnCycling({ study }: { study: StudyInfo }) {
  const name = ["cycling.svg", "cycling.png"].find((one) => study.figures.includes(one));
  if (!name) return null;
  return (
    <Panel name="study-cycling" title="What the cycler measured">
      <img
        className="study-figure"
        alt="voltage over time and over capacity"
        src={urlOf("study/part", { file: study.file, part: `figures/${name}` })}
      />
    </Panel>
  );
}

interface RowProps {
  readonly cell: StudyCellInfo;
  readonly electrodes: readonly string[];
  readonly isReference: boolean;
}

function CellRow({ cell, electrodes, isReference }: RowProps) {
  const { label, state, rate, rates, capacityMAh, capacityEsdMAh, lithium, result, elsewhere } = cell;
  return (
    <tr data-cell={cell.name}>
      <td>
        <strong>{label}</strong>
        {isReference && <span className="dim"> reference</span>}
      </td>
      <td>{state}</td>
      <td>{rate}</td>
      <td>{[...new Set(rates.map(rateText))].join(", ")}</td>
      <td data-value={capacityMAh ?? undefined}>{numberText(capacityMAh, capacityEsdMAh)}</td>
      {electrodes.map((electrode) => {
        const found = lithium.find((one) => one.electrode === electrode);
        return (
          <td key={electrode} data-lithium={electrode} data-value={found?.x ?? undefined}>
            {found ? numberText(found.x, found.total ?? found.esd) : ""}
          </td>
        );
      })}
      <td>
        {result && <a href={formatRoute({ page: "explore", file: result, view: {} })}>explore</a>}
        {elsewhere && <span className="dim">{elsewhere.serve ? "not served" : "no result"}</span>}
      </td>
    </tr>
  );
}

function numberText(value: number | null, esd: number | null): string {
  if (value === null) return "";
  return esd !== null && esd > 0 ? withEsd(value, esd) : String(Number(value.toPrecision(5)));
}
