/** The rings of a standard or of a structure that reach a detector. */
import { dToTwoThetaDeg, InputError, twoThetaDegToD, wavelengthAToEnergyKeV } from "../../data/index.ts";
import { placement, twoThetaRad } from "../../geometry/index.ts";
import { isCalibrantName, readCalibrant, readStructure } from "../../pipeline/calibrate-frame.ts";
import { type CalibrantRing, calibrantRings, structureRings } from "../../stages/calibrate/index.ts";
import type { Ring } from "../wire-frames.ts";
import type { FrameTasks } from "./frame-tasks.ts";

/** More would be a grey area, not rings. */
const MOST_RINGS = 300;

/** @throws InputError "axis-needs-wavelength" and those of the calibrants */
export async function listRings({ calibrant, poni, shape }: FrameTasks["rings"]["ask"]): Promise<readonly Ring[]> {
  if (!poni.wavelength)
    throw new InputError(
      "axis-needs-wavelength",
      "Rings need the wavelength, and the .poni has none: add a Wavelength line (metres) to it, or calibrate.",
    );
  const wavelengthA = poni.wavelength * 1e10;
  const place = placement(poni, shape);
  const t = new Float64Array(3);
  const corners = [0, shape.rows].flatMap((row) => [0, shape.cols].map((col) => [row, col] as const));
  const outermost = Math.max(
    ...corners.map(([row, col]) => {
      place(row, col, t);
      return twoThetaRad(t);
    }),
  );
  const dMinA = twoThetaDegToD((outermost * 180) / Math.PI, wavelengthA);
  return ringsOf(calibrant, dMinA, wavelengthAToEnergyKeV(wavelengthA))
    .slice(0, MOST_RINGS)
    .map(({ dA, intensity, hkl = [] }) => ({
      dA,
      intensity,
      twoThetaDeg: dToTwoThetaDeg(dA, wavelengthA),
      hkl: hkl.map(formatIndices).join(" / "),
    }));
}

function ringsOf(calibrant: string, dMinA: number, energyKeV: number): CalibrantRing[] {
  if (isCalibrantName(calibrant)) return calibrantRings(calibrant, dMinA);
  if (/\.cif$/i.test(calibrant)) return structureRings(readStructure(calibrant), Math.max(dMinA, 0.3));
  return calibrantRings(readCalibrant(calibrant, energyKeV), dMinA);
}

/** "111", "10 4 0", "-112" */
const formatIndices = (indices: readonly number[]): string =>
  indices.join(indices.some((index) => Math.abs(index) > 9) ? " " : "");
