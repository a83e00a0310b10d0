// Twin of ../../reference/peak-workspace.ts, where the layout is written down; here it is globals of the instance
// (one instance a thread), set once for each strip of voxels.
const MODEL_HEADER: usize = 8;
const TABLE_HEADER: usize = 8;

export let points: i32 = 0;
export let padded: i32 = 0;
export let peaks: i32 = 0;
export let terms: i32 = 0;
export let parameters: i32 = 0;
export let mode: i32 = 0;
export let iterationLimit: i32 = 0;
export let shifts: i32 = 0;
export let tolerance: f64 = 0;
export let leastSignificance: f64 = 0;
export let floor: f64 = 0;
export let gain: f64 = 0;
export let spikeSigma: f64 = 0;
export let slot: usize = 0;
export let kind: usize = 0;
export let owners: usize = 0;
export let factor: usize = 0;
export let offset: usize = 0;
export let start: usize = 0;
export let lower: usize = 0;
export let upper: usize = 0;
export let x: usize = 0;
export let shift: usize = 0;
export let template: usize = 0;
export let y: usize = 0;
export let base: usize = 0;
export let w: usize = 0;
export let wTrial: usize = 0;
export let fitted: usize = 0;
export let residual: usize = 0;
export let weighted: usize = 0;
export let spare: usize = 0;
export let J: usize = 0;
export let A: usize = 0;
export let trialA: usize = 0;
export let L: usize = 0;
export let g: usize = 0;
export let trialG: usize = 0;
export let s: usize = 0;
export let delta: usize = 0;
export let z: usize = 0;
export let p: usize = 0;
export let trial: usize = 0;
export let best: usize = 0;
export let slots: usize = 0;
export let active: usize = 0;

export function setWorkspace(model: usize, table: usize, scratch: usize): void {
  points = i32.load(model);
  padded = i32.load(model, 4);
  peaks = i32.load(model, 8);
  terms = i32.load(model, 12);
  parameters = i32.load(model, 16);
  mode = i32.load(model, 20);
  iterationLimit = i32.load(model, 24);
  shifts = i32.load(model, 28);
  tolerance = f64.load(table);
  leastSignificance = f64.load(table, 8);
  floor = f64.load(table, 16);
  gain = f64.load(table, 24);
  spikeSigma = f64.load(table, 32);

  const quad = (<usize>peaks) << 2;
  const n = <usize>parameters;
  const row = (<usize>padded) << 3;
  slot = model + (MODEL_HEADER << 2);
  kind = slot + (quad << 2);
  owners = kind + (n << 2);

  factor = table + (TABLE_HEADER << 3);
  offset = factor + (quad << 3);
  start = offset + (quad << 3);
  lower = start + (n << 3);
  upper = lower + (n << 3);
  x = upper + (n << 3);
  const basis = x + row;
  shift = basis + <usize>terms * row;
  template = shift + ((<usize>shifts) << 3);

  y = scratch;
  base = y + row;
  w = base + row;
  wTrial = w + row;
  fitted = wTrial + row;
  residual = fitted + row;
  weighted = residual + row;
  spare = weighted + 2 * row;
  J = spare + 4 * row;
  A = J + n * row;
  trialA = A + ((n * n) << 3);
  L = trialA + ((n * n) << 3);
  g = L + ((n * n) << 3);
  trialG = g + (n << 3);
  s = trialG + (n << 3);
  delta = s + (n << 3);
  z = delta + (n << 3);
  p = z + (n << 3);
  trial = p + (n << 3);
  best = trial + (n << 3);
  slots = best + (n << 3);
  active = slots + (quad << 3);
  memory.copy(J + <usize>(parameters - terms) * row, basis, <usize>terms * row);
}

/** Make the trial the accepted state. */
export function swapTrial(): void {
  let t = w;
  w = wTrial;
  wTrial = t;
  t = A;
  A = trialA;
  trialA = t;
  t = g;
  g = trialG;
  trialG = t;
}
