/**
 * .poni files: detector geometry, as pyFAI and Dioptas write it. Lengths in metres, angles in radians. Versions 1
 * (pixel sizes as keys), 2 (Detector_config), 2.1 (orientation) and 3 are read; 2 and 2.1 are written.
 *
 * A file may hold several calibrations, one after the other: as in pyFAI, the last value of each key wins.
 *
 * Source: pyFAI's documentation of the PONI file and of detector orientation.
 */
import { InputError } from "../data/index.ts";
import { type DetectorModel, findDetector, type Poni } from "../geometry/index.ts";
import { readText } from "./byte-source.ts";

/** The geometry in the .poni file at `path`. @throws as readText and parsePoni */
export const readPoni = (path: string): Poni => parsePoni(readText(path), path);

/**
 * The geometry in the text of a .poni file.
 *
 * @param name what to call the file in messages
 * @throws InputError "poni-not-recognised" | "poni-missing" | "poni-value" | "poni-unsupported"
 */
export function parsePoni(text: string, name: string): Poni {
  const entries = readEntries(text);
  if (!["distance", "dist", "poni1", "poni2"].some((key) => entries.has(key))) {
    throw new InputError(
      "poni-not-recognised",
      `${name}: not a .poni file: it has no line "Distance: ..." or "Poni1: ...". Give the geometry file that pyFAI, Dioptas or xrdct calibrate wrote.`,
    );
  }
  checkVersion(entries, name);
  const config = detectorConfig(entries, name);
  const { pixel1, pixel2, model } = pixelSizes(entries, config, name);
  const number = (key: string): number => needNumber(entries, key, name);
  const wavelength = entries.has("wavelength") ? number("wavelength") : undefined;
  const dist = needNumber(entries, entries.has("distance") ? "distance" : "dist", name);
  checkLengths(dist, wavelength, name);
  const detector = entries.get("detector") ?? model?.name;
  const orientation = readOrientation(config["orientation"], name);
  return {
    dist,
    poni1: number("poni1"),
    poni2: number("poni2"),
    rot1: number("rot1"),
    rot2: number("rot2"),
    rot3: number("rot3"),
    pixel1,
    pixel2,
    ...(wavelength !== undefined && { wavelength }),
    ...(detector && { detector }),
    ...(orientation && { orientation }),
  };
}

/**
 * A .poni of version 2, which every pyFAI and Dioptas in use reads; of version 2.1, which needs a pyFAI of 2024 or
 * later, only where the orientation is not the usual one.
 *
 * @param comments lines for the head of the file, without "#"
 */
