/** Figures of a study that are maps: cells in columns, quantities in rows, one scale for all cells. */
import type { PhaseRole, SliceMaps } from "../../../data/index.ts";
import {
  type Block,
  type Component,
  type ComponentImage,
  componentBlock,
  type HeatMapData,
  inRows,
  legendBlock,
  letterAt,
  lettered,
  type MapFrame,
  type MapGridRow,
  mapGridBlock,
  partOf,
  printFigure,
  stack,
  symmetricLimits,
} from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import {
  aboutMedian,
  closeUp,
  commonLimits,
  contentsOf,
  cropped,
  electrodeOf,
  frameOfSamples,
  outsideOf,
  phasesOf,
  presence,
  shownValues,
  strong,
} from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** Okabe and Ito's colours, which colour-blind readers tell apart. */
const ROLES: readonly (readonly [PhaseRole, string, string])[] = [
  ["casing", "casing", "#7f7f7f"],
  ["cathode", "cathode", "#0072b2"],
  ["anode", "anode", "#009e73"],
  ["cathodeCollector", "cathode collector", "#56b4e9"],
  ["anodeCollector", "anode collector", "#d55e00"],
  ["separator", "separator", "#f0e442"],
  ["tab", "tab", "#cc79a7"],
];

/** What a slice is made of by roles: the amount of each relative to its strong voxels. */
export function componentsOf(
  slice: SliceMaps,
  roles: StudyOutcome["roles"],
): (Component & { readonly amounts: Float64Array })[] {
  return ROLES.flatMap(([role, label, colour]) => {
    const maps = roles[role].flatMap((phase) => {
      const amount = slice.maps.get(`${phase}/weight_fraction`) ?? slice.maps.get(`${phase}/area`);
      const present = presence(slice, phase);
      return amount ? [amount.values.map((value, i) => (value > 0 && (present?.[i] ?? 1) ? value : 0))] : [];
    });
    if (maps.length === 0) return [];
    const sum = Float64Array.from(maps[0]!, (_, i) => maps.reduce((total, map) => total + map[i]!, 0));
    const full = strong(sum);
    const names = roles[role].join(", ");
    return full > 0 ? [{ label: `${label} (${names})`, colour, amounts: sum.map((value) => value / full) }] : [];
  });
}

/** (1) Casing, electrodes, collectors, separator and tab in one image for each cell. */
export function componentFigure(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const images = study.cells.map(({ label, aligned, places }) => {
    const components = componentsOf(aligned, study.roles).map((component) => ({
      ...component,
      amounts: cropped(outsideOf(component.amounts, places, ["outside"])!, aligned.nx, frame).values,
    }));
    const image: ComponentImage = { rows: frame.height, cols: frame.width, components, voxelMm: aligned.voxelMm };
    return { label, image };
  });
  const legend = new Map(images.flatMap(({ image }) => image.components.map((one) => [one.label, one] as const)));
  if (legend.size === 0) return [];
  const blocks = images.map(({ label, image }, i) =>
    lettered(images.length > 1 ? letterAt(i) : "", label, componentBlock(image, false)),
  );
  const columns = Math.min(3, blocks.length);
  const block = stack([inRows(blocks, columns), legendBlock([...legend.values()], "patch")]);
  return [
    figure(
      "components",
      "Components",
      block,
      "Each voxel has the colour of what there is most of, shaded by the rest; amounts are weight fractions relative to those of the strong voxels (95th percentile). White: none of them, or outside of the cell.",
      study.cells.length,
    ),
  ];
}

