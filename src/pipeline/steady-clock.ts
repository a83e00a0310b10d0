/** Milliseconds since 1970 as when the process began, and from then on never stepped: for what has to wait or to end. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
