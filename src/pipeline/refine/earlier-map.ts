/** A Rietveld map of the same slice at an earlier time, that a new one starts from. */
import { InputError, type ParameterMap } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import { type RietveldPlan, type VoxelStarts, voxelStarts } from "../../stages/map/index.ts";
import { entryOf, type RefinementResult, type SeriesEntry } from "../../stages/refine/index.ts";

export interface EarlierMap {
  readonly path: string;
  /** of everything that decided it */
  readonly key: string;
  /** its mean pattern's refinement */
  readonly entry: SeriesEntry;
}

/** @throws InputError "map-start" where the result has no Rietveld map, and those of openResult */
export async function openEarlierMap(path: string): Promise<EarlierMap> {
  const result = await openResult(path);
  try {
    const note = result.readNote("map/refinement");
    const stage = result.processes().find((process) => process.stage === "map");
    const key = (stage?.config as { key?: string } | undefined)?.key;
    if (note === undefined || key === undefined) {
      throw new InputError(
        "map-start",
        `map.rietveld.start.result: ${path} has no Rietveld map. Name a result of xrdct run with map.rietveld, or leave start out.`,
      );
    }
    return { path, key, entry: entryOf(0, path, 0, JSON.parse(note) as RefinementResult, "model") };
  } finally {
    result.close();
  }
}

/** @throws InputError "map-start" where its grid is another */
export async function startsFrom(
  { path }: EarlierMap,
  plan: RietveldPlan,
  { ny, nx }: { readonly ny: number; readonly nx: number },
): Promise<VoxelStarts> {
  const result = await openResult(path);
  try {
    const names = new Set(result.list().map(({ name }) => name));
    const find = (name: string): ParameterMap | undefined =>
      names.has(`map/${name}`) ? result.readMap(`map/${name}`) : undefined;
    const rwp = find("rwp");
    if (rwp && (rwp.ny !== ny || rwp.nx !== nx)) {
      throw new InputError(
        "map-start",
        `map.rietveld.start.result: ${path} has maps of ${rwp.nx} x ${rwp.ny} voxels, and this scan has ${nx} x ${ny}. Voxels can start only from a result on the same grid: leave start out.`,
      );
    }
    return voxelStarts(plan, find);
  } finally {
    result.close();
  }
}
