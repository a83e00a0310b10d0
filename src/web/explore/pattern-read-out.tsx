/** Under the pointer on the pattern: the place in every unit, the intensity, and the reflection that is near. */
import type { ResultInfo } from "../../server/wire.ts";
import { type Cursor, useCursor } from "../core/cursor.ts";
import { formatValue } from "../core/format.ts";
import type { NamedTick } from "./pattern-panel.tsx";
import type { VoxelPattern } from "./patterns.ts";
import { RADIAL_LABELS, type RadialUnit, radialUnits, toRadialUnit, withRadialUnit } from "./radial-unit.ts";
import { binsText } from "./shown-image.ts";
import type { OneState } from "./view-state.ts";

/** A reflection within this share of the axis is near. */
const NEAR = 0.006;

export interface PatternReadOutProps {
  readonly pointer: Cursor<number>;
  readonly info: ResultInfo;
  readonly unit: RadialUnit;
  /** [bin] in that unit */
  readonly x: Float64Array;
  readonly ticks: readonly NamedTick[];
  readonly picked: VoxelPattern | undefined;
  /** that are chosen */
  readonly bins: OneState["bins"];
}

export function PatternReadOut({ pointer, info, unit, x, ticks, picked, bins }: PatternReadOutProps) {
  const at = useCursor(pointer);
  const bin = at === undefined ? undefined : nearest(x, at);
  if (at === undefined || bin === undefined || !info.axis) {
    return (
      <p className="read-out">
        {bins && info.axis && (
          <span>
            image of {binsText(info, bins, unit)} <span className="dim">({count(bins)})</span>
          </span>
        )}
        <span className="dim">drag: another range</span>
      </p>
    );
  }
  const near = ticks
    .filter(({ position }) => Math.abs(position - at) < NEAR * Math.abs(x.at(-1)! - x[0]!))
    .sort((a, b) => Math.abs(a.position - at) - Math.abs(b.position - at))
    .slice(0, 3);
  const value = info.axis.values[bin]!;
  return (
    <p className="read-out" data-read-out="pattern" data-bin={bin}>
      <span className="dim">bin {bin}</span>
      {radialUnits(info.axis.unit, info).map((one) => (
        <span key={one} className={one === unit ? "" : "dim"}>
          {RADIAL_LABELS[one].label} {withRadialUnit(toRadialUnit([value], info.axis!.unit, one, info)[0]!, one)}
        </span>
      ))}
      {picked && <span data-value={picked.intensity[bin]}>intensity {formatValue(picked.intensity[bin], 5)}</span>}
      {near.length > 0 && (
        <span className="near">
          {near.map(({ phase, hkl, position }) => (
            <b key={`${phase} ${hkl}`} data-hkl={hkl.join(" ")}>
              {phase} {hkl.join(" ")} at {withRadialUnit(position, unit)}
            </b>
          ))}
        </span>
      )}
    </p>
  );
}

const count = ([from, to]: readonly [number, number]): string =>
  to - from === 1 ? `bin ${from}` : `bins ${from} to ${to - 1}`;

function nearest(x: ArrayLike<number>, at: number): number | undefined {
  let best: number | undefined;
  for (let i = 0; i < x.length; i++) {
    if (best === undefined || Math.abs(x[i]! - at) < Math.abs(x[best]! - at)) best = i;
  }
  return best;
}
