/**
 * The projector pair over stacks of radial bins, bins last. Work goes 16 bins at a time through packed arrays
 * [angle, rowLength, 16] (rows) and [y, x, 16] (image), and through the grid in squares of 64 x 64 voxels by 64
 * angles, what the second cache holds.
 */
import type { Kernels } from "../kernels/index.ts";
import * as plain from "../kernels/reference/project-lanes.ts";
import type { ProjectorGeometry } from "./geometry.ts";

/** Radial bins of one pass. */
export const LANES = 16;
const SQUARE = 64;
const ANGLES = 64;
const SCRATCH = 4544;

/** The geometry in the kernels' memory, taken from the arena: the caller marks and releases. */
export interface PlacedProjector {
  readonly geometry: ProjectorGeometry;
  readonly directions: Float64Array;
  readonly spans: Int32Array;
  readonly scratch: Float32Array;
}

/**
 * What a voxel looks like to the detector. "joseph": the triangle of half width max(|cos|, |sin|), with which a flat
 * image projects to its chords at every angle: for everything that compares a projection with a measurement.
 * "interpolate": half width 1, so that back-projection looks rows up by linear interpolation: for filtered
 * back-projection. With either, project and backproject are exact transposes.
 */
export type Footprint = "joseph" | "interpolate";

/** Copies what the kernels need of a geometry into their memory. */
export function placeProjector(
  kernels: Kernels,
  geometry: ProjectorGeometry,
  footprint: Footprint = "joseph",
): PlacedProjector {
  const directions = kernels.arena.f64(3 * geometry.angles);
  const spans = kernels.arena.i32(geometry.spans.length);
  for (let angle = 0; angle < geometry.angles; angle++) {
    const c = geometry.directions[2 * angle]!;
    const s = geometry.directions[2 * angle + 1]!;
    directions.set([c, s, footprint === "joseph" ? Math.max(Math.abs(c), Math.abs(s)) : 1], 3 * angle);
  }
  spans.set(geometry.spans);
  return { geometry, directions, spans, scratch: kernels.arena.f32(SCRATCH) };
}

/** Floats of a packed stack of rows, [angle, rowLength, 16], and of a packed image, [y, x, 16]. */
export const rowsLength = ({ angles, rowLength }: ProjectorGeometry): number => angles * rowLength * LANES;
export const imageLength = ({ size }: ProjectorGeometry): number => size * size * LANES;

/**
 * Project a sample: rays = A image.
 *
 * @param image [y, x, bins] value per voxel; what lies outside geometry.sample's spans does not count
 * @param out   [angle, translation, bins] sums of voxel value times path in steps
 */
export function project(
  kernels: Kernels,
  geometry: ProjectorGeometry,
  image: Float32Array,
  bins: number,
  out: Float32Array,
): void {
  const mark = kernels.arena.mark();
  const placed = placeProjector(kernels, geometry);
  const rows = kernels.arena.f32(rowsLength(geometry));
  const packed = kernels.arena.f32(imageLength(geometry));
  for (let first = 0; first < bins; first += LANES) {
    packBins(kernels, packed, image, bins, first, geometry.size * geometry.size);
    rows.fill(0);
    projectPacked(kernels, placed, packed, rows);
    unpackRows(kernels, geometry, rows, out, bins, first);
  }
  kernels.arena.release(mark);
}

/**
 * Back-project rays: image = A^T rays, the exact transpose of project.
 *
 * @param rays [angle, translation, bins]
 * @param out  [y, x, bins], 0 outside geometry.sample's spans
 */
export function backproject(
  kernels: Kernels,
  geometry: ProjectorGeometry,
  rays: Float32Array,
  bins: number,
  out: Float32Array,
): void {
  const mark = kernels.arena.mark();
  const placed = placeProjector(kernels, geometry);
  const rows = kernels.arena.f32(rowsLength(geometry));
  const packed = kernels.arena.f32(imageLength(geometry));
  for (let first = 0; first < bins; first += LANES) {
    packRows(kernels, geometry, rays, rows, bins, first);
    packed.fill(0);
    backprojectPacked(kernels, placed, rows, packed);
    unpackBins(kernels, out, packed, bins, first, geometry.size * geometry.size);
  }
  kernels.arena.release(mark);
}

