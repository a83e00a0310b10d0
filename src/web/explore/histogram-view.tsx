/** How the values of a map are distributed: drag a range to find its voxels, drag the ends of the colours. */
import { type ReactNode, useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { percentileLimits } from "../../stages/figure/index.ts";
import { withUnit } from "../core/format.ts";
import { limitsOf, NumberField } from "../parts/colour-controls.tsx";
import { columnsData, type Source } from "../parts/data-files.ts";
import { histogramSvg } from "../parts/figures.ts";
import { Busy } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { type Counts, countValues, hasCount, spanOf, voxelsInRange } from "./histogram-counts.ts";
import { HistogramPlot } from "./histogram-plot.tsx";
import "./histogram.css";
import { countOf } from "./mask-pieces.ts";
import type { ShownImage } from "./shown-image.ts";
import type { ChangeOne, Frame, OneState } from "./view-state.ts";

export interface HistogramViewProps {
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage | undefined;
  readonly frame: Frame;
}

/** [y, x] 1 where a voxel is brushed; undefined without a brush. @param status of the voxels where only converged count */
export function useBrushed(
  values: ArrayLike<number> | undefined,
  status: ArrayLike<number> | undefined,
  brush: readonly [number, number] | undefined,
): Uint8Array | undefined {
  const [from, to] = brush ?? [];
  return useMemo(
    () => (values && from !== undefined && to !== undefined ? voxelsInRange(values, status, [from, to]) : undefined),
    [values, status, from, to],
  );
}

type Range = readonly [number, number];

const BINS = 80;

/** Of the image that is shown, a map or a range of bins. */
export function HistogramView({ image, frame, ...props }: HistogramViewProps) {
  if (!image) return frame({ children: <Busy what="reading the map" /> });
  return <HistogramOf {...props} image={image} frame={frame} />;
}

function HistogramOf({ info, state, change, image, frame }: HistogramViewProps & { readonly image: ShownImage }) {
  const [isLog, setLog] = useState(true);
  const [isAll, setAll] = useState(false);
  const { title, unit, shown: values } = image;
  const status = state.isBrushAll ? undefined : image.status;
  const counts = useMemo(() => {
    const span = spanOf(values, status);
    return countValues(values, status, isAll ? span : middle(values, status, span), BINS);
  }, [values, status, isAll]);
  const colours = image.kind === "map" ? state.colours : state.binColours;
  const limits = useMemo(() => limitsOf(values, colours), [values, colours]);
  const range = state.brush?.of === title ? state.brush.range : undefined;
  const onBrush = (next: Range | undefined): void => change({ brush: next && { of: title, range: next } });
  const onLimits = (next: Range): void => {
    const fixed = { ...colours, limits: next, isSymmetric: false };
    change(image.kind === "map" ? { colours: fixed } : { binColours: fixed });
  };
  const source = { file: info.file, array: image.array };
  const label = withUnit(title, unit && `(${unit})`);
  const tools = (
    <>
      <Toggle label="log" title="logarithm of the counts" isOn={isLog} onChange={setLog} />
      <Toggle label="all values" title="the outermost values too" isOn={isAll} onChange={setAll} />
      {image.status && (
        <Toggle
          label="converged"
          title="only voxels whose fit converged"
          isOn={!state.isBrushAll}
          onChange={(isOn) => change({ isBrushAll: !isOn })}
        />
      )}
      <HistogramTakeAway {...{ counts, label, unit, title, range, source, isLog }} />
    </>
  );
  return frame({
    tools,
    children: (
      <>
        <HistogramPlot {...{ counts, label, isLog, limits, onLimits, onBrush }} brush={range} />
        <BrushLine {...{ counts, values, status, unit, range, onBrush }}>
          <PatternToggle state={state} change={change} />
          {image.kind === "map" && state.part === "value" && range && (
            <button
              type="button"
              title="these voxels as a piece of the mask that is drawn on the tab masks"
              onClick={() => change(rangeAdded(state, image.array, range))}
            >
              to the mask
            </button>
          )}
        </BrushLine>
      </>
    ),
  });
}

const rangeAdded = ({ pieces, isBrushAll }: OneState, map: string, range: Range): Partial<OneState> => ({
  pieces: [...pieces, { kind: "range", map, range, ...(isBrushAll && { isAll: true }) }],
  lower: "masks",
});

/** The mean pattern of the marked voxels joins the patterns. */
export function PatternToggle({ state, change }: Pick<HistogramViewProps, "state" | "change">) {
  return (
    <button
      type="button"
      aria-pressed={state.hasMarkedPattern}
      title="their mean pattern among the patterns above"
      onClick={() => change({ hasMarkedPattern: !state.hasMarkedPattern })}
    >
      mean pattern
    </button>
  );
}

/** All but the outermost 0.2 % at either end, with a margin. */
function middle(
  values: ArrayLike<number>,
  status: ArrayLike<number> | undefined,
  [least, most]: readonly [number, number],
): [number, number] {
  const [lo, hi] = percentileLimits(
    Array.from(values).filter((_, i) => hasCount(values, status, i)),
    0.2,
    99.8,
  );
  const margin = (hi - lo) / 20;
  const [from, to] = [Math.max(least, lo - margin), Math.min(most, hi + margin)];
  return to > from ? [from, to] : [least, most];
}

interface ToggleProps {
  readonly label: string;
  readonly title: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Toggle({ label, title, isOn, onChange }: ToggleProps) {
  return (
    <label title={title} className="histogram-toggle">
      <input type="checkbox" checked={isOn} onChange={({ target }) => onChange(target.checked)} /> {label}
    </label>
  );
}

interface BrushLineProps {
  readonly counts: Counts;
  readonly values: ArrayLike<number>;
  readonly status: ArrayLike<number> | undefined;
  readonly unit: string;
  readonly range: Range | undefined;
  readonly onBrush: (range: Range | undefined) => void;
  /** what can be done with the brushed voxels */
  readonly children: ReactNode;
}

function BrushLine({ counts, values, status, unit, range, onBrush, children }: BrushLineProps) {
  const { below, above, total } = counts;
  const count = useMemo(() => (range ? countOf(voxelsInRange(values, status, range)) : 0), [values, status, range]);
  const outside = below + above > 0 ? `, ${below} below and ${above} above the axis` : "";
  const [from, to] = range ?? counts.limits;
  const take = (low: number, high: number): void => {
    if (high >= low) onBrush([low, high]);
  };
  return (
    <div className="histogram-line">
      <span data-read="brush" data-value={range?.join(" ")}>
        from <NumberField label="brush from" value={from} onChange={(low) => take(low, to)} /> to{" "}
        <NumberField label="brush to" value={to} onChange={(high) => take(from, high)} /> {unit}
      </span>
      {range ? (
        <>
          <b data-read="brush-count" data-value={count}>
            {count} voxels
          </b>
          <span data-read="brush-share" data-value={count / total}>
            {((100 * count) / Math.max(1, total)).toPrecision(3)} % of {total}
          </span>
          {children}
          <button type="button" onClick={() => onBrush(undefined)}>
            clear
          </button>
        </>
      ) : (
        <span className="dim" data-read="histogram-total" data-value={total}>
          of {total} voxels{outside}: drag over the bars
        </span>
      )}
    </div>
  );
}

interface TakeProps {
  readonly counts: Counts;
  readonly title: string;
  readonly unit: string;
  readonly label: string;
  readonly range: Range | undefined;
  readonly source: Source;
  readonly isLog: boolean;
}

function HistogramTakeAway({ counts: { counts, limits }, label, unit, title, range, source, isLog }: TakeProps) {
  const edges = edgesOf(limits, counts.length);
  return (
    <TakeAway
      name={`histogram-${title}`}
      svg={() => histogramSvg({ title, xLabel: label, edges, series: [{ name: title, counts }], isLog, range })}
      data={columnsData(
        [
          { name: "from", unit, values: edges.slice(0, -1) },
          { name: "to", unit, values: edges.slice(1) },
          { name: "voxels", values: counts },
        ],
        source,
      )}
    />
  );
}

export const edgesOf = ([lo, hi]: readonly [number, number], bins: number): Float64Array =>
  Float64Array.from({ length: bins + 1 }, (_, i) => lo + ((hi - lo) * i) / bins);
