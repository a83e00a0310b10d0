// What projectTiles and backprojectTiles have in common: where the pixels of a tile fall on the rows of a group of up to
// 8 angles, and with what weights. The meaning is written down in ../../reference/backproject-tiles.ts.
// Table: addresses [8, 16] i32 | right and left weights [2, 8, 16] f32. Group: 32 bytes per angle.

/** 2^23: adding it leaves the integer part in the low bits. */
const MAGIC: f32 = 8388608.0;
export const TABLE: usize = 8 * 16 * 4;

/** The group's entries for the tile whose first pixel lies at (dx, dy) from the axis. */
export function placeGroup(
  group: usize,
  rows: usize,
  rowLength: i32,
  directions: usize,
  angle: i32,
  n: i32,
  dx: f64,
  dy: f64,
  axis: f64,
): void {
  for (let k = 0; k < n; k++) {
    const direction = directions + <usize>(angle + k) * 24;
    const c = load<f64>(direction);
    const s = load<f64>(direction, 8);
    const u = axis + dx * c + dy * s;
    const base = Math.floor(u + Math.min(0, 15 * c) + Math.min(0, 15 * s) - 0.001);
    const entry = group + ((<usize>k) << 5);
    store<i32>(entry, <i32>rows + (((angle + k) * rowLength + <i32>base) << 6));
    store<f32>(entry, <f32>(u - base), 4);
    store<f32>(entry, <f32>c, 8);
    store<f32>(entry, <f32>s, 12);
    const width = load<f64>(direction, 16);
    store<f32>(entry, <f32>width, 16);
    store<f32>(entry, <f32>(1 - width), 20);
    store<f32>(entry, <f32>(1 / (width * width)), 24);
  }
}

/** The table for one line of the tile, `line` pixels above its first. */
export function placeLine(table: usize, group: usize, line: i32, n: i32): void {
  const magic = f32x4.splat(MAGIC);
  const magicBits = i32x4.splat(0x4b000000);
  const zero = f32x4.splat(0);
  const steps = f32x4(0, 1, 2, 3);
  const dy = <f32>line;
  for (let k = 0; k < n; k++) {
    const entry = group + ((<usize>k) << 5);
    const row = i32x4.splat(load<i32>(entry));
    const start = f32x4.splat(load<f32>(entry, 4) + dy * load<f32>(entry, 12));
    const c = f32x4.splat(load<f32>(entry, 8));
    const width = f32x4.splat(load<f32>(entry, 16));
    const dead = f32x4.splat(load<f32>(entry, 20));
    const height = f32x4.splat(load<f32>(entry, 24));
    let t = table + ((<usize>k) << 6);
    for (let x = 0; x < 16; x += 4, t += 16) {
      const v = f32x4.add(start, f32x4.mul(f32x4.add(f32x4.splat(<f32>x), steps), c));
      const whole = f32x4.floor(v);
      v128.store(t, i32x4.add(row, i32x4.shl(i32x4.sub(f32x4.add(whole, magic), magicBits), 6)));
      const f = f32x4.sub(v, whole);
      v128.store(t, f32x4.mul(f32x4.pmax(f32x4.sub(f, dead), zero), height), TABLE);
      v128.store(t, f32x4.mul(f32x4.pmax(f32x4.sub(width, f), zero), height), 2 * TABLE);
    }
  }
}
