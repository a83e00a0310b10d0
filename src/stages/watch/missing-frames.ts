import { framesOf, type Notice, placeOf, type WatchedScan } from "./watched-scan.ts";

/** Files may appear in another order than they were taken: what is so far behind the newest does not come any more. */
const LATE = 64;

/** Numbers that were left out, for good as it seems. */
export function findMissingFrames({ sums, bands, points }: WatchedScan, isOver = false): Notice[] {
  const frames = framesOf({ sums, bands, points });
  const end = isOver ? frames : frames - Math.max(LATE, points >> 2);
  const notices: Notice[] = [];
  for (let from = 0; from < end; from++) {
    let to = from;
    while (to < end && Number.isNaN(sums[to * bands]!)) to++;
    if (to === from) continue;
    const what =
      to - from === 1
        ? `${placeOf(from, points)} is missing or cannot be read`
        : `${to - from} frames are missing or cannot be read, from ${placeOf(from, points)} to ${placeOf(to - 1, points)}`;
    notices.push({
      kind: "frames-missing",
      from,
      to,
      text: `${what[0]!.toUpperCase()}${what.slice(1)}: those before and after are there.`,
    });
    from = to;
  }
  return notices;
}
