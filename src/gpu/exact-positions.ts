/**
 * Where a voxel falls on the detector, to 1e-7 of a step in float32. WGSL has no float64, and float32 loses the fraction
 * of a wide scan: at 500 steps it knows 3e-5 of one. So cos, sin and rotation axis are each the sum of two numbers. The
 * high ones are multiples of a power of two so coarse that their products with places (multiples of half a step) and
 * all sums of these fit into float32 exactly, in whatever order and with whatever fusing a compiler likes; the low ones
 * are what is left and add an error of their own last bit only.
 *
 *   high = axis.x + x c.x + y s.x (exact),  position = floor(high) + ((high - floor(high)) + axis.y + x c.y + y s.y)
 *
 * The idea is that of splitting a multiplier so that products are exact: Dekker, Numer. Math. 18 (1971) 224-242.
 */

/** Floats of one direction in the programs' array<Direction>. */
export const DIRECTION_FLOATS = 10;

export interface ExactPositions {
  /** [angle, 10] cos and sin, each high and low, then each whole; half width of the triangle, 1 - half width, its height; 0 */
  readonly directions: Float32Array;
  /** rotation axis, high and low */
  readonly axis: readonly [high: number, low: number];
}

/**
 * @param directions [angle, 2] cos and sin
 * @param axis       where the rotation axis falls, in steps
 * @param reach      places are within -reach to reach of the axis in x and in y, in steps
 * @param widthOf    half width of the triangle with which a voxel is seen
 */
export function exactPositions(
  directions: Float64Array,
  axis: number,
  reach: number,
  widthOf: (cos: number, sin: number) => number = () => 1,
): ExactPositions {
  const angles = directions.length / 2;
  const out = new Float32Array(DIRECTION_FLOATS * angles);
  const power = Math.ceil(Math.log2(Math.abs(axis) + 2 * reach + 2));
  const unit = 2 ** (power - 23);
  for (let angle = 0; angle < angles; angle++) {
    const c = directions[2 * angle]!;
    const s = directions[2 * angle + 1]!;
    const width = widthOf(c, s);
    const [cos, sin] = [split(c, unit), split(s, unit)];
    out.set([...cos, ...sin, c, s, width, 1 - width, 1 / (width * width)], DIRECTION_FLOATS * angle);
  }
  return { directions: out, axis: split(axis, unit) };
}

const split = (value: number, unit: number): [high: number, low: number] => {
  const high = Math.round(value / unit) * unit;
  return [high, Math.fround(value - high)];
};

/** The same in WGSL. Voxels that fall between element j and j + 1 are `part` of the way. */
export const POSITIONS = /* wgsl */ `
struct Direction { c: vec2f, s: vec2f, turn: vec2f, width: f32, edge: f32, height: f32, spare: f32 }
struct Place { j: i32, part: f32 }

fn placeOf(x: f32, y: f32, to: Direction, axis: vec2f) -> Place {
  let high = axis.x + x * to.c.x + y * to.s.x;
  let base = floor(high);
  let part = (high - base) + (axis.y + x * to.c.y + y * to.s.y);
  let carry = floor(part);
  return Place(i32(base) + i32(carry), part - carry);
}

/// The first of the three voxels of a line that can be seen by element j. The one at \`from\` is \`start\` along the line,
/// and the detector moves by \`slope\` a voxel; half a hundredth covers the rounding of this estimate.
fn firstOf(j: i32, start: f32, slope: f32, width: f32) -> i32 {
  return i32(ceil((f32(j) - start) / slope - width / abs(slope) - 0.005));
}
`;
