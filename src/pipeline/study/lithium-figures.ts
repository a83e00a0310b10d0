/** Figures of the lithium of one cell: maps, the curve with what was found on it, distributions, profiles. */
import { type ParameterMap, STATUS } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import { curvesFigure, type FigureCurve, type MapFigure, mapPanel } from "../../stages/figure/index.ts";
import { createLithiumCurve, type LithiumRow } from "../../stages/lithium/index.ts";
import type { CellLithium, OxidePhase } from "./lithium-of-cell.ts";

const COLOURS = ["#1b6ca8", "#c8553d", "#3b8f5a", "#7b5ea7", "#b8860b", "#4a4a4a"];

/** Name of the file, without its ending, and SVG. */
export function lithiumFigures(cell: CellLithium): [string, string][] {
  const figures: [string, string][] = [];
  for (const oxide of cell.oxides) {
    const name = fileName(oxide.lithium.name);
    figures.push([`${name}-x`, oxideMaps(cell, oxide)]);
    figures.push([`${name}-curve`, onCurve(oxide)]);
    figures.push([`${name}-posterior`, posterior(oxide)]);
  }
  if (cell.graphite) figures.push(["anode-x", anodeMaps(cell)]);
  figures.push(["distribution", distribution(cell)]);
  for (const electrode of new Set(cell.rows.map((row) => row.electrode))) {
    for (const { kind, name, label } of PROFILES) {
      const drawn = profile(cell, electrode, kind, label);
      if (drawn) figures.push([`${fileName(electrode)}-${name}`, drawn]);
    }
  }
  return figures;
}

const fileName = (phase: string): string => phase.replace(/[^\w.-]+/g, "_");

const panel = (cell: CellLithium, map: ParameterMap, title: string, label: string): MapFigure => ({
  title,
  label,
  rows: map.ny,
  cols: map.nx,
  values: map.values,
  voxelMm: cell.maps.voxelMm,
});

function oxideMaps(cell: CellLithium, { lithium, table }: OxidePhase): string {
  const { x, total, name } = lithium;
  const esd = { ...x, values: x.esd! };
  return mapPanel(
    [
      panel(cell, x, `${name}: lithium content`, "x (Li per formula unit)"),
      panel(cell, esd, `${name}: uncertainty by counting`, "esd of x"),
      panel(cell, total, `${name}: with table and scale`, "standard uncertainty of x"),
      {
        ...panel(cell, lithium.flag, `${name}: 1 unique, 2 ambiguous, 3 off the table`, "flag"),
        limits: [0, 3] as const,
      },
    ],
    2,
    cell.name,
    `x from a and c by ${table.name}`,
  );
}

function anodeMaps(cell: CellLithium): string {
  const { x, low, high } = cell.graphite!;
  const band = { ...x, values: Float32Array.from(high.values, (value, v) => value - low.values[v]!) };
  const maps = [
    panel(cell, x, "anode: lithium content", "x in LixC6"),
    panel(cell, band, "anode: width of the 95 % band", "x in LixC6"),
  ];
  return mapPanel(maps, 2, cell.name, `from the shares of ${cell.graphite!.phases.map(({ name }) => name).join(", ")}`);
}

/** a and c of the voxels on the table's curve. */
function onCurve({ lithium, table, a, c, scaleEsd }: OxidePhase): string {
  const there = [...a.values.keys()].filter((v) => Number.isFinite(lithium.x.values[v]!));
  const step = Math.max(1, Math.ceil(there.length / 4000));
  const shown = there.filter((_, i) => i % step === 0);
  const pick = (map: ParameterMap): number[] => shown.map((v) => map.values[v]!);
  const curve = createLithiumCurve(table, { scaleEsd });
  const marks = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2].filter((x) => x >= table.x[0]! && x <= table.x.at(-1)!);
  const near = (x: number): number => curve.x.findIndex((value) => value >= x - 1e-9);
  return curvesFigure({
    title: `${lithium.name} on the curve of ${table.name}; dots on the curve: x = ${marks[0]} to ${marks.at(-1)} in steps of 0.1`,
    x: curve.a,
    xLabel: "a (Å)",
    yLabel: "c (Å)",
    curves: [
      { name: "voxels", values: pick(c), x: pick(a), colour: COLOURS[0]!, style: "points" },
      { name: "table", values: curve.c, colour: "#333" },
      {
        name: "x in tenths",
        values: marks.map((x) => curve.c[near(x)]!),
        x: marks.map((x) => curve.a[near(x)]!),
        colour: "#c8553d",
        style: "points",
      },
      { name: "median", values: [median(pick(c))], x: [median(pick(a))], colour: "#000", style: "points" },
    ],
  });
}

