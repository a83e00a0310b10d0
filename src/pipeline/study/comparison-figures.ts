/** Figures of a comparison: one page for each map, all cells with common scales. */

import type { ParameterMap } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import { usable } from "../../registration/index.ts";
import { type Comparison, isLength } from "../../stages/compare/index.ts";
import {
  type ComposedMap,
  type ComposedPanel,
  composedFigure,
  type FigureCurve,
  percentileLimits,
} from "../../stages/figure/index.ts";

/** For colour-blind readers (Okabe & Ito). */
const COLOURS = ["#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999"];

/** Named `compare-NMC532-c`; an SVG document each. */
export function comparisonPages(comparison: Comparison): { readonly name: string; readonly svg: string }[] {
  return comparison.maps
    .filter((map) =>
      comparison.cells.some(({ aligned }) => aligned.maps.get(map)!.values.some((v) => Number.isFinite(v))),
    )
    .map((map) => ({ name: `compare-${map.replace(/[^\w.+-]+/g, "-")}`, svg: page(comparison, map) }));
}

function page(comparison: Comparison, map: string): string {
  const { cells, reference, differences } = comparison;
  const own = cells.find(({ name }) => name === reference)!;
  const mask = comparison.masks.get(map.includes("/") ? map.split("/")[0]! : "")!;
  const isShare = map.endsWith("/weight_fraction");
  const shown = cells.map(({ aligned }) => drawn(aligned.maps.get(map)!, isShare ? undefined : mask));
  const limits = isShare ? ([0, 1] as const) : percentileLimits(shown.flatMap((values) => [...values]));
  const { unit } = own.aligned.maps.get(map)!;
  const symbol = map.split("/").at(-1)!.replaceAll("_", " ");
  const withUnit = (name: string): string => (unit ? `${name} (${unit})` : name);
  const panel = (
    title: string,
    values: ArrayLike<number>,
    label: string,
    scale: ComposedMap["scale"],
  ): ComposedMap => ({
    ...{ kind: "map", title, values, label, scale, group: label },
    ...{ rows: comparison.ny, cols: comparison.nx, voxelMm: comparison.voxelMm },
  });
  const scale = { colourMap: "viridis", transform: "linear", limits } as const;
  const changes = differences.filter((difference) => difference.map === map);
  const most = symmetric(changes.flatMap(({ difference }) => [...difference.values]));
  const panels = cells.flatMap((cell, i): ComposedPanel[] => {
    const first = panel(cell.name, shown[i]!, withUnit(symbol), scale);
    const uncertainty = esdPanel(cell.aligned.maps.get(map)!, mask, withUnit(`esd of ${symbol}`), panel);
    if (cell === own) return [first, uncertainty, distribution(comparison, map, shown, withUnit(symbol))];
    const { difference, significance } = changes.find((change) => change.cell === cell.name)!;
    const name = `${cell.name} − ${reference}`;
    return [
      first,
      uncertainty,
      panel(name, difference.values, withUnit(`Δ${symbol}`), {
        colourMap: "difference",
        transform: "linear",
        limits: most,
      }),
      panel(`${name}, in esd`, significance?.values ?? difference.values.map(() => Number.NaN), `Δ${symbol} / esd`, {
        ...{ colourMap: "difference", transform: "linear", limits: [-5, 5] },
      }),
    ];
  });
  return composedFigure({
    panels,
    ...{ columns: 4, widthMm: 240, fontPt: 8, letters: "lower", scaleBars: "each", colourBars: "right" },
    title: `${map.replaceAll("_", " ")}: ${cells.length} cells on the grid of ${reference}`,
    note: noteOf(comparison, map),
  });
}

/** Values that count. */
function drawn(map: ParameterMap, mask: Uint8Array | undefined): Float64Array {
  const used = usable(map);
  return Float64Array.from(map.values, (value, i) => (used[i] && (!mask || mask[i]) ? value : Number.NaN));
}

function symmetric(values: readonly number[]): readonly [number, number] {
  const [low, high] = percentileLimits(values, 2, 98);
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return [-most, most];
}

function esdPanel(
  map: ParameterMap,
  mask: Uint8Array,
  label: string,
  panel: (title: string, values: ArrayLike<number>, label: string, scale: ComposedMap["scale"]) => ComposedMap,
): ComposedMap {
  const used = usable(map);
  const esd = Float64Array.from(map.values, (_, i) => (map.esd && used[i] && mask[i] ? map.esd[i]! : Number.NaN));
  const limits = [0, percentileLimits(esd, 1, 95)[1]] as const;
  return panel("its standard uncertainty", esd, label, { colourMap: "cividis", transform: "linear", limits });
}

const STEPS = 60;

/** Of the voxels that count, all cells over one another. */
function distribution(
  { cells }: Comparison,
  map: string,
  shown: readonly Float64Array[],
  label: string,
): Extract<ComposedPanel, { kind: "curves" }> {
  const all = shown.flatMap((values) => [...values]);
  const [low, high] = percentileLimits(all, 0.5, 99.5);
  const edges = Float64Array.from({ length: STEPS + 1 }, (_, i) => low + ((high - low) * i) / STEPS);
  const curves = cells.map(({ name }, i): FigureCurve => {
    const counts = new Float64Array(STEPS);
    let total = 0;
    for (const value of shown[i]!) {
      const step = Math.floor(((value - low) / (high - low)) * STEPS);
      if (!(step >= 0 && step < STEPS)) continue;
      counts[step]!++;
      total++;
    }
    const values = counts.map((count) => (100 * count) / Math.max(1, total));
    return { name, values, colour: COLOURS[i % COLOURS.length]!, style: "steps" };
  });
  const figure = { title: "", x: edges, xLabel: label, yLabel: "voxels (%)", curves };
  return { kind: "curves", span: 2, title: `distribution of ${map.split("/").at(-1)!.replaceAll("_", " ")}`, figure };
}

function noteOf({ statistics, notes, standard }: Comparison, map: string): string {
  const rows = statistics.filter((row) => row.map === map && row.region === "all");
  const means = rows.map(({ cell, mean, esd, n }) => `${cell} ${withEsd(mean, esd)} in ${n} voxels`);
  const phase = map.split("/")[0]!;
  return [
    `means: ${means.join("; ")}`,
    "grey: no converged fit, or not the phase in every cell; differences beyond 5 esd have the last colour",
    ...notes.filter((note) => note.startsWith(`${phase}:`)),
    ...(isLength(map) ? standard : [])
      .filter(({ errorEsd }) => errorEsd > 0)
      .map(({ cell, error, phase: by }) => `${cell}: ${(1e6 * error).toFixed(0)} ppm taken out, by ${by}`),
  ].join("\n");
}
