/** Moves the chosen bins along the axis, by slider, keys or by itself. */
import { useEffect, useMemo, useState } from "react";
import { useKeys } from "../core/keys.ts";
import { NumberField } from "../parts/colour-controls.tsx";
import type { ChangeOne, OneState } from "./view-state.ts";

const PLAY_MS = 200;

export interface BinScrollerProps {
  readonly state: OneState;
  readonly change: ChangeOne;
  /** of the axis */
  readonly bins: number;
}

export function BinScroller({ state, change, bins: count }: BinScrollerProps) {
  const [from, to] = state.bins ?? [0, 1];
  const width = to - from;
  const [isPlaying, setPlaying] = useState(false);
  const move = useMemo(
    () => (start: number) => {
      const first = Math.max(0, Math.min(count - width, start));
      change({ bins: [first, first + width], show: "bins" });
    },
    [change, count, width],
  );
  const next = from + width >= count ? 0 : from + 1;
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => move(next), PLAY_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, move, next]);
  useKeys(
    useMemo(
      () => [
        { keys: ["["], label: "one bin down", act: () => move(from - 1) },
        { keys: ["]"], label: "one bin up", act: () => move(from + 1) },
      ],
      [move, from],
    ),
  );
  const resize = (wanted: number): void => {
    const size = Math.max(1, Math.min(count, Math.round(wanted)));
    const first = Math.max(0, Math.min(count - size, from));
    change({ bins: [first, first + size], show: "bins" });
  };
  return (
    <div className="scroller" data-bins={`${from} ${to}`}>
      <button type="button" aria-pressed={isPlaying} onClick={() => setPlaying(!isPlaying)}>
        {isPlaying ? "stop" : "play"}
      </button>
      <button type="button" title="one bin down ([)" aria-label="one bin down" onClick={() => move(from - 1)}>
        ‹
      </button>
      <input
        type="range"
        aria-label="bins"
        min={0}
        max={count - width}
        value={from}
        onChange={({ target }) => move(Number(target.value))}
      />
      <button type="button" title="one bin up (])" aria-label="one bin up" onClick={() => move(from + 1)}>
        ›
      </button>
      <span title="how many bins are taken together">
        <NumberField label="bins taken together" value={width} onChange={resize} /> bins,
      </span>
      <span title="take off the mean of so many bins on either side: what is left is the peak's">
        background{" "}
        <NumberField
          label="background bins on either side"
          value={state.side}
          onChange={(value) => change({ side: Math.max(0, Math.min(count, Math.round(value))) })}
        />
      </span>
    </div>
  );
}
