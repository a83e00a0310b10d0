/**
 * Projects patterns that the detector sees shifted by their depth: the pair of projectTiles and backprojectTiles for
 * bins on an axis of ln(tan 2theta), where a parcel at the depth t appears shifted by ln(1 - t/L), 1/(1 - t/L)^2 as
 * strong. All bins of a window go at once.
 *
 *   tau = depthStep ((y - centreY) cos - (x - centreX) sin),   shift = binsPerUnit ln(1 - tau), in bins,
 *   row[j, r] += w(u - j) / (1 - tau)^2 pattern(r + offset - shift),   u and w as in backprojectTiles
 *
 * The shift is rounded to 1/phases of a bin; the pattern between bins is a sum of 6 taps. A pixel's pattern is delayed
 * by each of the phases once, and every angle then takes the delayed pattern it needs, whole bins away.
 *
 * @param rows      [angle, rowLength, rowStride] f32; added to in place
 * @param rowBins   bins of a row that count
 * @param image     [y1 - y0, nx, imageBins] f32, its first row is y0
 * @param imageBins a multiple of 4; every shift must leave the rows within the image less 7 bins at either end
 * @param offset    image bin that lies on row bin 0 at no depth
 * @param y0,y1     lines of the grid
 * @param spans     [ny, 2] i32: first pixel and end of what counts in each row of the grid
 * @param directions [angle, 3] f64: cos and sin of omega, half width of the triangle
 * @param angles    how many
 * @param taps      [phases, 6] f32: phase k delays by k / phases, delayed(b) = sum over i of taps[i] pattern(b + i - 3)
 * @param scratch   [phases, imageBins] f32, and 4 f32 for each angle
 */
export function projectShifted(
  rows: Float32Array,
  rowLength: number,
  rowStride: number,
  rowBins: number,
  image: Float32Array,
  nx: number,
  imageBins: number,
  offset: number,
  y0: number,
  y1: number,
  spans: Int32Array,
  directions: Float64Array,
  angles: number,
  centreX: number,
  centreY: number,
  axis: number,
  depthStep: number,
  binsPerUnit: number,
  taps: Float32Array,
  phases: number,
  scratch: Float32Array,
): void {
  const f = Math.fround;
  const place = newPlace();
  for (const [y, x] of inSquares(nx, y0, y1, spans)) {
    const pixel = image.subarray(((y - y0) * nx + x) * imageBins, ((y - y0) * nx + x + 1) * imageBins);
    for (let k = 0; k < phases; k++) {
      for (let b = 4; b < imageBins - 4; b++) {
        let sum = f(taps[6 * k]! * pixel[b - 3]!);
        for (let i = 1; i < 6; i++) sum = f(sum + f(taps[6 * k + i]! * pixel[b + i - 3]!));
        scratch[k * imageBins + b] = sum;
      }
    }
    for (let angle = 0; angle < angles; angle++) {
      placePixel(place, directions, angle, x - centreX, y - centreY, axis, depthStep, binsPerUnit, phases);
      const at = (angle * rowLength + place.element) * rowStride;
      const from = place.phase * imageBins + offset - place.bins;
      for (let r = 0; r < rowBins; r++) {
        rows[at + r]! += f(place.left * scratch[from + r]!);
        rows[at + rowStride + r]! += f(place.right * scratch[from + r]!);
      }
    }
  }
}

/** The exact transpose of projectShifted, with the same arguments. @param image added to in place */
export function backprojectShifted(
  image: Float32Array,
  nx: number,
  imageBins: number,
  offset: number,
  y0: number,
  y1: number,
  spans: Int32Array,
  rows: Float32Array,
  rowLength: number,
  rowStride: number,
  rowBins: number,
  directions: Float64Array,
  angles: number,
  centreX: number,
  centreY: number,
  axis: number,
  depthStep: number,
  binsPerUnit: number,
  taps: Float32Array,
  phases: number,
  scratch: Float32Array,
): void {
  const f = Math.fround;
  const place = newPlace();
  for (const [y, x] of inSquares(nx, y0, y1, spans)) {
    scratch.fill(0, 0, phases * imageBins);
    for (let angle = 0; angle < angles; angle++) {
      placePixel(place, directions, angle, x - centreX, y - centreY, axis, depthStep, binsPerUnit, phases);
      const at = (angle * rowLength + place.element) * rowStride;
      const to = place.phase * imageBins + offset - place.bins;
      for (let r = 0; r < rowBins; r++) {
        const value = f(f(place.left * rows[at + r]!) + scratch[to + r]!);
        scratch[to + r] = f(f(place.right * rows[at + rowStride + r]!) + value);
      }
    }
    const pixel = image.subarray(((y - y0) * nx + x) * imageBins, ((y - y0) * nx + x + 1) * imageBins);
    for (let b = 4; b < imageBins - 4; b++) {
      let sum = pixel[b]!;
      for (let k = 0; k < phases; k++)
        for (let i = 0; i < 6; i++) sum = f(sum + f(taps[6 * k + i]! * scratch[k * imageBins + b + 3 - i]!));
      pixel[b] = sum;
    }
  }
}

/** In squares of 8 x 8: neighbours meet the same elements of the rows, and sums have the order of the fast builds. */
function* inSquares(nx: number, y0: number, y1: number, spans: Int32Array): Generator<[y: number, x: number]> {
  for (let ty = y0; ty < y1; ty += 8) {
    for (let tx = 0; tx < nx; tx += 8) {
      for (let y = ty; y < Math.min(ty + 8, y1); y++) {
        const end = Math.min(tx + 8, spans[2 * y + 1]!);
        for (let x = Math.max(tx, spans[2 * y]!); x < end; x++) yield [y, x];
      }
    }
  }
}

/** Where a pixel falls at an angle: the left of the two elements, the weights of both, and the shift. */
interface Place {
  element: number;
  left: number;
  right: number;
  /** whole bins of the shift */
  bins: number;
  /** and the rest, in 1/phases, 0 <= phase < phases */
  phase: number;
}

const newPlace = (): Place => ({ element: 0, left: 0, right: 0, bins: 0, phase: 0 });

function placePixel(
  place: Place,
  directions: Float64Array,
  angle: number,
  dx: number,
  dy: number,
  axis: number,
  depthStep: number,
  binsPerUnit: number,
  phases: number,
): void {
  const c = directions[3 * angle]!;
  const s = directions[3 * angle + 1]!;
  const width = directions[3 * angle + 2]!;
  const u = axis + (dx * c + dy * s);
  const element = Math.floor(u);
  const share = u - element;
  const tau = depthStep * (dy * c - dx * s);
  // ln(1 - tau) to 2e-8 for |tau| < 0.1, the most that a plan allows
  const log = -tau * (1 + tau * (1 / 2 + tau * (1 / 3 + tau * (1 / 4 + tau * (1 / 5 + tau * (1 / 6))))));
  const shift = Math.floor(log * binsPerUnit * phases + 0.5);
  const height = 1 / (width * width * (1 - tau) * (1 - tau));
  place.element = element;
  place.left = Math.fround(Math.max(0, width - share) * height);
  place.right = Math.fround(Math.max(0, share - (1 - width)) * height);
  place.bins = Math.floor(shift / phases);
  place.phase = shift - place.bins * phases;
}
