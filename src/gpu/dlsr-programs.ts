/**
 * The products of direct least-squares reconstruction in WGSL, after kernels/reference/dlsr-forward.ts and
 * dlsr-adjoint.ts. A thread has four of the K numbers. Rays gather from the voxels beside them, voxels from the rays
 * beside them: nothing is added to by two threads.
 */
import { POSITIONS } from "./exact-positions.ts";
import type { GpuProgram } from "./gpu.ts";

/** Threads of a group of LOOK_UP and FORWARD. */
export const GROUP = 64;

const VIEW = /* wgsl */ `
${POSITIONS}
struct Depth { first: i32, weights: vec4f }

/// The four depth nodes around u and their Lagrange weights; beyond the nodes the last four extrapolate.
fn depthOf(u: f32, depths: i32) -> Depth {
  let first = clamp(i32(floor(u)) - 1, 0, depths - 4);
  let e = u - f32(first + 1);
  let outer = e * (1.0 - e) * (-1.0 / 6.0);
  let inner = (1.0 + e) * (2.0 - e) * 0.5;
  return Depth(first, vec4f(outer * (2.0 - e), inner * (1.0 - e), inner * e, outer * (1.0 + e)));
}
`;

/** Patterns of voxels at every depth node: output[voxel, depth, K] += what of their stencil is in this part of the table. */
export const LOOK_UP: GpuProgram = {
  name: "dlsr look up",
  code: /* wgsl */ `
struct Parameters { voxels: i32, stencil: i32, node: i32, nodeEnd: i32, length: i32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> nodes: array<i32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> table: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> output: array<vec4f>;

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = i32(id.x);
  let v = i32(id.y);
  if (i >= p.length) { return; }
  var sum = output[v * p.length + i];
  for (var q = 0; q < p.stencil; q++) {
    let node = nodes[v] + offsets[q];
    if (node >= p.node && node < p.nodeEnd) {
      sum += weights[v * p.stencil + q] * table[(node - p.node) * p.length + i];
    }
  }
  output[v * p.length + i] = sum;
}`,
};

/** rays[angle, translation, K] += what the voxels first to end give; \`patterns\` is LOOK_UP's output for them. */
export const FORWARD: GpuProgram = {
  name: "dlsr forward",
  code: /* wgsl */ `
${VIEW}
struct Parameters {
  translations: i32, quarters: i32, depths: i32,
  first: i32, end: i32,
  /// the grid of places: columns, and the lines in which these voxels are
  columns: i32, line: i32, lineEnd: i32,
  angle: i32,
  axis: vec2f, left: f32, low: f32, depthScale: f32, depthOrigin: f32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> directions: array<Direction>;
@group(0) @binding(2) var<storage, read> grid: array<i32>;
@group(0) @binding(3) var<storage, read> patterns: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rays: array<vec4f>;

/// What the voxel in this column and line gives to ray j.
fn given(column: i32, line: i32, j: i32, quarter: i32, to: Direction) -> vec4f {
  let v = grid[(line - p.line) * p.columns + column];
  if (v < p.first || v >= p.end) { return vec4f(); }
  let x = p.left + f32(column);
  let y = p.low + f32(line);
  let place = placeOf(x, y, to, p.axis);
  var share = 0.0;
  if (place.j == j) { share = 1.0 - place.part; }
  else if (place.j + 1 == j) { share = place.part; }
  else { return vec4f(); }
  let depth = depthOf(p.depthOrigin + p.depthScale * (y * to.turn.x - x * to.turn.y), p.depths);
  let at = ((v - p.first) * p.depths + depth.first) * p.quarters + quarter;
  return share * (depth.weights.x * patterns[at] + depth.weights.y * patterns[at + p.quarters]
    + depth.weights.z * patterns[at + 2 * p.quarters] + depth.weights.w * patterns[at + 3 * p.quarters]);
}

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = i32(id.x) / p.quarters;
  let quarter = i32(id.x) % p.quarters;
  let a = i32(id.y);
  if (j >= p.translations) { return; }
  let to = directions[p.angle + a];
  let corner = p.axis.x + p.axis.y + p.left * to.turn.x + p.low * to.turn.y;
  let at = (a * p.translations + j) * p.quarters + quarter;
  var sum = rays[at];
  if (abs(to.turn.x) >= abs(to.turn.y)) {
    for (var line = p.line; line < p.lineEnd; line++) {
      let c0 = firstOf(j, corner + f32(line) * to.turn.y, to.turn.x, 1.0);
      for (var column = max(c0, 0); column < min(c0 + 3, p.columns); column++) {
        sum += given(column, line, j, quarter, to);
      }
    }
  } else {
    for (var column = 0; column < p.columns; column++) {
      let l0 = firstOf(j, corner + f32(column) * to.turn.x, to.turn.y, 1.0);
      for (var line = max(l0, p.line); line < min(l0 + 3, p.lineEnd); line++) {
        sum += given(column, line, j, quarter, to);
      }
    }
  }
  rays[at] = sum;
}`,
};

