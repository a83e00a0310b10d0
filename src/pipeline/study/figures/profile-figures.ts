/** (6) Lithium and cells along and across the electrodes: curves for each cell, and unwound maps. */
import { type Places, REGIONS, type RegionName, type SliceMaps } from "../../../data/index.ts";
import {
  CELL_COLOURS,
  curvesBlock,
  type FigureCurve,
  inRows,
  legendBlock,
  letterAt,
  lettered,
  printFigure,
  stack,
} from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import { contentsOf, shownValues } from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

export interface Profile {
  /** middle of each bin */
  readonly at: Float64Array;
  /** mean over the voxels of a bin; NaN where there are too few */
  readonly mean: Float64Array;
  /** standard uncertainty of the mean */
  readonly esd: Float64Array;
  readonly voxels: Uint32Array;
}

/** Around the axis: neighbouring voxels are not independent, sectors of the cell are more nearly so. */
const SECTORS = 12;
const FEWEST_VOXELS = 8;

/**
 * Means over bins of a coordinate. The uncertainty is that of the mean over sectors of the cell around its middle, whose
 * means scatter by all that varies between them: noise, correlation between neighbours and true differences.
 *
 * @param coordinate [y, x]; NaN where there is none
 * @param inside which voxels count
 * @param sectors of each voxel, as sectorsOf gives them
 */
export function profileOf(
  values: ArrayLike<number>,
  coordinate: ArrayLike<number>,
  inside: (voxel: number) => boolean,
  sectors: Uint8Array,
  [from, to]: readonly [number, number],
  bins: number,
): Profile {
  const [sums, counts] = [new Float64Array(bins * SECTORS), new Float64Array(bins * SECTORS)];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!) || !inside(i)) continue;
    const bin = Math.floor(((coordinate[i]! - from) / (to - from)) * bins);
    if (!(bin >= 0 && bin < bins)) continue;
    const at = bin * SECTORS + sectors[i]!;
    sums[at]! += values[i]!;
    counts[at]! += 1;
  }
  const profile = {
    at: Float64Array.from({ length: bins }, (_, bin) => from + ((bin + 0.5) * (to - from)) / bins),
    mean: new Float64Array(bins).fill(Number.NaN),
    esd: new Float64Array(bins).fill(Number.NaN),
    voxels: new Uint32Array(bins),
  };
  for (let bin = 0; bin < bins; bin++) {
    const filled = Array.from({ length: SECTORS }, (_, s) => bin * SECTORS + s).filter((s) => counts[s]! > 0);
    const voxels = filled.reduce((sum, s) => sum + counts[s]!, 0);
    profile.voxels[bin] = voxels;
    if (voxels < FEWEST_VOXELS) continue;
    const mean = filled.reduce((sum, s) => sum + sums[s]!, 0) / voxels;
    profile.mean[bin] = mean;
    if (filled.length < 3) continue;
    // variance of a ratio of sums (Cochran, Sampling Techniques, 1977, section 6.3): sectors differ in their voxels
    const scatter = filled.reduce((sum, s) => sum + (sums[s]! - mean * counts[s]!) ** 2, 0);
    const n = filled.length;
    profile.esd[bin] = Math.sqrt((scatter * n) / (n - 1)) / voxels;
  }
  return profile;
}

/** The sector of each voxel [y, x], around the middle of the grid. */
export function sectorsOf({ ny, nx }: Pick<SliceMaps, "ny" | "nx">): Uint8Array {
  return Uint8Array.from({ length: ny * nx }, (_, i) => {
    const turn = Math.atan2(Math.floor(i / nx) - (ny - 1) / 2, (i % nx) - (nx - 1) / 2) / (2 * Math.PI) + 0.5;
    return Math.min(SECTORS - 1, Math.floor(turn * SECTORS));
  });
}

interface Quantity {
  readonly label: string;
  readonly region: RegionName;
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

/** A figure for the lithium of both electrodes, and one for the lattice parameters of the cathode. */
export function profileFigures(study: StudyOutcome): StudyFigure[] {
  const x = contentsOf(study);
  const lithium = x.map((name): Quantity => {
    const what = name.slice(0, -2);
    const region = what === "anode" || study.roles.anode.includes(what) ? "anode" : "cathode";
    return { label: `x in ${what}`, region, valuesOf: (cell) => shownValues(cell.lithium, name) };
  });
  const cells = study.roles.cathode.slice(0, 1).flatMap((phase) =>
    ["a", "c"].map(
      (symbol): Quantity => ({
        label: `${symbol} of ${phase} (Å)`,
        region: "cathode",
        valuesOf: (cell) => shownValues(cell.aligned, `${phase}/${symbol}`),
      }),
    ),
  );
  return [
    ...profilePage(study, lithium, "profiles-lithium", "Lithium by place"),
    ...profilePage(study, cells, "profiles-lattice", "Lattice parameters by place"),
  ];
}

function profilePage(study: StudyOutcome, quantities: readonly Quantity[], name: string, title: string): StudyFigure[] {
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
  const note =
    "Means over the voxels of the electrode; bands: one standard uncertainty of the mean, from how sectors of 30° around the axis differ.";
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
  region: RegionName,
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
