/** Maps of lithium in a layered oxide. */
import { type ParameterMap, STATUS } from "../../data/index.ts";
import type { LithiumCalibration } from "./calibration.ts";
import { createLithiumCurve } from "./lithium-posterior.ts";

/** What a and c say of a voxel's lithium; values of the `x_flag` map. */
export const LITHIUM_FLAG = {
  /** no cell there */
  none: 0,
  unique: 1,
  /** two branches: `x` is the heavier, `x_other` the lighter */
  ambiguous: 2,
  /** the cell lies off the curve, or beyond its ends: x is the nearest, and no measurement */
  outside: 3,
} as const;

export interface OxideInput {
  /** of the phase */
  readonly name: string;
  readonly a: ParameterMap;
  readonly c: ParameterMap;
  readonly table: LithiumCalibration;
  /** relative, of a and c alike */
  readonly scaleEsd: number;
  /** [y, x] voxels with enough of the phase; left out: all */
  readonly mask?: ArrayLike<number>;
}

export interface OxideLithium {
  readonly name: string;
  /** lithium a formula unit; esd: from those of a and c alone. Status: converged where unique, undetermined where ambiguous, atBound outside */
  readonly x: ParameterMap;
  /** standard deviation with everything: noise, samples off the curve, scale, table */
  readonly total: ParameterMap;
  /** of the 95 % band, everything in it */
  readonly low: ParameterMap;
  readonly high: ParameterMap;
  /** of LITHIUM_FLAG */
  readonly flag: ParameterMap;
  /** the lighter branch, NaN where there is none */
  readonly other: ParameterMap;
  /** probability of the branch that x is of */
  readonly weight: ParameterMap;
  /** [y, x] what one standard deviation of the common scale does to x */
  readonly byScale: Float64Array;
  /** [y, x] standard deviation of x by how far samples may lie off the curve */
  readonly byCurve: Float64Array;
}

/** 97.5th percentile of the normal distribution. */
const Z95 = 1.959964;

/** @returns maps without units, NaN where there is no cell */
export function oxideLithium({ name, a, c, table, scaleEsd, mask }: OxideInput): OxideLithium {
  const { ny, nx } = a;
  const size = ny * nx;
  const empty = (): Float32Array => new Float32Array(size).fill(Number.NaN);
  const [x, esd, total, low, high, other, weight] = [empty(), empty(), empty(), empty(), empty(), empty(), empty()];
  const byScale = new Float64Array(size);
  const byCurve = new Float64Array(size);
  const flag = new Float32Array(size);
  const status = new Uint8Array(size).fill(STATUS.notFitted);
  const curve = createLithiumCurve(table, { scaleEsd });
  for (let v = 0; v < size; v++) {
    if (mask && !(mask[v]! > 0)) continue;
    if (!isMeasured(a, v) || !isMeasured(c, v)) continue;
    const [va, vc] = [a.values[v]!, c.values[v]!];
    const [ea, ec] = [a.esd?.[v] ?? 0, c.esd?.[v] ?? 0];
    const found = curve.evaluate(va, vc, ea, ec);
    x[v] = found.x;
    esd[v] = Math.hypot(found.byA * ea, found.byC * ec);
    total[v] = Math.hypot(found.sd, table.xEsd);
    low[v] = found.x - Math.hypot(found.x - found.low, Z95 * table.xEsd);
    high[v] = found.x + Math.hypot(found.high - found.x, Z95 * table.xEsd);
    weight[v] = found.weight;
    other[v] = found.other;
    byScale[v] = (found.byA * va + found.byC * vc) * scaleEsd;
    byCurve[v] = Math.sqrt(Math.max(0, found.sd ** 2 - esd[v]! ** 2 - byScale[v]! ** 2));
    const isAmbiguous = Number.isFinite(found.other);
    flag[v] = found.isOutside ? LITHIUM_FLAG.outside : isAmbiguous ? LITHIUM_FLAG.ambiguous : LITHIUM_FLAG.unique;
    status[v] = found.isOutside ? STATUS.atBound : isAmbiguous ? STATUS.undetermined : STATUS.converged;
  }
  const map = (suffix: string, values: Float32Array): ParameterMap => ({
    name: `${name}/${suffix}`,
    ny,
    nx,
    unit: "",
    values,
  });
  return {
    name,
    x: { ...map("x", x), esd, status },
    total: map("x_total", total),
    low: map("x_low", low),
    high: map("x_high", high),
    flag: map("x_flag", flag),
    other: map("x_other", other),
    weight: map("x_weight", weight),
    byScale,
    byCurve,
  };
}

/** A cell that a fit came to, with an uncertainty of its own. */
export function isMeasured({ values, esd, status }: ParameterMap, v: number): boolean {
  if (!Number.isFinite(values[v]!) || (esd && !(esd[v]! >= 0))) return false;
  return !status || status[v] === STATUS.converged;
}