/**
 * What the rays say about a voxel at every depth node: gathered[voxel, depth, K] += sum over these angles.
 *
 * @param depths a thread holds all its nodes in registers, so their number is in the source
 */
export const gatherProgram = (depths: number): GpuProgram => ({
  name: "dlsr gather",
  code: /* wgsl */ `
${VIEW}
struct Parameters {
  voxels: i32, translations: i32, quarters: i32, angle: i32, angles: i32,
  axis: vec2f, depthScale: f32, depthOrigin: f32,
}
const DEPTHS = ${depths};
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> directions: array<Direction>;
@group(0) @binding(2) var<storage, read> places: array<vec2f>;
@group(0) @binding(3) var<storage, read> rays: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> gathered: array<vec4f>;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let v = i32(id.y);
  let quarter = i32(id.x);
  if (quarter >= p.quarters || v >= p.voxels) { return; }
  let xy = places[v];
  var sums: array<vec4f, DEPTHS>;
  for (var d = 0; d < DEPTHS; d++) { sums[d] = gathered[(v * DEPTHS + d) * p.quarters + quarter]; }
  for (var a = 0; a < p.angles; a++) {
    let to = directions[p.angle + a];
    let place = placeOf(xy.x, xy.y, to, p.axis);
    let at = (a * p.translations + place.j) * p.quarters + quarter;
    var ray = vec4f();
    if (place.j >= 0 && place.j < p.translations) { ray += (1.0 - place.part) * rays[at]; }
    if (place.j >= -1 && place.j < p.translations - 1) { ray += place.part * rays[at + p.quarters]; }
    let depth = depthOf(p.depthOrigin + p.depthScale * (xy.y * to.turn.x - xy.x * to.turn.y), DEPTHS);
    for (var i = 0; i < 4; i++) { sums[depth.first + i] += depth.weights[i] * ray; }
  }
  for (var d = 0; d < DEPTHS; d++) { gathered[(v * DEPTHS + d) * p.quarters + quarter] = sums[d]; }
}`,
});

/** output[voxel, q] = <gathered[voxel], table of the stencil's node q>, of the nodes in this part of the table. */
export const STENCIL_PRODUCTS: GpuProgram = {
  name: "dlsr stencil products",
  code: /* wgsl */ `
struct Parameters { voxels: i32, stencil: i32, node: i32, nodeEnd: i32, length: i32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> nodes: array<i32>;
@group(0) @binding(2) var<storage, read> offsets: array<i32>;
@group(0) @binding(3) var<storage, read> gathered: array<vec4f>;
@group(0) @binding(4) var<storage, read> table: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let q = i32(id.x);
  let v = i32(id.y);
  if (q >= p.stencil || v >= p.voxels) { return; }
  let node = nodes[v] + offsets[q];
  if (node < p.node || node >= p.nodeEnd) { return; }
  var sum = 0.0;
  for (var i = 0; i < p.length; i++) {
    sum += dot(gathered[v * p.length + i], table[(node - p.node) * p.length + i]);
  }
  output[v * p.stencil + q] = sum;
}`,
};
