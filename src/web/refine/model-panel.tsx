/** The model as text and as a table of parameters; refine with it, keep it, start the map. */
import { useState } from "react";
import type { ModelParameterRow, ParameterChange } from "../../server/wire-refine.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { ModelChoice } from "./model-choice.tsx";
import { ModelEditor } from "./model-editor.tsx";
import { ModelFiles } from "./model-files.tsx";
import type { ModelDraft } from "./use-model-draft.ts";
import type { Refinement } from "./use-refinement.ts";
import type { ChangeRefine, RefineState } from "./view-state.ts";

interface Props {
  readonly file: string;
  readonly words: string;
  readonly draft: ModelDraft;
  readonly refinement: Refinement;
  readonly state: RefineState;
  readonly change: ChangeRefine;
}

export function ModelPanel({ file, words, draft, refinement, state, change, canClose }: Props & { canClose: boolean }) {
  const { model, check, error } = draft;
  return (
    <Panel
      name="model"
      title="Model"
      className="refine-model"
      tools={
        canClose && (
          <button type="button" onClick={() => change({ tab: "numbers" })}>
            close
          </button>
        )
      }
    >
      <ModelTools {...{ file, words, draft, refinement, state, change }} />
      {error && <Message error={error} />}
      {!model && !error && (draft.isMissing ? <NoModel /> : <Busy what="reading the model of the map" />)}
      {model && (
        <div className="refine-model-halves">
          <ModelEditor text={model.text} onChange={draft.set} lines={check?.problem?.lines ?? []} />
          <div className="refine-model-side">
            {check?.problem && (
              <div className="message refine-problem" role="alert" data-code={check.problem.code}>
                {check.problem.message} <code>[{check.problem.code}]</code>
              </div>
            )}
            {check && <ParameterTable rows={check.parameters} onChange={draft.change} />}
          </div>
        </div>
      )}
    </Panel>
  );
}

function NoModel() {
  return (
    <p className="refine-note">
      This result holds no Rietveld map, so it brings no model. Open "model: of the result" above and choose a
      model.yaml of the folder: it is refined against voxels, regions and the mean pattern of this file, at the scan's
      wavelength where it gives none.
    </p>
  );
}

function ModelTools({ file, words, draft, refinement, state, change }: Props) {
  const { model, check } = draft;
  const isRight = model !== undefined && !check?.problem;
  const undo = (): void => {
    const before = refinement.undo();
    draft.reset(before);
  };
  return (
    <div className="refine-model-tools">
      <button
        type="button"
        className="primary"
        disabled={!isRight || refinement.isTrying}
        onClick={() => model && refinement.refine(model)}
      >
        refine {words}
      </button>
      {refinement.isTrying && (
        <button type="button" onClick={refinement.cancel}>
          cancel
        </button>
      )}
      <button type="button" disabled={refinement.trials.length === 0} onClick={undo} title="back to the fit before">
        undo
      </button>
      <button type="button" disabled={!draft.isChanged} onClick={() => draft.reset()} title="the model as it was read">
        as read
      </button>
      {refinement.current?.settled && (
        <button
          type="button"
          title="the values that were found become the starts in the text"
          onClick={() => draft.reset(refinement.current?.settled)}
        >
          take the values
        </button>
      )}
      <ModelChoice file={file} chosen={state.model} onChoose={(path) => change({ model: path })} />
      {model && <ModelFiles file={file} model={model} isRight={isRight} />}
    </div>
  );
}

function ParameterTable({
  rows,
  onChange,
}: {
  rows: readonly ModelParameterRow[];
  onChange: (change: ParameterChange) => void;
}) {
  const [words, setWords] = useState("");
  const [help, setHelp] = useState("");
  const shown = rows.filter(({ name }) => name.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <>
      <input
        type="text"
        aria-label="find a parameter"
        placeholder="find a parameter"
        value={words}
        onChange={({ target }) => setWords(target.value)}
      />
      <div className="refine-scroll">
        <table data-table="model">
          <thead>
            <tr>
              <th>parameter</th>
              <th>start</th>
              <th>refine</th>
              <th>min</th>
              <th>max</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <ModelRow key={row.name} row={row} onChange={onChange} onFocus={() => setHelp(row.help)} />
            ))}
          </tbody>
        </table>
      </div>
      {help && <p className="dim refine-help">{help}</p>}
    </>
  );
}

interface ModelRowProps {
  readonly row: ModelParameterRow;
  readonly onChange: (change: ParameterChange) => void;
  readonly onFocus: () => void;
}

function ModelRow({ row, onChange, onFocus }: ModelRowProps) {
  const { name, unit, value, isGiven, refine, min, max, help, isEditable } = row;
  const field = (key: "value" | "min" | "max", now: number | undefined) => (
    <EditField
      label={`${name} ${key === "value" ? "start" : key}`}
      value={now}
      isDim={key === "value" && !isGiven}
      isOff={!isEditable}
      onChange={(to) => onChange({ name, [key]: to })}
    />
  );
  return (
    <tr data-parameter={name} title={help || undefined} onFocus={onFocus}>
      <td>
        {name} {unit && <span className="dim">({unit})</span>}
      </td>
      <td>{field("value", value)}</td>
      <td>
        <input
          type="checkbox"
          aria-label={`refine ${name}`}
          checked={refine}
          disabled={!isEditable}
          onChange={({ target }) => onChange({ name, refine: target.checked })}
        />
      </td>
      <td>{field("min", min)}</td>
      <td>{field("max", max)}</td>
    </tr>
  );
}

/** A number, or nothing; taken with Enter or when the field is left. */
function EditField({
  label,
  value,
  isDim,
  isOff,
  onChange,
}: {
  label: string;
  value: number | undefined;
  isDim: boolean;
  isOff: boolean;
  onChange: (value: number | null) => void;
}) {
  const shown = value === undefined ? "" : String(Number(value.toPrecision(9)));
  const [typed, setTyped] = useState<string>();
  const finish = (): void => {
    setTyped(undefined);
    if (typed === undefined || typed === shown) return;
    const number = Number(typed.replace(",", "."));
    if (typed.trim() === "") onChange(null);
    else if (Number.isFinite(number)) onChange(number);
  };
  return (
    <input
      type="text"
      inputMode="decimal"
      className={isDim ? "dim" : ""}
      aria-label={label}
      disabled={isOff}
      value={typed ?? shown}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={finish}
      onKeyDown={({ key, currentTarget }) => key === "Enter" && currentTarget.blur()}
    />
  );
}
