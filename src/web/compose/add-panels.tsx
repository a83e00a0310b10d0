/** More panels: from this result or another one of the folder. */
import { useState } from "react";
import type { ArrayInfo, Found, ResultInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { groupMaps } from "../explore/map-list.tsx";
import { NumberField } from "../parts/colour-controls.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import type { PanelSpec } from "./composition.ts";
import { amountsOf } from "./default-panels.ts";
import { Choice } from "./fields.tsx";

type Kind = "maps" | "bins" | "rgb" | "pattern";
const KINDS: Readonly<Record<Kind, string>> = {
  maps: "maps",
  bins: "image of a range of bins",
  rgb: "three maps as red, green, blue",
  pattern: "pattern",
};

export function AddPanels({
  file,
  info,
  onAdd,
}: {
  file: string;
  info: ResultInfo;
  onAdd: (panels: readonly PanelSpec[]) => void;
}) {
  const [from, setFrom] = useState(file);
  const [kind, setKind] = useState<Kind>("maps");
  const found = useJson<Found>("found");
  const other = useJson<ResultInfo>("result", { file: from }, { off: from === file });
  const shown = from === file ? info : other.data;
  const files = [...new Set([file, ...(found.data?.results ?? []).map(({ path }) => path)])];
  const add = (panels: readonly PanelSpec[]): void =>
    onAdd(from === file ? panels : panels.map((panel) => ({ ...panel, file: from })));
  return (
    <Panel name="add" title="Add">
      <div className="compose-form">
        <label>
          from
          <select value={from} onChange={({ target }) => setFrom(target.value)}>
            {files.map((path) => (
              <option key={path}>{path}</option>
            ))}
          </select>
        </label>
        <Choice label="what" value={kind} options={KINDS} onChange={setKind} />
        {other.error && from !== file && <Message error={other.error} />}
        {!shown && !other.error && <Busy what={`reading what ${from} holds`} />}
        {shown && kind === "maps" && <AddMaps key={from} info={shown} onAdd={add} />}
        {shown && kind === "bins" && <AddBins key={from} info={shown} onAdd={add} />}
        {shown && kind === "rgb" && <AddRgb key={from} info={shown} onAdd={add} />}
        {shown && kind === "pattern" && <AddPattern key={from} info={shown} onAdd={add} />}
      </div>
    </Panel>
  );
}

interface AddProps {
  readonly info: ResultInfo;
  readonly onAdd: (panels: readonly PanelSpec[]) => void;
}

const mapsOf = ({ arrays }: ResultInfo): ArrayInfo[] => arrays.filter(({ kind }) => kind === "map");

function MapOptions({ info }: { info: ResultInfo }) {
  return groupMaps(mapsOf(info), info.phases).map((group) => (
    <optgroup key={group.name} label={group.name}>
      {group.maps.map(({ array, label }) => (
        <option key={array.name} value={array.name}>
          {label}
        </option>
      ))}
    </optgroup>
  ));
}

function AddMaps({ info, onAdd }: AddProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (mapsOf(info).length === 0) return <span className="dim">This result has no maps.</span>;
  return (
    <>
      <select
        multiple
        size={7}
        aria-label="maps to add"
        value={[...chosen]}
        onChange={({ target }) => setChosen([...target.selectedOptions].map(({ value }) => value))}
      >
        <MapOptions info={info} />
      </select>
      <button
        type="button"
        className="primary"
        disabled={chosen.length === 0}
        onClick={() => onAdd(chosen.map((name) => ({ kind: "map", name })))}
      >
        add {chosen.length > 1 ? `${chosen.length} maps` : "map"}
      </button>
    </>
  );
}

function AddBins({ info, onAdd }: AddProps) {
  const stacks = info.arrays.filter(({ kind }) => kind === "stack");
  const [name, setName] = useState(info.volume ?? stacks[0]?.name ?? "");
  const depth = stacks.find((stack) => stack.name === name)?.shape[2] ?? 0;
  const [bins, setBins] = useState<readonly [number, number]>([0, depth]);
  if (stacks.length === 0) return <span className="dim">This result keeps no volume and no sinogram.</span>;
  return (
    <>
      <label>
        stack
        <select value={name} onChange={({ target }) => setName(target.value)}>
          {stacks.map((stack) => (
            <option key={stack.name} value={stack.name}>
              {stack.title}
            </option>
          ))}
        </select>
      </label>
      <div className="compose-line">
        bins
        <NumberField label="first bin" value={bins[0]} onChange={(v) => setBins([Math.round(v), bins[1]])} />
        to
        <NumberField label="last bin" value={bins[1] - 1} onChange={(v) => setBins([bins[0], Math.round(v) + 1])} />
        <span className="dim">of 0 to {depth - 1}</span>
      </div>
      <button
        type="button"
        className="primary"
        disabled={!(bins[0] >= 0 && bins[1] > bins[0] && bins[1] <= depth)}
        onClick={() => onAdd([{ kind: "map", name, bins }])}
      >
        add image
      </button>
    </>
  );
}

function AddRgb({ info, onAdd }: AddProps) {
  const maps = mapsOf(info);
  const [names, setNames] = useState<readonly string[]>(amountsOf(info).slice(0, 3));
  const used = names.filter((name) => name !== "");
  if (maps.length < 2) return <span className="dim">This result has fewer than two maps.</span>;
  return (
    <>
      {["red", "green", "blue"].map((colour, i) => (
        <label key={colour}>
          {colour}
          <select
            value={names[i] ?? ""}
            onChange={({ target }) => setNames([0, 1, 2].map((at) => (at === i ? target.value : (names[at] ?? ""))))}
          >
            <option value="">none</option>
            <MapOptions info={info} />
          </select>
        </label>
      ))}
      <button
        type="button"
        className="primary"
        disabled={used.length === 0}
        onClick={() => onAdd([{ kind: "rgb", names }])}
      >
        add mixture
      </button>
    </>
  );
}

function AddPattern({ info, onAdd }: AddProps) {
  const patterns = info.arrays.filter(({ kind }) => kind === "pattern");
  const { volume } = info;
  const shape = info.arrays.find(({ name }) => name === volume)?.shape ?? [0, 0];
  const [name, setName] = useState(patterns[0]?.name ?? volume ?? "");
  const [voxel, setVoxel] = useState<readonly [number, number]>([shape[0]! >> 1, shape[1]! >> 1]);
  if (!name) return <span className="dim">This result keeps no pattern.</span>;
  const isVoxel = name === volume;
  return (
    <>
      <label>
        pattern
        <select value={name} onChange={({ target }) => setName(target.value)}>
          {patterns.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
          {volume && <option value={volume}>of a voxel</option>}
        </select>
      </label>
      {isVoxel && (
        <div className="compose-line">
          voxel y
          <NumberField label="voxel y" value={voxel[0]} onChange={(v) => setVoxel([Math.round(v), voxel[1]])} />x
          <NumberField label="voxel x" value={voxel[1]} onChange={(v) => setVoxel([voxel[0], Math.round(v)])} />
        </div>
      )}
      <button
        type="button"
        className="primary"
        onClick={() =>
          onAdd([{ kind: "pattern", name, ordinate: "sqrt", hasTicks: true, span: 2, ...(isVoxel && { voxel }) }])
        }
      >
        add pattern
      </button>
    </>
  );
}
