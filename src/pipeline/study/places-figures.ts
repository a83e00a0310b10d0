/** Figures of the places of a slice: regions, the traced roll, unwound maps, thickness, depth profiles. */
import { REGIONS } from "../../data/index.ts";
import {
  CELL_COLOURS,
  curvesFigure,
  type ImagePart,
  labelledBlock,
  mapFigure,
  percentileLimits,
  printFigure,
  type Strip,
  stripsBlock,
} from "../../stages/figure/index.ts";
import {
  alongProfile,
  depthProfile,
  type FoundPlaces,
  type ProfileRow,
  type UnwoundMap,
} from "../../stages/places/index.ts";

/** By region; what lies outside is left grey. */
const REGION_COLOURS: Readonly<Record<string, readonly [string, string]>> = {
  casing: ["casing", "#5b6770"],
  core: ["core", "#d9d9d9"],
  cathode: ["cathode", "#e69f00"],
  anode: ["anode", "#0072b2"],
  separator: ["separator", "#f0e442"],
  cathodeCollector: ["cathode collector", "#d55e00"],
  anodeCollector: ["anode collector", "#56b4e9"],
  tab: ["tab", "#cc79a7"],
  other: ["other", "#ffffff"],
};

const PRINT = { widthMm: 120, fontPt: 7 } as const;

/** The slice with its regions in colour and their shares of the cell. */
export function regionsFigure(places: FoundPlaces, name: string): string {
  const { ny, nx, region, voxelMm } = places;
  const inCell = region.reduce((count, label) => count + (label === REGIONS.outside ? 0 : 1), 0);
  const parts = Object.entries(REGION_COLOURS).flatMap(([key, [label, colour]]): ImagePart[] => {
    const amounts = Uint8Array.from(region, (value) => (value === REGIONS[key as keyof typeof REGIONS] ? 1 : 0));
    const count = amounts.reduce((sum, value) => sum + value, 0);
    if (count === 0) return [];
    return [{ label: `${label} ${((100 * count) / inCell).toFixed(1)} %`, colour, amounts }];
  });
  const values = new Float32Array(ny * nx).fill(1);
  const image = { rows: ny, cols: nx, values, limits: [0, 1] as const, parts, opacity: 1, voxelMm };
  return printFigure(
    { ...PRINT, title: `${name}: regions`, note: "Shares are of the voxels of the cell." },
    labelledBlock(image),
  );
}

/** The lines that the electrodes run along, over a map. */
export function rollFigure(places: FoundPlaces, values: ArrayLike<number>, name: string, label: string): string {
  const { ny, nx, voxelMm, roll } = places;
  const lines = [...(roll?.electrodes ?? [])].map(([electrode, { strand }]) => ({
    points: Array.from(strand.x, (x, i) => [x + 0.5, strand.y[i]! + 0.5] as const),
    colour: electrode === "cathode" ? "#ff5a36" : "#35c8ff",
    width: 0.8,
  }));
  return mapFigure({
    title: `${cut(name)}: cathode red, anode blue`,
    label,
    rows: ny,
    cols: nx,
    values: values as Float32Array,
    voxelMm,
    colourMap: "greys",
    limits: percentileLimits(inCell(values, places), 1, 99.5),
    lines,
  });
}

const cut = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

/** The casing is often far brighter than the roll, and is left out of the range of colours. */
function inCell(values: ArrayLike<number>, { region }: FoundPlaces): Float64Array {
  return Float64Array.from(values, (value, i) =>
    region[i] === REGIONS.outside || region[i] === REGIONS.casing ? Number.NaN : value,
  );
}

const nameOf = (places: FoundPlaces, layer: number): string => {
  const { electrode, side } = places.layers[layer]!;
  return `${electrode}, ${side}`;
};

/** Layers without any value, as a cathode's parameter has in the anode, are left out. */
export const withValues = (unwound: readonly UnwoundMap[]): UnwoundMap[] =>
  unwound.filter(({ values }) => values.filter(Number.isFinite).length > 0.3 * values.length);

/** Unwound maps of all layers with one scale: from the separator's side at the top to the collector at the bottom. */
export function unwoundFigure(places: FoundPlaces, unwound: readonly UnwoundMap[], name: string): string | undefined {
  const shown = withValues(unwound);
  if (shown.length === 0) return undefined;
  const all = Float64Array.from(shown.flatMap(({ values }) => [...values]));
  const strips = shown.map((map): Strip => {
    const thickness = places.layers[map.layer]!.thicknessMm;
    const step = map.alongMm.length > 1 ? map.alongMm[1]! - map.alongMm[0]! : places.voxelMm;
    const rows = map.depth.length;
    const flipped = Float32Array.from(map.values, (_, i) => {
      const [row, col] = [Math.floor(i / map.alongMm.length), i % map.alongMm.length];
      return map.values[(rows - 1 - row) * map.alongMm.length + col]!;
    });
    return {
      title: nameOf(places, map.layer),
      image: { rows, cols: map.alongMm.length, values: flipped },
      xDomain: [0, step * map.alongMm.length],
      yDomain: [0, Math.round(1000 * thickness)],
    };
  });
  const scale = { colourMap: "viridis", transform: "linear", limits: percentileLimits(all, 1, 99) } as const;
  const { unit } = shown[0]!;
  return printFigure(
    {
      widthMm: 180,
      fontPt: 7,
      title: `${name}: ${shortName(shown[0]!.name)}, unwound`,
      note: "Upwards: distance from the collector, the surface that faces the separator at the top. White: shorter electrode; grey: no value.",
    },
    stripsBlock({
      strips,
      label: `${shortName(shown[0]!.name)}${unit ? ` (${unit})` : ""}`,
      xLabel: "length along the electrode from its inner end (mm)",
      yLabel: "µm",
      scale,
    }),
  );
}

