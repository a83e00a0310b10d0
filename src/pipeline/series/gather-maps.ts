/** Maps of all steps of a height, brought together by parameter. */
import { InputError, type SliceMaps } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import {
  type ChangeMaps,
  changeMaps,
  type MapSeries,
  type MeansOverTime,
  meansOverTime,
} from "../../stages/series/index.ts";
import { readSliceMaps } from "../study/read-slice-maps.ts";
import type { RanStep } from "./run-series.ts";
import { type SeriesFileConfig, wildcard } from "./series-config.ts";

/** One height over time. */
export interface SliceSeries {
  readonly heightMm: number;
  readonly voxelMm: number;
  /** that are in it, ascending in time */
  readonly steps: readonly RanStep[];
  readonly timeH: Float64Array;
  readonly parameters: readonly ParameterSeries[];
}

export interface ParameterSeries extends MapSeries {
  readonly means: MeansOverTime;
  readonly change: ChangeMaps;
}

/** @throws InputError "series-grid" | "series-maps" and those of the readers */
export async function gatherMaps(ran: readonly RanStep[], config: SeriesFileConfig): Promise<SliceSeries[]> {
  const heights = [...new Set(ran.map(({ heightMm }) => heightMm))];
  const slices: SliceSeries[] = [];
  for (const heightMm of heights) {
    const steps = ran.filter((step) => step.heightMm === heightMm && step.flag === "");
    if (steps.length > 0) slices.push(await gatherSlice(heightMm, steps, config));
  }
  return slices;
}

async function gatherSlice(
  heightMm: number,
  steps: readonly RanStep[],
  config: SeriesFileConfig,
): Promise<SliceSeries> {
  const wanted = config.maps.map(wildcard);
  const isWanted = (name: string): boolean => wanted.some((pattern) => pattern.test(name));
  const slices: SliceMaps[] = [];
  for (const step of steps) {
    const result = await openResult(step.path!);
    try {
      const { maps, ...slice } = readSliceMaps(result, step.path!);
      slices.push({ ...slice, maps: new Map([...maps].filter(([name]) => isWanted(name))) });
    } finally {
      result.close();
    }
  }
  const [first] = slices;
  for (const slice of slices) assertSameGrid(slice, first!);
  const names = [...new Set(slices.flatMap(({ maps }) => [...maps.keys()]))];
  if (names.length === 0) {
    throw new InputError(
      "series-maps",
      `maps: ${config.maps.join(", ")} is none of the maps of ${steps[0]!.path}. \`xrdct export ${steps[0]!.path} --list\` names them; leave out map/ and dlsr/.`,
    );
  }
  const timeH = Float64Array.from(steps, (step) => step.timeH);
  const { ny, nx, voxelMm } = first!;
  const parameters = names.map((name): ParameterSeries => {
    const own = slices.map(({ maps }) => maps.get(name));
    const series: MapSeries = { name, unit: own.find((map) => map)!.unit, ny, nx, timeH, steps: own };
    return { ...series, means: meansOverTime(series), change: changeMaps(series, config.significance) };
  });
  return { heightMm, voxelMm, steps, timeH, parameters };
}

/** @throws InputError "series-grid" */
function assertSameGrid(slice: SliceMaps, first: SliceMaps): void {
  const isSame = slice.ny === first.ny && slice.nx === first.nx && Math.abs(slice.voxelMm / first.voxelMm - 1) < 1e-6;
  if (isSame) return;
  const size = ({ nx, ny, voxelMm }: SliceMaps): string =>
    `${nx} x ${ny} voxels of ${Number(voxelMm.toPrecision(6))} mm`;
  throw new InputError(
    "series-grid",
    `${slice.name} has ${size(slice)}, and ${first.name} has ${size(first)}: voxels can only be followed on one grid. Run them with the same stepMm and reconstruct.size, or bring them onto one grid with \`xrdct compare\`.`,
  );
}
