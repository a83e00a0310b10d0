import { circle, type ProjectorGeometry } from "../../projector/index.ts";

/** [y, x] 1 in the circle about the axis that every projection saw whole: half a step beyond it values are not to be trusted. */
export function reconstructable({ size, translations, rotationAxis }: ProjectorGeometry): Uint8Array {
  return circle(size, Math.min(rotationAxis, translations - 1 - rotationAxis));
}
