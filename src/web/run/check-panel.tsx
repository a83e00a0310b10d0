/** What is known before the start: sizes, needs, and what would be refused. */
import type { ScanCheck } from "../../server/wire.ts";
import type { ApiError } from "../core/api.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";

export function CheckPanel({
  check,
  error,
  isBusy,
  onLine,
  lines,
}: {
  check: ScanCheck | undefined;
  error: ApiError | null;
  isBusy: boolean;
  /** shows a line of the text, or of the file that is named */
  onLine: (line: number, file: string | undefined) => void;
  /** files that can be shown; undefined: the text */
  lines: readonly (string | undefined)[];
}) {
  const errors = check?.findings.filter(({ level }) => level === "error") ?? [];
  const state = isBusy ? "checking" : errors.length > 0 ? `${errors.length} to mend` : check ? "ready to start" : "";
  return (
    <Panel name="checks" title="Checks" className="check-panel" tools={<span data-checks={state}>{state}</span>}>
      <div className="check-body">
        {error && <Message error={error} />}
        {!check && !error && <Busy what="looking at the files that the scan names" />}
        {check && check.facts.length > 0 && (
          <dl className="check-facts">
            {check.facts.map(({ name, label, text, value }) => (
              <div key={name}>
                <dt>{label}</dt>
                <dd data-fact={name} data-value={value}>
                  {text}
                </dd>
              </div>
            ))}
          </dl>
        )}
        <ul className="check-findings">
          {check?.findings.map(({ level, code, message, line, file }) => (
            <li key={message} data-level={level} data-code={code}>
              {message}{" "}
              {line !== undefined && lines.includes(file) && (
                <button type="button" onClick={() => onLine(line, file)}>
                  show line {line}
                </button>
              )}
              {level === "error" && code && <code>[{code}]</code>}
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}
