/**
 * Projects 16 radial bins at once: each pixel is shared between the two nearest elements of every angle's row. The
 * exact transpose of backprojectTiles, with the same arguments and the same weights.
 *
 *   u = axis + (x - centreX) cos + (y - centreY) sin,   row[j] += w(u - j) pixel,   w the triangle of backprojectTiles
 *
 * @param rows      [angle, rowLength, 16] f32; added to in place
 * @param image     [y1 - y0, nx, 16] f32, its first row is y0
 * @param x0,x1,y0,y1 region of the grid, in pixels
 * @param spans     [ny, 2] i32: first pixel and end of what counts in each row of the grid
 * @param directions [angle, 3] f64: cos and sin of omega, half width of the triangle
 * @param angle0,angle1 angles to add
 * @param scratch   4544 f32
 */
export function projectTiles(
  rows: Float32Array,
  rowLength: number,
  image: Float32Array,
  nx: number,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
  spans: Int32Array,
  directions: Float64Array,
  angle0: number,
  angle1: number,
  centreX: number,
  centreY: number,
  axis: number,
  _scratch: Float32Array,
): void {
  const f = Math.fround;
  for (let ty = y0; ty < y1; ty += 16) {
    for (let tx = x0; tx < x1; tx += 16) {
      for (let angle = angle0; angle < angle1; angle++) {
        const c = directions[3 * angle]!;
        const s = directions[3 * angle + 1]!;
        const u = axis + (tx - centreX) * c + (ty - centreY) * s;
        const base = Math.floor(u + Math.min(0, 15 * c) + Math.min(0, 15 * s) - 0.001);
        const v0 = f(u - base);
        for (let y = ty; y < Math.min(ty + 16, y1); y++) {
          const first = Math.max(tx, spans[2 * y]!);
          const end = Math.min(tx + 16, x1, spans[2 * y + 1]!);
          for (let x = first; x < end; x++) {
            const v = f(f(v0 + f((y - ty) * f(s))) + f((x - tx) * f(c)));
            const j = Math.floor(v);
            const width = directions[3 * angle + 2]!;
            const height = f(1 / (width * width));
            const right = f(Math.max(0, f(f(v - j) - f(1 - width))) * height);
            const left = f(Math.max(0, f(f(width) - f(v - j))) * height);
            const at = (angle * rowLength + base + j) * 16;
            const pixel = ((y - y0) * nx + x) * 16;
            for (let lane = 0; lane < 16; lane++) {
              rows[at + lane]! += f(left * image[pixel + lane]!);
              rows[at + 16 + lane]! += f(right * image[pixel + lane]!);
            }
          }
        }
      }
    }
  }
}
