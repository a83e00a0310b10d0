/** Which frame, which geometry, whose rings. */
import { useMemo } from "react";
import { useKeys } from "../core/keys.ts";
import { DetectorText } from "./detector-text.tsx";
import type { FrameParts } from "./frames-page.tsx";

export const STANDARDS = ["CeO2", "LaB6", "Si", "Si-640d", "Al2O3", "Ni", "Cu"] as const;

export function FrameHead(parts: FrameParts) {
  const { view, change, beside, choice, series } = parts;
  const isOther = view.standard !== "" && ![...STANDARDS, ...(beside?.cifs ?? [])].includes(view.standard);
  return (
    <header className="frames-head" data-panel="frame-head">
      <a href="#/frames" title="choose other frames">
        frames
      </a>
      <strong title={choice.file}>{choice.file.split("/").at(-1)}</strong>
      <DetectorText series={series} />
      {series.count > 1 && <FrameSlider {...parts} />}
      <label>
        geometry{" "}
        <select
          aria-label="geometry"
          value={view.geometry ? "\0" : view.poni}
          onChange={({ target }) => target.value !== "\0" && change({ poni: target.value, geometry: null })}
        >
          <option value="">none</option>
          {view.geometry && <option value={"\0"}>not saved yet</option>}
          {[...new Set([...(beside?.geometries ?? []), ...(view.poni ? [view.poni] : [])])].map((path) => (
            <option key={path}>{path}</option>
          ))}
        </select>
      </label>
      <label>
        rings of{" "}
        <select
          aria-label="rings of"
          value={view.standard}
          disabled={!parts.poni}
          title={parts.poni ? "drawn over the image and the pattern" : "choose a geometry first"}
          onChange={({ target }) => change({ standard: target.value })}
        >
          <option value="">none</option>
          {STANDARDS.map((name) => (
            <option key={name}>{name}</option>
          ))}
          {beside?.cifs.map((path) => (
            <option key={path}>{path}</option>
          ))}
          {isOther && <option>{view.standard}</option>}
        </select>
      </label>
      {view.standard !== "" && (
        <label title="left of the beam, the measured rings can be seen to go on at the right">
          <input
            type="checkbox"
            checked={view.hasHalfRings}
            onChange={({ target }) => change({ hasHalfRings: target.checked })}
          />{" "}
          on the left half
        </label>
      )}
    </header>
  );
}

function FrameSlider({ view, change, series }: FrameParts) {
  const { frame } = view;
  const { count } = series;
  useKeys(
    useMemo(
      () => [
        { keys: [","], label: "frame before", act: () => change({ frame: Math.max(0, frame - 1) }) },
        { keys: ["."], label: "next frame", act: () => change({ frame: Math.min(count - 1, frame + 1) }) },
      ],
      [frame, count, change],
    ),
  );
  const set = (value: number): void => {
    if (Number.isInteger(value) && value >= 0 && value < count) change({ frame: value });
  };
  return (
    <label className="frames-slider">
      frame{" "}
      <input
        type="range"
        aria-label="frame"
        min={0}
        max={count - 1}
        value={frame}
        onChange={({ target }) => set(Number(target.value))}
      />
      <input
        type="number"
        aria-label="frame number"
        min={0}
        max={count - 1}
        value={frame}
        onChange={({ target }) => set(Number(target.value))}
      />{" "}
      of {count}, from 0
    </label>
  );
}
