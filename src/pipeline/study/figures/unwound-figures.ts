/** (6) Electrodes rolled out flat: a strip for each cell. */
import type { Places } from "../../../data/index.ts";
import { type HeatMapData, printFigure, type Strip, stripsBlock } from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import { commonLimits, contentsOf, shownValues } from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** On each side of the collector. */
const DEPTHS = 6;

/**
 * Means of the voxels over length and depth of both coatings of an electrode: rows from the surface that faces the axis
 * over the collector, in the middle, to the other surface.
 */
export function unwoundMap(
  values: ArrayLike<number>,
  { layer, depth, alongMm, layers }: Places,
  electrode: "cathode" | "anode",
  lengthMm: number,
  columns: number,
): HeatMapData {
  const rows = 2 * DEPTHS;
  const [sum, count] = [new Float64Array(rows * columns), new Uint32Array(rows * columns)];
  const sides = new Map(layers.filter((one) => one.electrode === electrode).map(({ index, side }) => [index, side]));
  for (let i = 0; i < layer.length; i++) {
    const side = sides.get(layer[i]!);
    const value = values[i]!;
    if (side === undefined || !Number.isFinite(value) || !(depth[i]! >= 0 && depth[i]! <= 1)) continue;
    const fromSurface = Math.min(DEPTHS - 1, Math.floor(depth[i]! * DEPTHS));
    const row = side === "inner" ? fromSurface : rows - 1 - fromSurface;
    const column = Math.min(columns - 1, Math.floor((alongMm[i]! / lengthMm) * columns));
    if (!(column >= 0)) continue;
    sum[row * columns + column]! += value;
    count[row * columns + column]! += 1;
  }
  return { rows, cols: columns, values: sum.map((total, k) => (count[k]! > 0 ? total / count[k]! : Number.NaN)) };
}

const MOST_COLUMNS = 400;

/** A figure for the lithium of each electrode, and for c of the cathode where lithium is not known. */
export function unwoundFigures(study: StudyOutcome): StudyFigure[] {
  const names = contentsOf(study);
  const lithium = names.flatMap((name) => {
    const what = name.slice(0, -2);
    const electrode = what === "anode" || study.roles.anode.includes(what) ? "anode" : "cathode";
    return unwound(study, electrode, `x in ${what}`, `unwound-${what}-x`, (cell) => shownValues(cell.lithium, name));
  });
  const lattice = study.roles.cathode
    .slice(0, 1)
    .flatMap((phase) =>
      unwound(study, "cathode", `c of ${phase} (Å)`, `unwound-${phase}-c`, ({ aligned }) =>
        shownValues(aligned, `${phase}/c`),
      ),
    );
  return [...lithium, ...lattice];
}

function unwound(
  { cells }: StudyOutcome,
  electrode: "cathode" | "anode",
  label: string,
  name: string,
  valuesOf: (cell: StudyCell) => Float64Array | undefined,
): StudyFigure[] {
  const strips = cells.flatMap((cell): Strip[] => {
    const values = valuesOf(cell);
    const lengths = cell.places.layers.filter((one) => one.electrode === electrode).map(({ lengthMm }) => lengthMm);
    const lengthMm = Math.max(0, ...lengths);
    if (!values || !(lengthMm > 0)) return [];
    // about two voxels a column, so that few are empty
    const columns = Math.max(4, Math.min(MOST_COLUMNS, Math.round(lengthMm / (2 * cell.aligned.voxelMm))));
    const image = unwoundMap(values, cell.places, electrode, lengthMm, columns);
    if (!Array.from(image.values).some(Number.isFinite)) return [];
    return [{ title: cell.label, image, xDomain: [0, lengthMm], yDomain: [-1, 1] }];
  });
  if (strips.length === 0) return [];
  const block = stripsBlock({
    strips,
    label,
    xLabel: `along the ${electrode} from its inner end (mm)`,
    yLabel: "coating",
    scale: { colourMap: "viridis", limits: commonLimits(strips.map(({ image }) => image.values)), transform: "linear" },
  });
  const title = `Unwound ${electrode}s: ${label}`;
  const note =
    "Coating: 0 at the collector, −1 and 1 at the surfaces that face the axis and the casing. Grey: no voxel.";
  return [{ name, title, svg: printFigure({ ...PRINT, title, note }, block) }];
}
