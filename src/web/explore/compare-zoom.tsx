/** Several plots of one size that zoom and move together. */
import { useVisCanvasContext } from "@h5web/lib";
import { useFrame, useThree } from "@react-three/fiber";
import { useEffect, useRef } from "react";

/** Middle and width of what is seen, as shares of the whole. */
interface Sight {
  readonly x: number;
  readonly y: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

export interface ZoomGroup {
  /** tells the others */
  readonly publish: (sight: Sight, from: object) => void;
  readonly subscribe: (listener: (sight: Sight, from: object) => void) => () => void;
}

export function createZoomGroup(): ZoomGroup {
  const listeners = new Set<(sight: Sight, from: object) => void>();
  return {
    publish: (sight, from) => {
      for (const listener of listeners) listener(sight, from);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const isSame = (a: Sight, b: Sight): boolean =>
  (["x", "y", "scaleX", "scaleY"] as const).every((key) => Math.abs(a[key] - b[key]) < 1e-6);

/** To be put into each MapPlot of the group. */
export function LinkedZoom({ group }: { group: ZoomGroup }) {
  const { visSize } = useVisCanvasContext();
  const camera = useThree((state) => state.camera);
  const invalidate = useThree((state) => state.invalidate);
  const self = useRef<Sight>({ x: 0, y: 0, scaleX: 1, scaleY: 1 });
  useFrame(() => {
    const { position, scale } = camera;
    const sight = { x: position.x / visSize.width, y: position.y / visSize.height, scaleX: scale.x, scaleY: scale.y };
    if (isSame(sight, self.current)) return;
    self.current = sight;
    group.publish(sight, self);
  });
  useEffect(
    () =>
      group.subscribe((sight, from) => {
        if (from === self) return;
        self.current = sight;
        camera.position.set(sight.x * visSize.width, sight.y * visSize.height, camera.position.z);
        camera.scale.set(sight.scaleX, sight.scaleY, 1);
        camera.updateMatrixWorld();
        invalidate();
      }),
    [group, camera, visSize, invalidate],
  );
  return null;
}
