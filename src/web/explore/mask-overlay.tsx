/** Voxels marked on a MapPlot, whose child this is. */
import { VisMesh } from "@h5web/lib";
import { useEffect, useMemo } from "react";
import { Color, DataTexture, NearestFilter, RGBAFormat, SRGBColorSpace } from "three";

interface Props {
  readonly rows: number;
  readonly cols: number;
  /** [y, x] 1: marked */
  readonly mask: ArrayLike<number>;
  readonly colour?: string;
  /** of the marks, 0 to 1 */
  readonly opacity?: number;
}

export function MaskOverlay({ rows, cols, mask, colour = "#ff2d95", opacity = 0.75 }: Props) {
  const texture = useMemo(() => {
    const { r, g, b } = new Color(colour).convertLinearToSRGB();
    const marked = [r, g, b, opacity].map((share) => Math.round(255 * share));
    const rgba = new Uint8Array(rows * cols * 4);
    for (let i = 0; i < mask.length; i++) if (mask[i]) rgba.set(marked, 4 * i);
    const made = new DataTexture(rgba, cols, rows, RGBAFormat);
    made.colorSpace = SRGBColorSpace;
    made.magFilter = NearestFilter;
    made.needsUpdate = true;
    return made;
  }, [mask, rows, cols, colour, opacity]);
  useEffect(() => () => texture.dispose(), [texture]);
  return (
    <VisMesh renderOrder={1}>
      <meshBasicMaterial map={texture} transparent depthTest={false} toneMapped={false} />
    </VisMesh>
  );
}
