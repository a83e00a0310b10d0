/** Which pixels are left out: from a file, by their counts, drawn; and the mask as a file. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FrameMask } from "../../server/wire-frames.ts";
import { ApiError, ask } from "../core/api.ts";
import { Message } from "../parts/message.tsx";
import type { Tool } from "../parts/shapes.ts";
import type { FrameParts } from "./frames-page.tsx";
import { forgetFiles, useMask } from "./use-frames.ts";

/** What dragging on the image does while the mask is worked on. */
export interface Drawing {
  readonly tool: Tool;
  /** puts pixels back instead */
  readonly isHole: boolean;
}

const TOOLS: readonly (readonly [Tool, string])[] = [
  ["move", "move"],
  ["rectangle", "rectangle"],
  ["ellipse", "circle"],
  ["polygon", "polygon"],
];

export function MaskPanel(parts: FrameParts) {
  const { view, change, choice, series } = parts;
  const { mask } = view;
  const set = (part: Partial<FrameMask>): void =>
    change({ mask: JSON.parse(JSON.stringify({ ...mask, ...part })) as FrameMask });
  const reply = useMask(choice, series, view);
  return (
    <div className="frames-mask">
      <MaskSources {...parts} set={set} />
      <MaskDrawing {...parts} set={set} />
      <div className="frames-row">
        <label>
          <input
            type="checkbox"
            checked={mask.isSwapped ?? false}
            onChange={({ target }) => set({ isSwapped: target.checked || undefined })}
          />{" "}
          invert all
        </label>
        <label>
          <input
            type="checkbox"
            checked={view.hasMaskShown}
            onChange={({ target }) => change({ hasMaskShown: target.checked })}
          />{" "}
          show on the image
        </label>
        {reply.data && (
          <span role="status" data-read="excluded" data-value={reply.data.meta.excluded}>
            {reply.data.meta.excluded} of {reply.data.meta.pixels} pixels left out (
            {((100 * reply.data.meta.excluded) / reply.data.meta.pixels).toFixed(2)} %)
          </span>
        )}
      </div>
      <SaveMask {...parts} onSaved={(file) => change({ mask: { invalid: mask.invalid ?? false, file } })} />
      <p className="dim">
        Calibration and integration leave these pixels out. A saved mask is read by <code>--mask</code>: 1 is left out.
      </p>
    </div>
  );
}

type Parts = FrameParts & { set: (part: { [K in keyof FrameMask]?: FrameMask[K] | undefined }) => void };

function MaskSources({ view: { mask }, series, beside, set }: Parts) {
  const threshold = (name: "below" | "above") => (
    <label>
      counts {name}{" "}
      <input
        type="number"
        aria-label={`counts ${name}`}
        value={mask[name] ?? ""}
        onChange={({ target }) => set({ [name]: target.value === "" ? undefined : Number(target.value) })}
      />
    </label>
  );
  return (
    <div className="frames-form">
      <label>
        mask file{" "}
        <select
          aria-label="mask file"
          value={mask.file ?? ""}
          onChange={({ target }) => set({ file: target.value || undefined, isInverted: undefined })}
        >
          <option value="">none</option>
          {[...new Set([...(beside?.masks ?? []), ...(mask.file ? [mask.file] : [])])].map((path) => (
            <option key={path}>{path}</option>
          ))}
        </select>
      </label>
      <label title="the file says which pixels to use">
        <input
          type="checkbox"
          disabled={!mask.file}
          checked={mask.isInverted ?? false}
          onChange={({ target }) => set({ isInverted: target.checked || undefined })}
        />{" "}
        1 means use
      </label>
      {threshold("below")}
      {threshold("above")}
      <label>
        <input
          type="checkbox"
          checked={mask.invalid ?? false}
          onChange={({ target }) => set({ invalid: target.checked })}
        />{" "}
        no count (negative, dummy)
      </label>
      {series.detector && (
        <label>
          <input
            type="checkbox"
            checked={mask.gapsOf !== undefined}
            onChange={({ target }) => set({ gapsOf: target.checked ? series.detector : undefined })}
          />{" "}
          gaps of {series.detector}
        </label>
      )}
    </div>
  );
}

function MaskDrawing({ view: { mask }, drawing, onDrawing, set }: Parts) {
  const shapes = mask.shapes ?? [];
  return (
    <div className="frames-row" role="toolbar" aria-label="drawing">
      {TOOLS.map(([tool, label]) => (
        <button
          type="button"
          key={tool}
          aria-pressed={drawing.tool === tool}
          title={tool === "polygon" ? "click by click; a double click closes it" : undefined}
          onClick={() => onDrawing({ ...drawing, tool })}
        >
          {label}
        </button>
      ))}
      <label title="the next shape puts pixels back">
        <input
          type="checkbox"
          checked={drawing.isHole}
          onChange={({ target }) => onDrawing({ ...drawing, isHole: target.checked })}
        />{" "}
        put back
      </label>
      <button type="button" disabled={shapes.length === 0} onClick={() => set({ shapes: shapes.slice(0, -1) })}>
        undo
      </button>
      <button type="button" disabled={shapes.length === 0} onClick={() => set({ shapes: undefined })}>
        clear {shapes.length > 0 && `${shapes.length} drawn`}
      </button>
    </div>
  );
}

function SaveMask({ choice, view, onSaved }: FrameParts & { onSaved: (path: string) => void }) {
  const [path, setPath] = useState(() => `${choice.file.split("/").slice(0, -1).concat("mask-drawn").join("/")}.edf`);
  const [state, setState] = useState<{ error?: Error; saved?: string }>({});
  const queries = useQueryClient();
  const write = async (overwrite: boolean): Promise<void> => {
    try {
      await ask("frames/mask", {}, { method: "PUT", body: { ...choice, mask: view.mask, path, overwrite } });
      void forgetFiles(queries);
      setState({ saved: path });
      onSaved(path);
    } catch (error) {
      setState({ error: error as Error });
    }
  };
  const isThere = state.error instanceof ApiError && state.error.code === "file-exists";
  return (
    <>
      <form
        className="frames-row"
        onSubmit={(event) => {
          event.preventDefault();
          void write(false);
        }}
      >
        <label>
          save as{" "}
          <input
            type="text"
            size={24}
            aria-label="path of the mask"
            title=".edf, .tif or .npy"
            value={path}
            onChange={({ target }) => setPath(target.value)}
          />
        </label>
        <button type="submit">save mask</button>
        {state.saved && (
          <span role="status" data-saved={state.saved}>
            saved {state.saved}
          </span>
        )}
      </form>
      {state.error && (
        <Message
          error={state.error}
          action={
            isThere && (
              <button type="button" onClick={() => write(true)}>
                replace it
              </button>
            )
          }
        />
      )}
    </>
  );
}
