/** Patterns of the picked voxel, of the one under the cursor and of regions; drag over it to see a range's image. */
import { useMemo } from "react";
import type { ResultInfo, Ticks } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { type Cursor, createCursor, useCursor, useLast, useThrottled } from "../core/cursor.ts";
import { colourOf } from "../parts/colours.ts";
import { type Column, columnsData } from "../parts/data-files.ts";
import { patternSvg } from "../parts/figures.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { type Curve, PatternPlot, type TickRow } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { BinScroller } from "./bin-scroller.tsx";
import { PatternReadOut } from "./pattern-read-out.tsx";
import { type RegionPattern, useVoxelPattern, type VoxelPattern } from "./patterns.ts";
import {
  binEdges,
  binsBetween,
  RADIAL_LABELS,
  type RadialUnit,
  radialLabel,
  radialUnits,
  toRadialUnit,
} from "./radial-unit.ts";
import { isSameVoxel, type Voxel } from "./read-out.tsx";
import type { ChangeOne, OneState } from "./view-state.ts";

/** The pattern under the cursor is asked for at most once in this time. */
const HOVER_MS = 50;
const HOVER_COLOUR = "#8a8f98";

export interface PatternPanelProps {
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly picked: ReturnType<typeof useVoxelPattern>;
  readonly regions: readonly RegionPattern[];
  readonly cursor: Cursor<Voxel>;
}

export function PatternPanel({ info, state, change, picked, regions, cursor }: PatternPanelProps) {
  const { volume, axis } = info;
  const view = useRadialView(info, state);
  const pointer = useMemo(() => createCursor<number>(), []);
  const hovered = useHoveredPattern(info, state, cursor);
  const shownPick = useLast(picked.pattern);
  const curves = useCurves(shownPick, hovered, regions, view.x.length);
  const saved = hovered ? curves : curves.slice(1);
  const array = info.arrays.find(({ name }) => name === (volume ?? info.sinogram));
  if (!axis || !array) {
    return (
      <Panel name="pattern" title="Pattern">
        <p className="one-note">This file keeps no patterns of voxels: run the scan with its volume kept.</p>
      </Panel>
    );
  }
  if (axis.values.length === 1) {
    return (
      <Panel name="pattern" title="Pattern">
        <p className="one-note">This scan has one channel, and no patterns: its image is at the left.</p>
      </Panel>
    );
  }
  const yLabel = `intensity${array.unit ? ` (${array.unit})` : ""}`;
  const range = state.bins && view.rangeOf(state.bins);
  const plot = {
    ...{ x: view.x, xLabel: radialLabel(view.unit), yLabel, curves, ordinate: state.ordinate, xLimits: view.limits },
    ticks: view.ticks.filter(({ isHidden }) => !isHidden),
    ...(range && { range }),
  };
  return (
    <Panel
      name="pattern"
      title="Pattern"
      tools={
        <>
          <PatternChoices {...{ state, change }} units={radialUnits(axis.unit, info)} unit={view.unit} />
          <TakeAway
            name={`${info.title || "scan"}-pattern`}
            svg={() => patternSvg({ ...plot, curves: saved, title: `${info.title}: patterns` })}
            data={columnsData(
              patternColumns(view, array.unit, shownPick, regions),
              { file: info.file, array: array.name },
              ...regionLines(regions),
            )}
          />
        </>
      }
    >
      {picked.error && <Message error={picked.error} />}
      {saved.length === 0 ? (
        !picked.error && (
          <Busy what={volume ? "reading the pattern of the picked voxel" : "reading the sinogram's mean"} />
        )
      ) : (
        <PatternPlot
          name="pattern"
          {...plot}
          ticks={view.ticks}
          onTicks={(phase) => change({ hidden: toggled(state.hidden, phase) })}
          onRange={([a, b]) => change({ bins: binsBetween(view.x, a, b), show: "bins" })}
          onHover={pointer.set}
        />
      )}
      <PatternReadOut
        pointer={pointer}
        info={info}
        unit={view.unit}
        x={view.x}
        ticks={view.named}
        picked={shownPick}
        bins={state.bins}
      />
      <BinScroller state={state} change={change} bins={axis.values.length} />
    </Panel>
  );
}

const toggled = (list: readonly string[], name: string): string[] =>
  list.includes(name) ? list.filter((one) => one !== name) : [...list, name];

function PatternChoices({
  state,
  change,
  units,
  unit,
}: {
  state: OneState;
  change: ChangeOne;
  units: readonly RadialUnit[];
  unit: RadialUnit;
}) {
  return (
    <>
      <select
        aria-label="axis"
        value={unit}
        onChange={({ target }) => change({ unit: target.value as RadialUnit })}
        disabled={units.length < 2}
      >
        {units.map((one) => (
          <option key={one} value={one}>
            {RADIAL_LABELS[one].label}
          </option>
        ))}
      </select>
      <select
        aria-label="intensity scale"
        value={state.ordinate}
        onChange={({ target }) => change({ ordinate: target.value as OneState["ordinate"] })}
      >
        <option value="linear">linear</option>
        <option value="sqrt">square root</option>
        <option value="log">logarithmic</option>
      </select>
    </>
  );
}

