/** Which voxels of a study's maps are drawn, and on which scales: alike for all cells. */
import {
  type ParameterMap,
  type PhaseRole,
  REGIONS,
  type RegionName,
  type SliceMaps,
  STATUS,
} from "../../../data/index.ts";
import { type HeatMapData, type MapFrame, percentileLimits } from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";

/** Below this share of the strong voxels (the 95th percentile) a phase counts as absent. */
const LEAST_SHARE = 0.1;

/** The part of the common grid that the samples take, with a margin; the same for all cells. */
export function frameOfSamples({ cells }: StudyOutcome): MapFrame {
  const { ny, nx } = cells[0]!.aligned;
  let [x0, x1, y0, y1] = [nx, -1, ny, -1];
  for (const { places } of cells) {
    places.region.forEach((region, i) => {
      if (region === REGIONS.outside) return;
      const [y, x] = [Math.floor(i / nx), i % nx];
      [x0, x1, y0, y1] = [Math.min(x0, x), Math.max(x1, x), Math.min(y0, y), Math.max(y1, y)];
    });
  }
  if (x1 < x0) return { x: 0, y: 0, width: nx, height: ny };
  const margin = Math.max(1, Math.round(0.015 * nx));
  [x0, y0] = [Math.max(0, x0 - margin), Math.max(0, y0 - margin)];
  [x1, y1] = [Math.min(nx - 1, x1 + margin), Math.min(ny - 1, y1 + margin)];
  return { x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
}

/** A map's values where its fit can be trusted; places, cells and contents also only where their phase is. */
export function shownValues(slice: SliceMaps, name: string): Float64Array | undefined {
  const map = slice.maps.get(name);
  if (!map) return undefined;
  const phase = name.includes("/") ? name.slice(0, name.indexOf("/")) : undefined;
  const isAmount = /\/(scale|weight_fraction)$/.test(name) || phase === undefined;
  const present = isAmount || phase === undefined ? undefined : presence(slice, phase);
  return Float64Array.from(map.values, (value, i) =>
    isTrusted(map, i, isAmount) && (present?.[i] ?? 1) ? value : Number.NaN,
  );
}

/** Without the voxels of some regions, in which there is nothing to be fitted; all where no regions are known. */
export function outsideOf(
  values: Float64Array | undefined,
  { region }: StudyCell["places"],
  regions: readonly RegionName[],
): Float64Array | undefined {
  const hidden = new Set<number>(regions.map((name) => REGIONS[name]));
  if (!values || region.every((label) => label === REGIONS.outside)) return values;
  return values.map((value, i) => (hidden.has(region[i]!) ? Number.NaN : value));
}

function isTrusted({ status }: ParameterMap, i: number, isAmount: boolean): boolean {
  const code = status?.[i] ?? STATUS.converged;
  // no signal is an amount, namely none; at a bound it is one at zero
  return code === STATUS.converged || (isAmount && (code === STATUS.noSignal || code === STATUS.atBound));
}

/** 1 where there is enough of a phase; undefined where the slice does not say how much there is. */
export function presence(slice: SliceMaps, phase: string): Uint8Array | undefined {
  const amount = slice.maps.get(`${phase}/scale`) ?? slice.maps.get(`${phase}/weight_fraction`);
  if (!amount) return undefined;
  const least = LEAST_SHARE * strong(amount.values);
  return Uint8Array.from(amount.values, (value) => (value > 0 && value >= least ? 1 : 0));
}

/** The 95th percentile of what is above 0. */
export function strong(values: ArrayLike<number>): number {
  return percentileLimits(
    Float64Array.from(values).filter((value) => value > 0),
    5,
    95,
  )[1];
}

const ROLES: readonly PhaseRole[] = [
  "cathode",
  "anode",
  "cathodeCollector",
  "anodeCollector",
  "separator",
  "tab",
  "casing",
];

/** Phases that any cell has a map of: electrodes, collectors, casing, then those without a role. */
export function phasesOf({ cells, roles }: StudyOutcome): string[] {
  const slices = cells.map(({ aligned }) => aligned);
  const names = slices.flatMap(({ maps }) =>
    [...maps.keys()].flatMap((name) => /^([^/]+)\/scale$/.exec(name)?.[1] ?? []),
  );
  const having = ROLES.flatMap((role) => roles[role]).filter((phase) => names.includes(phase));
  return [...new Set([...having, ...names])];
}

/** Names of the maps of lithium content that any cell has. */
export const contentsOf = ({ cells }: StudyOutcome): string[] => [
  ...new Set(cells.flatMap(({ lithium }) => [...lithium.maps.keys()].filter((name) => name.endsWith("/x")))),
];

/** Where lithium or a phase is counted: what graphite and its stages hold is in the anode. */
export const electrodeOf = ({ roles }: StudyOutcome, what: string): "cathode" | "anode" =>
  what === "anode" || roles.anode.includes(what) ? "anode" : "cathode";

/** What differs inside a cell: values of an electrode's voxels minus their own median. */
export function aboutMedian(
  values: Float64Array | undefined,
  { region }: StudyCell["places"],
  electrode: "cathode" | "anode",
): Float64Array | undefined {
  const inside = values?.map((value, i) => (region[i] === REGIONS[electrode] ? value : Number.NaN));
  const sorted = inside?.filter(Number.isFinite).sort();
  const median = sorted?.[sorted.length >> 1];
  return median === undefined ? undefined : inside!.map((value) => value - median);
}

export function cropped(values: ArrayLike<number>, nx: number, { x, y, width, height }: MapFrame): HeatMapData {
  const out = new Float64Array(width * height);
  for (let row = 0; row < height; row++)
    for (let col = 0; col < width; col++) out[row * width + col] = values[(y + row) * nx + x + col]!;
  return { rows: height, cols: width, values: out };
}

/** Of all cells together. */
export function commonLimits(all: readonly (ArrayLike<number> | undefined)[], low = 1, high = 99): [number, number] {
  const values = all.flatMap((one) => (one ? [Float64Array.from(one).filter(Number.isFinite)] : []));
  const joined = new Float64Array(values.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of values) {
    joined.set(one, at);
    at += one.length;
  }
  return percentileLimits(joined, low, high);
}

/** A part worth a closer look: from the core to the casing, across the tab where there is one. */
export function closeUp({ places }: StudyCell, frame: MapFrame): MapFrame {
  const side = Math.max(6, Math.round(0.27 * Math.min(frame.width, frame.height)));
  const { nx, toTabMm } = places;
  let tab = -1;
  toTabMm.forEach((distance, i) => {
    if (Number.isFinite(distance) && (tab < 0 || distance < toTabMm[tab]!)) tab = i;
  });
  const centre =
    tab >= 0
      ? [(tab % nx) - frame.x, Math.floor(tab / nx) - frame.y]
      : [0.5 * frame.width + 0.27 * frame.width, 0.5 * frame.height];
  const within = (middle: number, size: number): number =>
    Math.round(Math.max(0, Math.min(size - side, middle - side / 2)));
  return { x: within(centre[0]!, frame.width), y: within(centre[1]!, frame.height), width: side, height: side };
}
