/** One going through the heights of a sample. */
export interface Round {
  /** [height] number of its step; undefined where the height was not scanned, or that step is left out */
  readonly steps: readonly (number | undefined)[];
  /** mean of its steps */
  readonly timeH: number;
}

/**
 * Slices that were scanned one after the other make one volume at one time: a round ends where a height comes again.
 *
 * @param timesH [height][step] hours, ascending
 */
export function roundsOf(timesH: readonly ArrayLike<number>[]): Round[] {
  const visits = timesH
    .flatMap((times, height) => Array.from(times, (timeH, step) => ({ height, step, timeH })))
    .sort((a, b) => a.timeH - b.timeH || a.height - b.height);
  const rounds: (typeof visits)[] = [];
  for (const visit of visits) {
    const last = rounds.at(-1);
    if (!last || last.some(({ height }) => height === visit.height)) rounds.push([visit]);
    else last.push(visit);
  }
  return rounds.map((round) => ({
    steps: timesH.map((_, height) => round.find((visit) => visit.height === height)?.step),
    timeH: round.reduce((sum, visit) => sum + visit.timeH, 0) / round.length,
  }));
}
