/**
 * An attenuation image that was made elsewhere, put on the grid of the maps: turned about its middle, moved, and
 * interpolated between its pixels.
 */
import { InputError } from "../../data/index.ts";

export interface AttenuationImage {
  /** [row, col] row 0 at the lowest y */
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly cols: number;
  readonly pixelMm: number;
}

/** Where the image's middle lies from the rotation axis, and how it is turned, counter-clockwise from above. */
export interface ImagePlace {
  readonly xMm: number;
  readonly yMm: number;
  readonly rotationDeg: number;
}

/**
 * The image on a grid of `size` x `size` voxels about the rotation axis; 0 where it does not reach.
 * Larger voxels are means over points a pixel apart, so that nothing between them is missed.
 */
export function placeImage(image: AttenuationImage, place: ImagePlace, size: number, voxelMm: number): Float64Array {
  const { pixelMm, rows, cols } = image;
  const [cos, sin] = [Math.cos((place.rotationDeg * Math.PI) / 180), Math.sin((place.rotationDeg * Math.PI) / 180)];
  const points = Math.max(1, Math.ceil(voxelMm / pixelMm - 1e-9));
  const out = new Float64Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let j = 0; j < points; j++) {
        for (let i = 0; i < points; i++) {
          const dx = (x - (size - 1) / 2 + (i + 0.5) / points - 0.5) * voxelMm - place.xMm;
          const dy = (y - (size - 1) / 2 + (j + 0.5) / points - 0.5) * voxelMm - place.yMm;
          const col = (cos * dx + sin * dy) / pixelMm + (cols - 1) / 2;
          const row = (-sin * dx + cos * dy) / pixelMm + (rows - 1) / 2;
          sum += interpolate(image, row, col);
        }
      }
      out[y * size + x] = sum / (points * points);
    }
  }
  return out;
}

function interpolate({ values, rows, cols }: AttenuationImage, row: number, col: number): number {
  const [r, c] = [Math.floor(row), Math.floor(col)];
  const [fr, fc] = [row - r, col - c];
  const at = (y: number, x: number): number => {
    const value = y >= 0 && x >= 0 && y < rows && x < cols ? values[y * cols + x]! : 0;
    return Number.isFinite(value) ? value : 0;
  };
  return (1 - fr) * ((1 - fc) * at(r, c) + fc * at(r, c + 1)) + fr * ((1 - fc) * at(r + 1, c) + fc * at(r + 1, c + 1));
}

export interface Registration extends ImagePlace {
  /** of image and intensity, -1 to 1 */
  readonly correlation: number;
}

export interface RegistrationRange {
  readonly searchMm: number;
  readonly searchDeg: number;
}

/** Below this the two do not show the same sample. */
const LEAST_CORRELATION = 0.5;

/**
 * Moves and turns the image until it correlates best with the sample's intensity: a search on a grid that is halved
 * around the best place until steps are a hundredth of a voxel.
 *
 * @param intensity [y, x] what the sample scatters
 * @throws InputError "absorb-image-registration"
 */
export function registerImage(
  image: AttenuationImage,
  start: ImagePlace,
  intensity: ArrayLike<number>,
  size: number,
  voxelMm: number,
  { searchMm, searchDeg }: RegistrationRange,
): Registration {
  const quality = (place: ImagePlace): number => correlation(placeImage(image, place, size, voxelMm), intensity);
  let best: Registration = { ...start, correlation: quality(start) };
  let [stepMm, stepDeg] = [Math.max(voxelMm, searchMm / 4), searchDeg / 4];
  const isWithin = (place: ImagePlace): boolean =>
    Math.hypot(place.xMm - start.xMm, place.yMm - start.yMm) <= searchMm * 1.5 &&
    Math.abs(place.rotationDeg - start.rotationDeg) <= searchDeg + 1e-9;
  // the whole range of shifts first, at the rotation given: correlation has side maxima a layer away
  for (let j = -4; j <= 4; j++) {
    for (let i = -4; i <= 4; i++) {
      const place = { ...start, xMm: start.xMm + i * stepMm, yMm: start.yMm + j * stepMm };
      if (isWithin(place)) best = better(best, place, quality);
    }
  }
  while (stepMm > 0.01 * voxelMm) {
    const before = best.correlation;
    for (const key of ["xMm", "yMm", "rotationDeg"] as const) {
      const step = key === "rotationDeg" ? stepDeg : stepMm;
      if (step === 0) continue;
      for (const sign of [-1, 1]) {
        const place = { ...best, [key]: best[key] + sign * step };
        if (isWithin(place)) best = better(best, place, quality);
      }
    }
    if (best.correlation - before < 1e-9) [stepMm, stepDeg] = [stepMm / 2, stepDeg / 2];
  }
  if (best.correlation >= LEAST_CORRELATION) return best;
  throw new InputError(
    "absorb-image-registration",
    `The attenuation image does not look like the sample: their correlation is ${best.correlation.toFixed(2)} at best (${best.xMm.toFixed(3)}, ${best.yMm.toFixed(3)} mm, ${best.rotationDeg.toFixed(2)}°), and ${LEAST_CORRELATION} is needed. ` +
      "Check pixelMm and whether it is mirrored (row 0 is the lowest y), widen searchMm and searchDeg, or give shiftMm and rotationDeg with register: none.",
  );
}

function better(best: Registration, place: ImagePlace, quality: (place: ImagePlace) => number): Registration {
  const found = quality(place);
  const { xMm, yMm, rotationDeg } = place;
  return found > best.correlation ? { xMm, yMm, rotationDeg, correlation: found } : best;
}

/** Pearson's. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [ma, mb] = [0, 0];
  for (let i = 0; i < n; i++) {
    ma += a[i]! / n;
    mb += b[i]! / n;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [a[i]! - ma, b[i]! - mb];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
