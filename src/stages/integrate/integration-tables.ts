import type { Arena } from "../../kernels/index.ts";
import type { IntegrateConfig } from "./config.ts";
import type { PixelTable } from "./pixel-table.ts";

/**
 * What the kernels read, in kernel memory, in the order of the pixels. An entry is a pixel in a cell; a cell a radial
 * bin, or with a cake a radial and azimuthal one. Tables that a statistic does not need are empty.
 */
export interface IntegrationTables {
  readonly cells: number;
  readonly range: readonly [number, number];
  /** pixels in a frame */
  readonly pixels: number;
  readonly entries: number;
  readonly largestCell: number;
  readonly bytes: number;
  readonly hasShares: boolean;
  readonly hasDark: boolean;
  /** [cells + 1] where each cell begins among the entries in the order of the cells */
  readonly start: Uint32Array;
  /** [pixel + 1, padded] where each pixel's entries begin in the order of the pixels; with splitting */
  readonly first: Uint32Array;
  /** [pixel, padded] or with splitting [entry]; `cells` for a pixel in none. For the mean. */
  readonly cell: Uint32Array;
  /** [entry] share of the pixel, in the order of the pixels; mean with splitting */
  readonly coef: Float32Array;
  /** [pixel, padded] or with splitting [entry]: place in the order of the cells; `entries` for none. Robust. */
  readonly position: Uint32Array;
  /** [pixel, padded] solid angle x polarisation x flat, one over it, and dark counts */
  readonly norm: Float32Array;
  readonly inverseNorm: Float32Array;
  readonly dark: Float32Array;
  /** [entry] in the order of the cells: 1 / norm, and share x norm. For the sigma clip. */
  readonly scale: Float32Array;
  readonly weight: Float32Array;
  /** [cells] sum of shares */
  readonly pixelsInCell: Float32Array;
  readonly sums: CellSums;
}

/** [cells] f64 sums that do not depend on the frame. */
export interface CellSums {
  /** share x norm */
  readonly normalisation: Float64Array;
  /** share x dark */
  readonly dark: Float64Array;
  /** share^2 x dark */
  readonly squareDark: Float64Array;
  /** 1 / norm, and dark / norm^2 */
  readonly scale: Float64Array;
  readonly darkScaleSquare: Float64Array;
}

/** SIMD takes four pixels or values at a time, and may read past the last one. */
const PADDING = 8;

/** @param norm [pixel] what counts are divided by */
export function placeTables(
  arena: Arena,
  table: PixelTable,
  norm: Float32Array,
  dark: ArrayLike<number> | undefined,
  config: IntegrateConfig,
): IntegrationTables {
  const freeBefore = arena.free;
  const [pixels, entries] = [norm.length, table.pixel.length];
  const hasShares = table.coef !== undefined;
  const isMean = config.statistic === "mean";
  const isClip = config.statistic === "sigma-clip";
  const f32 = (length: number, wanted: boolean) => arena.f32(wanted ? length + PADDING : 0);
  const u32 = (length: number, wanted: boolean) => arena.u32(wanted ? length + PADDING : 0);
  const perPixelOrEntry = hasShares ? entries : pixels;
  const placed = {
    start: arena.u32(table.cells + 1),
    first: u32(pixels + 1, hasShares),
    cell: u32(perPixelOrEntry, isMean),
    coef: f32(entries, isMean && hasShares),
    position: u32(perPixelOrEntry, !isMean),
    norm: f32(pixels, isMean),
    inverseNorm: f32(pixels, !isMean),
    dark: f32(pixels, dark !== undefined),
    scale: f32(entries, isClip),
    weight: f32(entries, isClip),
    pixelsInCell: arena.f32(table.cells),
  };
  placed.start.set(table.start);
  if (isMean) placed.norm.set(norm);
  else for (let p = 0; p < pixels; p++) placed.inverseNorm[p] = 1 / norm[p]!;
  if (dark) placed.dark.set(dark);
  if (hasShares) orderByPixel(table, pixels, placed);
  else onePerPixel(table, placed);
  if (isClip) {
    for (let e = 0; e < entries; e++) {
      const factor = norm[table.pixel[e]!]!;
      placed.scale[e] = 1 / factor;
      placed.weight[e] = (table.coef ? table.coef[e]! : 1) * factor;
    }
  }
  let largestCell = 0;
  for (let c = 0; c < table.cells; c++) largestCell = Math.max(largestCell, table.start[c + 1]! - table.start[c]!);
  const sums = sumCells(table, norm, dark, placed.pixelsInCell);
  const { cells, range } = table;
  const bytes = freeBefore - arena.free;
  return { ...placed, cells, range, pixels, entries, largestCell, hasShares, hasDark: dark !== undefined, sums, bytes };
}

type Placed = Pick<IntegrationTables, "first" | "cell" | "coef" | "position">;

function onePerPixel(table: PixelTable, { cell, position }: Placed): void {
  cell.fill(table.cells);
  position.fill(table.pixel.length);
  const hasCell = cell.length > 0;
  for (let c = 0; c < table.cells; c++) {
    for (let e = table.start[c]!; e < table.start[c + 1]!; e++) {
      if (hasCell) cell[table.pixel[e]!] = c;
      else position[table.pixel[e]!] = e;
    }
  }
}

function orderByPixel(table: PixelTable, pixels: number, { first, cell, coef, position }: Placed): void {
  const next = new Uint32Array(pixels + 1);
  for (const p of table.pixel) next[p + 1] = next[p + 1]! + 1;
  for (let p = 0; p < pixels; p++) next[p + 1] = next[p + 1]! + next[p]!;
  first.fill(table.pixel.length);
  first.set(next);
  const hasCell = cell.length > 0;
  for (let c = 0; c < table.cells; c++) {
    for (let e = table.start[c]!; e < table.start[c + 1]!; e++) {
      const p = table.pixel[e]!;
      const to = next[p]!;
      next[p] = to + 1;
      if (hasCell) {
        cell[to] = c;
        coef[to] = table.coef![e]!;
      } else position[to] = e;
    }
  }
}

function sumCells(
  table: PixelTable,
  norm: Float32Array,
  dark: ArrayLike<number> | undefined,
  pixelsInCell: Float32Array,
): CellSums {
  const f64 = () => new Float64Array(table.cells);
  const sums = { normalisation: f64(), dark: f64(), squareDark: f64(), scale: f64(), darkScaleSquare: f64() };
  for (let cell = 0; cell < table.cells; cell++) {
    let [n, d, dd, s, ds, count] = [0, 0, 0, 0, 0, 0];
    for (let e = table.start[cell]!; e < table.start[cell + 1]!; e++) {
      const p = table.pixel[e]!;
      const c = table.coef ? table.coef[e]! : 1;
      const background = dark ? dark[p]! : 0;
      const scale = 1 / norm[p]!;
      count += c;
      n += c * norm[p]!;
      d += c * background;
      dd += c * c * background;
      s += scale;
      ds += background * scale * scale;
    }
    pixelsInCell[cell] = count;
    sums.normalisation[cell] = n;
    sums.dark[cell] = d;
    sums.squareDark[cell] = dd;
    sums.scale[cell] = s;
    sums.darkScaleSquare[cell] = ds;
  }
  return sums;
}
