import type { Region } from "../../server/wire.ts";

/** What can be drawn on an image; points in image elements, element (0, 0) reaching from 0 to 1. */
export type Shape =
  | Exclude<Region, { readonly kind: "mask" | "voxels" }>
  | { readonly kind: "line"; readonly from: readonly [number, number]; readonly to: readonly [number, number] };

export interface DrawnShape {
  readonly shape: Shape;
  readonly colour?: string;
  readonly label?: string;
  readonly isDashed?: boolean;
}

export type Tool = "move" | "rectangle" | "ellipse" | "polygon" | "line";
