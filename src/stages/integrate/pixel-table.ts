/**
 * Which pixels make up a bin, and with which share: setup, once per geometry, in float64.
 *
 * Ranges as in pyFAI 0.21 (measured against ../shared/bench/ref): from the pixel centres without splitting, centre
 * +- half-width with bbox, corners with full; only unmasked pixels count; the upper end is raised by one float32
 * epsilon so that the outermost pixel falls into the last bin instead of beyond it.
 */
import { InputError } from "../../data/index.ts";
import { chiRad, cornerMap, type Poni, pixelMap, type Shape } from "../../geometry/index.ts";
import type { IntegrateConfig } from "./config.ts";
import { radialCoordinate } from "./radial-coordinate.ts";
import { areaUnderPolygon, clipToStrip, splitInterval, splitPolygon } from "./split-pixel.ts";

export interface PixelTable {
  /** radial bins x azimuthal bins; bin index = chi bin * radial bins + radial bin */
  readonly cells: number;
  readonly radialBins: number;
  /** [2] outer edges of the first and the last radial bin, in the axis unit */
  readonly range: readonly [number, number];
  /** [cells + 1] where each cell's entries begin */
  readonly start: Uint32Array;
  /** [entry] index into the frame, ascending within a cell */
  readonly pixel: Uint32Array;
  /** [entry] share of the pixel; absent without splitting, where every share is 1 */
  readonly coef?: Float32Array;
}

const FLOAT32_EPSILON = 2 ** -23;
const DEG = 180 / Math.PI;
const TWO_PI = 2 * Math.PI;

export interface TableInput {
  readonly poni: Poni;
  readonly shape: Shape;
  /** [row, col] 1 = excluded */
  readonly mask: Uint8Array;
  readonly config: IntegrateConfig;
  /** [row, col] radial coordinate of the pixel centres, instead of the calibration's */
  readonly radialMap?: Float64Array;
}

/**
 * @throws InputError "integrate-no-pixels" | "integrate-range-empty" | "axis-needs-wavelength"
 */
export function buildPixelTable({ poni, shape, mask, config, radialMap }: TableInput): PixelTable {
  const coordinate = radialCoordinate(config.axis, poni);
  const geometry: PixelGeometry = { shape, mask, config, centre: radialMap ?? pixelMap(poni, shape, coordinate) };
  if (config.split !== "none") geometry.corner = cornerMap(poni, shape, coordinate);
  const isCake = config.chiBins !== null;
  if (isCake || config.split === "full") geometry.chi = pixelMap(poni, shape, chiRad);
  if (config.split === "full" || (isCake && config.split === "bbox"))
    geometry.chiCorner = cornerMap(poni, shape, chiRad);
  const extent = radialExtent(geometry);
  const range = chooseRange(extent, config);
  const entries = config.split === "none" ? wholePixels(geometry, range) : splitPixels(geometry, range);
  return { ...entries, range, radialBins: config.bins, cells: config.bins * (config.chiBins ?? 1) };
}

interface PixelGeometry {
  readonly shape: Shape;
  readonly mask: Uint8Array;
  readonly config: IntegrateConfig;
  /** [row, col] radial coordinate */
  readonly centre: Float64Array;
  /** [row, col] of one more row and column */
  corner?: Float64Array;
  /** [row, col] radians */
  chi?: Float64Array;
  chiCorner?: Float64Array;
}

/** The four corners of a pixel in order around it. */
function pixelCorners(map: Float64Array, row: number, col: number, cols: number, out: Float64Array): void {
  const at = row * (cols + 1) + col;
  out[0] = map[at]!;
  out[1] = map[at + cols + 1]!;
  out[2] = map[at + cols + 2]!;
  out[3] = map[at + 1]!;
}

const halfWidth = (centre: number, corners: Float64Array): number =>
  Math.max(
    Math.abs(corners[0]! - centre),
    Math.abs(corners[1]! - centre),
    Math.abs(corners[2]! - centre),
    Math.abs(corners[3]! - centre),
  );

function radialExtent(geometry: PixelGeometry): [number, number] {
  const { shape, mask, centre, corner, config } = geometry;
  const corners = new Float64Array(4);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let row = 0, at = 0; row < shape.rows; row++) {
    for (let col = 0; col < shape.cols; col++, at++) {
      if (mask[at] || !Number.isFinite(centre[at])) continue;
      const c = centre[at]!;
      if (corner) pixelCorners(corner, row, col, shape.cols, corners);
      if (config.split === "full") {
        low = Math.min(low, corners[0]!, corners[1]!, corners[2]!, corners[3]!);
        high = Math.max(high, corners[0]!, corners[1]!, corners[2]!, corners[3]!);
      } else {
        const half = corner ? halfWidth(c, corners) : 0;
        low = Math.min(low, c - half);
        high = Math.max(high, c + half);
      }
    }
  }
  if (low > high) {
    throw new InputError(
      "integrate-no-pixels",
      `The mask excludes all ${mask.length} pixels of the ${shape.rows} x ${shape.cols} frame, so there is nothing to integrate. ` +
        "A mask is 1 (or true) where a pixel is bad: check that it is not inverted.",
    );
  }
  // Two-theta, q and radius have no negative values; a box about the beam centre may reach there.
  return [config.axis === "log-tan" ? low : Math.max(low, 0), high];
}

