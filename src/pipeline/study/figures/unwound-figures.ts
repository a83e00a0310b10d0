/** (6) Electrodes rolled out flat: a strip for each cell. */
import type { Places } from "../../../data/index.ts";
import { printFigure, type Strip, stripsBlock, unwoundMap, unwoundSize } from "../../../stages/figure/index.ts";
import type { StudyCell, StudyOutcome } from "../study-outcome.ts";
import { commonLimits, contentsOf, electrodeOf, shownValues } from "./shown-maps.ts";
import { PRINT, type StudyFigure } from "./study-figure.ts";

/** Of the coatings of an electrode, by their numbers. */
const sidesOf = ({ layers }: Places, electrode: "cathode" | "anode") =>
  new Map(layers.filter((one) => one.electrode === electrode).map(({ index, side }) => [index, side]));

/** A figure for the lithium of each electrode, and for c of the cathode where lithium is not known. */
export function unwoundFigures(study: StudyOutcome): StudyFigure[] {
  const names = contentsOf(study);
  const lithium = names.flatMap((name) => {
    const what = name.slice(0, -2);
    const electrode = electrodeOf(study, what);
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
    const layers = cell.places.layers.filter((one) => one.electrode === electrode);
    const lengthMm = Math.max(0, ...layers.map((layer) => layer.lengthMm));
    if (!values || !(lengthMm > 0)) return [];
    const thicknessMm = Math.max(...layers.map((layer) => layer.thicknessMm));
    const size = unwoundSize(lengthMm, thicknessMm, cell.aligned.voxelMm);
    const image = unwoundMap(values, cell.places, sidesOf(cell.places, electrode), size);
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
