/** How the values of a map are distributed: drag a range to find its voxels, drag the ends of the colours. */
import { useMemo, useState } from "react";
import { percentileLimits } from "../../stages/figure/index.ts";
import { formatValue, valueText, withUnit } from "../core/format.ts";
import { columnsData, type Source } from "../parts/data-files.ts";
import { histogramSvg } from "../parts/figures.ts";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { type Counts, countValues, hasCount, spanOf, voxelsInRange } from "./histogram-counts.ts";
import { HistogramPlot } from "./histogram-plot.tsx";
import "./histogram.css";

export interface HistogramPanelProps {
  /** the quantity without its unit */
  readonly title: string;
  readonly unit: string;
  /** [y, x]; NaN: no value */
  readonly values: ArrayLike<number>;
  /** [y, x] of STATUS */
  readonly status?: ArrayLike<number>;
  /** of the map's colours */
  readonly limits?: readonly [number, number];
  readonly onLimits?: (limits: [number, number]) => void;
  /** only voxels whose fit converged count */
  readonly isStrict: boolean;
  readonly onStrict: (isStrict: boolean) => void;
  readonly brush?: readonly [number, number];
  readonly onBrush: (range: [number, number] | undefined) => void;
  /** where the values come from */
  readonly source: Source;
  /** for the brushed voxels: "mean pattern" and the like */
  readonly actions?: React.ReactNode;
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

const BINS = 80;

export function HistogramPanel(props: HistogramPanelProps) {
  const { title, unit, values, limits, onLimits, isStrict, brush, onBrush, source } = props;
  const [isLog, setLog] = useState(true);
  const [isAll, setAll] = useState(false);
  const status = isStrict ? props.status : undefined;
  const counts = useMemo(() => {
    const span = spanOf(values, status);
    return countValues(values, status, isAll ? span : middle(values, status, span), BINS);
  }, [values, status, isAll]);
  const label = withUnit(title, unit && `(${unit})`);
  return (
    <Panel
      name="histogram"
      title={`${title}: how often`}
      tools={
        <>
          <Toggle label="log" title="logarithm of the counts" isOn={isLog} onChange={setLog} />
          <Toggle label="all values" title="the outermost values too" isOn={isAll} onChange={setAll} />
          {props.status && (
            <Toggle
              label="converged"
              title="only voxels whose fit converged"
              isOn={isStrict}
              onChange={props.onStrict}
            />
          )}
          <HistogramTakeAway {...{ counts, label, unit, title, brush, source, isLog }} />
        </>
      }
    >
      <HistogramPlot {...{ counts, label, isLog, limits, onLimits, brush, onBrush }} />
      <BrushLine {...{ counts, values, status, unit, brush, onBrush }} actions={props.actions} />
    </Panel>
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

interface BrushLineProps
  extends Pick<HistogramPanelProps, "values" | "status" | "unit" | "brush" | "onBrush" | "actions"> {
  readonly counts: Counts;
}

function BrushLine({ counts, values, status, unit, brush, onBrush, actions }: BrushLineProps) {
  const { below, above, total } = counts;
  const count = useMemo(
    () => (brush ? voxelsInRange(values, status, brush).reduce((sum, one) => sum + one, 0) : 0),
    [values, status, brush],
  );
  const outside = below + above > 0 ? `, ${below} below and ${above} above the axis` : "";
  if (!brush) {
    return (
      <p className="histogram-line dim">
        <span data-read="histogram-total" data-value={total}>
          {total} voxels{outside}.
        </span>{" "}
        Drag over the bars to find the voxels of a range.
      </p>
    );
  }
  return (
    <p className="histogram-line">
      <span data-read="brush-from" data-value={brush[0]}>
        {formatValue(brush[0])}
      </span>
      {" to "}
      <span data-read="brush-to" data-value={brush[1]}>
        {valueText(brush[1], unit)}
      </span>
      {": "}
      <b data-read="brush-count" data-value={count}>
        {count} voxels
      </b>
      <span data-read="brush-share" data-value={count / total}>
        {((100 * count) / Math.max(1, total)).toPrecision(3)} % of {total}
      </span>
      {actions}
      <button type="button" onClick={() => onBrush(undefined)}>
        clear
      </button>
    </p>
  );
}

interface TakeProps extends Pick<HistogramPanelProps, "title" | "unit" | "brush" | "source"> {
  readonly counts: Counts;
  readonly label: string;
  readonly isLog: boolean;
}

function HistogramTakeAway({ counts: { counts, limits }, label, unit, title, brush, source, isLog }: TakeProps) {
  const edges = edgesOf(limits, counts.length);
  return (
    <TakeAway
      name={`histogram-${title}`}
      svg={() => histogramSvg({ title, xLabel: label, edges, series: [{ name: title, counts }], isLog, range: brush })}
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
