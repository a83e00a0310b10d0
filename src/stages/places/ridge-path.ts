/** The path along a ridge that gathers the most, by dynamic programming (Viterbi): it bridges gaps that a tracer falls into. */

export interface RidgePath {
  /** position at each step, in elements of the second axis */
  readonly path: Int32Array;
  readonly score: number;
}

const NOWHERE = -1e30;

/**
 * @param score [step, position]: what a path gathers there
 * @param reach positions that it may move from step to step
 * @param stiffness what a move by one position costs; by two, four times as much
 * @param start the only position at step 0; anywhere where left out
 * @param end likewise at the last step
 */
export function ridgePath(
  score: Float32Array,
  steps: number,
  positions: number,
  { reach, stiffness, start, end }: { reach: number; stiffness: number; start?: number; end?: number },
): RidgePath {
  const from = new Int8Array(steps * positions);
  let before = new Float64Array(positions);
  let now = new Float64Array(positions);
  for (let k = 0; k < positions; k++) before[k] = start === undefined || k === start ? score[k]! : NOWHERE;
  for (let step = 1; step < steps; step++) {
    for (let k = 0; k < positions; k++) {
      let best = before[k]!;
      let move = 0;
      for (let d = 1; d <= reach; d++) {
        const cost = stiffness * d * d;
        if (k >= d && before[k - d]! - cost > best) [best, move] = [before[k - d]! - cost, -d];
        if (k + d < positions && before[k + d]! - cost > best) [best, move] = [before[k + d]! - cost, d];
      }
      now[k] = best + score[step * positions + k]!;
      from[step * positions + k] = move;
    }
    [before, now] = [now, before];
  }
  let at = end ?? 0;
  if (end === undefined) for (let k = 1; k < positions; k++) if (before[k]! > before[at]!) at = k;
  const total = before[at]!;
  const path = new Int32Array(steps);
  for (let step = steps - 1; step >= 0; step--) {
    path[step] = at;
    at += from[step * positions + at]!;
  }
  return { path, score: total };
}
