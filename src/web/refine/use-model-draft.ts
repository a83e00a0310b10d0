/** The model in the editor: what the refinement starts from, until it is changed. */
import { useEffect, useRef, useState } from "react";
import type { ResultInfo, TextFile } from "../../server/wire.ts";
import type { CheckReply, ModelReply, ModelText, ParameterChange, RefineTarget } from "../../server/wire-refine.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";

export interface ModelDraft {
  /** undefined while it is read, and where there is none */
  readonly model: ModelText | undefined;
  readonly isChanged: boolean;
  /** the result brings no model */
  readonly isMissing: boolean;
  /** of the text as it is now, or the last that was right */
  readonly check: CheckReply | undefined;
  readonly error: ApiError | null;
  set(text: string): void;
  change(change: ParameterChange): void;
  exclude(ranges: readonly (readonly [number, number])[]): void;
  /** undefined: as the refinement starts */
  reset(model?: ModelText): void;
}

/** A text is checked when nobody has typed for so long. */
const PAUSE_MS = 350;

/** @param own path of a model.yaml in place of the result's */
export function useModelDraft(
  { file, wavelengthA }: Pick<ResultInfo, "file" | "wavelengthA">,
  target: RefineTarget | undefined,
  own: string | undefined,
): ModelDraft {
  const start = useJson<ModelReply>(
    "refine/model",
    {},
    { body: { file, target }, off: !target || own !== undefined, keep: true },
  );
  const chosen = useJson<TextFile>("text", { path: own }, { off: own === undefined });
  const key = `${file} ${own ?? ""}`;
  const [typed, setTyped] = useTyped();
  const folder = own?.includes("/") ? own.slice(0, own.lastIndexOf("/")) : "";
  const given = own === undefined ? start.data?.model : chosen.data && { text: chosen.data.text, folder, wavelengthA };
  const draft = typed?.key === key ? typed.model : undefined;
  const model = draft ?? given;
  const settled = useSettled(model, PAUSE_MS);
  const check = useJson<CheckReply>("refine/check", {}, { body: settled, off: !settled, keep: true });
  const [failed, setFailed] = useState<ApiError | null>(null);
  // what is in the editor, ahead of the next drawing of it
  const latest = useRef({ key, model });
  latest.current = { key, model };
  const last = useRef<Promise<void>>(Promise.resolve());
  const put = (text: string): void => {
    const next = { folder, wavelengthA, ...model, text };
    latest.current = { key, model: next };
    setTyped({ key, model: next });
  };
  // one after the other, each on the text that the one before made; what was typed meanwhile is not overwritten
  const edit = (part: object): void => {
    setFailed(null);
    const once = async (): Promise<void> => {
      const { model: from } = latest.current;
      if (!from || latest.current.key !== key) return;
      const reply = await ask<CheckReply>("refine/check", {}, { body: { ...from, ...part } });
      if (latest.current.key === key && latest.current.model?.text === from.text) put(reply.text);
    };
    last.current = last.current.then(once).catch(setFailed);
  };
  return {
    model,
    isChanged: draft !== undefined,
    isMissing: own === undefined && start.data !== undefined && !start.data.model,
    check: check.data,
    error: failed ?? (own === undefined ? start.error : chosen.error),
    set: put,
    change: (change) => edit({ change }),
    exclude: (exclude) => edit({ exclude }),
    reset: (to) => setTyped(to && { key, model: to }),
  };
}

interface Typed {
  readonly key: string;
  readonly model: ModelText;
}
const KEPT = "xrdct-model";

/** What was typed is still there when one comes back from another page. */
function useTyped(): [Typed | undefined, (typed: Typed | undefined) => void] {
  const [typed, setTyped] = useState(() => {
    const kept = sessionStorage.getItem(KEPT);
    return kept ? (JSON.parse(kept) as Typed) : undefined;
  });
  return [
    typed,
    (next) => {
      if (next) sessionStorage.setItem(KEPT, JSON.stringify(next));
      else sessionStorage.removeItem(KEPT);
      setTyped(next);
    },
  ];
}

/** The model when it has not changed for so many ms. */
function useSettled(model: ModelText | undefined, ms: number): ModelText | undefined {
  const text = model && JSON.stringify(model);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), settled === undefined ? 0 : ms);
    return () => clearTimeout(timer);
  }, [text, settled, ms]);
  return settled === undefined ? undefined : (JSON.parse(settled) as ModelText);
}
