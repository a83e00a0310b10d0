/** Keeps the model as a file, or writes it beside a scan and goes on to the page that runs it. */
import { useState } from "react";
import type { Found } from "../../server/wire.ts";
import type { ModelSaved, ModelText, StartReply } from "../../server/wire-refine.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";
import { go } from "../core/route.ts";
import { Message } from "../parts/message.tsx";

interface Props {
  readonly file: string;
  readonly model: ModelText;
  readonly isRight: boolean;
}

export function ModelFiles(props: Props) {
  return (
    <>
      <SaveModel {...props} />
      <StartMap {...props} />
    </>
  );
}

function SaveModel({ file, model, isRight }: Props) {
  const [path, setPath] = useState(() => file.replace(/\.\w+$/, "-model.yaml"));
  const [error, setError] = useState<ApiError>();
  const [saved, setSaved] = useState<string>();
  const save = async (overwrite: boolean): Promise<void> => {
    setError(undefined);
    setSaved(undefined);
    try {
      const body = { ...model, path, overwrite };
      setSaved((await ask<ModelSaved>("refine/model", {}, { method: "PUT", body })).path);
    } catch (failure) {
      setError(failure as ApiError);
    }
  };
  return (
    <details className="menu" data-menu="save-model">
      <summary title="keep the model as a file of the folder">save model</summary>
      <div className="menu-items refine-choice">
        <label>
          file{" "}
          <input type="text" aria-label="file to save" value={path} onChange={({ target }) => setPath(target.value)} />
        </label>
        <button type="button" className="primary" disabled={!isRight} onClick={() => save(false)}>
          save
        </button>
        {error?.code === "file-exists" ? (
          <Message
            error={error}
            action={
              <button type="button" onClick={() => save(true)}>
                replace it
              </button>
            }
          />
        ) : (
          error && <Message error={error} />
        )}
        {saved && <span role="status">saved as {saved}</span>}
      </div>
    </details>
  );
}

function StartMap({ file, model, isRight }: Props) {
  const [isOpen, setOpen] = useState(false);
  const { data, error: notFound } = useJson<Found>("found", {}, { off: !isOpen });
  const [error, setError] = useState<ApiError>();
  const scans = data?.scans ?? [];
  const [chosen, setChosen] = useState<string>();
  const scan =
    chosen ??
    nearest(
      file,
      scans.map(({ path }) => path),
    );
  const start = async (): Promise<void> => {
    if (!scan) return;
    try {
      const reply = await ask<StartReply>("refine/start", {}, { body: { ...model, scan } });
      go("run", reply.scan, { from: "map", output: file });
    } catch (failure) {
      setError(failure as ApiError);
    }
  };
  return (
    <details className="menu" data-menu="start-map" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary title="every voxel with this model">start the map with it</summary>
      <div className="menu-items refine-choice">
        <label>
          scan that {file} was made from{" "}
          <select aria-label="scan" value={scan ?? ""} onChange={({ target }) => setChosen(target.value)}>
            {scans.map(({ path }) => (
              <option key={path}>{path}</option>
            ))}
          </select>
        </label>
        {data && scans.length === 0 && <span className="dim">there is no scan.yaml in this folder</span>}
        <span className="dim">
          The model, and a copy of the scan.yaml that names it, are written beside the scan. The next page checks them
          and starts the run from the stage map; when it is done it takes the place of {file}.
        </span>
        <button type="button" className="primary" disabled={!isRight || !scan} onClick={start}>
          go to the run
        </button>
        {(error ?? notFound) && <Message error={(error ?? notFound)!} />}
      </div>
    </details>
  );
}

/** The scan that shares most of its path with the result. */
function nearest(file: string, scans: readonly string[]): string | undefined {
  const shared = (path: string): number => {
    let i = 0;
    while (i < path.length && path[i] === file[i]) i++;
    return i;
  };
  return [...scans].sort((a, b) => shared(b) - shared(a) || a.length - b.length)[0];
}
