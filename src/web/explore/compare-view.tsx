/** Two maps side by side, and what lies between them. */
import { useCallback, useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import { type KeyBinding, useKeys } from "../core/keys.ts";
import { useView } from "../core/route.ts";
import type { Point } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { CompareControls } from "./compare-controls.tsx";
import { CompareJoint } from "./compare-joint.tsx";
import { CompareDetail, CompareMaps } from "./compare-maps.tsx";
import { CompareNumbers } from "./compare-numbers.tsx";
import { defaultPair } from "./compare-pairs.ts";
import { differenceOf } from "./compare-statistics.ts";
import { COMPARE_DEFAULTS, type CompareSettings, type Comparison, sharedLimits } from "./comparison.ts";
import "./compare.css";
import { type LoadedMap, mapsOf, useMap } from "./loaded-map.ts";

export function CompareView({ info }: { info: ResultInfo }) {
  const [settings, change] = useView<CompareSettings>(COMPARE_DEFAULTS);
  const { fileB } = settings;
  const { data: otherInfo, error: otherError } = useJson<ResultInfo>("result", { file: fileB }, { off: !fileB });
  const infoB = fileB ? otherInfo : info;
  const pair = useMemo(() => defaultPair(mapsOf(info)), [info]);
  const nameA = settings.a ?? pair?.[0];
  const nameB = settings.b ?? (fileB ? nameA : pair?.[1]);
  const a = useMap(info, nameA);
  const b = useMap(infoB, nameB);
  const error = otherError ?? a.error ?? b.error;
  const isThere = infoB === undefined || mapsOf(infoB).some(({ name }) => name === nameB);
  return (
    <div className="compare">
      <CompareControls {...{ info, infoB, nameA, nameB, settings, change }} />
      {!pair && <p>This result has no maps to compare: run it as far as the stage "map".</p>}
      {error && <Message error={error} />}
      {!isThere && (
        <p role="alert">
          {fileB} has no {nameB}. Choose another map of it above.
        </p>
      )}
      {!error &&
        isThere &&
        pair &&
        (a.map && b.map ? (
          <CompareLoaded first={a.map} second={b.map} {...{ info, settings, change }} />
        ) : (
          <Busy what={`reading ${nameA} and ${nameB}`} />
        ))}
    </div>
  );
}

interface LoadedProps {
  readonly info: ResultInfo;
  readonly first: LoadedMap;
  readonly second: LoadedMap;
  readonly settings: CompareSettings;
  readonly change: (part: Partial<CompareSettings>) => void;
}

function CompareLoaded({ info, first, second, settings, change }: LoadedProps) {
  const isSameSize = first.rows === second.rows && first.cols === second.cols;
  if (isSameSize) return <CompareSame {...{ info, first, second, settings, change }} />;
  return (
    <p role="alert">
      Maps are compared voxel by voxel: {first.name} has {first.rows} × {first.cols} voxels and {second.name}{" "}
      {second.rows} × {second.cols}. Choose two of the same size.
    </p>
  );
}

function CompareSame({ info, first, second, settings, change }: LoadedProps) {
  const difference = useMemo(() => differenceOf(first, second), [first, second]);
  const limits = useMemo(
    () => settings.limitsAB ?? sharedLimits(first, second, difference.isUsed),
    [settings.limitsAB, first, second, difference],
  );
  const comparison = useMemo(
    (): Comparison => ({ info, first, second, difference, limits }),
    [info, first, second, difference, limits],
  );
  const { rows, cols } = first;
  const [x, y] = settings.voxel ?? [];
  const picked = useMemo(() => (x === undefined || y === undefined ? undefined : { x, y }), [x, y]);
  const [hover, setHover] = useState<Point>();
  const onHover = useCallback((at: Point | undefined) => setHover((now) => sameVoxel(now, at)), []);
  const onPick = (at: Point): void => change({ voxel: [Math.floor(at.x), Math.floor(at.y)] });
  useMoveKeys(picked, { rows, cols }, change);
  const shared = { comparison, settings, change, cursor: hover ?? picked, onHover, onPick };
  return (
    <div className="compare-grid">
      <CompareMaps {...shared} />
      <CompareDetail {...shared} />
      <CompareJoint comparison={comparison} at={hover ?? picked} />
      <CompareNumbers comparison={comparison} at={hover ?? picked} isPicked={hover === undefined} />
    </div>
  );
}

/** The same object while the pointer stays in a voxel: nothing is drawn anew. */
function sameVoxel(now: Point | undefined, at: Point | undefined): Point | undefined {
  if (!at) return undefined;
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  return now?.x === x && now.y === y ? now : { x, y };
}

function useMoveKeys(
  picked: Point | undefined,
  { rows, cols }: { rows: number; cols: number },
  change: (part: { voxel: readonly [number, number] }) => void,
): void {
  const bindings = useMemo((): KeyBinding[] => {
    const move = (dx: number, dy: number): void => {
      const { x, y } = picked ?? { x: Math.floor(cols / 2), y: Math.floor(rows / 2) };
      change({ voxel: [Math.min(cols - 1, Math.max(0, x + dx)), Math.min(rows - 1, Math.max(0, y + dy))] });
    };
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] } as const;
    return [
      {
        keys: Object.keys(steps),
        label: "move the picked voxel",
        act: (key) => move(...(steps[key as keyof typeof steps] as readonly [number, number])),
      },
    ];
  }, [picked, rows, cols, change]);
  useKeys(bindings);
}
