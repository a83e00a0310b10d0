/** A model.yaml of the served folder in place of the result's own. */
import { useState } from "react";
import type { Listing } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { Busy, Message } from "../parts/message.tsx";

const folderOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");

export function ModelChoice({
  file,
  chosen,
  onChoose,
}: {
  file: string;
  chosen: string | undefined;
  onChoose: (path: string | undefined) => void;
}) {
  return (
    <details className="menu">
      <summary title="whose model is in the editor">{chosen ? `model: ${chosen}` : "model: of the result"}</summary>
      <div className="menu-items refine-choice">
        <button type="button" aria-pressed={!chosen} onClick={() => onChoose(undefined)}>
          the result's own
        </button>
        <FolderModels start={folderOf(chosen ?? file)} chosen={chosen} onChoose={onChoose} />
      </div>
    </details>
  );
}

function FolderModels({
  start,
  chosen,
  onChoose,
}: {
  start: string;
  chosen: string | undefined;
  onChoose: (path: string) => void;
}) {
  const [folder, setFolder] = useState(start);
  const { data, error } = useJson<Listing>("files", { path: folder });
  const folders = data?.entries.filter(({ kind }) => kind === "folder") ?? [];
  const models = data?.entries.filter(({ kind }) => kind === "model") ?? [];
  return (
    <>
      <span className="dim">models in {folder || "the served folder"}:</span>
      {error && <Message error={error} />}
      {!data && !error && <Busy what="reading the folder" />}
      {models.map(({ path, name }) => (
        <button type="button" key={path} aria-pressed={path === chosen} onClick={() => onChoose(path)}>
          {name}
        </button>
      ))}
      {data && models.length === 0 && <span className="dim">none</span>}
      {folder !== "" && (
        <button type="button" onClick={() => setFolder(folderOf(folder))}>
          ../
        </button>
      )}
      {folders.map(({ path, name }) => (
        <button type="button" key={path} onClick={() => setFolder(path)}>
          {name}/
        </button>
      ))}
    </>
  );
}
