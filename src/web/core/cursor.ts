/** Where the pointer is, outside of the address and of the components' state: moving it redraws only what listens. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";

export interface Cursor<T> {
  readonly get: () => T | undefined;
  readonly set: (value: T | undefined) => void;
  readonly subscribe: (listener: () => void) => () => void;
}

/** @param isSame two values that need no redraw */
export function createCursor<T>(isSame: (a: T, b: T) => boolean = Object.is): Cursor<T> {
  let now: T | undefined;
  const listeners = new Set<() => void>();
  return {
    get: () => now,
    set(value) {
      if (value === now || (value !== undefined && now !== undefined && isSame(value, now))) return;
      now = value;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export const useCursor = <T>(cursor: Cursor<T>): T | undefined => useSyncExternalStore(cursor.subscribe, cursor.get);

/** The value, at most once in so many ms; the last one always arrives. */
export function useThrottled<T>(value: T, ms: number): T {
  const [shown, setShown] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + ms - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setShown(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return shown;
}

/** The last value that was there: what is shown until the next one arrives, with its own title and unit. */
export function useLast<T>(value: T | undefined): T | undefined {
  const last = useRef(value);
  if (value !== undefined) last.current = value;
  return last.current;
}
