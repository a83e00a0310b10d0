/** Plots of one width whose abscissas zoom and move together. */
import { useVisCanvasContext } from "@h5web/lib";
import { useFrame, useThree } from "@react-three/fiber";
import { useEffect, useRef } from "react";

/** Middle and width of what is seen, as shares of the whole. */
interface Sight {
  readonly x: number;
  readonly scale: number;
}
type Listener = (sight: Sight, from: object) => void;

export interface AxisLink {
  readonly listeners: Set<Listener>;
}

export const createAxisLink = (): AxisLink => ({ listeners: new Set() });

/** To be put into each plot of the link; `onMove` hears what part of the axis is seen. */
export function LinkedAxis({ link, onMove }: { link: AxisLink; onMove?: (seen: [number, number]) => void }) {
  const { visSize, getVisibleDomains } = useVisCanvasContext();
  const camera = useThree((state) => state.camera);
  const invalidate = useThree((state) => state.invalidate);
  const self = useRef<Sight>({ x: 0, scale: 1 });
  useFrame(() => {
    const sight = { x: camera.position.x / visSize.width, scale: camera.scale.x };
    const { x, scale } = self.current;
    if (Math.abs(sight.x - x) < 1e-6 && Math.abs(sight.scale - scale) < 1e-6) return;
    self.current = sight;
    for (const listener of link.listeners) listener(sight, self);
    const [a, b] = getVisibleDomains(camera).xVisibleDomain;
    onMove?.([a, b]);
  });
  useEffect(() => {
    const follow: Listener = (sight, from) => {
      if (from === self) return;
      self.current = sight;
      camera.position.setX(sight.x * visSize.width);
      camera.scale.setX(sight.scale);
      camera.updateMatrixWorld();
      invalidate();
    };
    link.listeners.add(follow);
    return () => {
      link.listeners.delete(follow);
    };
  }, [link, camera, visSize, invalidate]);
  return null;
}