export function formatPoni(poni: Poni, comments: readonly string[] = []): string {
  const model = poni.detector === undefined ? undefined : findDetector(poni.detector);
  const isAsModel = model !== undefined && model.pixel1 === poni.pixel1 && model.pixel2 === poni.pixel2;
  const isTurned = poni.orientation !== undefined && poni.orientation !== 3;
  const config = {
    ...(!isAsModel && { pixel1: poni.pixel1, pixel2: poni.pixel2 }),
    ...(isTurned && { orientation: poni.orientation }),
  };
  const lines = [
    "# Lengths in metres, angles in radians; axis 1 is slow (rows, Y), axis 2 fast (columns, X)",
    ...comments.map((comment) => `# ${comment}`),
    `poni_version: ${isTurned ? "2.1" : "2"}`,
    `Detector: ${isAsModel ? model.name : "Detector"}`,
    `Detector_config: ${JSON.stringify(config)}`,
    `Distance: ${poni.dist}`,
    `Poni1: ${poni.poni1}`,
    `Poni2: ${poni.poni2}`,
    `Rot1: ${poni.rot1}`,
    `Rot2: ${poni.rot2}`,
    `Rot3: ${poni.rot3}`,
    ...(poni.wavelength === undefined ? [] : [`Wavelength: ${poni.wavelength}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function readEntries(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(":");
    if (colon < 0 || line.trimStart().startsWith("#")) continue;
    entries.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return entries;
}

/** Not flat, or with pixels of unequal size: reading only the pixel size would give wrong angles without a word. */
const NOT_FLAT = /nexus|cylind|aarhus|rapid|pixirad|xpad|cirpad|hexagonal/i;

function checkVersion(entries: Map<string, string>, name: string): void {
  const unsupported = (what: string, remedy: string) =>
    new InputError("poni-unsupported", `${name}: ${what}, which xrdct does not take into account. ${remedy}`);
  const version = Number(entries.get("poni_version") ?? 1);
  if (!(version >= 1 && version < 4)) {
    throw new InputError(
      "poni-unsupported",
      `${name}: poni_version is "${entries.get("poni_version")}"; versions 1, 2, 2.1 and 3 are read. Write the file again with an older pyFAI, or calibrate with xrdct.`,
    );
  }
  const spline = entries.get("splinefile");
  if (spline && !/^(none)?$/i.test(spline)) {
    throw unsupported(
      `the geometry uses the distortion file ${spline}`,
      "Correct the frames for distortion first and set SplineFile to None.",
    );
  }
  if (/^(true|1|yes)$/i.test(entries.get("parallax") ?? "")) {
    throw unsupported(
      "the geometry was refined with the sensor's parallax corrected (Parallax: True)",
      "The distance would come out wrong by up to the thickness of the sensor: calibrate again without it.",
    );
  }
  const detector = entries.get("detector") ?? "";
  if (NOT_FLAT.test(detector)) {
    throw unsupported(
      `the detector "${detector}" is not a flat grid of equal pixels`,
      "Regrid the frames to a flat detector (pyFAI can), and calibrate that.",
    );
  }
}

function detectorConfig(entries: Map<string, string>, name: string): Record<string, unknown> {
  const text = entries.get("detector_config");
  if (text === undefined || text === "") return {};
  try {
    const config: unknown = JSON.parse(text);
    if (config === null) return {};
    if (typeof config === "object" && !Array.isArray(config)) return config as Record<string, unknown>;
  } catch {
    // told below, as for any other value that is not an object
  }
  throw new InputError(
    "poni-value",
    `${name}: Detector_config is ${shorten(text)}, where a JSON object such as {"pixel1": 0.000172, "pixel2": 0.000172} is needed.`,
  );
}

function pixelSizes(
  entries: Map<string, string>,
  config: Record<string, unknown>,
  name: string,
): { pixel1: number; pixel2: number; model: DetectorModel | undefined } {
  const model = findDetector(entries.get("detector") ?? "");
  const size = (axis: 1 | 2): number => {
    const written = config[`pixel${axis}`] ?? entries.get(`pixelsize${axis}`);
    const value = written === undefined ? model?.[`pixel${axis}`] : Number(written);
    if (value === undefined) {
      throw new InputError(
        "poni-missing",
        `${name}: the pixel size is not given, and the detector "${entries.get("detector") ?? "(none)"}" is not one that xrdct knows. Add PixelSize1 and PixelSize2 in metres, as "PixelSize1: 0.000172".`,
      );
    }
    if (!(value > 0 && value < 0.1)) {
      throw new InputError(
        "poni-value",
        `${name}: the pixel size along axis ${axis} is ${shorten(String(written))}; a length in metres above 0 is needed, as 0.000172 for 172 µm.`,
      );
    }
    return value;
  };
  return { pixel1: size(1), pixel2: size(2), model };
}

const NAMES: Record<string, string> = {
  dist: "Distance",
  distance: "Distance",
  poni1: "Poni1",
  poni2: "Poni2",
  rot1: "Rot1",
  rot2: "Rot2",
  rot3: "Rot3",
  wavelength: "Wavelength",
};

function needNumber(entries: Map<string, string>, key: string, name: string): number {
  const text = entries.get(key);
  const unit = key.startsWith("rot") ? "radians" : "metres";
  if (text === undefined) {
    throw new InputError(
      "poni-missing",
      `${name}: the line "${NAMES[key]}: ..." (in ${unit}) is missing. Add it, or calibrate again.`,
    );
  }
  const value = text === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InputError(
    "poni-value",
    `${name}: ${NAMES[key]} is ${shorten(text)}, where a finite number in ${unit} is needed. Calibrate again, or put the value right.`,
  );
}

function checkLengths(dist: number, wavelength: number | undefined, name: string): void {
  if (!(dist > 0 && dist < 200)) {
    throw new InputError(
      "poni-value",
      `${name}: Distance is ${dist}; a distance in metres above 0 is needed (0.5 for 500 mm).`,
    );
  }
  if (wavelength !== undefined && !(wavelength > 1e-13 && wavelength < 1e-8)) {
    throw new InputError(
      "poni-value",
      `${name}: Wavelength is ${wavelength}; a wavelength in metres is needed (1.7e-11 for 0.17 Å).`,
    );
  }
}

function readOrientation(value: unknown, name: string): Poni["orientation"] | undefined {
  if (value === undefined || value === null || value === 0) return undefined;
  if (value === 1 || value === 2 || value === 3 || value === 4) return value;
  throw new InputError(
    "poni-value",
    `${name}: orientation in Detector_config is ${shorten(JSON.stringify(value))}; 1, 2, 3 or 4 is needed.`,
  );
}

const shorten = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
