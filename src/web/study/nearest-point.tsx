/** The point of several curves that is nearest to the pointer on the screen, with a mark on it. */
import { DataToHtml, SvgElement, useCanvasEvent, useVisCanvasContext } from "@h5web/lib";
import { useEffect } from "react";
import { Vector3 } from "three";

export interface NearPoint {
  /** index of its curve */
  readonly piece: number;
  readonly x: number;
  readonly y: number;
}

interface Props {
  readonly pieces: readonly { readonly x: Float64Array; readonly values: Float64Array; readonly colour?: string }[];
  readonly near: NearPoint | undefined;
  readonly onNear: (near: NearPoint | undefined) => void;
}

/** A child of a plot's canvas. */
export function NearestPoint({ pieces, near, onNear }: Props) {
  const { canvasSize, canvasArea, abscissaConfig, ordinateConfig } = useVisCanvasContext();
  const perX = canvasSize.width / span(abscissaConfig.visDomain);
  const perY = canvasSize.height / span(ordinateConfig.visDomain);
  useCanvasEvent("pointermove", ({ dataPt }) => onNear(nearest(pieces, dataPt, perX, perY)));
  useEffect(() => {
    const leave = (): void => onNear(undefined);
    canvasArea.addEventListener("pointerleave", leave);
    return () => canvasArea.removeEventListener("pointerleave", leave);
  }, [canvasArea, onNear]);
  if (!near) return null;
  return (
    <DataToHtml points={[new Vector3(near.x, near.y, 0)]}>
      {(at: Vector3) => (
        <SvgElement>
          <circle data-near cx={at.x} cy={at.y} r={5} fill={pieces[near.piece]?.colour} stroke="white" />
        </SvgElement>
      )}
    </DataToHtml>
  );
}

const span = ([lo, hi]: readonly [number, number]): number => hi - lo;

export function nearest(
  pieces: Props["pieces"],
  at: { readonly x: number; readonly y: number },
  perX: number,
  perY: number,
): NearPoint | undefined {
  let [best, near] = [Number.POSITIVE_INFINITY, undefined as NearPoint | undefined];
  pieces.forEach(({ x, values }, piece) => {
    for (let i = 0; i < x.length; i++) {
      const distance = ((x[i]! - at.x) * perX) ** 2 + ((values[i]! - at.y) * perY) ** 2;
      if (distance < best) [best, near] = [distance, { piece, x: x[i]!, y: values[i]! }];
    }
  });
  return near;
}