function chooseRange(extent: [number, number], config: IntegrateConfig): [number, number] {
  const [low, high] = config.range ?? extent;
  if (!(high > low) || low > extent[1] || high < extent[0]) {
    throw new InputError(
      "integrate-range-empty",
      `The ${config.axis} range ${low} to ${high} holds no pixel: the detector covers ${extent[0].toPrecision(6)} to ${extent[1].toPrecision(6)}. ` +
        "Give two ascending limits that overlap it, in the unit of the axis, or leave the range out.",
    );
  }
  return [low, high * (1 + Math.sign(high) * FLOAT32_EPSILON)];
}

/** Chi bin of an angle in radians, in bins, from the cake's lower limit; wraps once around. */
function chiInBins(chi: number, config: IntegrateConfig): number {
  const [low, high] = config.chiRange;
  const turns = (chi * DEG - low) / 360;
  return ((turns - Math.floor(turns)) * 360 * config.chiBins!) / (high - low);
}

function wholePixels(geometry: PixelGeometry, [low, high]: [number, number]) {
  const { config, mask, centre, chi } = geometry;
  const scale = config.bins / (high - low);
  const cellOf = new Int32Array(centre.length).fill(-1);
  for (let at = 0; at < centre.length; at++) {
    if (mask[at]) continue;
    const bin = Math.floor((centre[at]! - low) * scale);
    if (!(bin >= 0 && bin < config.bins)) continue;
    if (config.chiBins === null) cellOf[at] = bin;
    else {
      const chiBin = Math.floor(chiInBins(chi![at]!, config));
      if (chiBin < config.chiBins) cellOf[at] = chiBin * config.bins + bin;
    }
  }
  const start = countStarts(cellOf, cellOf.length, config.bins * (config.chiBins ?? 1));
  const next = start.slice();
  const pixel = new Uint32Array(start[start.length - 1]!);
  for (let at = 0; at < cellOf.length; at++) {
    const cell = cellOf[at]!;
    if (cell >= 0) {
      const to = next[cell]!;
      pixel[to] = at;
      next[cell] = to + 1;
    }
  }
  return { start, pixel };
}

function splitPixels(geometry: PixelGeometry, range: [number, number]) {
  const { shape, mask, config, centre } = geometry;
  const list = new EntryList(centre.length * 3);
  const share = config.split === "bbox" ? boxSplitter(geometry, range) : polygonSplitter(geometry, range);
  for (let row = 0, at = 0; row < shape.rows; row++) {
    for (let col = 0; col < shape.cols; col++, at++) {
      if (mask[at] || !Number.isFinite(centre[at])) continue;
      list.pixelNow = at;
      share(row, col, at, list.add);
    }
  }
  return list.byCell(config.bins * (config.chiBins ?? 1));
}

type Splitter = (row: number, col: number, at: number, add: (cell: number, share: number) => void) => void;

function boxSplitter(geometry: PixelGeometry, [low, high]: [number, number]): Splitter {
  const { shape, config, centre, corner, chi, chiCorner } = geometry;
  const { bins, chiBins } = config;
  const scale = bins / (high - low);
  const corners = new Float64Array(4);
  return (row, col, at, add) => {
    pixelCorners(corner!, row, col, shape.cols, corners);
    const half = halfWidth(centre[at]!, corners);
    // A box that reaches below zero is cut there, as pyFAI does.
    const boxLow = config.axis === "log-tan" ? centre[at]! - half : Math.max(centre[at]! - half, 0);
    const [x0, x1] = [(boxLow - low) * scale, (centre[at]! + half - low) * scale];
    if (chiBins === null) {
      splitInterval(x0, x1, bins, add);
      return;
    }
    pixelCorners(chiCorner!, row, col, shape.cols, corners);
    const c = chi![at]!;
    for (let i = 0; i < 4; i++) corners[i] = nearestTurn(corners[i]!, c);
    const halfChi = (halfWidth(c, corners) * DEG * chiBins) / (config.chiRange[1] - config.chiRange[0]);
    const y = chiInBins(c, config);
    const turn = (360 * chiBins) / (config.chiRange[1] - config.chiRange[0]);
    // A box over the cake's end goes on at its beginning (one turn later).
    for (const shift of [-turn, 0, turn]) {
      splitInterval(y + shift - halfChi, y + shift + halfChi, chiBins, (chiBin, chiShare) =>
        splitInterval(x0, x1, bins, (bin, share) => add(chiBin * bins + bin, chiShare * share)),
      );
    }
  };
}

