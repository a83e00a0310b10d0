import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Calibration } from "../../server/wire-frames.ts";
import { ApiError, ask } from "../core/api.ts";
import { Message } from "../parts/message.tsx";
import { save } from "../parts/take-away.tsx";
import { forgetFiles } from "./use-frames.ts";

/** The geometry as a .poni: into the served folder, or to the user's own machine. Nothing is replaced unasked. */
export function SavePoni({
  found,
  from,
  isShown,
  onSaved,
}: {
  found: Calibration;
  /** path of the frame */
  from: string;
  /** the geometry in force is this one */
  isShown: boolean;
  onSaved: (path: string) => void;
}) {
  const [path, setPath] = useState(`${from.replace(/[*?]/g, "").replace(/(\.\w+)?(\.gz)?$/, "")}.poni`);
  const [state, setState] = useState<{ error?: Error; saved?: string }>({});
  const queries = useQueryClient();
  const write = async (overwrite: boolean): Promise<void> => {
    try {
      await ask("text", {}, { method: "PUT", body: { path, text: found.poniText, overwrite } });
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
            size={26}
            aria-label="path of the .poni"
            value={path}
            onChange={({ target }) => setPath(target.value)}
          />
        </label>
        <button type="submit">save .poni</button>
        <button type="button" onClick={() => save(path.split("/").at(-1)!, found.poniText, "text/plain")}>
          download
        </button>
        {state.saved && !isShown && (
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