/** (4) Amount of each phase, with the same scale for all cells and a part enlarged. */
export function phaseFigures(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const zoom = closeUp(study.cells[0]!, frame);
  const phases = phasesOf(study);
  const rows = phases.flatMap((phase) => {
    const maps = study.cells.map(({ aligned, places }) =>
      outsideOf(shownValues(aligned, `${phase}/weight_fraction`), places, ["outside"])?.map((value) => 100 * value),
    );
    const high = commonLimits(maps)[1];
    const row = gridRow(study, frame, maps, `${phase}, weight fraction`, "wt%", [0, high > 0 ? high : 1]);
    // nothing is gained by a closer look at nothing
    const isInside = row?.maps.some((map) => map && strong(partOf(map, zoom).values) > 0.05 * high);
    return row ? [{ ...row, ...(isInside && { frame: zoom }) }] : [];
  });
  return pages(study, rows, 3).map((part, page) =>
    figure(
      numbered("phases", page),
      "Phase maps",
      part,
      "Weight fraction of the crystalline phases in a voxel; one scale for all cells of a row. Red frames are enlarged. Grey: no converged fit, or outside of the cell.",
    ),
  );
}

/** (5) Lattice parameters of the phases of a role, with how they are distributed. */
export function latticeFigures(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const phases = phasesOf(study);
  return phases.flatMap((phase) => {
    const rows = ["a", "b", "c"].flatMap((symbol) => {
      const maps = study.cells.map(({ aligned }) => shownValues(aligned, `${phase}/${symbol}`));
      const row = gridRow(
        study,
        frame,
        maps,
        `${phase}, lattice parameter ${symbol}`,
        `${symbol} (Å)`,
        commonLimits(maps),
      );
      return row ? [{ ...row, hasHistograms: true }] : [];
    });
    if (rows.length === 0) return [];
    const note = `Voxels whose fit converged and that hold at least a tenth of what the strong voxels hold of ${phase}; grey: others.`;
    return [figure(`lattice-${phase}`, `Lattice parameters of ${phase}`, grid(study, rows), note, study.cells.length)];
  });
}

/** (7) How well each voxel was fitted. */
export function rwpFigure(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const maps = study.cells.map(({ aligned, places }) =>
    outsideOf(shownValues(aligned, "rwp"), places, ["outside"])?.map((value) => 100 * value),
  );
  const row = gridRow(study, frame, maps, "weighted profile R factor", "Rwp (%)", [0, commonLimits(maps)[1]]);
  if (!row) return [];
  const block = grid(study, [{ ...row, scale: { ...row.scale, colourMap: "cividis" }, hasHistograms: true }]);
  return [figure("rwp", "Rwp of each voxel", block, "Background included.", study.cells.length)];
}

/** (8) Each cell minus the reference. */
export function differenceFigures(study: StudyOutcome): StudyFigure[] {
  const others = study.cells.filter(({ name }) => name !== study.reference);
  const reference = study.cells.find(({ name }) => name === study.reference);
  if (!reference || others.length === 0) return [];
  const frame = frameOfSamples(study);
  const part = { ...study, cells: others };
  const names = ["cathode", "anode"].flatMap((role) =>
    study.roles[role as PhaseRole].flatMap(
      (phase) =>
        [
          [`${phase}/a`, `Δa of ${phase}`, "Δa (Å)", 1],
          [`${phase}/c`, `Δc of ${phase}`, "Δc (Å)", 1],
          [`${phase}/weight_fraction`, `Δ weight fraction of ${phase}`, "Δ (wt%)", 100],
        ] as const,
    ),
  );
  const rows = names.flatMap(([name, title, label, factor]) => {
    const valuesOf = ({ aligned, places }: StudyCell) => outsideOf(shownValues(aligned, name), places, ["outside"]);
    const from = valuesOf(reference);
    const maps = others.map((cell) => {
      const values = valuesOf(cell);
      return values && from ? values.map((value, i) => factor * (value - from[i]!)) : undefined;
    });
    const [, most] = symmetricLimits(joined(maps));
    const row = gridRow(part, frame, maps, title, label, [-most, most], "difference");
    return row ? [row] : [];
  });
  // one column of maps alone is as high as they are wide
  return pages(part, rows, others.length === 1 ? 2 : 4).map((block, page) =>
    figure(
      numbered("differences", page),
      `Differences from ${reference.label}`,
      block,
      `Each cell minus ${reference.label}, voxel by voxel on the common grid; red: more than the reference. Grey: absent in one of the two.`,
      others.length,
    ),
  );
}