/** What a, c, both, and c/a of the median voxel say of x. */
function posterior({ lithium, table, a, c, scaleEsd }: OxidePhase): string {
  const there = [...a.values.keys()].filter((v) => Number.isFinite(lithium.x.values[v]!));
  const typical = (values: ArrayLike<number> | undefined): number =>
    median(Float64Array.from(there, (v) => values?.[v] ?? 0));
  const [ma, mc, ea, ec] = [a.values, c.values, a.esd, c.esd].map(typical) as [number, number, number, number];
  const draw = (name: string, colour: string, scale: number, esdA: number, esdC: number) => {
    const curve = createLithiumCurve(table, { scaleEsd: scale });
    const { low, high } = curve.evaluate(ma, mc, esdA, esdC);
    const step = curve.x[1]! - curve.x[0]!;
    const total = curve.density.reduce((sum, value) => sum + value, 0) * step;
    return { low, high, x: curve.x, shown: { name, colour, values: curve.density.map((value) => value / total) } };
  };
  const none = Number.POSITIVE_INFINITY;
  const both = draw("a and c", "#000000", scaleEsd, ea, ec);
  const others = [
    draw("a alone", COLOURS[0]!, scaleEsd, ea, none),
    draw("c alone", COLOURS[1]!, scaleEsd, none, ec),
    draw("c/a alone", COLOURS[2]!, 0.02, ea, ec),
  ];
  return curvesFigure({
    title: `${lithium.name}, median voxel (${ma.toFixed(4)} Å, ${mc.toFixed(3)} Å): probability of x; shaded: 95 % by a and c`,
    x: both.x,
    xLabel: "x (Li per formula unit)",
    yLabel: "probability density",
    curves: [both.shown, ...others.map(({ shown }) => shown)],
    range: [both.low, both.high],
  });
}

function distribution(cell: CellLithium): string {
  const BINS = 60;
  const edges = Float64Array.from({ length: BINS + 1 }, (_, i) => i / BINS);
  const series = [
    ...cell.oxides.map(({ lithium }) => ({ name: lithium.name, map: lithium.x })),
    ...(cell.graphite ? [{ name: "anode", map: cell.graphite.x }] : []),
  ];
  const curves = series.map(({ name, map }, s): FigureCurve => {
    const counts = new Float64Array(BINS);
    let all = 0;
    for (let v = 0; v < map.values.length; v++) {
      const isGood = !map.status || map.status[v] === STATUS.converged;
      if (!isGood || !Number.isFinite(map.values[v]!)) continue;
      all++;
      const bin = Math.floor(map.values[v]! * BINS);
      if (bin >= 0 && bin < BINS) counts[bin]! += 1;
    }
    return {
      name,
      values: counts.map((n) => (100 * n) / Math.max(1, all)),
      colour: COLOURS[s % COLOURS.length]!,
      style: "steps",
    };
  });
  return curvesFigure({
    title: `${cell.name}: distribution of lithium over voxels`,
    x: edges,
    xLabel: "x (Li per oxide, or per C6)",
    yLabel: "share of the voxels (%)",
    curves,
  });
}

const PROFILES = [
  { kind: "depth", name: "depth", label: "depth in the coating (0 at the separator, 1 at the collector)" },
  { kind: "along", name: "length", label: "length along the electrode from its inner end (mm)" },
] as const;

function profile(cell: CellLithium, electrode: string, kind: LithiumRow["kind"], xLabel: string): string | undefined {
  const rows = cell.rows.filter((row) => row.electrode === electrode && row.kind === kind);
  if (rows.length < 2) return undefined;
  const [lowest, highest] = [
    Math.min(...rows.map(({ x, esd }) => x - esd)),
    Math.max(...rows.map(({ x, esd }) => x + esd)),
  ];
  const margin = 0.06 * (highest - lowest) || 0.01;
  return curvesFigure({
    yLimits: [lowest - margin, highest + margin],
    title: `${cell.name}, ${electrode}: lithium; bars from counting alone`,
    x: [Math.min(...rows.map(({ from }) => from!)), Math.max(...rows.map(({ to }) => to!))],
    xLabel,
    yLabel: electrode === "anode" ? "x in LixC6" : "x (Li per formula unit)",
    curves: [
      {
        name: electrode,
        x: rows.map(({ from, to }) => (from! + to!) / 2),
        values: rows.map(({ x }) => x),
        errors: rows.map(({ esd }) => esd),
        colour: electrode === "anode" ? COLOURS[1]! : COLOURS[0]!,
      },
    ],
  });
}
