/** Patterns of the volume: of a voxel, of regions. */
import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { PatternMeta, Region, ResultInfo } from "../../server/wire.ts";
import { ApiError, type Arrays, askArrays, useArrays } from "../core/api.ts";
import type { Voxel } from "./read-out.tsx";

export interface VoxelPattern {
  readonly voxel: Voxel;
  /** [bin] */
  readonly intensity: ArrayLike<number>;
  /** [bin] standard uncertainty */
  readonly sigma?: ArrayLike<number>;
}

/** Undefined until it is there, and for no voxel; asking for another lets go of this one. */
export function useVoxelPattern(info: ResultInfo, voxel: Voxel | undefined) {
  const params = { file: info.file, stack: info.volume, y: voxel?.y, x: voxel?.x };
  const { data, error, isFetching } = useArrays<PatternMeta>("pattern", params, { off: !info.volume || !voxel });
  const [x, y] = [voxel?.x, voxel?.y];
  const pattern = useMemo((): VoxelPattern | undefined => {
    if (!data || x === undefined || y === undefined) return undefined;
    return { voxel: { x, y }, intensity: data.values["intensity"]!, sigma: data.values["sigma"] };
  }, [data, x, y]);
  return { pattern, error, isFetching };
}

/** Anything that has a mean pattern: a region that is drawn, a mask, a range of values. */
export interface PatternRegion {
  readonly name: string;
  /** of SERIES_COLOURS */
  readonly colour: number;
  readonly shape: Region;
}

export interface RegionPattern {
  readonly region: PatternRegion;
  readonly intensity?: ArrayLike<number>;
  /** voxels that have a pattern */
  readonly voxels?: number;
  readonly error: ApiError | null;
}

/** The mean pattern of all rays: what there is to look at before a scan is reconstructed. */
export function wholeSinogram({ volume, sinogram, arrays }: ResultInfo): PatternRegion[] {
  const [angles, translations] = arrays.find(({ name }) => name === sinogram)?.shape ?? [];
  if (volume || !angles || !translations) return [];
  const shape = { kind: "rectangle", from: [0, 0], to: [translations, angles] } as const;
  return [{ name: "mean of the sinogram", colour: 0, shape }];
}

/** Of the volume; of the sinogram where the file keeps no volume. */
export function useRegionPatterns(
  { file, volume, sinogram }: ResultInfo,
  regions: readonly PatternRegion[],
): RegionPattern[] {
  const stack = volume ?? sinogram;
  const combine = useCallback(
    (results: UseQueryResult<Arrays<PatternMeta>>[]) =>
      results.map(({ data, error }, i) => ({
        region: regions[i]!,
        intensity: data?.values["intensity"],
        voxels: data?.meta.voxels,
        error: error instanceof ApiError ? error : null,
      })),
    [regions],
  );
  return useQueries({
    queries: regions.map(({ shape }) => {
      const body = { file, stack, region: shape };
      return {
        queryKey: ["pattern", body],
        queryFn: ({ signal }: { signal: AbortSignal }) => askArrays<PatternMeta>("pattern", {}, { body, signal }),
        enabled: !!stack,
      };
    }),
    combine,
  });
}

/** The bins of the strongest peak, down to half of its height: what an unopened scan is first looked at with. */
export function strongestPeak(intensity: ArrayLike<number>): [number, number] {
  let top = 0;
  for (let i = 1; i < intensity.length; i++) if (intensity[i]! > intensity[top]!) top = i;
  const half = intensity[top]! / 2;
  let [from, to] = [top, top + 1];
  while (from > 0 && intensity[from - 1]! > half) from--;
  while (to < intensity.length && intensity[to]! > half) to++;
  return [from, to];
}
