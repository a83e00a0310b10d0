/** A run: how it is started, its stages as they come, what can be seen of them. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { JobInfo, JobRequest, JobStage, Session } from "../../server/wire.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";
import { formatValue, withUnit } from "../core/format.ts";
import { go } from "../core/route.ts";
import { Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { JobPreview } from "./job-preview.tsx";
import { isOver, useJob } from "./use-job.ts";
import { jobInWords, stageInWords, timeOf } from "./words.ts";

export interface JobPanelProps {
  readonly scan: string;
  /** the newest of this scan, or the one that was chosen */
  readonly job: JobInfo | undefined;
  readonly stages: readonly string[];
  readonly options: StartOptions;
  /** where the result comes if options.output says nothing */
  readonly output: string;
  readonly onOptions: (change: Partial<StartOptions>) => void;
  /** saves what was changed; false: it could not be */
  readonly beforeStart: () => Promise<boolean>;
  readonly isRefused: boolean;
  readonly onStarted: (job: JobInfo) => void;
}

/** "" is what the server takes by itself */
export interface StartOptions {
  readonly output: string;
  readonly from: string;
  readonly until: string;
  readonly workers: string;
  readonly memoryGb: string;
}

export function JobPanel(props: JobPanelProps) {
  const { scan, options, output, beforeStart, onStarted } = props;
  const job = useJob(props.job);
  const client = useQueryClient();
  const [error, setError] = useState<ApiError>();
  const isGoing = job !== undefined && !isOver(job.state);
  const act = (work: () => Promise<unknown>) => () => {
    setError(undefined);
    work().catch(setError);
  };
  const start = async (request: JobRequest): Promise<void> => {
    if (!(await beforeStart())) return;
    const started = await ask<JobInfo>("jobs", {}, { body: request });
    await client.invalidateQueries({ queryKey: ["jobs"] });
    onStarted(started);
  };
  const tools = isGoing ? (
    <button
      type="button"
      disabled={job.state === "stopping"}
      title="what is finished is kept, and the run can go on later"
      onClick={act(() => ask(`jobs/${job.id}/cancel`, {}, { method: "POST" }))}
    >
      {job.state === "stopping" ? "interrupting" : "interrupt"}
    </button>
  ) : (
    <StartButtons
      job={job}
      from={options.from}
      isRefused={props.isRefused}
      onGoOn={job && act(() => start(goOn(job)))}
      onStart={act(() => start(requestOf(scan, { ...options, output })))}
    />
  );
  return (
    <Panel name="run" title="Run" className="run-panel" tools={tools}>
      {!isGoing && <StartRow {...props} />}
      {error && <Message error={error} />}
      {job ? <JobView key={job.id} job={job} /> : <p className="dim run-none">This scan was not run here yet.</p>}
    </Panel>
  );
}

function StartButtons({
  job,
  from,
  isRefused,
  onGoOn,
  onStart,
}: {
  job: JobInfo | undefined;
  from: string;
  isRefused: boolean;
  onGoOn: (() => void) | undefined;
  onStart: () => void;
}) {
  const isInterrupted = job?.state === "interrupted";
  return (
    <>
      {job?.hasResult && (
        <button type="button" onClick={() => go("explore", job.output)}>
          explore {job.output.split("/").at(-1)}
        </button>
      )}
      {isInterrupted && (
        <button type="button" className="primary" onClick={onGoOn}>
          go on
        </button>
      )}
      <button
        type="button"
        className={isInterrupted ? "" : "primary"}
        disabled={isRefused}
        title={isRefused ? "the checks say what is to be mended first" : "save the scan and run it"}
        onClick={onStart}
      >
        {from ? `do again from ${from}` : "start"}
      </button>
    </>
  );
}

