/** A range of items. */
export interface Part {
  readonly first: number;
  readonly end: number;
}

/** Ranges that together are 0 to n, none longer than `most`. */
export function partsOf(n: number, most: number): Part[] {
  const count = Math.max(1, Math.ceil(n / Math.max(1, Math.floor(most))));
  return Array.from({ length: count }, (_, part) => ({
    first: Math.floor((n * part) / count),
    end: Math.floor((n * (part + 1)) / count),
  }));
}
