/** One map, its patterns and its sinogram, linked. */
import { useEffect, useMemo } from "react";
import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import { createCursor } from "../core/cursor.ts";
import { useKeys } from "../core/keys.ts";
import { useView } from "../core/route.ts";
import { Panel } from "../parts/panel.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { HistogramView } from "./histogram-view.tsx";
import { ImagePanel, pickedVoxel } from "./image-panel.tsx";
import { MapList } from "./map-list.tsx";
import { type Marked, useMarked } from "./mask-marked.ts";
import { MaskView } from "./mask-view.tsx";
import { PatternPanel } from "./pattern-panel.tsx";
import { type RegionPattern, strongestPeak, useRegionPatterns, useVoxelPattern, wholeSinogram } from "./patterns.ts";
import { ProfileView } from "./profile-panel.tsx";
import { isSameVoxel, type Voxel } from "./read-out.tsx";
import { RegionsView } from "./regions-panel.tsx";
import { type ShownImage, useShownImage } from "./shown-image.ts";
import { SinogramView } from "./sinogram-panel.tsx";
import { type ChangeOne, type Frame, fitting, LOWER_VIEWS, ONE_DEFAULTS, type OneState } from "./view-state.ts";

export function OneView({ info }: { info: ResultInfo }) {
  const [given, change] = useView(ONE_DEFAULTS);
  const state = useMemo(() => fitting(given, info), [given, info]);
  const maps = useMemo(() => info.arrays.filter(({ kind }) => kind === "map"), [info]);
  const map = maps.find(({ name }) => name === (state.map ?? info.first)) ?? maps[0];
  const shown = useShownImage(info, map, state);
  const cursor = useMemo(() => createCursor<Voxel>(isSameVoxel), []);
  const picked = useVoxelPattern(info, pickedVoxel(state));
  const marked = useMarked(info, state, shown.image);
  const withPatterns = useMemo(
    () => [...wholeSinogram(info), ...state.regions, ...marked.regions],
    [info, state.regions, marked.regions],
  );
  const regions = useRegionPatterns(info, withPatterns);
  useFirstChoices(info, state, change, shown.image, picked.pattern ?? regions[0]);
  useOneKeys(state, change, maps, map, shown.image);
  const show = (name: string): void =>
    change({ map: name, show: "map", colours: { ...state.colours, limits: undefined } });
  return (
    <div className="one">
      <MapList maps={maps} phases={info.phases} shown={state.show === "map" ? map?.name : undefined} onShow={show} />
      <ImagePanel {...{ info, state, change, shown, cursor }} marked={marked.mask} hasMaps={maps.length > 0} />
      <PatternPanel {...{ info, state, change, picked, regions, cursor }} />
      <LowerPanel {...{ info, state, change, regions, marked }} image={shown.image} />
    </div>
  );
}

interface LowerPanelProps {
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage | undefined;
  readonly regions: readonly RegionPattern[];
  readonly marked: Marked;
}

function LowerPanel({ info, state, change, image, regions, marked }: LowerPanelProps) {
  const tabs = (
    <Tabs
      label="lower view"
      className="segments"
      tabs={LOWER_VIEWS.map((value) => ({ value, label: value }))}
      shown={state.lower}
      onShow={(lower) => change({ lower })}
    />
  );
  const frame: Frame = ({ tools, children }) => (
    <Panel name="lower" title={tabs} tools={tools} className="one-lower">
      {children}
    </Panel>
  );
  return (
    <>
      {state.lower === "sinogram" && <SinogramView {...{ info, state, frame }} />}
      {state.lower === "profile" && <ProfileView {...{ info, state, change, image, frame }} />}
      {state.lower === "regions" && <RegionsView {...{ info, state, change, image, frame }} patterns={regions} />}
      {state.lower === "histogram" && <HistogramView {...{ info, state, change, image, frame }} />}
      {state.lower === "masks" && <MaskView {...{ info, state, change, image, frame }} joined={marked.joined} />}
    </>
  );
}

/** A scan that is opened for the first time shows a voxel and a peak, not empty panels. */
function useFirstChoices(
  info: ResultInfo,
  { voxel, bins }: OneState,
  change: ChangeOne,
  image: ShownImage | undefined,
  pattern: { readonly intensity?: ArrayLike<number> } | undefined,
): void {
  useEffect(() => {
    if (voxel) return;
    const [ny, nx] = info.arrays.find(({ name }) => name === info.volume)?.shape ?? [];
    if (image) change({ voxel: firstVoxel(image) });
    // no map will come: the image waits for bins, which wait for a pattern
    else if (nx && ny && !info.arrays.some(({ kind }) => kind === "map")) change({ voxel: [nx >> 1, ny >> 1] });
  }, [voxel, image, info, change]);
  useEffect(() => {
    if (!bins && pattern?.intensity) change({ bins: strongestPeak(pattern.intensity) });
  }, [bins, pattern, change]);
}

/**
 * The voxel whose value stands out most from its uncertainty: one that holds what the map is about. Without
 * uncertainties the one with a value that is nearest to the middle.
 */
function firstVoxel({ rows, cols, values, esd, status }: ShownImage): [number, number] {
  const middle: [number, number] = [cols >> 1, rows >> 1];
  let best: { at: [number, number]; rank: number } | undefined;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      const i = y * cols + x;
      const rank = esd ? Math.abs(values[i]!) / esd[i]! : -Math.hypot(x - middle[0], y - middle[1]);
      if (!Number.isFinite(values[i]! + rank) || status?.[i] || (best && rank <= best.rank)) continue;
      best = { at: [x, y], rank };
    }
  }
  return best?.at ?? middle;
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function useOneKeys(
  { voxel, show, ordinate }: OneState,
  change: ChangeOne,
  maps: readonly ArrayInfo[],
  map: ArrayInfo | undefined,
  image: ShownImage | undefined,
): void {
  const { rows = 0, cols = 0 } = image ?? {};
  useKeys(
    useMemo(() => {
      const move = (key: string): void => {
        if (!voxel) return;
        const far = key.startsWith("Shift+") ? 10 : 1;
        const [dx, dy] = ARROWS[key.replace("Shift+", "")]!;
        const inside = (value: number, n: number): number => Math.max(0, Math.min(n - 1, value));
        change({ voxel: [inside(voxel[0] + far * dx, cols), inside(voxel[1] + far * dy, rows)] });
      };
      const turn = (step: number): void => {
        const next = maps[(map ? maps.indexOf(map) : -1) + step];
        if (next) change({ map: next.name, show: "map" });
      };
      const scales = ["linear", "sqrt", "log"] as const;
      return [
        { keys: Object.keys(ARROWS), label: "move the picked voxel", act: move },
        { keys: Object.keys(ARROWS).map((key) => `Shift+${key}`), label: "move it by ten", act: move },
        { keys: ["PageUp"], label: "map before this one", act: () => turn(-1) },
        { keys: ["PageDown"], label: "next map", act: () => turn(1) },
        { keys: ["m"], label: "map or image of bins", act: () => change({ show: show === "map" ? "bins" : "map" }) },
        {
          keys: ["i"],
          label: "intensity scale of the pattern",
          act: () => change({ ordinate: scales[(scales.indexOf(ordinate) + 1) % 3]! }),
        },
      ];
    }, [voxel, show, ordinate, change, maps, map, rows, cols]),
  );
}
