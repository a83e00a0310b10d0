/** A text file that is being edited: what was typed and not saved outlives a reload. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import type { TextFile } from "../../server/wire.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";

export interface EditedText {
  readonly text: string;
  readonly isChanged: boolean;
  /** of opening or saving it */
  readonly error: ApiError | undefined;
  readonly setText: (text: string) => void;
  readonly revert: () => void;
  /** @returns false where it could not be saved */
  readonly save: () => Promise<boolean>;
}

const draftKey = (path: string): string => `xrdct-draft:${path}`;

/** @returns undefined until it is read, or where there is no path */
export function useEditedText(path: string | undefined): EditedText | undefined {
  const file = useJson<TextFile>("text", { path }, { off: path === undefined });
  const [drafts, setDrafts] = useState<Readonly<Record<string, string>>>({});
  const [refused, setRefused] = useState<ApiError>();
  const client = useQueryClient();
  const saved = file.data?.text;
  const draft = path === undefined ? undefined : (drafts[path] ?? sessionStorage.getItem(draftKey(path)) ?? undefined);
  const text = draft ?? saved;
  useEffect(() => {
    if (path === undefined || text === undefined || saved === undefined) return;
    if (text === saved) sessionStorage.removeItem(draftKey(path));
    else sessionStorage.setItem(draftKey(path), text);
  }, [path, text, saved]);
  const setText = useCallback(
    (next: string) => path !== undefined && setDrafts((before) => ({ ...before, [path]: next })),
    [path],
  );
  if (path === undefined || (text === undefined && !file.error)) return undefined;
  return {
    text: text ?? "",
    isChanged: saved !== undefined && text !== saved,
    error: refused ?? file.error ?? undefined,
    setText,
    revert: () => setText(saved ?? ""),
    async save() {
      setRefused(undefined);
      if (text === saved || text === undefined) return true;
      try {
        await ask("text", {}, { method: "PUT", body: { path, text, overwrite: true } });
        client.setQueryData(["text", { path }, undefined], { path, text });
        // a check is of the model as it is saved
        void client.invalidateQueries({ queryKey: ["scan-check"] });
        return true;
      } catch (problem) {
        setRefused(problem as ApiError);
        return false;
      }
    },
  };
}
