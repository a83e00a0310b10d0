/** The voxels that are marked on the image: a brushed range of its values, or the mask that is being drawn. */
import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { voxelsOf } from "../../data/region.ts";
import type { MaskSave, ResultInfo } from "../../server/wire.ts";
import { type ApiError, type Arrays, askArrays, type Params } from "../core/api.ts";
import { voxelsInRange } from "./histogram-counts.ts";
import { useBrushed } from "./histogram-view.tsx";
import { mapParams } from "./loaded-map.ts";
import { countOf, joinMasks, type MaskPart, type MaskPiece, runsOf } from "./mask-pieces.ts";
import type { PatternRegion } from "./patterns.ts";
import type { ShownImage } from "./shown-image.ts";
import type { OneState } from "./view-state.ts";

export interface JoinedMask {
  /** as many as there are pieces */
  readonly parts: readonly MaskPart[] | undefined;
  /** [y, x]; undefined while something is on its way */
  readonly mask: Uint8Array | undefined;
  readonly error: Error | null;
}

type MaskArrays = Arrays<{ readonly shapes?: MaskSave["shapes"] }>;

function questionOf(info: ResultInfo, piece: MaskPiece): { path: string; params: Params } | undefined {
  if (piece.kind === "saved") return { path: "mask", params: { file: info.file, name: piece.name } };
  const map = piece.kind === "range" && info.arrays.find(({ name }) => name === piece.map);
  return map ? { path: "array", params: mapParams(info.file, map) } : undefined;
}

/** The pieces, with what has to be asked of the server for them. */
export function useMask(info: ResultInfo, pieces: readonly MaskPiece[], rows: number, cols: number): JoinedMask {
  const asked = useMemo(() => pieces.map((piece) => questionOf(info, piece)), [info, pieces]);
  const answers = useQueries({
    queries: asked.map((question, i) => ({
      // as useArrays has it: what is there already is not asked for again
      queryKey: question ? [question.path, question.params, undefined, "arrays"] : ["no question", i],
      queryFn: ({ signal }: { signal: AbortSignal }) => askArrays(question!.path, question!.params, { signal }),
      enabled: question !== undefined,
    })),
    combine,
  });
  return useMemo((): JoinedMask => {
    const parts = pieces.map((piece, i) => partOf(piece, answers.data[i], rows, cols));
    if (parts.some((part) => part === undefined)) return { parts: undefined, mask: undefined, error: answers.error };
    const all = parts as MaskPart[];
    return { parts: all, mask: joinMasks(all, rows * cols), error: null };
  }, [pieces, answers, rows, cols]);
}

const combine = (results: UseQueryResult<MaskArrays>[]) => ({
  data: results.map(({ data }) => data),
  error: (results.find(({ error }) => error)?.error ?? null) as ApiError | null,
});

function partOf(piece: MaskPiece, arrays: MaskArrays | undefined, rows: number, cols: number): MaskPart | undefined {
  const { isHole } = piece;
  if (piece.kind === "shape") return { mask: voxelsOf(piece.shape, rows, cols), isHole };
  if (!arrays) return undefined;
  const { values, status } = arrays.values;
  if (piece.kind === "saved") return { mask: values!, isHole };
  return { mask: voxelsInRange(values!, piece.isAll ? undefined : status, piece.range), isHole };
}

export interface Marked {
  /** [y, x] 1: marked; undefined: nothing is */
  readonly mask: Uint8Array | undefined;
  /** all that the mask tab needs */
  readonly joined: JoinedMask;
  /** their mean pattern, where it is asked for */
  readonly regions: readonly PatternRegion[];
}

/** The colour of the marks among SERIES_COLOURS: the last, which regions reach last. */
const MARK_COLOUR = 7;

export function useMarked(info: ResultInfo, state: OneState, image: ShownImage | undefined): Marked {
  const { brush, isBrushAll, lower, pieces, hasMarkedPattern } = state;
  const range = brush && brush.of === image?.title ? brush.range : undefined;
  const brushed = useBrushed(image?.shown, isBrushAll ? undefined : image?.status, range);
  const joined = useMask(info, pieces, image?.rows ?? 0, image?.cols ?? 0);
  const isMask = lower === "masks" && pieces.length > 0;
  const mask = isMask ? joined.mask : lower === "histogram" ? brushed : undefined;
  const regions = useMemo((): PatternRegion[] => {
    if (!mask || !hasMarkedPattern || countOf(mask) === 0) return [];
    const name = isMask ? "mask" : "brushed range";
    return [{ name, colour: MARK_COLOUR, shape: { kind: "voxels", runs: runsOf(mask) } }];
  }, [mask, hasMarkedPattern, isMask]);
  return { mask, joined, regions };
}
