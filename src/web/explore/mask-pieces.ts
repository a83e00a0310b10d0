/** A mask as it is put together: shapes, ranges of a map's values and saved masks, added or cut out one after the other. */
import type { MaskSave } from "../../server/wire.ts";
import { formatValue, valueText } from "../core/format.ts";
import type { RegionShape } from "./view-state.ts";

export type MaskPiece = (
  | { readonly kind: "shape"; readonly shape: RegionShape }
  | {
      readonly kind: "range";
      /** name of the map whose values lie in the range */
      readonly map: string;
      readonly range: readonly [number, number];
      /** voxels that did not converge too */
      readonly isAll?: boolean;
    }
  | { readonly kind: "saved"; readonly name: string }
) & { readonly isHole?: boolean };

export interface MaskPart {
  /** [voxel] 1 inside */
  readonly mask: ArrayLike<number>;
  /** cut out of what came before */
  readonly isHole?: boolean;
}

/** As the server joins them: each adds its voxels, or takes them away. */
export function joinMasks(parts: readonly MaskPart[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  for (const { mask, isHole } of parts) {
    for (let i = 0; i < length; i++) if (mask[i]) joined[i] = isHole ? 0 : 1;
  }
  return joined;
}

/** start, length, start, length ... of the voxels that are marked, ascending */
export function runsOf(mask: ArrayLike<number>): number[] {
  const runs: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    const start = i;
    while (i < mask.length && mask[i]) i++;
    runs.push(start, i - start);
  }
  return runs;
}

export const countOf = (mask: ArrayLike<number>): number => {
  let count = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i]) count++;
  return count;
};

/** "rectangle", "map/NMC532/c from 14.49 to 14.51 Å", "mask cathode" */
export function pieceText(piece: MaskPiece, unitOf: (map: string) => string): string {
  if (piece.kind === "shape") return piece.shape.kind;
  if (piece.kind === "saved") return `mask ${piece.name}`;
  const { map, range, isAll } = piece;
  const ends = `${formatValue(range[0])} to ${valueText(range[1], unitOf(map))}`;
  return `${map} from ${ends}${isAll ? "" : ", converged"}`;
}

/** What is sent to be saved: shapes as they were drawn, anything else voxel by voxel. */
export const shapesToSave = (pieces: readonly MaskPiece[], parts: readonly MaskPart[]): MaskSave["shapes"] =>
  pieces.map((piece, i) => ({
    region: piece.kind === "shape" ? piece.shape : { kind: "voxels", runs: runsOf(parts[i]!.mask) },
    ...(piece.isHole && { isHole: true }),
  }));

/** The pieces of a saved mask where it was drawn with shapes alone, else the mask as one piece. */
export function piecesOf(name: string, shapes: MaskSave["shapes"]): MaskPiece[] {
  const pieces = shapes.map(({ region, isHole }) =>
    region.kind === "rectangle" || region.kind === "ellipse" || region.kind === "polygon"
      ? { kind: "shape" as const, shape: region, ...(isHole && { isHole }) }
      : undefined,
  );
  return pieces.length > 0 && pieces.every((piece) => piece !== undefined) ? pieces : [{ kind: "saved", name }];
}
