/** One scan: its settings at the left, checks and run at the right. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { JobInfo, ScanCheck, ScanSchemas, TextFile } from "../../server/wire.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { CheckPanel } from "./check-panel.tsx";
import { JobPanel, type StartOptions } from "./job-panel.tsx";
import type { Schema } from "./json-schema.ts";
import { ScanEditor } from "./scan-editor.tsx";
import { useJobs } from "./use-job.ts";

/** output and from: what another page wants run */
const VIEW: { tab: "form" | "text"; job: string; output: string; from: string } = {
  tab: "form",
  job: "",
  output: "",
  from: "",
};
const OPTIONS: StartOptions = { output: "", from: "", until: "", workers: "", memoryGb: "" };

/** Checking reads headers of files: not at every key. */
const PAUSE_MS = 700;

export function ScanView({ path }: { path: string }) {
  const saved = useJson<TextFile>("text", { path });
  const schemas = useJson<ScanSchemas>("scan-schema");
  if (saved.error) return <Message error={saved.error} action={<a href="#/run">all scans</a>} />;
  if (schemas.error) return <Message error={schemas.error} />;
  if (!saved.data || !schemas.data) return <Busy what={`opening ${path}`} />;
  return <Workbench key={path} path={path} saved={saved.data.text} schema={schemas.data.scan as Schema} />;
}

/** What was typed and not saved outlives a reload. */
const draftKey = (path: string): string => `xrdct-scan:${path}`;

function useDraft(path: string, saved: string) {
  const [text, setText] = useState(() => sessionStorage.getItem(draftKey(path)) ?? saved);
  useEffect(() => {
    if (text === saved) sessionStorage.removeItem(draftKey(path));
    else sessionStorage.setItem(draftKey(path), text);
  }, [path, text, saved]);
  return [text, setText] as const;
}

function Workbench({ path, saved, schema }: { path: string; saved: string; schema: Schema }) {
  const [text, setText] = useDraft(path, saved);
  const [view, setView] = useView(VIEW);
  const [options, setOptions] = useState({ ...OPTIONS, output: view.output, from: view.from });
  const [error, setError] = useState<ApiError>();
  const [line, setLine] = useState<{ line: number }>();
  const client = useQueryClient();
  const jobs = useJobs();
  const job = jobs.data?.jobs.find(({ id, scan }) => (view.job ? id === view.job : scan === path));
  // a run is gone on with, or done again, where it was
  const output = options.output || job?.output || "";
  const check = useCheck(path, text, { ...options, output });
  const save = async (): Promise<boolean> => {
    setError(undefined);
    try {
      if (text !== saved) await ask("text", {}, { method: "PUT", body: { path, text, overwrite: true } });
      client.setQueryData(["text", { path }, undefined], { path, text });
      return true;
    } catch (problem) {
      setError(problem as ApiError);
      return false;
    }
  };
  const started = ({ id }: JobInfo): void => {
    setOptions({ ...options, from: "" });
    setView({ job: id, from: "" });
  };
  return (
    <main className="page scan-view">
      <ScanEditor
        {...{ path, text, schema, line }}
        tab={view.tab}
        onTab={(tab) => setView({ tab })}
        isChanged={text !== saved}
        onText={setText}
        onSave={save}
        onRevert={() => setText(saved)}
        error={error}
      />
      <div className="scan-right">
        <CheckPanel
          check={check.data}
          error={check.error}
          isBusy={check.isBusy}
          onLine={(at) => {
            setView({ tab: "text" });
            setLine({ line: at });
          }}
        />
        <JobPanel
          scan={path}
          job={job}
          stages={check.data?.stages.map(({ name }) => name) ?? []}
          options={options}
          output={output || path.replace(/\.ya?ml$/i, ".nxs")}
          onOptions={(change) => setOptions({ ...options, ...change })}
          beforeStart={save}
          isRefused={check.data?.findings.some(({ level }) => level === "error") ?? false}
          onStarted={started}
        />
      </div>
    </main>
  );
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
