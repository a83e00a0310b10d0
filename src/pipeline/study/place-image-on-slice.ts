/** An image of another kind (a slice of a micro-CT) on the diffraction maps of the same cell, and the other way round. */
import { type Frame, InputError, type ParameterMap, type PhaseRoles, type SliceMaps } from "../../data/index.ts";
import {
  fitOutline,
  type Grid,
  IDENTITY,
  inverse,
  type Placement,
  type Registration,
  RegistrationConfig,
  registerSlices,
  resampleLabels,
  resampleMap,
  solveSmall,
} from "../../registration/index.ts";
import { amountChannels } from "../../stages/compare/index.ts";

export interface PlaceImageOptions {
  /** letters, digits, - and _ */
  readonly name: string;
  /** of the image; left out: found from the outlines of both */
  readonly pixelMm?: number;
  /** dark is dense in the image */
  readonly isInverted?: boolean;
  /** the image may show the slice from the other side; left out: true */
  readonly allowMirror?: boolean;
  /** left out: as the names of the phases suggest */
  readonly roles: PhaseRoles;
  /** of the image's pixels: [row, col] as the image */
  readonly labels?: Frame;
}

export interface PlacedImage {
  readonly name: string;
  /** of the image on the slice; its scale is the true size of a pixel over the one it was taken with */
  readonly registration: Registration;
  /** of the image, as found: that given, or that of the outlines, times the scale */
  readonly pixelMm: number;
  readonly pixelEsdMm: number;
  /** the image on the grid of the slice: "image/NAME" */
  readonly image: ParameterMap;
  /** what the amounts of all phases explain of it, and what they leave */
  readonly explained: ParameterMap;
  readonly left: ParameterMap;
  /** on the grid of the slice: labels of the nearest pixel */
  readonly labels?: Uint8Array;
  /** grid of the image, y up, in mm as found */
  readonly grid: Grid;
  /** a map of the slice on the grid of the image */
  readonly toImage: (map: ParameterMap) => ParameterMap;
  /** the image itself, y up */
  readonly pixels: Float32Array;
  readonly notes: readonly string[];
}

/** Pixels this much finer than voxels are averaged first: nothing finer can be aligned with the maps. */
const FINER = 1.5;

/**
 * Lays an image on a slice by what both show of the sample. Any sense of grey will do: what is compared is how well the
 * amounts of all phases together explain the image.
 *
 * @param frame row 0 at the top, as images are kept
 * @throws InputError "overlay-no-outline" where the size of a pixel is neither given nor to be found, "overlay-labels",
 *   "overlay-empty", "compare-no-amounts" | "registration-image"
 */
export function placeImageOnSlice(slice: SliceMaps, frame: Frame, options: PlaceImageOptions): PlacedImage {
  const { name, isInverted = false, allowMirror = true, roles } = options;
  const pixels = upright(frame);
  checkImage(frame, pixels, options.labels);
  const fixed = amountChannels(slice, roles);
  const given = options.pixelMm ?? pixelFromOutlines(slice, fixed.channels, frame, pixels, isInverted);
  const raw: Grid = { ny: frame.rows, nx: frame.cols, voxelMm: given };
  const asMap = (values: Float32Array, of: Grid): ParameterMap => ({ name, unit: "", ny: of.ny, nx: of.nx, values });
  const coarse = coarserGrid(raw, slice.voxelMm);
  const moved =
    coarse === raw ? pixels : (resampleMap(asMap(pixels, raw), given, IDENTITY, coarse).values as Float32Array);
  const channels = [...fixed.channels.keys()];
  const movingOutline = isInverted ? inverted(moved) : moved;
  const registration = registerSlices(
    {
      fixed,
      moving: { ...coarse, channels: new Map([["grey", moved]]) },
      explained: [{ moving: "grey", fixed: channels, isSigned: false }],
      movingOutline,
    },
    RegistrationConfig.parse({ allowMirror }),
  );
  const onSlice: Grid = { ny: slice.ny, nx: slice.nx, voxelMm: slice.voxelMm };
  const image = { ...resampleMap(asMap(pixels, raw), given, registration, onSlice), name: `image/${name}` };
  const { explained, left } = explainedBy(image, [...fixed.channels.values()]);
  const pixelMm = given * registration.scale;
  // of one size with the slice, so that the way back is a turn and a shift alone
  const grid: Grid = { ...raw, voxelMm: pixelMm };
  const back: Placement = {
    ...inverse(registration),
    scale: 1,
    shiftMm: scaled(inverse(registration).shiftMm, registration.scale),
  };
  const labels = options.labels && resampleLabels(uprightLabels(options.labels), raw, registration, onSlice);
  return {
    ...{ name, registration, pixelMm, pixelEsdMm: given * registration.scaleEsd, image, explained, left, grid, pixels },
    ...(labels && { labels }),
    toImage: (map) => resampleMap(map, slice.voxelMm, back, grid),
    notes: notesOf(registration, options.pixelMm),
  };
}

const scaled = ([x, y]: readonly [number, number], by: number): [number, number] => [x * by, y * by];

