/** The page "refine": a voxel, a region or the mean pattern against its model, and the model changed. */
import { useEffect, useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import type { ModelText } from "../../server/wire-refine.ts";
import { useJson } from "../core/api.ts";
import { type KeyBinding, useKeys } from "../core/keys.ts";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { FitPanel } from "./fit-panel.tsx";
import { ModelPanel } from "./model-panel.tsx";
import { NumbersPanel } from "./numbers-panel.tsx";
import { PlacePanel } from "./place-panel.tsx";
import "./refine.css";
import { useModelDraft } from "./use-model-draft.ts";
import { useRefinement } from "./use-refinement.ts";
import { type ChangeRefine, REFINE_DEFAULTS, type RefineState, targetOf, targetWords } from "./view-state.ts";

export default function RefinePage({ file }: { file: string | undefined }) {
  const { data: info, error } = useJson<ResultInfo>("result", { file }, { off: !file });
  if (!file) return <main className="page">Choose a result on the page "Files".</main>;
  if (error) return <Message error={error} />;
  if (!info) return <Busy what={`reading what is in ${file}`} />;
  if (info.axis?.values.length === 1) {
    return <main className="page">This scan has one channel: there are no patterns to refine a model against.</main>;
  }
  return <RefineView info={info} />;
}

function RefineView({ info }: { info: ResultInfo }) {
  const [given, change] = useView(REFINE_DEFAULTS);
  // without a model there is nothing to look at but the editor
  const state: RefineState = info.hasModel || given.model ? given : { ...given, tab: "model" };
  const target = useMemo(() => targetOf(state), [state]);
  const draft = useModelDraft(info, target, state.model);
  const own = useOwnModel(state.model, draft.isChanged ? undefined : draft.model);
  const isRested = useRested(target, REST_MS);
  const hasModel = info.hasModel || own !== undefined;
  const refinement = useRefinement(info.file, hasModel ? target : undefined, own, state.isFollowing && !isRested);
  const { current, former } = refinement;
  useVoxelKeys(info, state, change);
  const words = target ? targetWords(target) : "";
  const exclude = state.tab === "model" ? (draft.check?.exclude ?? []) : [];
  const canExclude = state.tab === "model" && draft.model !== undefined;
  return (
    <main className="page refine" data-tab={state.tab}>
      <PlacePanel {...{ info, state, change }} />
      <Panel
        name="numbers"
        className="refine-lower"
        title="Numbers"
        tools={refinement.isBusy && <span role="status">refining {words} ...</span>}
      >
        {current ? (
          <NumbersPanel {...{ reply: current, former, state, change }} />
        ) : (
          <p className="dim refine-note">
            {hasModel ? "Nothing is refined yet." : "Without a model nothing can be refined: choose one at the right."}
          </p>
        )}
      </Panel>
      <div className="refine-right">
        {refinement.error && <Message error={refinement.error} />}
        {!target && <p className="refine-note">Choose a {state.target} on the map.</p>}
        {target && !current && refinement.isBusy && <Busy what={`refining ${words}`} />}
        {current && (
          <FitPanel
            {...{ reply: current, state, change, exclude }}
            onExclude={canExclude ? (range) => draft.exclude([...exclude, range]) : undefined}
          />
        )}
        {state.tab === "model" ? (
          <ModelPanel {...{ draft, refinement, state, change, words }} file={info.file} canClose={hasModel} />
        ) : (
          <button type="button" className="refine-open-model" onClick={() => change({ tab: "model" })}>
            change the model
          </button>
        )}
      </div>
    </main>
  );
}

/** A pointer that stays as long wants the voxel as the map has it. */
const REST_MS = 400;

/** The same value for so many ms. */
function useRested(value: unknown, ms: number): boolean {
  const [rested, setRested] = useState<unknown>();
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested === value;
}

/** A model of the folder is fitted as soon as it is chosen; changes of it wait for the button. */
function useOwnModel(path: string | undefined, model: ModelText | undefined): ModelText | undefined {
  const text = path === undefined || !model ? undefined : JSON.stringify(model);
  return useMemo(() => (text === undefined ? undefined : (JSON.parse(text) as ModelText)), [text]);
}

function useVoxelKeys(info: ResultInfo, { target, voxel, tab }: RefineState, change: ChangeRefine): void {
  const [rows = 1, cols = 1] = info.arrays.find(({ name }) => name === info.volume)?.shape ?? [];
  const bindings = useMemo((): KeyBinding[] => {
    const move =
      (dx: number, dy: number) =>
      (key: string): void => {
        const step = key.startsWith("Shift+") ? 5 : 1;
        const [x, y] = voxel ?? [cols >> 1, rows >> 1];
        const within = (at: number, most: number): number => Math.min(Math.max(0, at), most - 1);
        change({ target: "voxel", voxel: [within(x + dx * step, cols), within(y + dy * step, rows)] });
      };
    const arrow = (name: string, label: string, dx: number, dy: number): KeyBinding => ({
      keys: [`Arrow${name}`, `Shift+Arrow${name}`],
      label: `voxel ${label} (Shift: 5)`,
      act: move(dx, dy),
    });
    return [
      arrow("Left", "to the left", -1, 0),
      arrow("Right", "to the right", 1, 0),
      arrow("Up", "above", 0, 1),
      arrow("Down", "below", 0, -1),
      {
        keys: ["m"],
        label: "change the model, or close it",
        act: () => change({ tab: tab === "model" ? "numbers" : "model" }),
      },
      {
        keys: ["s"],
        label: "the mean pattern",
        act: () => change({ target: target === "summed" ? "voxel" : "summed" }),
      },
    ];
  }, [voxel, rows, cols, change, tab, target]);
  useKeys(bindings);
}
