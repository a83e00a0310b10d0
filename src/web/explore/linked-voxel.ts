/** The voxel that several views look at together: the one under the pointer, else the one that was picked. */
import { useCallback, useMemo, useState } from "react";
import { type KeyBinding, useKeys } from "../core/keys.ts";
import type { Point } from "../parts/map-plot.tsx";

export type PickedVoxel = readonly [x: number, y: number];

export interface LinkedVoxel {
  readonly at: Point | undefined;
  /** not the one under the pointer */
  readonly isPicked: boolean;
  readonly onHover: (at: Point | undefined) => void;
  readonly onPick: (at: Point) => void;
}

/** @param picked as the address has it; moved by the arrow keys */
export function useLinkedVoxel(
  picked: PickedVoxel | undefined,
  rows: number,
  cols: number,
  change: (part: { readonly voxel: PickedVoxel }) => void,
): LinkedVoxel {
  const [hover, setHover] = useState<Point>();
  const onHover = useCallback((at: Point | undefined) => setHover((now) => sameVoxel(now, at)), []);
  const onPick = useCallback((at: Point) => change({ voxel: [Math.floor(at.x), Math.floor(at.y)] }), [change]);
  const [x, y] = picked ?? [];
  useArrows(x ?? cols >> 1, y ?? rows >> 1, rows, cols, change);
  const kept = useMemo(() => (x === undefined || y === undefined ? undefined : { x, y }), [x, y]);
  return { at: hover ?? kept, isPicked: hover === undefined, onHover, onPick };
}

/** The same object while the pointer stays in a voxel: nothing is drawn anew. */
function sameVoxel(now: Point | undefined, at: Point | undefined): Point | undefined {
  if (!at) return undefined;
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  return now?.x === x && now.y === y ? now : { x, y };
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

function useArrows(
  x: number,
  y: number,
  rows: number,
  cols: number,
  change: (part: { readonly voxel: PickedVoxel }) => void,
): void {
  const bindings = useMemo((): KeyBinding[] => {
    const act = (key: string): void => {
      const [dx, dy] = STEPS[key]!;
      change({ voxel: [Math.min(cols - 1, Math.max(0, x + dx)), Math.min(rows - 1, Math.max(0, y + dy))] });
    };
    return [{ keys: Object.keys(STEPS), label: "move the picked voxel", act }];
  }, [x, y, rows, cols, change]);
  useKeys(bindings);
}
