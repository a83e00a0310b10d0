/** The map on which a voxel or a region is chosen. */
import { useMemo } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { useArrays } from "../core/api.ts";
import { formatValue, withUnit } from "../core/format.ts";
import { sliceAxes } from "../explore/loaded-map.ts";
import { DEFAULT_COLOURS, limitsOf } from "../parts/colour-controls.tsx";
import { imageData } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { MapPlot, type Point } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import type { Shape } from "../parts/shapes.ts";
import { TakeAway } from "../parts/take-away.tsx";
import type { ChangeRefine, RefineState } from "./view-state.ts";

const TARGETS = [
  { target: "summed", label: "mean pattern", hint: "of the voxels that hold the sample" },
  { target: "voxel", label: "voxel", hint: "click on the map; arrow keys go on from there" },
  { target: "region", label: "region", hint: "drag a rectangle on the map: its mean pattern" },
] as const;

interface Props {
  readonly info: ResultInfo;
  readonly state: RefineState;
  readonly change: ChangeRefine;
}

export function PlacePanel({ info, state, change }: Props) {
  const maps = info.arrays.filter(({ kind }) => kind === "map");
  const shown = maps.find(({ name }) => name === state.map) ?? maps.find(({ name }) => name === info.first) ?? maps[0];
  return (
    <Panel name="place" title="Where" className="refine-place" tools={<TargetChoice state={state} change={change} />}>
      {shown ? (
        <PlaceMap {...{ info, state, change }} name={shown.name} maps={maps} />
      ) : (
        <p className="dim refine-note">This file has no maps to click on.</p>
      )}
      <PlaceChoice {...{ info, state, change }} />
    </Panel>
  );
}

function TargetChoice({ state, change }: Pick<Props, "state" | "change">) {
  return (
    <div className="refine-targets" role="radiogroup" aria-label="what is refined">
      {TARGETS.map(({ target, label, hint }) => (
        // biome-ignore lint/a11y/useSemanticElements: buttons that look like the others
        <button
          type="button"
          role="radio"
          key={target}
          title={hint}
          aria-checked={state.target === target}
          onClick={() => change({ target })}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function PlaceMap({ info, state, change, name, maps }: Props & { name: string; maps: ResultInfo["arrays"] }) {
  const array = maps.find((one) => one.name === name)!;
  const { data, error } = useArrays("array", { file: info.file, name }, { keep: true });
  const values = data?.values["values"];
  const [rows = 0, cols = 0] = array.shape;
  const limits = useMemo(() => (values ? limitsOf(values, DEFAULT_COLOURS) : ([0, 1] as const)), [values]);
  const pick = ({ x, y }: Point): void => change({ target: "voxel", voxel: [Math.floor(x), Math.floor(y)] });
  const at = state.target === "voxel" ? state.voxel : undefined;
  const value = at && values ? values[at[1] * cols + at[0]] : undefined;
  const plot = {
    ...{ rows, cols, limits },
    label: withUnit(array.title, array.unit && `(${array.unit})`),
    ...(at && { cursor: { x: at[0], y: at[1] } }),
    shapes: state.target === "region" && state.region ? [{ shape: state.region }] : [],
  };
  return (
    <>
      <div className="refine-place-head">
        <select
          aria-label="map"
          className="refine-map-choice"
          value={name}
          onChange={({ target }) => change({ map: target.value })}
        >
          {maps.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
        </select>
        {values && (
          <TakeAway
            name={name}
            svg={() => mapSvg({ ...plot, values, title: array.title, ...(info.voxelMm && { voxelMm: info.voxelMm }) })}
            data={imageData({ ...plot, values }, { file: info.file, array: name })}
          />
        )}
      </div>
      {error && <Message error={error} />}
      {!values && !error && <Busy what="reading the map" />}
      {values && (
        <MapPlot
          name="place"
          {...plot}
          {...sliceAxes(info, rows, cols)}
          values={values}
          onPick={pick}
          {...(state.isFollowing && state.target === "voxel" && { onHover: (to) => to && pick(to) })}
          tool={state.target === "region" ? "rectangle" : "move"}
          onShape={(shape: Shape) => shape.kind === "rectangle" && change({ region: shape })}
        />
      )}
      {at && (
        <p className="refine-note" data-value={value ?? "NaN"} data-readout="map">
          {array.title} {withUnit(formatValue(value), Number.isFinite(value) ? array.unit : "")}
        </p>
      )}
    </>
  );
}

function PlaceChoice({ info, state, change }: Props) {
  const shape = info.arrays.find(({ name }) => name === info.volume)?.shape;
  const hasMaps = info.arrays.some(({ kind }) => kind === "map");
  if (state.target === "summed") return hasMaps && <p className="dim refine-note">Click on the map for a voxel.</p>;
  if (state.target === "region" && hasMaps) {
    return <p className="dim refine-note">{state.region ? "Drag again for another region." : "Drag a rectangle."}</p>;
  }
  const [x, y] = state.voxel ?? [undefined, undefined];
  const field = (label: "y" | "x", value: number | undefined, most: number) => (
    <label>
      {label}{" "}
      <input
        type="number"
        aria-label={`voxel ${label}`}
        min={0}
        max={most - 1}
        value={value ?? ""}
        onChange={({ target }) => {
          const to = Math.min(Math.max(0, Math.round(Number(target.value))), most - 1);
          change({ voxel: label === "x" ? [to, y ?? 0] : [x ?? 0, to] });
        }}
      />
    </label>
  );
  return (
    <div className="refine-note refine-voxel">
      {field("y", y, shape?.[0] ?? 1)}
      {field("x", x, shape?.[1] ?? 1)}
      <label title="fit every voxel that the pointer passes over">
        <input
          type="checkbox"
          checked={state.isFollowing}
          onChange={({ target }) => change({ isFollowing: target.checked })}
        />{" "}
        follow the pointer
      </label>
    </div>
  );
}
