/**
 * The projector pair in WGSL: two programs that look every element of the matrix up in the same way, one summing for each
 * voxel over angles, the other for each ray over the voxels that it passes, so that nothing is added to by two threads.
 * A thread has four of the 16 bins.
 */
import { POSITIONS } from "./exact-positions.ts";
import type { GpuProgram } from "./gpu.ts";

const SHARED = /* wgsl */ `
${POSITIONS}
struct Parameters {
  size: i32, rowLength: i32,
  /// lines of the grid that the image holds, and angles that the rows hold
  line: i32, lineEnd: i32, angle: i32, angles: i32,
  axis: vec2f, centre: f32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> directions: array<Direction>;
@group(0) @binding(2) var<storage, read> spans: array<vec2i>;
@group(0) @binding(3) var<storage, read> input: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;

fn leftShare(part: f32, to: Direction) -> f32 { return max(0.0, to.width - part) * to.height; }
fn rightShare(part: f32, to: Direction) -> f32 { return max(0.0, part - to.edge) * to.height; }
`;

/** output (an image) += A^T input (rows). Parameters: see the program; groups of 8 x 8 voxels. */
export const BACKPROJECT: GpuProgram = {
  name: "backproject",
  code: /* wgsl */ `
${SHARED}
@compute @workgroup_size(4, 8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quarter = i32(id.x);
  let x = i32(id.y);
  let y = p.line + i32(id.z);
  if (x >= p.size || y >= p.lineEnd) { return; }
  let span = spans[y];
  if (x < span.x || x >= span.y) { return; }
  let at = ((y - p.line) * p.size + x) * 4 + quarter;
  var sum = output[at];
  for (var a = 0; a < p.angles; a++) {
    let to = directions[p.angle + a];
    let place = placeOf(f32(x) - p.centre, f32(y) - p.centre, to, p.axis);
    let element = (a * p.rowLength + place.j) * 4 + quarter;
    sum += rightShare(place.part, to) * input[element + 4] + leftShare(place.part, to) * input[element];
  }
  output[at] = sum;
}`,
};

/** output (rows) += A input (an image). Groups of 16 elements of a row. */
export const PROJECT: GpuProgram = {
  name: "project",
  code: /* wgsl */ `
${SHARED}
/// What a voxel gives to element j.
fn given(x: i32, y: i32, j: i32, quarter: i32, to: Direction) -> vec4f {
  let place = placeOf(f32(x) - p.centre, f32(y) - p.centre, to, p.axis);
  let value = input[((y - p.line) * p.size + x) * 4 + quarter];
  if (place.j == j) { return leftShare(place.part, to) * value; }
  if (place.j + 1 == j) { return rightShare(place.part, to) * value; }
  return vec4f();
}

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let quarter = i32(id.x);
  let j = i32(id.y);
  let a = i32(id.z);
  if (j >= p.rowLength) { return; }
  let to = directions[p.angle + a];
  let corner = p.axis.x + p.axis.y;
  let at = (a * p.rowLength + j) * 4 + quarter;
  var sum = output[at];
  if (abs(to.turn.x) >= abs(to.turn.y)) {
    for (var y = p.line; y < p.lineEnd; y++) {
      let span = spans[y];
      let start = corner - p.centre * to.turn.x + (f32(y) - p.centre) * to.turn.y;
      let x0 = firstOf(j, start, to.turn.x, to.width);
      for (var x = max(x0, span.x); x < min(x0 + 3, span.y); x++) { sum += given(x, y, j, quarter, to); }
    }
  } else {
    for (var x = 0; x < p.size; x++) {
      let start = corner + (f32(x) - p.centre) * to.turn.x - p.centre * to.turn.y;
      let y0 = firstOf(j, start, to.turn.y, to.width);
      for (var y = max(y0, p.line); y < min(y0 + 3, p.lineEnd); y++) {
        let span = spans[y];
        if (x >= span.x && x < span.y) { sum += given(x, y, j, quarter, to); }
      }
    }
  }
  output[at] = sum;
}`,
};
