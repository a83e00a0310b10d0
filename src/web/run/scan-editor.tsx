/** scan.yaml as a form and as text: two views of the same text. */
import { useEffect, useMemo, useRef } from "react";
import { Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import type { EditedText } from "./edited-text.ts";
import type { Schema } from "./json-schema.ts";
import { edit, readDocument } from "./scan-document.ts";
import { ScanForm } from "./scan-form.tsx";

export interface ScanEditorProps {
  readonly path: string;
  readonly edited: EditedText;
  readonly schema: Schema;
  readonly tab: "form" | "text";
  readonly onTab: (tab: "form" | "text") => void;
  /** the file that can be edited instead */
  readonly other: "scan" | "model" | undefined;
  readonly onOther: (file: "scan" | "model") => void;
  /** to be shown in the text */
  readonly line: { readonly line: number } | undefined;
}

export function ScanEditor(props: ScanEditorProps) {
  const { path, edited, schema, tab, onTab, other, onOther } = props;
  const { text, isChanged, setText, error } = edited;
  const document = useMemo(() => readDocument(text), [text]);
  return (
    <Panel
      name="scan"
      title={path}
      className="scan-editor"
      tools={
        <>
          {isChanged && (
            <>
              <span className="dim">changed</span>
              <button type="button" onClick={edited.revert}>
                undo all
              </button>
              <button type="button" onClick={() => void edited.save()}>
                save
              </button>
            </>
          )}
          <button type="button" aria-pressed={tab === "form"} onClick={() => onTab("form")}>
            form
          </button>
          <button type="button" aria-pressed={tab === "text"} onClick={() => onTab("text")}>
            text
          </button>
          {other && (
            <button type="button" title="what this page edits" onClick={() => onOther(other)}>
              {other}
            </button>
          )}
          <a href="#/run">all scans</a>
        </>
      }
    >
      {error && <Message error={error} />}
      {tab === "form" && document.value && (
        <ScanForm
          schema={schema}
          value={document.value}
          onEdit={(at, value) => setText(edit(text, at, value, schema))}
        />
      )}
      {tab === "form" && !document.value && (
        <p className="scan-form">
          The text cannot be shown as a form: {document.problem}{" "}
          <button type="button" onClick={() => onTab("text")}>
            mend it in the text
          </button>
        </p>
      )}
      {tab === "text" && <TextView {...props} />}
    </Panel>
  );
}

function TextView({ path, edited, line }: ScanEditorProps) {
  const { text, setText } = edited;
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const shown = useRef(text);
  shown.current = text;
  useEffect(() => {
    if (!line || !area.current) return;
    const before = shown.current.split("\n").slice(0, line.line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0);
    const end = shown.current.indexOf("\n", start);
    area.current.focus();
    area.current.setSelectionRange(start, end < 0 ? shown.current.length : end);
  }, [line]);
  const count = text.split("\n").length;
  return (
    <div className="scan-text">
      <pre ref={numbers} aria-hidden="true">
        {Array.from({ length: count }, (_, i) => i + 1).join("\n")}
      </pre>
      <textarea
        ref={area}
        aria-label={path}
        value={text}
        spellCheck={false}
        wrap="off"
        onScroll={(event) => {
          if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
