/** (6) Lithium and cells along and across the electrodes: curves for each cell, and unwound maps. */
import { type Places, REGIONS } from "../../../data/index.ts";
import {
  CELL_COLOURS,
  curvesBlock,
  type FigureCurve,
  inRows,
  legendBlock,
  letterAt,
  lettered,
  printFigure,
  profileOf,
  sectorsOf,
  stack,
} from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import { aboutMedian, contentsOf, electrodeOf, shownValues } from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

interface Quantity {
  readonly label: string;
  readonly region: "cathode" | "anode";
  readonly valuesOf: (cell: StudyCell) => Float64Array | undefined;
}

interface Coordinate {
  readonly label: string;
  readonly of: (places: Places) => Float32Array;
  readonly bins: number;
  /** left out: from 0 to the farthest voxel */
  readonly limits?: readonly [number, number];
}

const COORDINATES: readonly Coordinate[] = [
  { label: "distance to the casing (mm)", of: ({ toCasingMm }) => toCasingMm, bins: 24 },
  { label: "depth (0: separator, 1: collector)", of: ({ depth }) => depth, bins: 8, limits: [0, 1] },
  { label: "along the electrode (mm)", of: ({ alongMm }) => alongMm, bins: 32 },
  { label: "distance to the tab (mm)", of: ({ toTabMm }) => toTabMm, bins: 24 },
];

/** Lithium of both electrodes, the lattice parameters of the cathode, and how both differ inside each cell. */
export function profileFigures(study: StudyOutcome): StudyFigure[] {
  const lithium = contentsOf(study).map((name): Quantity => {
    const what = name.slice(0, -2);
    const valuesOf = (cell: StudyCell) => shownValues(cell.lithium, name);
    return { label: `x in ${what}`, region: electrodeOf(study, what), valuesOf };
  });
  const lattice = study.roles.cathode.slice(0, 1).flatMap((phase) =>
    ["a", "c"].map((symbol): Quantity => {
      const valuesOf = (cell: StudyCell) => shownValues(cell.aligned, `${phase}/${symbol}`);
      return { label: `${symbol} of ${phase} (Å)`, region: "cathode", valuesOf };
    }),
  );
  const inside = (lithium.length > 0 ? lithium : lattice).map(
    ({ label, region, valuesOf }): Quantity => ({
      label: `Δ ${label}`,
      region,
      valuesOf: (cell) => aboutMedian(valuesOf(cell), cell.places, region),
    }),
  );
  return [
    ...profilePage(study, lithium, "profiles-lithium", "Lithium by place"),
    ...profilePage(study, lattice, "profiles-lattice", "Lattice parameters by place"),
    ...profilePage(study, inside, "profiles-heterogeneity", "Differences inside each cell by place", MINUS_MEDIAN),
  ];
}

const MINUS_MEDIAN = " Δ: minus the median of the electrode in the cell, so that cells of all states can be compared.";

function profilePage(
  study: StudyOutcome,
  quantities: readonly Quantity[],
  name: string,
  title: string,
  more = "",
): StudyFigure[] {
  const sectors = sectorsOf(study.cells[0]!.aligned);
  const panels = quantities.flatMap((quantity) => {
    const values = study.cells.map(quantity.valuesOf);
    return COORDINATES.flatMap((coordinate) => {
      const curves = curvesOf(study, quantity.region, values, coordinate, sectors);
      return curves.length ? [{ quantity, coordinate, curves }] : [];
    });
  });
  if (panels.length === 0) return [];
  const blocks = panels.map(({ quantity, coordinate, curves }, i) => {
    const figure = {
      title: "",
      x: curves[0]!.x!,
      xLabel: coordinate.label,
      yLabel: quantity.label,
      curves,
      hasNames: false,
    };
    return lettered(letterAt(i), quantity.region, curvesBlock(figure, 150));
  });
  const legend = legendBlock(study.cells.map(({ label }, i) => ({ label, colour: colourOf(i) })));
  const note = `Means over the voxels of the electrode; bands: one standard uncertainty of the mean, from how sectors of 30° around the axis differ.${more}`;
  return [
    {
      name,
      title,
      svg: printFigure({ ...PRINT, title, note }, stack([legend, inRows(blocks, Math.min(3, blocks.length))])),
    },
  ];
}

const colourOf = (i: number): string => CELL_COLOURS[i % CELL_COLOURS.length]!;

function curvesOf(
  { cells }: StudyOutcome,
  region: "cathode" | "anode",
  ofCells: readonly (Float64Array | undefined)[],
  coordinate: Coordinate,
  sectors: Uint8Array,
): FigureCurve[] {
  const farthest = Math.max(
    0,
    ...cells.map(({ places }) => {
      const at = coordinate.of(places);
      let most = 0;
      for (let i = 0; i < at.length; i++) if (at[i]! > most && places.region[i] === REGIONS[region]) most = at[i]!;
      return most;
    }),
  );
  const limits = coordinate.limits ?? [0, farthest];
  if (!(limits[1] > limits[0])) return [];
  return cells.flatMap(({ label, places }, i): FigureCurve[] => {
    const values = ofCells[i];
    if (!values) return [];
    const isIn = (voxel: number): boolean => places.region[voxel] === REGIONS[region];
    const profile = profileOf(values, coordinate.of(places), isIn, sectors, limits, coordinate.bins);
    if (!profile.mean.some(Number.isFinite)) return [];
    const { at: x, mean, esd } = profile;
    return [{ name: label, x, values: mean, errors: esd, errorStyle: "band", colour: colourOf(i) }];
  });
}
