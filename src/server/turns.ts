/** Of many who want the same, some at a time, in the order in which they came. */
export interface Turns {
  /** Resolves when it is one's turn; undefined where `signal` ended before. What comes back is called when it is over. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** @param most at a time */
export function createTurns(most: number): Turns {
  const waiting = new Set<() => void>();
  let taken = 0;
  const next = (): void => {
    const [first] = waiting;
    if (first && taken < most) first();
  };
  return {
    take(signal) {
      return new Promise((resolve) => {
        const settle = (turn: (() => void) | undefined): void => {
          waiting.delete(begin);
          signal.removeEventListener("abort", leave);
          resolve(turn);
        };
        const begin = (): void => {
          taken++;
          let isOver = false;
          settle(() => {
            if (isOver) return;
            isOver = true;
            taken--;
            next();
          });
        };
        const leave = (): void => settle(undefined);
        if (signal.aborted) return leave();
        waiting.add(begin);
        signal.addEventListener("abort", leave);
        next();
      });
    },
  };
}
