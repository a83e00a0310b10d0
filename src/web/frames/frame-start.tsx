/** Choosing frames: by their path, or from the folders. */
import { useState } from "react";
import type { FileKind, Listing } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { formatBytes } from "../core/format.ts";
import { go } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";

const SHOWN: readonly FileKind[] = ["folder", "frame", "hdf5"];

export function FrameStart() {
  const [folder, setFolder] = useState("");
  const listing = useJson<Listing>("files", { path: folder }, { keep: true });
  const entries = listing.data?.entries.filter(({ kind, name }) => SHOWN.includes(kind) || name.endsWith(".npy")) ?? [];
  return (
    <main className="page frames-start">
      <h1>Detector frames</h1>
      <PathForm />
      <p className="dim">CBF, TIFF, EDF, MAR345, .npy and HDF5 (NeXus, EIGER, LAMBDA); series of them too.</p>
      <Panel
        name="frame-files"
        title={folder === "" ? "this folder" : folder}
        tools={
          folder !== "" && (
            <>
              <button type="button" onClick={() => setFolder(folder.split("/").slice(0, -1).join("/"))}>
                up
              </button>
              <button type="button" onClick={() => go("frames", folder)}>
                open all frames in it
              </button>
            </>
          )
        }
      >
        {listing.error && <Message error={listing.error} />}
        {listing.isPending && <Busy what="listing the folder" />}
        <ul className="frames-files">
          {entries.map((entry) => (
            <li key={entry.path}>
              <button
                type="button"
                onClick={() => (entry.kind === "folder" ? setFolder(entry.path) : go("frames", entry.path))}
              >
                {entry.kind === "folder" ? `${entry.name}/` : entry.name}
              </button>
              {entry.kind !== "folder" && <span className="dim">{formatBytes(entry.bytes)}</span>}
            </li>
          ))}
          {listing.data && entries.length === 0 && <li className="dim">no frames and no folders here</li>}
        </ul>
      </Panel>
    </main>
  );
}

/** A pattern or a folder is quicker typed than clicked. */
function PathForm() {
  const [path, setPath] = useState("");
  return (
    <form
      className="frames-row"
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim()) go("frames", path.trim());
      }}
    >
      <label>
        file, folder or pattern{" "}
        <input
          type="text"
          size={50}
          placeholder="scan/frame_*.cbf"
          value={path}
          onChange={({ target }) => setPath(target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={!path.trim()}>
        open
      </button>
    </form>
  );
}
