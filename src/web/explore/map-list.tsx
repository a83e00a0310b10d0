/** The maps of a result, by stage and phase; found by typing, chosen by click or with the arrow keys. */
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { ArrayInfo } from "../../server/wire.ts";
import { Panel } from "../parts/panel.tsx";
import { labelled } from "./loaded-map.ts";

/** The maps of the stage "map" need no name of a stage. */
const STAGES: Readonly<Record<string, string>> = {
  map: "",
  dlsr: "Direct (DLSR)",
  absorb: "Absorption",
  reconstruct: "Reconstruction",
};

export interface MapGroup {
  /** "NMC532", "Direct (DLSR): NMC532" */
  readonly name: string;
  readonly maps: readonly { readonly array: ArrayInfo; readonly label: string }[];
}

/**
 * Maps of the phases first, in their order, then the others in the order of the file; labels without what the group's
 * name says.
 */
export function groupMaps(maps: readonly ArrayInfo[], phases: readonly string[]): MapGroup[] {
  const groups = new Map<string, { array: ArrayInfo; label: string }[]>();
  for (const array of maps) {
    const parts = array.name.split("/");
    const stage = STAGES[parts[0]!] ?? parts[0]!;
    const owner = parts.slice(1, -1).join(" ");
    const name = stage && owner ? `${stage}: ${owner}` : stage || owner || "Fit";
    const members = groups.get(name) ?? [];
    members.push({ array, label: labelled(parts.at(-1)!.replaceAll("_", " "), array.unit) });
    groups.set(name, members);
  }
  const rank = (name: string): number => (phases.includes(name) ? phases.indexOf(name) : phases.length);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b)).map(([name, members]) => ({ name, maps: members }));
}

export interface MapListProps {
  readonly maps: readonly ArrayInfo[];
  readonly phases: readonly string[];
  readonly shown: string | undefined;
  readonly onShow: (name: string) => void;
}

export function MapList({ maps, phases, shown, onShow }: MapListProps) {
  const [search, setSearch] = useState("");
  const groups = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = maps.filter(({ name, title }) => {
      const text = `${name} ${title}`.replaceAll("_", " ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
    return groupMaps(found, phases);
  }, [maps, phases, search]);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [shown]);
  const order = groups.flatMap((group) => group.maps.map(({ array }) => array.name));
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!step || order.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = order.indexOf(shown ?? "");
    onShow(order[at < 0 ? 0 : Math.max(0, Math.min(order.length - 1, at + step))]!);
  };
  return (
    <Panel name="maps" title="Maps" className="one-list">
      <input
        type="text"
        className="one-search"
        placeholder="find a map"
        aria-label="find a map"
        value={search}
        onChange={({ target }) => setSearch(target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="one-maps" role="listbox" aria-label="maps" tabIndex={0} ref={list} onKeyDown={onKeyDown}>
        {groups.map((group) => (
          <fieldset key={group.name} className="one-group" aria-label={group.name}>
            <legend>{group.name}</legend>
            {group.maps.map(({ array, label }) => (
              // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and the arrow keys
              // biome-ignore lint/a11y/useKeyWithClickEvents: as above
              <div
                key={array.name}
                role="option"
                title={array.name}
                data-map={array.name}
                aria-selected={array.name === shown}
                onClick={() => onShow(array.name)}
              >
                {label}
              </div>
            ))}
          </fieldset>
        ))}
        {order.length === 0 && <p className="dim">{maps.length ? "no map has these words" : "no maps in this file"}</p>}
      </div>
    </Panel>
  );
}
