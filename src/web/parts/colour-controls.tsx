/** How values become colours: colour map, scale and limits. None of it asks the server for anything. */
import { useEffect, useState } from "react";
import { COLOUR_MAPS, type ColourMapName, percentileLimits } from "../../stages/figure/index.ts";
import { formatValue } from "../core/format.ts";
import type { ColourTransform } from "./colours.ts";

/** Plain JSON, kept in the address. */
export interface Colours {
  readonly colourMap: ColourMapName;
  readonly transform: ColourTransform;
  /** the limits, in percent of the values */
  readonly percentiles: readonly [number, number];
  /** typed in, in the unit of the values: instead of percentiles */
  readonly limits?: readonly [number, number];
  /** as far below 0 as above: for differences */
  readonly isSymmetric: boolean;
}

export const DEFAULT_COLOURS: Colours = {
  colourMap: "viridis",
  transform: "linear",
  percentiles: [1, 99],
  isSymmetric: false,
};

/** Percentiles of more values than this are taken from a part of them, evenly spaced: the colours are the same. */
const SAMPLE = 150_000;

/** The values at the two ends of the colour bar. */
export function limitsOf(values: ArrayLike<number>, colours: Colours): [number, number] {
  const { limits, percentiles, isSymmetric } = colours;
  const stride = Math.ceil(values.length / SAMPLE);
  const sample =
    stride > 1
      ? Float64Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride]!)
      : values;
  const [lo, hi] = limits ?? percentileLimits(sample, percentiles[0], percentiles[1]);
  if (!isSymmetric) return [lo, hi];
  const most = Math.max(Math.abs(lo), Math.abs(hi));
  return [-most, most];
}

export interface ColourControlsProps {
  readonly colours: Colours;
  /** that are in force: shown in the fields, and where typing begins */
  readonly limits: readonly [number, number];
  readonly unit: string;
  readonly onChange: (colours: Colours) => void;
}

export function ColourControls({ colours, limits, unit, onChange }: ColourControlsProps) {
  const change = (part: Partial<Colours>): void => onChange({ ...colours, ...part });
  const isFixed = colours.limits !== undefined;
  const [lo, hi] = isFixed ? limits : colours.percentiles;
  const set = (low: number, high: number): void => {
    if (!(high > low)) return;
    change(isFixed ? { limits: [low, high] } : { percentiles: [Math.max(0, low), Math.min(100, high)] });
  };
  return (
    <fieldset className="colour-controls" aria-label="colours">
      <select
        aria-label="colour map"
        value={colours.colourMap}
        onChange={({ target }) => change({ colourMap: target.value as ColourMapName })}
      >
        {Object.keys(COLOUR_MAPS).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        aria-label="colour scale"
        value={colours.transform}
        onChange={({ target }) => change({ transform: target.value as ColourTransform })}
      >
        <option value="linear">linear</option>
        <option value="sqrt">square root</option>
        <option value="log">logarithmic</option>
      </select>
      <select
        aria-label="limits by"
        value={isFixed ? "values" : "percent"}
        onChange={({ target }) => change({ limits: target.value === "values" ? round(limits) : undefined })}
      >
        <option value="percent">limits in %</option>
        <option value="values">limits{unit ? ` in ${unit}` : ""}</option>
      </select>
      <NumberField label="lower limit" value={lo} onChange={(value) => set(value, hi)} />
      <NumberField label="upper limit" value={hi} onChange={(value) => set(lo, value)} />
      <button
        type="button"
        title="as far below 0 as above: for differences"
        aria-pressed={colours.isSymmetric}
        onClick={() => change({ isSymmetric: !colours.isSymmetric })}
      >
        ±
      </button>
    </fieldset>
  );
}

const round = ([lo, hi]: readonly [number, number]): [number, number] => [
  Number(lo.toPrecision(7)),
  Number(hi.toPrecision(7)),
];

/** A number that is taken when it is finished: with Enter or when the field is left. */
export function NumberField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const shown = formatValue(value);
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const finish = (): void => {
    const typed = Number(text.replace(",", "."));
    if (text.trim() !== "" && Number.isFinite(typed)) {
      if (text !== shown) onChange(typed);
    }
    setText(shown);
  };
  return (
    <input
      type="text"
      inputMode="decimal"
      className="number-field"
      aria-label={label}
      title={label}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onBlur={finish}
      onKeyDown={({ key, currentTarget }) => key === "Enter" && currentTarget.blur()}
    />
  );
}
