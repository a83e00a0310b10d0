/** The panels in their order: dragged, or moved with the buttons and the arrow keys. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { ComposedFigure } from "../../stages/figure/index.ts";
import { Panel } from "../parts/panel.tsx";
import { type Loaded, mixtureTitle, type PanelSpec } from "./composition.ts";
import { namesOf } from "./use-panels.ts";

export interface PanelListProps {
  readonly panels: readonly PanelSpec[];
  readonly loaded: readonly Loaded[];
  readonly letters: ComposedFigure["letters"];
  readonly selected: number;
  readonly select: (i: number) => void;
  readonly setPanels: (panels: readonly PanelSpec[], selected?: number) => void;
}

export function moved(panels: readonly PanelSpec[], from: number, to: number): readonly PanelSpec[] {
  const next = panels.filter((_, i) => i !== from);
  next.splice(to, 0, panels[from]!);
  return next;
}

export function PanelList({ panels, loaded, letters, selected, select, setPanels }: PanelListProps) {
  const [dragged, setDragged] = useState<number>();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const { current } = list;
    const row = current?.querySelectorAll<HTMLElement>(".compose-row")[selected];
    // the focus goes with the choice, where the list has it
    if (current?.contains(document.activeElement)) row?.focus();
    else row?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  const move = (from: number, to: number): void => {
    if (to >= 0 && to < panels.length) setPanels(moved(panels, from, to), to);
  };
  const remove = (i: number): void =>
    setPanels(
      panels.filter((_, at) => at !== i),
      Math.min(i, panels.length - 2),
    );
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step && event.key !== "Delete") return;
    event.preventDefault();
    event.stopPropagation();
    if (!step) remove(selected);
    else if (event.shiftKey) move(selected, selected + step);
    else select(Math.max(0, Math.min(panels.length - 1, selected + step)));
  };
  return (
    <Panel name="panels" title={`Panels (${panels.length})`} tools={<Hint />}>
      <ol className="compose-list" aria-label="panels" ref={list}>
        {panels.map((panel, i) => (
          <li
            key={`${i} ${namesOf(panel).join()}`}
            data-row={i}
            aria-current={i === selected}
            draggable
            onDragStart={() => setDragged(i)}
            onDragEnd={() => setDragged(undefined)}
            onDragOver={(event) => event.preventDefault()}
            onDrop={() => dragged !== undefined && move(dragged, i)}
          >
            <button type="button" className="compose-row" onClick={() => select(i)} onKeyDown={onKeyDown}>
              <b>{letters === "none" ? i + 1 : letterOf(i, letters === "upper")}</b>
              <span title={`${panel.file ?? ""} ${namesOf(panel).join(", ")}`}>{titleOf(panel, loaded)}</span>
            </button>
            <button type="button" aria-label={`move ${i + 1} up`} disabled={i === 0} onClick={() => move(i, i - 1)}>
              ↑
            </button>
            <button
              type="button"
              aria-label={`move ${i + 1} down`}
              disabled={i === panels.length - 1}
              onClick={() => move(i, i + 1)}
            >
              ↓
            </button>
            <button type="button" aria-label={`remove ${i + 1}`} onClick={() => remove(i)}>
              ×
            </button>
          </li>
        ))}
        {panels.length === 0 && <li className="dim">no panel yet: add some below</li>}
      </ol>
    </Panel>
  );
}

const Hint = () => (
  <span className="dim" title="With the list in focus: arrow keys choose, Shift and arrow keys move, Delete removes">
    drag to reorder
  </span>
);

const letterOf = (i: number, isUpper: boolean): string => String.fromCharCode((isUpper ? 65 : 97) + i);

function titleOf(panel: PanelSpec, loaded: readonly Loaded[]): string {
  if (panel.title !== undefined) return panel.title || "(no title)";
  const one = loaded.find(({ spec }) => spec === panel);
  if (!one) return namesOf(panel).join(", ");
  return "image" in one ? one.image.title : "pattern" in one ? one.pattern.title : mixtureTitle(one.images);
}
