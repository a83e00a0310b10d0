/** The page "frames": a detector image, its geometry and its pattern. */
import "./frames.css";
import { useMemo, useState } from "react";
import { useView } from "../core/route.ts";
import { Busy, Message } from "../parts/message.tsx";
import { type Tab, Tabs } from "../parts/tabs.tsx";
import { CakePanel } from "./cake-panel.tsx";
import { CalibratePanel } from "./calibrate-panel.tsx";
import { FrameHead } from "./frame-head.tsx";
import { FrameHeader } from "./frame-header.tsx";
import { FrameImagePanel } from "./frame-image-panel.tsx";
import { FramePatternPanel } from "./frame-pattern-panel.tsx";
import { FrameStart } from "./frame-start.tsx";
import { type ChangeView, DEFAULT_VIEW, type FramesView, type SideTab } from "./frames-view.ts";
import { type Drawing, MaskPanel } from "./mask-panel.tsx";
import { choiceOf, useBeside, useFrameImage, useGeometry, useRings, useSeries } from "./use-frames.ts";

export default function FramesPage({ file }: { file: string | undefined }) {
  return file === undefined ? <FrameStart /> : <Frames key={file} file={file} />;
}

function Frames({ file }: { file: string }) {
  const [view, change] = useView<FramesView>(DEFAULT_VIEW);
  const [drawing, onDrawing] = useState<Drawing>({ tool: "move", isHole: false });
  const { frame, dataset } = view;
  const choice = useMemo(() => choiceOf(file, { frame, dataset } as FramesView), [file, frame, dataset]);
  const series = useSeries(choice);
  const beside = useBeside(file);
  const { poni, error: poniError } = useGeometry(view);
  const image = useFrameImage(choice, series.data);
  const rings = useRings(series.data, poni, view.standard);
  if (series.error)
    return (
      <main className="page">
        <Message error={series.error} action={<a href="#/frames">choose another</a>} />
      </main>
    );
  if (!series.data) return <Busy what={`opening ${file}`} />;
  const parts = { view, change, choice, series: series.data, poni, beside: beside.data, drawing, onDrawing };
  return (
    <main className="page frames">
      <FrameHead {...parts} />
      {poniError && <Message error={poniError} />}
      {rings.error && <Message error={rings.error} />}
      <div className="frames-main">
        <FrameImagePanel {...parts} image={image} rings={rings.data ?? []} />
        <div className="frames-side">
          <FramePatternPanel {...parts} rings={rings.data ?? []} />
          <SidePanels {...parts} />
        </div>
      </div>
    </main>
  );
}

/** What every part of the page is given. */
export interface FrameParts {
  readonly view: FramesView;
  readonly change: ChangeView;
  readonly choice: ReturnType<typeof choiceOf>;
  readonly series: NonNullable<ReturnType<typeof useSeries>["data"]>;
  readonly poni: ReturnType<typeof useGeometry>["poni"];
  readonly beside: ReturnType<typeof useBeside>["data"];
  readonly drawing: Drawing;
  readonly onDrawing: (drawing: Drawing) => void;
}

const TABS: readonly Tab<SideTab>[] = [
  { value: "calibrate", label: "Calibrate" },
  { value: "mask", label: "Mask" },
  { value: "cake", label: "Cake" },
  { value: "header", label: "Header" },
];

function SidePanels(parts: FrameParts) {
  const { view, change } = parts;
  return (
    <section className="panel" data-panel={view.tab} aria-label="tools">
      <Tabs label="tool" className="panel-head" tabs={TABS} shown={view.tab} onShow={(tab) => change({ tab })} />
      <div className="panel-body frames-tools">
        {/* kept while another tab is looked at: what was found must not be lost */}
        <div hidden={view.tab !== "calibrate"}>
          <CalibratePanel {...parts} />
        </div>
        {view.tab === "mask" && <MaskPanel {...parts} />}
        {view.tab === "cake" && <CakePanel {...parts} />}
        {view.tab === "header" && <FrameHeader {...parts} />}
      </div>
    </section>
  );
}
