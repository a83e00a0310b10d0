/** The pattern's axis as the user wants to read it: that of the file, or 2θ, q and d where they can be had. */
import { AXIS_LABELS, type AxisUnit, convertAxis } from "../../data/index.ts";
import type { ResultInfo } from "../../server/wire.ts";

export type RadialUnit = AxisUnit | "d";

export const RADIAL_LABELS: Record<RadialUnit, { readonly label: string; readonly unit: string }> = {
  ...AXIS_LABELS,
  d: { label: "d", unit: "Å" },
};

/** "2θ (°)" */
export function radialLabel(unit: RadialUnit): string {
  const { label, unit: symbol } = RADIAL_LABELS[unit];
  return symbol ? `${label} (${symbol})` : label;
}

/** "4.21°", "1.532 Å⁻¹" */
export function withRadialUnit(value: number, unit: RadialUnit, digits = 5): string {
  const text = String(Number(value.toPrecision(digits)));
  const symbol = RADIAL_LABELS[unit].unit;
  return symbol === "°" ? `${text}°` : symbol ? `${text} ${symbol}` : `${RADIAL_LABELS[unit].label} ${text}`;
}

type Context = Pick<ResultInfo, "wavelengthA" | "distanceM">;

/** What the file's axis can be shown in, its own unit first. */
export function radialUnits(from: AxisUnit, { wavelengthA, distanceM }: Context): RadialUnit[] {
  if (from === "channel") return ["channel"];
  const hasAngle = from === "two-theta" || from === "log-tan" || (from === "q" ? !!wavelengthA : !!distanceM);
  const reachable: RadialUnit[] = hasAngle ? ["two-theta", ...(wavelengthA ? (["q", "d"] as const) : [])] : [];
  return [from, ...reachable.filter((unit) => unit !== from)];
}

/**
 * Values of the file's axis in another unit; d falls where the others rise.
 *
 * @throws InputError as convertAxis does, where radialUnits does not list the unit
 */
export function toRadialUnit(
  values: ArrayLike<number>,
  from: AxisUnit,
  to: RadialUnit,
  context: Context,
): Float64Array {
  if (to !== "d") return convertAxis(values, from, to, context);
  return convertAxis(values, from, "q", context).map((q) => (2 * Math.PI) / q);
}

/** Where the bins [from, to) begin and end on their own axis: half a step beyond the middles of the outer two. */
export function binEdges(values: ArrayLike<number>, from: number, to: number): [number, number] {
  const n = values.length;
  const step = (i: number): number => (n < 2 ? 1 : values[Math.min(i + 1, n - 1)]! - values[Math.min(i, n - 2)]!);
  return [values[from]! - step(Math.max(0, from - 1)) / 2, values[to - 1]! + step(to - 1) / 2];
}

/** The bins [from, to) whose middles lie between two values of any axis; the nearest one where none does. */
export function binsBetween(values: ArrayLike<number>, low: number, high: number): [number, number] {
  let [from, to] = [values.length, 0];
  let nearest = 0;
  const middle = (low + high) / 2;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= low && value <= high) {
      from = Math.min(from, i);
      to = i + 1;
    }
    if (Math.abs(value - middle) < Math.abs(values[nearest]! - middle)) nearest = i;
  }
  return to > from ? [from, to] : [nearest, nearest + 1];
}
