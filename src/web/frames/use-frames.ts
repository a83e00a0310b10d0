/** What the page asks the server about frames. */
import type { QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { noCountFrom } from "../../data/index.ts";
import type { Poni } from "../../geometry/index.ts";
import type {
  Beside,
  FrameChoice,
  FrameMaskMeta,
  FramePart,
  FrameSeries,
  Geometry,
  IntegrateRequest,
  Ring,
} from "../../server/wire-frames.ts";
import { useArrays, useJson, type WireArray } from "../core/api.ts";
import type { FramesView } from "./frames-view.ts";

/** Frames of more pixels are looked at binned, and part by part when one comes nearer. */
const MOST_PIXELS = 5e6;
/** Then they come to about so many elements: more than a screen has. */
const BINNED_PIXELS = 2e6;

export const choiceOf = (file: string, { frame, dataset }: FramesView): FrameChoice => ({
  file,
  frame,
  ...(dataset && { dataset }),
});

export const useSeries = (choice: FrameChoice) => useJson<FrameSeries>("frames", { ...choice }, { keep: true });
export const useBeside = (file: string) => useJson<Beside>("frames/beside", { file });

/** The geometry in force; undefined where none is chosen, or not yet there. */
export function useGeometry({ poni, geometry }: FramesView) {
  const asked = useJson<Geometry>("frames/geometry", { path: poni }, { off: geometry !== null || poni === "" });
  const value = geometry ?? (poni === "" ? undefined : asked.data?.poni);
  return { poni: value as Poni | undefined, error: geometry === null && poni !== "" ? asked.error : null };
}

/** A file was written: what rests on masks, geometries or their list is asked for anew. */
export const forgetFiles = (queries: QueryClient): Promise<unknown> =>
  Promise.all(
    ["frames/geometry", "frames/beside", "frames/mask", "frames/integrate"].map((path) =>
      queries.invalidateQueries({ queryKey: [path] }),
    ),
  );

export interface FrameImage {
  readonly rows: number;
  readonly cols: number;
  /** pixels of the frame along each side of an element */
  readonly step: number;
  /** [row, col] as in the file, or the mean where step is above 1 */
  readonly counts: WireArray;
  /** [row, col] to be coloured: NaN where there is no count */
  readonly values: Float32Array;
}

export const stepOf = ({ rows, cols }: FrameSeries): number =>
  rows * cols > MOST_PIXELS ? Math.ceil(Math.sqrt((rows * cols) / BINNED_PIXELS)) : 1;

/** The frame, whole or binned; the one before stays until it is there. */
export function useFrameImage(choice: FrameChoice, series: FrameSeries | undefined) {
  const step = series ? stepOf(series) : 1;
  const asked = useArrays("frames/image", { ...choice, step }, { off: !series, keep: true });
  const image = useMemo(
    () => asked.data && imageOf(asked.data.values["values"]!, asked.data.shapes["values"]!, step),
    [asked.data, step],
  );
  return { image, error: asked.error, isBusy: asked.isPending || asked.isPlaceholderData };
}

/** A part at full resolution. */
export function useFramePart(choice: FrameChoice, part: FramePart | undefined) {
  const asked = useArrays("frames/image", { ...choice, ...part }, { off: !part });
  return useMemo(() => {
    if (!asked.data || !part) return undefined;
    return { ...imageOf(asked.data.values["values"]!, asked.data.shapes["values"]!, 1), part };
  }, [asked.data, part]);
}

function imageOf(counts: WireArray, [rows, cols]: readonly number[], step: number): FrameImage {
  return { rows: rows!, cols: cols!, step, counts, values: coloured(counts) };
}

function coloured(counts: WireArray): Float32Array {
  const limit = noCountFrom(counts);
  const out = new Float32Array(counts.length);
  for (let i = 0; i < out.length; i++) {
    const count = counts[i]!;
    out[i] = count >= 0 && count < limit ? count : Number.NaN;
  }
  return out;
}

/** The pixels that are left out, binned as the image is. */
export function useMask(choice: FrameChoice, series: FrameSeries | undefined, view: FramesView) {
  return useArrays<Record<string, unknown> & FrameMaskMeta>(
    "frames/mask",
    {},
    {
      off: !series || !view.hasMaskShown,
      keep: true,
      body: { ...choice, mask: view.mask, step: series ? stepOf(series) : 1 },
    },
  );
}

/** What is asked of the server for the pattern on the page, and for its file. */
export const integrateRequest = (choice: FrameChoice, poni: Poni, view: FramesView): IntegrateRequest => ({
  ...choice,
  poni,
  mask: view.mask,
  options: { ...view.options, axis: view.axis },
});

export function usePattern(choice: FrameChoice, poni: Poni | undefined, view: FramesView, isOff = false) {
  return useArrays(
    "frames/integrate",
    {},
    { off: !poni || isOff, keep: true, body: poni && integrateRequest(choice, poni, view) },
  );
}

export function useRings(series: FrameSeries | undefined, poni: Poni | undefined, calibrant: string) {
  return useJson<readonly Ring[]>(
    "frames/rings",
    {},
    {
      off: !series || !poni || calibrant === "",
      body: { calibrant, poni, rows: series?.rows, cols: series?.cols },
    },
  );
}
