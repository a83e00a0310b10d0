/** The bars of a histogram with a range to drag over them and the ends of the colours to move. */
import { scaleLinear } from "d3-scale";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { formatValue } from "../core/format.ts";
import { tickText } from "../parts/colour-bar.tsx";
import type { Counts } from "./histogram-counts.ts";

type Range = readonly [number, number];

interface Props {
  readonly counts: Counts;
  /** name and unit of the quantity */
  readonly label: string;
  readonly isLog: boolean;
  readonly limits: Range | undefined;
  readonly onLimits: ((limits: [number, number]) => void) | undefined;
  readonly brush: Range | undefined;
  readonly onBrush: (range: [number, number] | undefined) => void;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [58, 14, 12, 38];
/** A drag shorter than this many pixels is a click, which clears. */
const CLICK_PX = 3;

export function HistogramPlot({ counts, label, isLog, limits, onLimits, brush, onBrush }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(box);
  const x = scaleLinear([counts.limits[0], counts.limits[1]], [LEFT, Math.max(LEFT + 1, width - RIGHT)]);
  const valueAt = (event: PointerEvent<SVGElement>): number => {
    const { left } = event.currentTarget.ownerSVGElement!.getBoundingClientRect();
    const value = x.invert(event.clientX - left);
    return Math.min(counts.limits[1], Math.max(counts.limits[0], value));
  };
  return (
    <div className="histogram-plot" ref={box} data-plot="histogram">
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={`histogram of ${label}`}>
          <Bars {...{ counts, isLog, x, height, width }} shown={brush} />
          <XAxis {...{ x, label, height, width }} />
          <Brush {...{ x, width, height, brush, onBrush, valueAt }} />
          {limits &&
            onLimits &&
            ([0, 1] as const).map((end) => (
              <LimitHandle key={end} {...{ end, limits, onLimits, x, height, valueAt }} domain={counts.limits} />
            ))}
        </svg>
      )}
    </div>
  );
}

interface BrushProps extends Pick<Props, "brush" | "onBrush"> {
  readonly x: Scale;
  readonly width: number;
  readonly height: number;
  readonly valueAt: (event: PointerEvent<SVGElement>) => number;
}

/** The range, which follows the pointer while it is dragged; a click clears it. */
function Brush({ x, width, height, brush, onBrush, valueAt }: BrushProps) {
  const from = useRef<number>();
  const room = { y: TOP, height: Math.max(0, height - TOP - BOTTOM) };
  const down = (event: PointerEvent<SVGRectElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = valueAt(event);
  };
  const move = (event: PointerEvent<SVGRectElement>): void => {
    if (from.current === undefined) return;
    const range = ascending(from.current, valueAt(event));
    if (x(range[1]) - x(range[0]) > CLICK_PX) onBrush(range);
  };
  const up = (event: PointerEvent<SVGRectElement>): void => {
    if (from.current === undefined) return;
    if (Math.abs(x(valueAt(event)) - x(from.current)) <= CLICK_PX) onBrush(undefined);
    from.current = undefined;
  };
  // a range may reach beyond the axis
  const [left, right] = (brush ?? [0, 0]).map((value) => Math.min(width - RIGHT, Math.max(LEFT, x(value))));
  return (
    <>
      {brush && <rect className="histogram-brush" {...room} x={left!} width={Math.max(1, right! - left!)} />}
      <rect
        className="histogram-catch"
        {...room}
        x={LEFT}
        width={Math.max(0, width - LEFT - RIGHT)}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
      />
    </>
  );
}

const ascending = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);

type Scale = ReturnType<typeof scaleLinear<number, number>>;

interface BarsProps {
  readonly counts: Counts;
  readonly isLog: boolean;
  readonly x: Scale;
  readonly width: number;
  readonly height: number;
  readonly shown: Range | undefined;
}

