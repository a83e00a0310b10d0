/** The folder and those below it: what each file is, and the page that opens it. */
import { useState } from "react";
import type { FileEntry, FileKind, Listing } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { formatBytes } from "../core/format.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { hrefOf, whenOf } from "./file-links.ts";

const KINDS: Record<FileKind, string> = {
  folder: "folder",
  result: "result",
  scan: "scan",
  model: "model",
  frame: "frame",
  geometry: "geometry",
  pattern: "pattern",
  hdf5: "HDF5",
  other: "",
};

export interface FileBrowserProps {
  /** folder that is shown */
  readonly path: string;
  readonly onPath: (path: string) => void;
  /** a text to be shown */
  readonly onText: (path: string) => void;
}

export function FileBrowser({ path, onPath, onText }: FileBrowserProps) {
  const listing = useJson<Listing>("files", { path }, { keep: true, every: 20_000 });
  const [wanted, setWanted] = useState("");
  const open = (to: string): void => {
    setWanted("");
    onPath(to);
  };
  const entries = listing.data?.entries.filter(({ name }) => name.toLowerCase().includes(wanted.toLowerCase())) ?? [];
  return (
    <Panel
      name="files"
      title="Files"
      tools={
        <input
          type="text"
          className="start-filter"
          aria-label="names that contain"
          placeholder="names that contain"
          value={wanted}
          onChange={({ target }) => setWanted(target.value)}
        />
      }
    >
      <Crumbs path={path} onPath={open} />
      {listing.data && <SeriesLink listing={listing.data} />}
      <div className="start-scroll">
        {listing.error && <Message error={listing.error} />}
        {listing.isPending && <Busy what="reading the folder" />}
        <table className="start-table">
          <tbody>
            {entries.map((entry) => (
              <Row key={entry.path} entry={entry} onPath={open} onText={onText} />
            ))}
          </tbody>
        </table>
        {listing.data && entries.length === 0 && (
          <p className="dim start-note">{wanted ? "No name contains that." : "This folder is empty."}</p>
        )}
        {!!listing.data?.left && <p className="dim start-note">{listing.data.left} more files are not listed.</p>}
      </div>
    </Panel>
  );
}

function Crumbs({ path, onPath }: { path: string; onPath: (path: string) => void }) {
  const parts = path === "" ? [] : path.split("/");
  return (
    <nav className="start-crumbs" aria-label="folders">
      <button type="button" onClick={() => onPath("")}>
        top
      </button>
      {parts.map((part, i) => {
        const to = parts.slice(0, i + 1).join("/");
        return (
          <span key={to}>
            {" / "}
            <button type="button" onClick={() => onPath(to)}>
              {part}
            </button>
          </span>
        );
      })}
    </nav>
  );
}

/** Frames of one kind in a folder are a series, in the order of their numbers. */
function SeriesLink({ listing: { path, entries } }: { listing: Listing }) {
  const endings = entries.filter(({ kind }) => kind === "frame").map(({ name }) => /\.\w+(\.gz)?$/.exec(name)?.[0]);
  const [ending] = endings;
  if (ending === undefined || endings.length < 2 || endings.some((other) => other !== ending)) return null;
  const href = hrefOf({ kind: "frame", path: path === "" ? `*${ending}` : `${path}/*${ending}` });
  return (
    <p className="start-note">
      <a href={href}>all *{ending} of this folder as one series of frames</a>
    </p>
  );
}

interface RowProps {
  readonly entry: FileEntry;
  readonly onPath: (path: string) => void;
  readonly onText: (path: string) => void;
}

function Row({ entry, onPath, onText }: RowProps) {
  const { name, kind, bytes } = entry;
  return (
    <tr data-file={entry.path} data-kind={kind}>
      <td className="start-file">
        <Name entry={entry} onPath={onPath} onText={onText} />
      </td>
      <td className="dim">{KINDS[kind] || name.split(".").slice(1).at(-1)}</td>
      <td className="number dim">{kind === "folder" ? "" : formatBytes(bytes)}</td>
      <td className="number dim">{whenOf(entry)}</td>
    </tr>
  );
}

function Name({ entry, onPath, onText }: RowProps) {
  const { name, path, kind } = entry;
  if (kind === "folder") {
    return (
      <button type="button" className="start-link" onClick={() => onPath(path)}>
        {name}/
      </button>
    );
  }
  const href = hrefOf(entry);
  if (href) {
    return (
      <a href={href} title={name}>
        {name}
      </a>
    );
  }
  if (!/\.(ya?ml|txt)$/i.test(name)) return <span title={name}>{name}</span>;
  return (
    <button type="button" className="start-link" title={name} onClick={() => onText(path)}>
      {name}
    </button>
  );
}
