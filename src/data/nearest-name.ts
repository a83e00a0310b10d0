/**
 * The name that was probably meant by a misspelt word: fewest letters inserted, removed, changed or swapped with
 * their neighbour (optimal string alignment), upper and lower case alike. A word that is the end of one name alone,
 * after a "/", means that one.
 *
 * @returns undefined where more than a third of the word would have to change
 */
export function nearestName(word: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  const endings: string[] = [];
  for (const name of names) {
    if (name.toLowerCase().endsWith(`/${word.toLowerCase()}`)) endings.push(name);
    if (Math.abs(name.length - word.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < least) [least, nearest] = [distance, name];
  }
  return endings.length === 1 && least > 0 ? endings[0] : nearest;
}

/** "; did you mean "x"?" or nothing, to be put behind "there is no ..." */
export function didYouMean(word: string, names: Iterable<string>): string {
  const nearest = nearestName(word, names);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, changed);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2]! + 1);
      row.push(best);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
