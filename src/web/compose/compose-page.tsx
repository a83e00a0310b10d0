/** The page "compose": maps, mixtures and patterns of one or several results as one figure for print. */
import { useCallback, useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { composedFigure } from "../../stages/figure/index.ts";
import { useJson } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { AddPanels } from "./add-panels.tsx";
import "./compose.css";
import { type Composition, composeFigure, DEFAULTS, type PanelSpec, sane } from "./composition.ts";
import { defaultPanels } from "./default-panels.ts";
import { FigureSettings } from "./figure-settings.tsx";
import { PanelList } from "./panel-list.tsx";
import { PanelSettings } from "./panel-settings.tsx";
import { Preview } from "./preview.tsx";
import { SavedFigures } from "./saved-figures.tsx";
import { usePanels } from "./use-panels.ts";

export default function ComposePage({ file }: { file: string | undefined }) {
  const info = useJson<ResultInfo>("result", { file }, { off: !file });
  if (!file) return <main className="page">Open a result first: its maps become the panels of a figure.</main>;
  if (info.error) return <Message error={info.error} />;
  if (!info.data) return <Busy what={`reading what ${file} holds`} />;
  return <Composer info={info.data} file={file} />;
}

function Composer({ info, file }: { info: ResultInfo; file: string }) {
  const [given, change] = useView<Composition>(DEFAULTS);
  const view = useMemo(() => sane({ ...given }), [given]);
  const [selected, select] = useState(0);
  const panels = useMemo(() => view.panels ?? defaultPanels(info), [view.panels, info]);
  const composition = useMemo(() => ({ ...view, panels }), [view, panels]);
  const state = usePanels(file, panels);
  const { loaded } = state;
  const drawn = useMemo(() => draw(composition, loaded), [composition, loaded]);
  const setPanels = useCallback(
    (next: readonly PanelSpec[], at?: number) => {
      change({ panels: next });
      if (at !== undefined) select(Math.max(0, Math.min(at, next.length - 1)));
    },
    [change],
  );
  const load = useCallback((next: Composition) => change({ ...DEFAULTS, crop: undefined, ...next }), [change]);
  const at = Math.min(selected, panels.length - 1);
  return (
    <main className="page compose">
      <div className="compose-controls">
        <PanelList {...{ panels, selected: at, select, setPanels, letters: view.letters, loaded }} />
        {panels[at] && <PanelSettings {...{ panels, selected: at, setPanels, loaded, scales: drawn.scales }} />}
        <AddPanels file={file} info={info} onAdd={(more) => setPanels([...panels, ...more], panels.length)} />
        <FigureSettings composition={composition} change={change} loaded={loaded} />
        <SavedFigures file={file} composition={composition} onLoad={load} />
      </div>
      <Preview {...{ file, composition, change, state, svg: drawn.svg, error: drawn.error }} select={select} />
    </main>
  );
}

function draw(composition: Composition, loaded: Parameters<typeof composeFigure>[1]) {
  if (loaded.length === 0) return { scales: [] };
  const figure = composeFigure(composition, loaded);
  const scales = figure.panels.map((panel) => (panel.kind === "map" ? panel : undefined));
  try {
    return { svg: composedFigure(figure), scales };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { error: new Error(`The panels are ${error.message}.`), scales };
  }
}