/** Images are kept from the top, maps from the bottom. */
export function upright({ rows, cols, data }: Frame): Float32Array {
  const out = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) out[(rows - 1 - row) * cols + col] = Number(data[row * cols + col]!);
  return out;
}

const uprightLabels = (labels: Frame): Uint8Array => Uint8Array.from(upright(labels));

function checkImage({ rows, cols }: Frame, pixels: Float32Array, labels: Frame | undefined): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) {
    throw new InputError(
      "overlay-empty",
      "The image is the same everywhere: there is nothing to lay it on the maps by. Is it the right slice?",
    );
  }
  if (labels && (labels.rows !== rows || labels.cols !== cols)) {
    throw new InputError(
      "overlay-labels",
      `The labels have ${labels.rows} x ${labels.cols} pixels (rows x columns) and the image ${rows} x ${cols}: give the labels of this image.`,
    );
  }
}

function inverted(values: Float32Array): Float32Array {
  const most = values.reduce((high, value) => (value > high ? value : high), Number.NEGATIVE_INFINITY);
  return values.map((value) => most - value);
}

function pixelFromOutlines(
  slice: SliceMaps,
  channels: ReadonlyMap<string, Float32Array>,
  { rows, cols }: Frame,
  pixels: Float32Array,
  isInverted: boolean,
): number {
  const shown = channels.get("casing") ?? [...channels.values()][0]!;
  const ofSlice = fitOutline(shown, slice.ny, slice.nx, slice.voxelMm);
  const ofImage = fitOutline(isInverted ? inverted(pixels) : pixels, rows, cols, 1);
  if (ofSlice && ofImage) return ofSlice.radiusMm / ofImage.radiusMm;
  const where = ofSlice ? "the image" : "the maps";
  throw new InputError(
    "overlay-no-outline",
    `The size of a pixel is not known, and no round outline was found in ${where} to tell it from. Give --pixel-mm${ofSlice ? "; where the dense parts are dark, --invert" : ""}.`,
  );
}

/** A whole number of pixels for each new one, about as large as the voxels of the slice. */
function coarserGrid(grid: Grid, voxelMm: number): Grid {
  const ratio = voxelMm / grid.voxelMm;
  if (ratio < FINER) return grid;
  const count = (n: number): number => Math.max(1, Math.floor(n / ratio));
  return { ny: count(grid.ny), nx: count(grid.nx), voxelMm };
}

/** Least squares of the image by the channels and a constant, over the voxels that all have a value in. */
function explainedBy(image: ParameterMap, channels: readonly Float32Array[]) {
  const k = channels.length + 1;
  const matrix = new Float64Array(k * k);
  const right = new Float64Array(k);
  const sizes = channels.map((values) => values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0) || 1);
  const row = new Float64Array(k);
  const fill = (i: number): boolean => {
    row[0] = 1;
    channels.forEach((values, c) => {
      row[c + 1] = values[i]! / sizes[c]!;
    });
    return row.every((value) => Number.isFinite(value)) && Number.isFinite(image.values[i]!);
  };
  for (let i = 0; i < image.values.length; i++) {
    if (!fill(i)) continue;
    for (let a = 0; a < k; a++) {
      right[a]! += row[a]! * image.values[i]!;
      for (let b = 0; b < k; b++) matrix[a * k + b]! += row[a]! * row[b]!;
    }
  }
  for (let a = 0; a < k; a++) matrix[a * k + a]! *= 1 + 1e-9;
  const factors = solveSmall(matrix, right) ?? new Float64Array(k);
  const shown = Float32Array.from(image.values, (_, i) =>
    fill(i) ? row.reduce((sum, value, c) => sum + value * factors[c]!, 0) : Number.NaN,
  );
  const map = (name: string, values: Float32Array): ParameterMap => ({
    ...image,
    name: `${image.name}_${name}`,
    values,
  });
  return {
    explained: map("explained", shown),
    left: map(
      "left",
      shown.map((value, i) => image.values[i]! - value),
    ),
  };
}

function notesOf(at: Registration, pixelMm: number | undefined): string[] {
  const notes: string[] = [];
  if (at.status === "ambiguous")
    notes.push(
      `Another rotation, ${at.nextRotationDeg.toFixed(1)}°, fits nearly as well: look at the figure before using the placement.`,
    );
  if (at.status === "no-rotation")
    notes.push("Nothing in the images tells one rotation from another: the image was not turned.");
  if (at.status === "failed")
    notes.push(
      `The maps do not explain the image (correlation ${at.correlation.toFixed(2)}): the placement means nothing. Is it the same cell and slice?`,
    );
  if (pixelMm !== undefined && Math.abs(at.scale - 1) > Math.max(0.005, 4 * at.scaleEsd))
    notes.push(
      `By the maps a pixel is ${(pixelMm * at.scale).toPrecision(5)} mm and not ${pixelMm} mm (${(100 * (at.scale - 1)).toFixed(2)} %): one of both sizes is not right.`,
    );
  return notes;
}