const requestOf = (scan: string, { output, from, until, workers, memoryGb }: StartOptions): JobRequest => ({
  scan,
  output,
  ...(from && { from }),
  ...(until && { until }),
  ...(Number(workers) > 0 && { workers: Number(workers) }),
  ...(Number(memoryGb) > 0 && { memoryGb: Number(memoryGb) }),
});

/** Not from its first stage again: what was finished is kept. */
const goOn = ({ scan, output, until, workers, memoryGb }: JobInfo): JobRequest => ({
  scan,
  output,
  ...(until && { until }),
  workers,
  memoryGb,
});

function StartRow({ output, stages, options, onOptions }: JobPanelProps) {
  const session = useJson<Session>("session");
  const stageChoice = (key: "from" | "until", label: string, none: string) => (
    <label>
      {label}{" "}
      <select value={options[key]} onChange={(event) => onOptions({ [key]: event.target.value })}>
        <option value="">{none}</option>
        {stages.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  const text = (key: "output" | "workers" | "memoryGb", label: string, placeholder: string, unit = "") => (
    <label>
      {label}{" "}
      <input
        type="text"
        className={`run-${key}`}
        value={options[key]}
        placeholder={placeholder}
        onChange={(event) => onOptions({ [key]: event.target.value })}
      />{" "}
      {unit}
    </label>
  );
  return (
    <div className="run-options">
      {text("output", "result", output)}
      {stageChoice("from", "from", "what is missing")}
      {stageChoice("until", "until", "the end")}
      {text("workers", "threads", String(session.data?.workers ?? ""))}
      {text("memoryGb", "memory", "auto", "GB")}
    </div>
  );
}

function JobView({ job }: { job: JobInfo }) {
  const running = job.stages.findLast(({ preview }) => preview !== undefined)?.name;
  const [chosen, setChosen] = useState<string>();
  const shown = chosen ?? running;
  const stage = job.stages.find(({ name }) => name === shown);
  return (
    <div className="run-body">
      <div className="run-stages">
        <p data-job={job.id} data-job-state={job.state}>
          <b>{job.output}</b>, started {timeOf(job.startedAt)}: {jobInWords(job)}
        </p>
        {job.error && <Message error={Object.assign(new Error(job.error.message), { code: job.error.code })} />}
        <ol>
          {job.stages.map((one) => (
            <StageRow
              key={one.name}
              stage={one}
              isShown={one.name === shown}
              onShow={() => setChosen(one.name === chosen ? undefined : one.name)}
            />
          ))}
        </ol>
        {job.maps && <MapTable maps={job.maps} />}
      </div>
      {stage?.preview && <JobPreview job={job} stage={stage} />}
    </div>
  );
}

function StageRow({ stage, isShown, onShow }: { stage: JobStage; isShown: boolean; onShow: () => void }) {
  const { name, state, done, blocks, notes } = stage;
  const share = state === "done" || state === "kept" ? 1 : blocks > 0 ? done / blocks : 0;
  return (
    <li data-stage={name} data-state={state}>
      <button type="button" className="run-stage" aria-pressed={isShown} onClick={onShow}>
        <b>{name}</b>
        <progress max={1} value={share} data-value={share} aria-label={`${name}: ${Math.round(100 * share)} %`} />
        <span>{stageInWords(stage)}</span>
      </button>
      {notes.length > 0 && (
        <details className="run-notes">
          <summary>{notes[0]}</summary>
          <ul>
            {notes.slice(1).map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

function MapTable({ maps }: { maps: NonNullable<JobInfo["maps"]> }) {
  const shown = maps.filter(({ voxels }) => voxels > 0);
  if (shown.length === 0) return null;
  return (
    <details className="run-maps">
      <summary>{shown.length} maps: medians</summary>
      <table>
        <tbody>
          {shown.map(({ name, unit, median, voxels }) => (
            <tr key={name}>
              <td>{name}</td>
              <td className="number" data-value={median ?? undefined}>
                {withUnit(formatValue(median ?? undefined), unit)}
              </td>
              <td className="number">{voxels} voxels</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
