/** Figures of what the mean pattern hides: residual maps, each component beside its pattern, hot spots refined. */
import type { ParameterMap } from "../../data/index.ts";
import { composedFigure, mapPanel, percentileLimits } from "../../stages/figure/index.ts";
import { refinementFigure } from "../refine/refinement-figure.ts";
import type { AddedPhase } from "./added-phase.ts";
import type { DescribedComponent } from "./unexplained-components.ts";
import type { UnexplainedPhases } from "./unexplained-phases.ts";

export interface NamedFigure {
  /** of the file, without its ending */
  readonly name: string;
  readonly svg: string;
}

const LABELS: Readonly<Record<string, readonly [title: string, label: string]>> = {
  rwp: ["Rwp of the voxels", "Rwp (%)"],
  residual_rms: ["residual, over its usual spread", "rms"],
  positive_residual: ["what is observed and not calculated", "area (intensity °)"],
};
const [OBSERVED, CALCULATED, ZERO] = ["#222222", "#b2182b", "#999999"] as const;

/** @param voxelMm where the result says it */
export function unexplainedFigures(
  found: UnexplainedPhases,
  added: readonly AddedPhase[],
  voxelMm: number | undefined,
): NamedFigure[] {
  const maps = Object.entries(LABELS).map(([name, [title, label]]) => {
    const map = found.maps.find((one) => one.name === name)!;
    const values = name === "rwp" ? map.values.map((value) => 100 * value) : map.values;
    const shape = { rows: map.ny, cols: map.nx, ...(voxelMm !== undefined && { voxelMm }) };
    return { ...shape, title, label, values, ...(name === "rwp" && { limits: percentileLimits(values, 1, 97) }) };
  });
  return [
    { name: "residual-maps", svg: mapPanel(maps, 3) },
    ...windowFigures(found, voxelMm),
    ...found.components.map((component) => ({
      name: `component-${component.index}`,
      svg: componentFigure(found, component, voxelMm),
    })),
    ...added.flatMap(({ component, name, before, after }) => [
      {
        name: `component-${component}-before`,
        svg: refinementFigure({ ...before, title: `hot spots of component ${component}` }, "model as it was"),
      },
      {
        name: `component-${component}-after`,
        svg: refinementFigure({ ...after, title: `hot spots of component ${component}` }, `with ${name}`),
      },
    ]),
  ];
}

/** Windows a figure, in rows of WINDOW_COLUMNS. */
const [MOST_WINDOWS, WINDOW_COLUMNS] = [12, 4] as const;

function windowFigures({ maps, windows }: UnexplainedPhases, voxelMm: number | undefined): NamedFigure[] {
  const shown = windows.map(({ name, fromDeg, toDeg, about }) => {
    const { values, nx, ny } = maps.find((one) => one.name === `windows/${name}/excess`)!;
    const shape = { rows: ny, cols: nx, ...(voxelMm !== undefined && { voxelMm }) };
    const title = `${name} (${fromDeg.toFixed(3)} to ${toDeg.toFixed(3)}°): ${about}`;
    // hot spots are few: not to be cut off
    const most = Math.max(...percentileLimits(values, 0.2, 99.8).map(Math.abs));
    const scale = { colourMap: "difference", limits: [-most, most] } as const;
    return { ...shape, ...scale, title, label: "observed − calculated (intensity °)", values };
  });
  return Array.from({ length: Math.ceil(shown.length / MOST_WINDOWS) }, (_, i) => {
    const part = shown.slice(i * MOST_WINDOWS, (i + 1) * MOST_WINDOWS);
    const columns = Math.min(WINDOW_COLUMNS, part.length);
    return { name: i === 0 ? "window-maps" : `window-maps-${i + 1}`, svg: mapPanel(part, columns) };
  });
}

function componentFigure(
  { maps, twoThetaDeg }: UnexplainedPhases,
  { index, verdict, spots, best, why, sameAs, misfitOf }: DescribedComponent,
  voxelMm: number | undefined,
): string {
  const map = mapOf(maps, sameAs ?? index);
  const isShare = map.name.endsWith("/weight_fraction");
  const values = isShare ? map.values.map((value) => 100 * value) : map.values;
  const isProposed = best !== undefined && (verdict === "phase" || verdict === "same");
  const calculated = isProposed ? Float64Array.from(best.pattern, (value) => best.scale * value) : undefined;
  const lines = best?.lines.filter(({ verdict: one }) => one !== "weak") ?? [];
  const [low, high] = percentileLimits(values, 1, 99.8);
  return composedFigure({
    columns: 3,
    widthMm: 240,
    fontPt: 7.5,
    title: `component ${index}: ${verdict}${misfitOf === undefined ? "" : ` of ${misfitOf}`}${isProposed ? `, ${best.name} at ${cellText(best.cell)}` : ""}`,
    note: why,
    letters: "lower",
    scaleBars: "one",
    colourBars: "below",
    panels: [
      {
        kind: "map",
        title: isShare ? "weight fraction, to first order" : "amount",
        label: isShare ? "weight fraction (%)" : "amount (a.u.)",
        group: "map",
        rows: map.ny,
        cols: map.nx,
        values,
        scale: { colourMap: "viridis", limits: [Math.max(0, low), Math.max(high, 1e-12)], transform: "linear" },
        ...(voxelMm !== undefined && { voxelMm }),
      },
      {
        kind: "curves",
        span: 2,
        title: `mean residual of its ${spots.voxels.length} strongest voxels`,
        figure: {
          title: "",
          x: twoThetaDeg,
          xLabel: "2θ (°)",
          yLabel: "observed − calculated (intensity)",
          curves: [
            { name: "residual", values: spots.residual, colour: OBSERVED },
            ...(calculated ? [{ name: best!.name, values: calculated, colour: CALCULATED }] : []),
          ],
          ...(best && {
            ticks: [
              {
                name: isProposed ? best.name : `${best.name}?`,
                positions: lines.map(({ twoThetaDeg: at }) => at),
                colour: isProposed ? CALCULATED : ZERO,
              },
            ],
          }),
        },
      },
    ],
  });
}

const mapOf = (maps: readonly ParameterMap[], index: number): ParameterMap =>
  maps.find(({ name }) => name === `component-${index}/weight_fraction`) ??
  maps.find(({ name }) => name === `component-${index}/amount`)!;

/** a 2.868, c 14.241 Å */
export function cellText({ a, b, c }: { readonly a: number; readonly b: number; readonly c: number }): string {
  const edges = [
    ["a", a],
    ...(Math.abs(b / a - 1) > 1e-6 ? [["b", b] as const] : []),
    ...(Math.abs(c / a - 1) > 1e-6 ? [["c", c] as const] : []),
  ] as const;
  return `${edges.map(([key, value]) => `${key} ${value.toFixed(3)}`).join(", ")} Å`;
}
