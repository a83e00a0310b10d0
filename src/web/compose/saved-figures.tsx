/** Compositions kept in the folder, so that a figure can be made again. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { FileEntry, Listing, TextFile } from "../../server/wire.ts";
import { ApiError, ask, useJson } from "../core/api.ts";
import { Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { type Composition, parseComposition } from "./composition.ts";
import { formatComposition } from "./figure-files.ts";

const ENDING = ".figure.json";

export function SavedFigures({
  file,
  composition,
  onLoad,
}: {
  file: string;
  composition: Composition;
  onLoad: (composition: Composition) => void;
}) {
  const folder = file.split("/").slice(0, -1).join("/");
  const stem = file
    .split("/")
    .at(-1)!
    .replace(/\.\w+$/, "");
  const [name, setName] = useState(stem);
  const [said, setSaid] = useState<string>();
  const [error, setError] = useState<Error & { code?: string }>();
  const listing = useJson<Listing>("files", { path: folder });
  const client = useQueryClient();
  const saved = (listing.data?.entries ?? []).filter((entry) => entry.name.endsWith(ENDING));
  const guarded = async (work: () => Promise<string>): Promise<void> => {
    setError(undefined);
    setSaid(undefined);
    await work().then(setSaid, setError);
  };
  const path = `${folder ? `${folder}/` : ""}${name}${ENDING}`;
  const save = (overwrite: boolean): Promise<void> =>
    guarded(async () => {
      const body = { path, text: formatComposition(composition), overwrite };
      const entry = await ask<FileEntry>("text", {}, { method: "PUT", body });
      await client.invalidateQueries({ queryKey: ["files"] });
      return `saved as ${entry.path}`;
    });
  const load = (from: string): Promise<void> =>
    guarded(async () => {
      const { text } = await ask<TextFile>("text", { path: from });
      onLoad(parseComposition(text, from));
      return `opened ${from}`;
    });
  const replace = error instanceof ApiError && error.code === "file-exists" && (
    <button type="button" onClick={() => save(true)}>
      replace it
    </button>
  );
  return (
    <Panel name="saved" title="Make it again">
      <div className="compose-form">
        <div className="compose-line">
          <input
            type="text"
            aria-label="name of the composition"
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
          <span className="dim">{ENDING}</span>
          <button type="button" disabled={!/^[\w][\w .-]*$/.test(name)} onClick={() => save(false)}>
            save
          </button>
        </div>
        {saved.length > 0 && (
          <select
            aria-label="open a composition"
            value=""
            onChange={({ target }) => target.value && load(target.value)}
          >
            <option value="">open a composition …</option>
            {saved.map((entry) => (
              <option key={entry.path} value={entry.path}>
                {entry.name.slice(0, -ENDING.length)}
              </option>
            ))}
          </select>
        )}
        {said && <span role="status">{said}</span>}
        {error && <Message error={error} action={replace} />}
      </div>
    </Panel>
  );
}
