/** Images of another kind, laid on the maps of their cells. */
import { join } from "node:path";
import type { PhaseRoles } from "../../data/index.ts";
import type { AnalysedCell } from "./analyse-cell.ts";
import { rolesOf } from "./analyse-cell.ts";
import { placementLine } from "./overlay-figures.ts";
import { type PlacedImage, placeImageOnSlice } from "./place-image-on-slice.ts";
import { readImage } from "./read-image.ts";
import type { StudyOptions } from "./run-cells.ts";
import type { Study } from "./study-config.ts";
import { writeOverlay } from "./write-overlay.ts";

export interface StudyImage {
  /** of the cell */
  readonly name: string;
  readonly placed: PlacedImage;
  readonly line: string;
  readonly written: readonly string[];
}

/** Each into a folder of its own: images/CELL-IMAGE. */
export async function placeStudyImages(
  study: Study,
  cells: readonly AnalysedCell[],
  { output, formats, signal, onStep }: StudyOptions,
): Promise<StudyImage[]> {
  const images: StudyImage[] = [];
  for (const { config: cell, label, slice } of cells) {
    const roles = rolesOf(study, [slice]);
    for (const { file, name, pixelMm, slice: number } of cell.images) {
      signal.throwIfAborted();
      onStep?.(`${name} on the maps of ${label}`);
      const path = study.resolve(file);
      const frame = await readImage(path, number);
      const placed = placeImageOnSlice(slice, frame, { name, roles, ...(pixelMm !== undefined && { pixelMm }) });
      const written = await writeOverlay(slice, placed, {
        ...{ folder: join(output, "images", `${cell.name}-${name}`), formats, inputs: [path] },
        config: { file, name, pixelMm, slice: number },
        phases: shownPhases(roles),
        maps: [...slice.maps.keys()].filter((map) => /^[^/]+\/weight_fraction$/.test(map)),
      });
      images.push({ name: cell.name, placed, line: `${label}: ${placementLine(placed)}`, written });
    }
  }
  return images;
}

/** More would hide each other. */
const MOST_SHOWN = 4;
const shownPhases = ({ cathode, anode }: PhaseRoles): string[] => [...cathode, ...anode].slice(0, MOST_SHOWN);
