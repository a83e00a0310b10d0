/** What is refined now: as the result has it, and what was tried since with a changed model. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { ModelText, RefineReply, RefineTarget } from "../../server/wire-refine.ts";
import { type ApiError, ask, useJson } from "../core/api.ts";

export interface Trial {
  readonly model: ModelText;
  readonly reply: RefineReply;
}

export interface Refinement {
  readonly current: RefineReply | undefined;
  /** what was shown before the last change of the model */
  readonly former: RefineReply | undefined;
  readonly trials: readonly Trial[];
  readonly isBusy: boolean;
  /** with the changed model */
  readonly isTrying: boolean;
  readonly error: ApiError | null;
  refine(model: ModelText): Promise<void>;
  cancel(): void;
  /** @returns the model before the last trial; undefined where it was the result's own */
  undo(): ModelText | undefined;
}

/**
 * @param own a model of the folder, in place of the result's
 * @param isQuick the target follows the pointer
 */
export function useRefinement(
  file: string,
  target: RefineTarget | undefined,
  own: ModelText | undefined,
  isQuick: boolean,
): Refinement {
  const key = JSON.stringify([file, target, own]);
  const base = useJson<RefineReply>(
    "refine",
    {},
    { body: { file, target, ...(own && { model: own }), ...(isQuick && { isQuick }) }, off: !target, keep: true },
  );
  const [kept, setKept] = useState<{ key: string; trials: readonly Trial[] }>({ key, trials: [] });
  const [failed, setFailed] = useState<{ key: string; error: ApiError }>();
  const [running, setRunning] = useState<AbortController>();
  const now = useRef(key);
  now.current = key;
  const trials = kept.key === key ? kept.trials : NONE;
  const refine = useCallback(
    async (model: ModelText) => {
      const controller = new AbortController();
      setRunning(controller);
      setFailed(undefined);
      try {
        const reply = await ask<RefineReply>(
          "refine",
          {},
          { body: { file, target, model }, signal: controller.signal },
        );
        if (now.current === key)
          setKept((before) => ({ key, trials: [...(before.key === key ? before.trials : []), { model, reply }] }));
      } catch (error) {
        if ((error as Error).name !== "AbortError") setFailed({ key, error: error as ApiError });
      } finally {
        setRunning(undefined);
      }
    },
    [file, target, key],
  );
  return useMemo(() => {
    const shown = [
      base.isPlaceholderData && trials.length > 0 ? undefined : base.data,
      ...trials.map(({ reply }) => reply),
    ];
    return {
      current: shown.at(-1),
      former: shown.at(-2),
      trials,
      isBusy: base.isFetching || running !== undefined,
      isTrying: running !== undefined,
      error: (failed?.key === key ? failed.error : undefined) ?? base.error,
      refine,
      cancel: () => running?.abort(),
      undo() {
        setFailed(undefined);
        setKept({ key, trials: trials.slice(0, -1) });
        return trials.at(-2)?.model;
      },
    };
  }, [base.data, base.error, base.isFetching, base.isPlaceholderData, trials, running, failed, key, refine]);
}

const NONE: readonly Trial[] = [];