const shortName = (name: string): string => name.split("/").slice(-2).join(" ").replaceAll("_", " ");

/** Thickness of every coating that was measured, over the length; undefined where none was. */
export function thicknessFigure(places: FoundPlaces, name: string): string | undefined {
  const { roll, voxelMm } = places;
  const curves = places.layers.flatMap(({ electrode, side }, i) => {
    const { coatings } = roll!.electrodes.get(electrode)!;
    if (!coatings.isMeasured) return [];
    return [
      {
        name: `${electrode}, ${side}`,
        x: coatings.windows.map((s) => s * voxelMm),
        values: coatings.thickness[side].map((t) => 1000 * t * voxelMm),
        errors: coatings.esd[side].map((t) => 1000 * t * voxelMm),
        colour: CELL_COLOURS[i % CELL_COLOURS.length]!,
      },
    ];
  });
  if (curves.length === 0) return undefined;
  const longest = Math.max(...curves.map(({ x }) => x.at(-1)!));
  return curvesFigure({
    title: `${name}: thickness of the coatings`,
    x: [0, longest],
    xLabel: "length along the electrode from its inner end (mm)",
    yLabel: "thickness (µm)",
    yLimits: spanOf(curves.map(({ values }) => values)),
    curves,
  });
}

function spanOf(curves: readonly ArrayLike<number>[]): [number, number] {
  const [low, high] = percentileLimits(Float64Array.from(curves.flatMap((curve) => [...Array.from(curve)])), 1, 99);
  const margin = Math.max(2, 0.3 * (high - low));
  return [low - margin, high + margin];
}

/** Means from the surface to the collector, over the whole length and, for each layer, by turn. */
export function depthFigure(places: FoundPlaces, unwound: readonly UnwoundMap[], name: string): string | undefined {
  const shown = withValues(unwound);
  if (shown.length === 0) return undefined;
  const { unit } = shown[0]!;
  const profiles = shown.map((map) => depthProfile(map));
  // bars and all
  const ends = profiles.flat().flatMap((row) => [row.mean - errorOf(row), row.mean + errorOf(row)]);
  const [low, high] = percentileLimits(ends, 0, 100);
  return curvesFigure({
    title: `${name}: ${shortName(shown[0]!.name)} from surface to collector, mean over the length`,
    x: [0, 1],
    xLabel: "depth in the coating (0: surface at the separator, 1: collector)",
    yLabel: `${shortName(shown[0]!.name)}${unit ? ` (${unit})` : ""}`,
    yLimits: [low - 0.05 * (high - low), high + 0.05 * (high - low)],
    curves: shown.map((map, i) => {
      const rows = profiles[i]!;
      return {
        name: nameOf(places, map.layer),
        x: rows.map(({ at }) => at),
        values: rows.map(({ mean }) => mean),
        errors: rows.map(errorOf),
        colour: CELL_COLOURS[i % CELL_COLOURS.length]!,
      };
    }),
  });
}

/** The larger of what the fits and what the scatter allow. */
const errorOf = ({ esd, standardError }: ProfileRow): number => Math.max(esd || 0, standardError || 0);

/** Means over the depth, along the electrode. */
export function alongFigure(places: FoundPlaces, unwound: readonly UnwoundMap[], name: string): string | undefined {
  const shown = withValues(unwound);
  if (shown.length === 0) return undefined;
  const { unit } = shown[0]!;
  const panels = shown.map((map, i) => {
    const rows = alongProfile(map);
    return { map, rows, colour: CELL_COLOURS[i % CELL_COLOURS.length]! };
  });
  return curvesFigure({
    title: `${name}: ${shortName(shown[0]!.name)} along the electrode, mean over the depth`,
    x: [0, Math.max(...shown.map(({ alongMm }) => alongMm.at(-1)!))],
    xLabel: "length along the electrode from its inner end (mm)",
    yLabel: `${shortName(shown[0]!.name)}${unit ? ` (${unit})` : ""}`,
    yLimits: spanOfMeans(panels.flatMap(({ rows }) => rows.map(({ mean }) => mean))),
    curves: panels.map(({ map, rows, colour }) => ({
      name: nameOf(places, map.layer),
      x: rows.map(({ at }) => at),
      values: rows.map(({ mean }) => mean),
      colour,
    })),
  });
}

function spanOfMeans(means: readonly number[]): [number, number] {
  const [low, high] = percentileLimits(means, 1, 99);
  return [low - 0.1 * (high - low), high + 0.1 * (high - low)];
}
