/** One scan: its settings at the left, checks and run at the right. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { JobInfo, ScanCheck, ScanSchemas } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { CheckPanel } from "./check-panel.tsx";
import { type EditedText, useEditedText } from "./edited-text.ts";
import { JobPanel, type StartOptions } from "./job-panel.tsx";
import type { Schema } from "./json-schema.ts";
import { pathBeside, readDocument, valueAt } from "./scan-document.ts";
import { ScanEditor } from "./scan-editor.tsx";
import { useJobs } from "./use-job.ts";

interface View {
  readonly tab: "form" | "text";
  readonly file: "scan" | "model";
  readonly job: string;
}
const VIEW: View = { tab: "form", file: "scan", job: "" };
const OPTIONS: StartOptions = { output: "", from: "", until: "", workers: "", memoryGb: "" };

/** Checking reads headers of files: not at every key. */
const PAUSE_MS = 700;

export function ScanView({ path }: { path: string }) {
  const scan = useEditedText(path);
  const schemas = useJson<ScanSchemas>("scan-schema");
  if (schemas.error) return <Message error={schemas.error} />;
  if (scan?.error && scan.text === "") return <Message error={scan.error} action={<a href="#/run">all scans</a>} />;
  if (!scan || !schemas.data) return <Busy what={`opening ${path}`} />;
  return <Workbench key={path} path={path} scan={scan} schemas={schemas.data} />;
}

function Workbench({ path, scan, schemas }: { path: string; scan: EditedText; schemas: ScanSchemas }) {
  const [view, setView] = useView(VIEW);
  const [options, setOptions] = useState(OPTIONS);
  const [line, setLine] = useState<{ line: number }>();
  const modelPath = useModelPath(path, scan.text);
  const model = useEditedText(modelPath);
  const jobs = useJobs();
  const job = jobs.data?.jobs.find(({ id, scan: of }) => (view.job ? id === view.job : of === path));
  // a run is gone on with, or done again, where it was
  const output = options.output || job?.output || "";
  const check = useCheck(path, scan.text, { ...options, output });
  const isModel = view.file === "model" && model !== undefined;
  const edited = isModel ? model : scan;
  const started = ({ id }: JobInfo): void => {
    setOptions({ ...options, from: "" });
    setView({ job: id });
  };
  return (
    <main className="page scan-view">
      <ScanEditor
        key={view.file}
        path={isModel ? modelPath! : path}
        schema={(isModel ? schemas.model : schemas.scan) as Schema}
        edited={edited}
        line={line}
        tab={view.tab}
        onTab={(tab) => setView({ tab })}
        other={isModel ? "scan" : model && "model"}
        onOther={(file) => setView({ file })}
      />
      <div className="scan-right">
        <CheckPanel
          check={check.data}
          error={check.error}
          isBusy={check.isBusy}
          onLine={(at, file) => {
            setView({ tab: "text", file: file === undefined ? "scan" : "model" });
            setLine({ line: at });
          }}
          lines={modelPath ? [undefined, modelPath] : [undefined]}
        />
        <JobPanel
          scan={path}
          job={job}
          stages={check.data?.stages.map(({ name }) => name) ?? []}
          options={options}
          output={output || path.replace(/\.ya?ml$/i, ".nxs")}
          onOptions={(change) => setOptions({ ...options, ...change })}
          beforeStart={async () => (await scan.save()) && (model === undefined || (await model.save()))}
          isRefused={check.data?.findings.some(({ level }) => level === "error") ?? false}
          onStarted={started}
        />
      </div>
    </main>
  );
}

/** Of the model that the scan's text names. */
function useModelPath(path: string, text: string): string | undefined {
  return useMemo(() => {
    const named = valueAt(readDocument(text).value, ["map", "rietveld", "model"]);
    return typeof named === "string" && /\.ya?ml$/i.test(named) ? pathBeside(path, named) : undefined;
  }, [path, text]);
}

/** Checks the text a moment after it was last changed. */
function useCheck(path: string, text: string, { output, workers, memoryGb }: StartOptions) {
  const body = {
    path,
    text,
    ...(output && { output }),
    ...(Number(workers) > 0 && { workers: Number(workers) }),
    ...(Number(memoryGb) > 0 && { memoryGb: Number(memoryGb) }),
  };
  const wanted = JSON.stringify(body);
  const [settled, setSettled] = useState(wanted);
  const timer = useRef<number>(undefined);
  useEffect(() => {
    timer.current = window.setTimeout(() => setSettled(wanted), PAUSE_MS);
    return () => window.clearTimeout(timer.current);
  }, [wanted]);
  const query = useJson<ScanCheck>("scan-check", {}, { body: JSON.parse(settled) as unknown, keep: true });
  return { data: query.data, error: query.error, isBusy: settled !== wanted || query.isFetching };
}