/** Lithium in both electrodes. */
export function lithiumFigure(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const rows = contentsOf(study).flatMap((name) => {
    const maps = study.cells.map(({ lithium, places }) =>
      outsideOf(shownValues(lithium, name), places, ["outside", "casing", "core"]),
    );
    const what = name.slice(0, -2);
    const row = gridRow(study, frame, maps, `lithium in ${what}`, `x in ${what}`, commonLimits(maps));
    return row ? [{ ...row, hasHistograms: true }] : [];
  });
  return rows.length
    ? [
        figure(
          "lithium",
          "Lithium content of both electrodes",
          grid(study, rows),
          "One scale for all cells of a row.",
          study.cells.length,
        ),
      ]
    : [];
}

/** What differs inside each cell, whatever state the cell is in: values minus the cell's own median. */
export function heterogeneityFigure(study: StudyOutcome): StudyFigure[] {
  const frame = frameOfSamples(study);
  const lattice = study.roles.cathode.map((phase) => ({
    ...{ what: phase, title: `c of ${phase}`, label: "Δc (Å)" },
    valuesOf: ({ aligned }: StudyCell) => shownValues(aligned, `${phase}/c`),
  }));
  const contents = contentsOf(study).map((name) => ({
    ...{ what: name.slice(0, -2), title: `x in ${name.slice(0, -2)}`, label: `Δx in ${name.slice(0, -2)}` },
    valuesOf: ({ lithium }: StudyCell) => shownValues(lithium, name),
  }));
  const rows = [...lattice, ...contents].flatMap(({ what, title, label, valuesOf }) => {
    const maps = study.cells.map((cell) => aboutMedian(valuesOf(cell), cell.places, electrodeOf(study, what)));
    const [lo, hi] = commonLimits(maps, 3, 97);
    const most = Math.max(Math.abs(lo), Math.abs(hi));
    const row = gridRow(
      study,
      frame,
      maps,
      `${title} minus its median in the cell`,
      label,
      [-most, most],
      "difference",
    );
    return row ? [row] : [];
  });
  if (rows.length === 0) return [];
  const note = "One scale for all cells of a row; white is the cell's own median, whatever its state of charge.";
  return [figure("heterogeneity", "Differences inside each cell", grid(study, rows), note, study.cells.length)];
}

function joined(maps: readonly (Float64Array | undefined)[]): number[] {
  return maps.flatMap((map) => (map ? [...map] : []));
}

function gridRow(
  { cells }: StudyOutcome,
  frame: MapFrame,
  maps: readonly (Float64Array | undefined)[],
  title: string,
  label: string,
  limits: readonly [number, number],
  colourMap: "viridis" | "difference" = "viridis",
): MapGridRow | undefined {
  if (!maps.some((map) => map?.some(Number.isFinite))) return undefined;
  const parts = maps.map((map): HeatMapData | undefined => map && cropped(map, cells[0]!.aligned.nx, frame));
  return { title, label, scale: { colourMap, limits, transform: "linear" }, maps: parts };
}

const grid = ({ cells }: StudyOutcome, rows: readonly MapGridRow[], firstLetter = 0): Block =>
  mapGridBlock({ columns: cells.map(({ label }) => label), rows, voxelMm: cells[0]!.aligned.voxelMm, firstLetter });

/** As many rows on a page as a page of a journal holds. */
const pages = (study: StudyOutcome, rows: readonly MapGridRow[], most: number): Block[] =>
  Array.from({ length: Math.ceil(rows.length / most) }, (_, page) =>
    grid(study, rows.slice(page * most, (page + 1) * most), page * most),
  );

const numbered = (name: string, page: number): string => (page ? `${name}-${page + 1}` : name);

/** @param columns one has room in one column of a journal */
const figure = (name: string, title: string, block: Block, note: string, columns = 2): StudyFigure => ({
  name,
  title,
  svg: printFigure({ ...PRINT, ...(columns === 1 && { widthMm: 90 }), title, note }, block),
});
