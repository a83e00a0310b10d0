/** The run page without a scan: open one, drop one, begin one, or go on with a run. */
import { useState } from "react";
import type { Found, JobInfo, JobList, Listing, ScanTemplate } from "../../server/wire.ts";
import { ApiError, ask, useJson } from "../core/api.ts";
import { formatBytes } from "../core/format.ts";
import { go } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { useJobs } from "./use-job.ts";
import { jobInWords, timeOf } from "./words.ts";

export function RunStart() {
  const jobs = useJobs();
  return (
    <main className="page run-start">
      <Panel name="scans" title="Open a scan">
        <ScanList />
      </Panel>
      <Panel name="new-scan" title="A new scan">
        <NewScan />
      </Panel>
      <Panel name="jobs" title="Runs" className="run-jobs">
        {jobs.error && <Message error={jobs.error} />}
        {!jobs.data && !jobs.error && <Busy what="looking for runs in this folder" />}
        {jobs.data && <JobTable {...jobs.data} />}
      </Panel>
    </main>
  );
}

function ScanList() {
  const found = useJson<Found>("found");
  if (found.error) return <Message error={found.error} />;
  if (!found.data) return <Busy what="looking for scan.yaml files in this folder" />;
  const { scans, isCut } = found.data;
  if (scans.length === 0) return <p className="dim run-none">There is no scan.yaml in this folder yet.</p>;
  return (
    <ul className="run-list">
      {scans.map(({ path, bytes, modified }) => (
        <li key={path}>
          <button type="button" onClick={() => go("run", path)}>
            {path}
          </button>
          <span className="dim">
            {formatBytes(bytes)}, {timeOf(modified)}
          </span>
        </li>
      ))}
      {isCut && <li className="dim">There are more; the Files page shows all folders.</li>}
    </ul>
  );
}

interface Draft {
  readonly path: string;
  readonly text: string;
  readonly said: readonly string[];
}

/** Dropped text, or one made for a folder; saved where the user says. */
function NewScan() {
  const [draft, setDraft] = useState<Draft>();
  const [error, setError] = useState<Error>();
  const take = async (file: File | undefined): Promise<void> => {
    setError(undefined);
    if (!file) return;
    if (!/\.ya?ml$/i.test(file.name))
      return setError(new ApiError("scan-ending", `${file.name} is not a scan: its name has to end in .yaml.`, 0));
    if (file.size > 1e6) return setError(new ApiError("scan-too-large", `${file.name} is too large for a scan.`, 0));
    setDraft({ path: file.name, text: await file.text(), said: ["dropped"] });
  };
  return (
    <section
      className="run-new"
      aria-label="drop a scan.yaml here"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void take(event.dataTransfer.files[0]);
      }}
    >
      <label className="run-drop">
        Drop a scan.yaml here, or choose one:{" "}
        <input type="file" accept=".yaml,.yml" onChange={(event) => void take(event.target.files?.[0])} />
      </label>
      {error && <Message error={error} />}
      {draft ? (
        <SaveDraft key={draft.path} draft={draft} onClose={() => setDraft(undefined)} />
      ) : (
        <FolderPicker
          onPick={(path) => {
            setError(undefined);
            ask<ScanTemplate>("scan-template", { path })
              .then((made) => setDraft({ path: made.path, text: made.text, said: made.found }))
              .catch(setError);
          }}
        />
      )}
    </section>
  );
}

function SaveDraft({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const [path, setPath] = useState(draft.path);
  const [error, setError] = useState<ApiError>();
  const save = (overwrite: boolean): void => {
    ask("text", {}, { method: "PUT", body: { path, text: draft.text, overwrite } })
      .then(() => go("run", path))
      .catch(setError);
  };
  return (
    <div className="run-save">
      <p className="dim">{draft.said.length > 0 ? draft.said.join("; ") : "nothing that is known lies there"}</p>
      <pre>{draft.text}</pre>
      <p>
        <label>
          save as{" "}
          <input
            type="text"
            className="scan-wide"
            value={path}
            onChange={(event) => {
              setPath(event.target.value);
              setError(undefined);
            }}
            aria-label="path of the new scan"
          />
        </label>{" "}
        <button type="button" className="primary" onClick={() => save(false)}>
          save and open
        </button>{" "}
        <button type="button" onClick={onClose}>
          cancel
        </button>
      </p>
      {error && (
        <Message
          error={error}
          action={
            error.code === "file-exists" && (
              <button type="button" onClick={() => save(true)}>
                replace it
              </button>
            )
          }
        />
      )}
    </div>
  );
}

function FolderPicker({ onPick }: { onPick: (path: string) => void }) {
  const [path, setPath] = useState("");
  const listing = useJson<Listing>("files", { path }, { keep: true });
  if (listing.error) return <Message error={listing.error} />;
  if (!listing.data) return <Busy what="listing folders" />;
  const { entries } = listing.data;
  const folders = entries.filter(({ kind, name }) => kind === "folder" && !name.endsWith(".work"));
  const files = entries.filter(({ kind }) => kind !== "folder");
  const parts = path.split("/").filter(Boolean);
  return (
    <div className="run-folders">
      <p>
        Or begin with the folder of the measurement:{" "}
        <button type="button" onClick={() => setPath("")}>
          top
        </button>
        {parts.map((part, i) => (
          <button type="button" key={i} onClick={() => setPath(parts.slice(0, i + 1).join("/"))}>
            {part}
          </button>
        ))}
      </p>
      <ul className="run-list">
        {folders.map(({ name, path: to }) => (
          <li key={to}>
            <button type="button" onClick={() => setPath(to)}>
              {name}/
            </button>
          </li>
        ))}
      </ul>
      <p className="dim">
        {files.length} files here
        {files.length > 0 &&
          `: ${files
            .slice(0, 3)
            .map(({ name }) => name)
            .join(", ")}${files.length > 3 ? " ..." : ""}`}
      </p>
      <button type="button" onClick={() => onPick(path)}>
        a scan of what is in {path || "the top folder"}
      </button>
    </div>
  );
}

function JobTable({ jobs, others }: JobList) {
  if (jobs.length + others.length === 0) return <p className="dim run-none">Nothing was run in this folder yet.</p>;
  return (
    <table className="run-table">
      <thead>
        <tr>
          <th>result</th>
          <th>scan</th>
          <th>started</th>
          <th>state</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} />
        ))}
        {others.map(({ output, stage, isAtWork }) => (
          <tr key={output}>
            <td>{output}</td>
            <td className="dim">run elsewhere</td>
            <td />
            <td>
              {isAtWork
                ? `another program is at work on it${stage && `, in ${stage}`}`
                : `interrupted${stage && ` in ${stage}`}; open its scan and start it with this result to go on`}
            </td>
            <td />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function JobRow({ job }: { job: JobInfo }) {
  return (
    <tr data-job={job.id} data-job-state={job.state}>
      <td>{job.output}</td>
      <td>
        <button type="button" onClick={() => go("run", job.scan, { job: job.id })}>
          {job.scan}
        </button>
      </td>
      <td>{timeOf(job.startedAt)}</td>
      <td>
        {jobInWords(job)} {job.error && <code>[{job.error.code}]</code>}
      </td>
      <td>
        {job.hasResult && (
          <button type="button" onClick={() => go("explore", job.output)}>
            explore
          </button>
        )}
      </td>
    </tr>
  );
}
