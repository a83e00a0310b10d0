import { LANES } from "../../projector/index.ts";

/** [lane] whether the lane held what is not a number; it is 0 afterwards, so that nothing spreads. */
export function clearNotFinite(squares: Float64Array, rows: Float32Array): boolean[] {
  const isBad = Array.from(squares, (sum) => !Number.isFinite(sum));
  isBad.forEach((bad, lane) => {
    if (bad) for (let i = lane; i < rows.length; i += LANES) rows[i] = 0;
  });
  return isBad;
}
