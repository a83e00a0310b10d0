/** What came out: agreement, weight fractions and parameters with esds, beside what they were before. */
import type { ReactNode } from "react";
import { withEsd } from "../../data/with-esd.ts";
import type { RefineReply } from "../../server/wire-refine.ts";
import { Summary } from "./summary.tsx";
import type { ChangeRefine, RefineState } from "./view-state.ts";

interface Number_ {
  readonly value: number | null;
  readonly esd: number | null;
}
interface Row extends Number_ {
  readonly name: string;
  readonly unit: string;
  readonly status: string;
  readonly before: (Number_ & { readonly status?: string }) | undefined;
}

export function NumbersPanel({
  reply,
  former,
  state,
  change,
}: {
  reply: RefineReply;
  former: RefineReply | undefined;
  state: RefineState;
  change: ChangeRefine;
}) {
  const rows = rowsOf(reply, former).filter(({ status }) => state.hasFixed || status !== "fixed");
  const hasBefore = former !== undefined || reply.inMap !== undefined;
  return (
    <div className="refine-numbers" data-table="parameters">
      <Summary reply={reply} former={former} />
      <Remarks reply={reply} />
      <table>
        <thead>
          <tr>
            <th>parameter</th>
            <th className="number">{reply.how === "map" ? "fitted now" : "refined"}</th>
            {hasBefore && <th className="number">{former ? "before" : "in the map"}</th>}
            {hasBefore && (
              <th className="number" title="difference over the esd of the map, or of the fit before">
                Δ / esd
              </th>
            )}
            <th>status</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <ParameterRow key={row.name} row={row} hasBefore={hasBefore} />
          ))}
        </tbody>
      </table>
      <label className="refine-note">
        <input
          type="checkbox"
          checked={state.hasFixed}
          onChange={({ target }) => change({ hasFixed: target.checked })}
        />{" "}
        parameters that are not refined, too
      </label>
    </div>
  );
}

/** What a careful reader should know. */
function Remarks({ reply: { warnings, notes } }: { reply: RefineReply }) {
  if (warnings.length + notes.length === 0) return null;
  return (
    <details className="refine-remarks">
      <summary className={warnings.length > 0 ? "refine-warn" : "dim"}>
        {warnings.length} warnings, {notes.length} notes
      </summary>
      <ul>
        {warnings.map((text) => (
          <li key={text}>{text}</li>
        ))}
        {notes.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </details>
  );
}

function ParameterRow({ row, hasBefore }: { row: Row; hasBefore: boolean }) {
  const { name, value, esd, unit, status, before } = row;
  const esdBefore = before?.esd ?? esd;
  const difference =
    value !== null && before?.value != null && esdBefore ? (value - before.value) / esdBefore : undefined;
  return (
    <tr data-parameter={name}>
      <td title={unit ? `${name} (${unit})` : name}>
        {name.replace(/\/weight_fraction$/, "")} {unit && <span className="dim">({unit})</span>}
      </td>
      <Cell number={row} kind="now" />
      {hasBefore && <Cell number={before} kind="before" />}
      {hasBefore && (
        <td className="number" data-difference={difference ?? ""}>
          {difference === undefined ? "" : Math.abs(difference) < 5e-3 ? "0" : difference.toFixed(2)}
        </td>
      )}
      <td data-status={status} className={DOUBTFUL.test(status) ? "refine-warn" : "dim"}>
        {STATUS_WORDS[status] ?? status}
      </td>
    </tr>
  );
}

const DOUBTFUL = /^(atBound|notConverged|undetermined)$/;
const STATUS_WORDS: Readonly<Record<string, string>> = {
  atBound: "at its bound",
  noSignal: "no signal",
  notFitted: "not fitted",
  notConverged: "not converged",
  held: "held",
};

function Cell({ number, kind }: { number: Number_ | undefined; kind: string }): ReactNode {
  const { value = null, esd = null } = number ?? {};
  return (
    <td className="number" data-cell={kind} data-value={value ?? ""} data-esd={esd ?? ""}>
      {value === null ? "–" : withEsd(value, esd)}
    </td>
  );
}

/** Weight fractions in %, then the parameters in the order of the model. */
function rowsOf(reply: RefineReply, former: RefineReply | undefined): Row[] {
  const inMap = new Map(reply.inMap?.map((one) => [one.name, one]));
  const earlier = new Map(former?.parameters.map((one) => [one.name, one]));
  const shares = new Map(former?.phases.map((one) => [one.name, one]));
  const percent = (value: number | null): number | null => (value === null ? null : 100 * value);
  const status = new Map(reply.parameters.map((one) => [one.name, one.status]));
  const fractions = reply.phases.map(({ name, weightFraction, weightFractionEsd }): Row => {
    const of = former ? shares.get(name) : undefined;
    const mapped = inMap.get(`${name}/weight_fraction`);
    const before = former
      ? of && { value: percent(of.weightFraction), esd: percent(of.weightFractionEsd) }
      : mapped && { value: percent(mapped.value), esd: percent(mapped.esd) };
    return {
      name: `${name}/weight_fraction`,
      unit: "wt%",
      value: percent(weightFraction),
      esd: percent(weightFractionEsd),
      status: status.get(`${name}/scale`) ?? "",
      before,
    };
  });
  const parameters = reply.parameters.map(
    (one): Row => ({
      ...one,
      before: former ? earlier.get(one.name) : inMap.get(one.name),
    }),
  );
  return [...fractions, ...parameters];
}
