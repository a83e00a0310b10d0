import type { TextFile } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";

/** A small text of the folder, to read: a model.yaml, notes. */
export function TextPanel({ path, onClose }: { path: string; onClose: () => void }) {
  const file = useJson<TextFile>("text", { path });
  return (
    <Panel
      name="text"
      title={path}
      tools={
        <button type="button" onClick={onClose}>
          close
        </button>
      }
    >
      {file.error && <Message error={file.error} />}
      {file.isPending && <Busy what="reading the text" />}
      {file.data && <textarea className="start-text" readOnly aria-label={path} value={file.data.text} />}
      <p className="dim start-note">
        A model.yaml is tried on a voxel on the Refine page of a result; a scan.yaml names it to map with it.
      </p>
    </Panel>
  );
}