/** The four corners in (radial, chi), joined by straight edges there, as pyFAI's full splitting. */
function polygonSplitter(geometry: PixelGeometry, [low, high]: [number, number]): Splitter {
  const { shape, config, corner, chi, chiCorner } = geometry;
  const { bins, chiBins } = config;
  const scale = bins / (high - low);
  const x = new Float64Array(4);
  const y = new Float64Array(4);
  const clippedX = new Float64Array(12);
  const clippedY = new Float64Array(12);
  const buffer = new Float64Array(bins + 4096);
  const perRadian = chiBins === null ? 1 : (DEG * chiBins) / (config.chiRange[1] - config.chiRange[0]);
  return (row, col, at, add) => {
    pixelCorners(corner!, row, col, shape.cols, x);
    pixelCorners(chiCorner!, row, col, shape.cols, y);
    let wide = 0;
    for (let i = 0; i < 4; i++) {
      x[i] = (x[i]! - low) * scale;
      y[i] = nearestTurn(y[i]!, chi![at]!) - chi![at]!;
      wide = Math.max(wide, Math.abs(y[i]!));
    }
    const xLow = Math.min(x[0]!, x[1]!, x[2]!, x[3]!);
    const xHigh = Math.max(x[0]!, x[1]!, x[2]!, x[3]!);
    // The pixel with the beam centre in it has no polygon in (radial, chi): its azimuths run all the way round.
    const hasPolygon = wide < Math.PI / 2 && xHigh - xLow < 4096;
    if (chiBins === null) {
      if (hasPolygon) splitPolygon(x, y, 4, areaUnderPolygon(x, y, 4), bins, buffer, add);
      else splitInterval(xLow, xHigh, bins, add);
      return;
    }
    const chiNow = chiInBins(chi![at]!, config);
    if (!hasPolygon) {
      const chiBin = Math.floor(chiNow);
      if (chiBin < chiBins) splitInterval(xLow, xHigh, bins, (bin, share) => add(chiBin * bins + bin, share));
      return;
    }
    const area = areaUnderPolygon(x, y, 4) * perRadian;
    for (let i = 0; i < 4; i++) y[i] = y[i]! * perRadian;
    const turn = (360 * chiBins) / (config.chiRange[1] - config.chiRange[0]);
    for (const shift of [-turn, 0, turn]) {
      const base = chiNow + shift;
      const first = Math.max(0, Math.floor(base + Math.min(y[0]!, y[1]!, y[2]!, y[3]!)));
      const last = Math.min(chiBins - 1, Math.floor(base + Math.max(y[0]!, y[1]!, y[2]!, y[3]!)));
      for (let chiBin = first; chiBin <= last; chiBin++) {
        const count = clipToStrip(x, y, 4, chiBin - base, chiBin + 1 - base, clippedX, clippedY);
        if (count >= 3)
          splitPolygon(clippedX, clippedY, count, area, bins, buffer, (bin, share) => add(chiBin * bins + bin, share));
      }
    }
  };
}

/** The same angle, less than half a turn from `reference`; radians. */
function nearestTurn(angle: number, reference: number): number {
  if (angle - reference > Math.PI) return angle - TWO_PI;
  if (angle - reference < -Math.PI) return angle + TWO_PI;
  return angle;
}

function countStarts(cellOf: Int32Array, length: number, cells: number): Uint32Array {
  const start = new Uint32Array(cells + 1);
  for (let i = 0; i < length; i++) {
    const cell = cellOf[i]!;
    if (cell >= 0) start[cell + 1] = start[cell + 1]! + 1;
  }
  for (let cell = 0; cell < cells; cell++) start[cell + 1] = start[cell + 1]! + start[cell]!;
  return start;
}

/** Entries as they are found, pixel after pixel; then put in order of cells. */
class EntryList {
  pixelNow = 0;
  private length = 0;
  private cell: Int32Array;
  private pixel: Uint32Array;
  private coef: Float32Array;

  constructor(capacity: number) {
    this.cell = new Int32Array(capacity);
    this.pixel = new Uint32Array(capacity);
    this.coef = new Float32Array(capacity);
  }

  add = (cell: number, share: number): void => {
    if (this.length === this.cell.length) this.grow();
    const at = this.length++;
    this.cell[at] = cell;
    this.pixel[at] = this.pixelNow;
    this.coef[at] = share;
  };

  byCell(cells: number): { start: Uint32Array; pixel: Uint32Array; coef: Float32Array } {
    const start = countStarts(this.cell, this.length, cells);
    const next = start.slice();
    const pixel = new Uint32Array(this.length);
    const coef = new Float32Array(this.length);
    for (let i = 0; i < this.length; i++) {
      const cell = this.cell[i]!;
      const to = next[cell]!;
      pixel[to] = this.pixel[i]!;
      coef[to] = this.coef[i]!;
      next[cell] = to + 1;
    }
    return { start, pixel, coef };
  }

  private grow(): void {
    const capacity = Math.ceil(this.cell.length * 1.5) + 16;
    const grown = {
      cell: new Int32Array(capacity),
      pixel: new Uint32Array(capacity),
      coef: new Float32Array(capacity),
    };
    grown.cell.set(this.cell);
    grown.pixel.set(this.pixel);
    grown.coef.set(this.coef);
    this.cell = grown.cell;
    this.pixel = grown.pixel;
    this.coef = grown.coef;
  }
}