export interface NamedTick {
  readonly phase: string;
  readonly hkl: readonly [number, number, number];
  /** on the axis that is shown */
  readonly position: number;
}

interface RadialView {
  readonly unit: RadialUnit;
  /** [bin] */
  readonly x: Float64Array;
  readonly limits: readonly [number, number];
  readonly rangeOf: (bins: readonly [number, number]) => [number, number];
  readonly ticks: readonly TickRow[];
  readonly named: readonly NamedTick[];
}

/** The axis, the ticks and the chosen range in the unit that is read. */
function useRadialView(info: ResultInfo, { unit: chosen, hidden }: OneState): RadialView {
  const { data } = useJson<Ticks>("ticks", { file: info.file }, { off: !info.axis || info.phases.length === 0 });
  return useMemo(() => {
    const from = info.axis?.unit ?? "channel";
    const values = info.axis?.values ?? [];
    const unit = chosen && radialUnits(from, info).includes(chosen) ? chosen : from;
    const shown = (some: ArrayLike<number>): Float64Array => toRadialUnit(some, from, unit, info);
    const x = shown(values);
    const ends = [x[0] ?? 0, x.at(-1) ?? 1].sort((a, b) => a - b);
    const phases = (data?.phases ?? []).map(({ name, reflections }) => ({
      name,
      hkl: reflections.map((one) => one.hkl),
      positions: [...shown(reflections.map(({ position }) => position))],
    }));
    return {
      unit,
      x,
      limits: [ends[0]!, ends[1]!],
      rangeOf: ([first, end]) => {
        const [a = 0, b = 0] = shown(binEdges(values, first, end)).sort();
        return [a, b];
      },
      ticks: phases.map(({ name, positions }) => ({ name, positions, isHidden: hidden.includes(name) })),
      named: phases
        .filter(({ name }) => !hidden.includes(name))
        .flatMap(({ name, positions, hkl }) =>
          positions.map((position, i) => ({ phase: name, hkl: hkl[i]!, position })),
        ),
    };
  }, [info, chosen, hidden, data]);
}

/** Of the voxel under the cursor, unless it is the picked one. */
function useHoveredPattern(info: ResultInfo, { voxel }: OneState, cursor: Cursor<Voxel>): VoxelPattern | undefined {
  const at = useThrottled(useCursor(cursor), HOVER_MS);
  const isPicked = at && voxel && isSameVoxel(at, { x: voxel[0], y: voxel[1] });
  const { pattern } = useVoxelPattern(info, isPicked ? undefined : at);
  const last = useLast(pattern);
  return at && !isPicked ? last : undefined;
}

function useCurves(
  picked: VoxelPattern | undefined,
  hovered: VoxelPattern | undefined,
  regions: readonly RegionPattern[],
  bins: number,
): Curve[] {
  const none = useMemo(() => new Float64Array(bins).fill(Number.NaN), [bins]);
  return useMemo(
    () => [
      // in the legend even when there is none, so that nothing moves when the pointer comes and goes
      { name: "cursor", values: hovered?.intensity ?? none, colour: HOVER_COLOUR },
      ...regions.flatMap(({ region, intensity }) =>
        intensity ? [{ name: region.name, values: intensity, colour: colourOf(region.colour) }] : [],
      ),
      ...(picked
        ? [{ name: `voxel x ${picked.voxel.x}, y ${picked.voxel.y}`, values: picked.intensity, colour: colourOf(0) }]
        : []),
    ],
    [picked, hovered, regions, none],
  );
}

function patternColumns(
  { x, unit }: RadialView,
  intensityUnit: string,
  picked: VoxelPattern | undefined,
  regions: readonly RegionPattern[],
): Column[] {
  const { label, unit: symbol } = RADIAL_LABELS[unit];
  const curve = (name: string, values: ArrayLike<number>): Column => ({ name, unit: intensityUnit, values });
  return [
    { name: label, unit: symbol, values: x },
    ...(picked ? [curve(`voxel x ${picked.voxel.x} y ${picked.voxel.y}`, picked.intensity)] : []),
    ...(picked?.sigma ? [curve("sigma", picked.sigma)] : []),
    ...regions.flatMap(({ region, intensity }) => (intensity ? [curve(region.name, intensity)] : [])),
  ];
}

const regionLines = (regions: readonly RegionPattern[]): string[] =>
  regions.map(({ region, voxels }) => `${region.name}: mean of ${voxels ?? 0} voxels, ${JSON.stringify(region.shape)}`);