/** rows += A image, packed. Elements beyond the detector (the pads of the rows) receive what falls there. */
export function projectPacked(
  { run }: Kernels,
  { geometry, directions, spans, scratch }: PlacedProjector,
  image: Float32Array,
  rows: Float32Array,
): void {
  const { size, angles, rowLength, rotationAxis, pad } = geometry;
  const centre = (size - 1) / 2;
  for (let y0 = 0; y0 < size; y0 += SQUARE) {
    const y1 = Math.min(size, y0 + SQUARE);
    const strip = image.subarray(y0 * size * LANES);
    for (let x0 = 0; x0 < size; x0 += SQUARE) {
      const x1 = Math.min(size, x0 + SQUARE);
      for (let angle = 0; angle < angles; angle += ANGLES) {
        const end = Math.min(angles, angle + ANGLES);
        run.projectTiles(
          ...([rows, rowLength, strip, size, x0, x1, y0, y1, spans, directions] as const),
          ...([angle, end, centre, centre, rotationAxis + pad, scratch] as const),
        );
      }
    }
  }
}

/** image += A^T rows, packed. */
export function backprojectPacked(
  kernels: Kernels,
  placed: PlacedProjector,
  rows: Float32Array,
  image: Float32Array,
): void {
  const { size } = placed.geometry;
  for (let y0 = 0; y0 < size; y0 += SQUARE) {
    backprojectStrip(kernels, placed, rows, image.subarray(y0 * size * LANES), y0, Math.min(size, y0 + SQUARE));
  }
}

/** Lines of the grid that backprojectStrip does well at a time. */
export const STRIP = SQUARE;

/** strip += lines y0 to y1 of A^T rows. @param strip [y1 - y0, x, 16] */
export function backprojectStrip(
  { run }: Kernels,
  { geometry, directions, spans, scratch }: PlacedProjector,
  rows: Float32Array,
  strip: Float32Array,
  y0: number,
  y1: number,
): void {
  const { size, angles, rowLength, rotationAxis, pad } = geometry;
  const centre = (size - 1) / 2;
  for (let x0 = 0; x0 < size; x0 += SQUARE) {
    const x1 = Math.min(size, x0 + SQUARE);
    for (let angle = 0; angle < angles; angle += ANGLES) {
      const end = Math.min(angles, angle + ANGLES);
      run.backprojectTiles(
        ...([strip, size, x0, x1, y0, y1, spans, rows, rowLength, directions] as const),
        ...([angle, end, centre, centre, rotationAxis + pad, scratch] as const),
      );
    }
  }
}

/** Bins first to first + 16 of [n, bins] into packed [n, 16]; lanes beyond the last bin are 0. */
function packBins(
  kernels: Kernels,
  out: Float32Array,
  source: Float32Array,
  bins: number,
  first: number,
  n: number,
): void {
  // Arrays outside the kernels' memory are read by the plain twin, which costs less than a copy of the block.
  const run = source.buffer === kernels.memory.buffer ? kernels.run : plain;
  run.packLanes(out, source.subarray(first), n, bins, Math.min(LANES, bins - first));
}

/** Packed [n, 16], times factor, into bins first to first + 16 of [n, bins]. */
export function unpackBins(
  kernels: Kernels,
  out: Float32Array,
  packed: Float32Array,
  bins: number,
  first: number,
  n: number,
  factor = 1,
): void {
  const run = out.buffer === kernels.memory.buffer ? kernels.run : plain;
  run.unpackLanes(out.subarray(first), packed, n, bins, Math.min(LANES, bins - first), factor);
}

/** Bins first to first + 16 of rays [angle, translation, bins] into padded rows; the pads become 0. */
export function packRows(
  kernels: Kernels,
  { angles, translations, rowLength, pad }: ProjectorGeometry,
  rays: Float32Array,
  rows: Float32Array,
  bins: number,
  first: number,
): void {
  for (let angle = 0; angle < angles; angle++) {
    const row = rows.subarray(angle * rowLength * LANES, (angle + 1) * rowLength * LANES);
    row.fill(0, 0, pad * LANES);
    packBins(kernels, row.subarray(pad * LANES), rays.subarray(angle * translations * bins), bins, first, translations);
    row.fill(0, (pad + translations) * LANES);
  }
}

/** The measured part of padded rows into bins first to first + 16 of rays [angle, translation, bins]. */
export function unpackRows(
  kernels: Kernels,
  { angles, translations, rowLength, pad }: ProjectorGeometry,
  rows: Float32Array,
  rays: Float32Array,
  bins: number,
  first: number,
): void {
  for (let angle = 0; angle < angles; angle++) {
    const row = rows.subarray((angle * rowLength + pad) * LANES);
    unpackBins(kernels, rays.subarray(angle * translations * bins), row, bins, first, translations);
  }
}
