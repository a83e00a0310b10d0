/** What `xrdct calibrate` and the page for frames do alike: the user's words to a calibration, and what it came to. */
import { type Reflection, reflections, type Structure } from "../crystal/index.ts";
import { energyKeVToWavelengthA, InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { readCif } from "../files/cif.ts";
import { parseNumberList } from "../files/csv.ts";
import { detectorsOfShape, findDetector, type Shape } from "../geometry/index.ts";
import { CALIBRANTS, type Calibrant, type CalibrantName, type CalibrationResult } from "../stages/calibrate/index.ts";

/**
 * Size of a pixel, and pyFAI's name of the detector where it is known.
 *
 * @param given the user's size or name; without either, the shape tells
 * @throws InputError "pixel-size-unknown"
 */
export function pixelSize(
  { rows, cols }: Shape,
  given: { readonly pixelUm?: number; readonly detector?: string },
): { readonly um: number | [number, number]; readonly detector?: string } {
  if (given.pixelUm !== undefined) return { um: given.pixelUm };
  const model = given.detector ? findDetector(given.detector) : detectorsOfShape(rows, cols)[0];
  if (model) return { um: [model.pixel1 * 1e6, model.pixel2 * 1e6], detector: model.name };
  throw new InputError(
    "pixel-size-unknown",
    given.detector
      ? `There is no detector "${given.detector}" in the table. Give the pixel size with --pixel-um.`
      : `No known detector has ${rows} x ${cols} pixels. Give the pixel size with --pixel-um, or the name with --detector.`,
  );
}

export const isCalibrantName = (name: string): name is CalibrantName =>
  (CALIBRANTS as readonly string[]).includes(name);

/**
 * A standard by its name, by a CIF, or by a text file of lattice spacings in angstrom.
 *
 * @throws InputError "calibrant-unknown" and those of the files
 */
export function readCalibrant(given: string, energyKeV: number): Calibrant {
  if (isCalibrantName(given)) return given;
  if (/\.cif$/i.test(given)) {
    const list = visibleReflections(readStructure(given), energyKeV);
    return {
      name: given,
      dA: list.map(({ dA }) => dA),
      intensity: list.map(({ fSquared, multiplicity, dA }) => fSquared * multiplicity * dA * dA),
    };
  }
  if (/\.[a-z]+$/i.test(given)) return { name: given, dA: [...parseNumberList(readText(given), given)] };
  throw new InputError(
    "calibrant-unknown",
    `There is no calibrant "${given}". There are ${CALIBRANTS.join(", ")}; or give a CIF, or a text file with one d-spacing in Å a line.`,
  );
}

/** The first structure of a CIF. */
export const readStructure = (path: string): Structure => readCif(readText(path), path)[0]!;

/** Å: the rings to a two-theta of 60 degrees */
export const shortestSpacing = (energyKeV: number): number =>
  Math.max(energyKeVToWavelengthA(energyKeV) / (2 * Math.sin((30 * Math.PI) / 180)), 0.3);

const visibleReflections = (structure: Structure, energyKeV: number): Reflection[] =>
  reflections(structure, shortestSpacing(energyKeV)).filter(({ fSquared }) => fSquared > 0);

/** A line for each ring: where it lies, and its residual or why it was left out. */
export function describeRings({ rings }: CalibrationResult): string[] {
  return rings.map(({ dA, twoThetaDeg, used, reason, points, meanPpm, rmsPpm }) => {
    const head = `ring ${dA.toFixed(4)} Å at ${twoThetaDeg.toFixed(4)}°`;
    return used
      ? `${head}: residual ${meanPpm.toFixed(0)} ppm, scatter ${rmsPpm.toFixed(0)} ppm, ${points} points`
      : `${head}: left out, ${reason}`;
  });
}