function Bars({ counts: { counts, limits }, isLog, x, width, height, shown }: BarsProps) {
  const most = counts.reduce((max, count) => Math.max(max, count), 1);
  const base = height - BOTTOM;
  const room = Math.max(0, base - TOP);
  // on the logarithmic axis one voxel still is a bar
  const share = (count: number): number => (isLog ? Math.log(count / 0.5) / Math.log(most / 0.5) : count / most);
  const ticks = isLog
    ? Array.from({ length: Math.floor(Math.log10(most)) + 1 }, (_, i) => 10 ** i)
    : scaleLinear([0, most], [0, 1]).ticks(4).filter(Number.isInteger);
  const step = (limits[1] - limits[0]) / counts.length;
  return (
    <>
      {ticks.map((tick) => {
        const y = base - room * share(tick);
        return (
          <g key={tick} className="histogram-tick">
            <line x1={LEFT} x2={width - RIGHT} y1={y} y2={y} />
            <text x={LEFT - 6} y={y + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        );
      })}
      <text className="histogram-label" transform={`translate(14,${TOP + room / 2}) rotate(-90)`} textAnchor="middle">
        voxels
      </text>
      {[...counts].map((count, i) => {
        if (count === 0) return null;
        const [from, to] = [limits[0] + i * step, limits[0] + (i + 1) * step];
        const isIn = shown && to > shown[0] && from < shown[1];
        const high = room * share(count);
        return (
          <rect
            key={i}
            className={isIn ? "histogram-bar histogram-bar-in" : "histogram-bar"}
            data-bar={i}
            data-value={count}
            x={x(from)}
            y={base - high}
            width={Math.max(0.5, x(to) - x(from) - 0.5)}
            height={high}
          />
        );
      })}
    </>
  );
}

function XAxis({ x, label, width, height }: { x: Scale; label: string; width: number; height: number }) {
  const base = height - BOTTOM;
  const [lo, hi] = x.domain() as [number, number];
  return (
    <g className="histogram-axis">
      <line x1={LEFT} x2={width - RIGHT} y1={base} y2={base} />
      {x.ticks(Math.max(2, Math.floor(width / 110))).map((value) => (
        <g key={value} transform={`translate(${x(value)},${base})`}>
          <line y2={5} />
          <text y={17} textAnchor="middle">
            {tickText(value, hi - lo)}
          </text>
        </g>
      ))}
      <text x={(LEFT + width - RIGHT) / 2} y={height - 5} textAnchor="middle" className="histogram-label">
        {label}
      </text>
    </g>
  );
}

interface HandleProps {
  readonly end: 0 | 1;
  readonly limits: Range;
  readonly onLimits: (limits: [number, number]) => void;
  readonly x: Scale;
  readonly height: number;
  readonly domain: Range;
  readonly valueAt: (event: PointerEvent<SVGElement>) => number;
}

/** An end of the colours: dragged, or moved with the arrow keys by a hundredth of the axis. */
function LimitHandle({ end, limits, onLimits, x, height, domain, valueAt }: HandleProps) {
  const isDown = useRef(false);
  const [lo, hi] = domain;
  const value = limits[end];
  const at = x(Math.min(hi, Math.max(lo, value)));
  const set = (next: number): void => {
    const other = limits[1 - end]!;
    if (end === 0 ? next < other : next > other) onLimits(end === 0 ? [next, other] : [other, next]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    set(value + (step * (hi - lo)) / 100);
  };
  return (
    <g
      className="histogram-handle"
      role="slider"
      tabIndex={0}
      aria-label={end === 0 ? "lower end of the colours" : "upper end of the colours"}
      aria-valuenow={value}
      aria-valuemin={lo}
      aria-valuemax={hi}
      data-value={value}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        isDown.current = true;
      }}
      onPointerMove={(event) => isDown.current && set(valueAt(event))}
      onPointerUp={() => {
        isDown.current = false;
      }}
    >
      <title>{`${end === 0 ? "lowest" : "highest"} colour: ${formatValue(value)}`}</title>
      <line x1={at} x2={at} y1={TOP} y2={height - BOTTOM} />
      <path d={end === 0 ? `M${at},${TOP}h9v10h-9z` : `M${at},${TOP}h-9v10h9z`} />
    </g>
  );
}

function useSize(box: React.RefObject<HTMLElement>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}
