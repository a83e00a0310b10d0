import type { Arena } from "../../kernels/index.ts";
import type { IntegrateConfig } from "./config.ts";
import type { PixelTable } from "./pixel-table.ts";

/**
 * What the kernels read, in kernel memory: 4 to 20 bytes an entry, by statistic. An entry is a pixel in a bin: 2.2
 * million for a Pilatus 2M without splitting (26 MB with the default statistic), 6.2 million with, at 1500 bins.
 */
export interface IntegrationTables {
  readonly cells: number;
  readonly range: readonly [number, number];
  /** pixels in a frame */
  readonly pixels: number;
  readonly largestCell: number;
  readonly bytes: number;
  readonly hasCoef: boolean;
  readonly hasDark: boolean;
  /** [cells + 1] */
  readonly start: Uint32Array;
  /** [entry] */
  readonly pixel: Uint32Array;
  /** [entry] share of the pixel; empty without splitting */
  readonly coef: Float32Array;
  /** [pixel] solid angle x polarisation x flat, and dark counts; what a mean needs when frames have gaps of their own */
  readonly norm: Float32Array;
  readonly dark: Float32Array;
  /** [entry] 1 / norm, share x norm, dark: for the robust statistics; else empty */
  readonly scale: Float32Array;
  readonly weight: Float32Array;
  readonly entryDark: Float32Array;
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
  /** scale, and dark x scale^2 */
  readonly scale: Float64Array;
  readonly darkScaleSquare: Float64Array;
}

/** @param norm [pixel] what counts are divided by */
export function placeTables(
  arena: Arena,
  table: PixelTable,
  norm: Float32Array,
  dark: ArrayLike<number> | undefined,
  config: IntegrateConfig,
): IntegrationTables {
  const freeBefore = arena.free;
  const entries = table.pixel.length;
  const isRobust = config.statistic !== "mean";
  const needsWeight = config.statistic === "sigma-clip";
  // + 4: SIMD loads of the last bin may read past its end
  const perEntry = (wanted: boolean) => arena.f32(wanted ? entries + 4 : 0);
  const placed = {
    start: arena.u32(table.cells + 1),
    pixel: arena.u32(entries + 4),
    coef: perEntry(table.coef !== undefined),
    norm: arena.f32(norm.length),
    dark: arena.f32(dark ? norm.length : 0),
    scale: perEntry(isRobust),
    weight: perEntry(needsWeight),
    entryDark: perEntry(isRobust && dark !== undefined),
    pixelsInCell: arena.f32(table.cells),
  };
  placed.start.set(table.start);
  placed.pixel.set(table.pixel);
  if (table.coef) placed.coef.set(table.coef);
  placed.norm.set(norm);
  if (dark) placed.dark.set(dark);
  fillEntries(table, placed, dark !== undefined, isRobust, needsWeight);
  let largestCell = 0;
  for (let c = 0; c < table.cells; c++) largestCell = Math.max(largestCell, table.start[c + 1]! - table.start[c]!);
  return {
    ...placed,
    cells: table.cells,
    range: table.range,
    pixels: norm.length,
    largestCell,
    hasCoef: table.coef !== undefined,
    hasDark: dark !== undefined,
    sums: sumCells(table, placed, dark !== undefined),
    bytes: freeBefore - arena.free,
  };
}

type Placed = Pick<
  IntegrationTables,
  "pixel" | "coef" | "norm" | "dark" | "scale" | "weight" | "entryDark" | "pixelsInCell"
>;

function fillEntries(table: PixelTable, to: Placed, hasDark: boolean, isRobust: boolean, needsWeight: boolean): void {
  if (!isRobust) return;
  for (let e = 0; e < table.pixel.length; e++) {
    const p = table.pixel[e]!;
    to.scale[e] = 1 / to.norm[p]!;
    if (needsWeight) to.weight[e] = (table.coef ? table.coef[e]! : 1) * to.norm[p]!;
    if (hasDark) to.entryDark[e] = to.dark[p]!;
  }
}

function sumCells(table: PixelTable, { norm, dark, pixelsInCell }: Placed, hasDark: boolean): CellSums {
  const f64 = () => new Float64Array(table.cells);
  const sums = { normalisation: f64(), dark: f64(), squareDark: f64(), scale: f64(), darkScaleSquare: f64() };
  for (let cell = 0; cell < table.cells; cell++) {
    let [n, d, dd, s, ds, count] = [0, 0, 0, 0, 0, 0];
    for (let e = table.start[cell]!; e < table.start[cell + 1]!; e++) {
      const p = table.pixel[e]!;
      const c = table.coef ? table.coef[e]! : 1;
      const background = hasDark ? dark[p]! : 0;
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
