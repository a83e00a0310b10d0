/** Curves over a radial axis, a position or a time: @h5web/lib's canvas, with ticks of phases and a range to drag. */
import {
  AxialSelectionTool,
  CurveType,
  DataCurve,
  DataToHtml,
  GlyphType,
  Pan,
  ResetZoomButton,
  SvgElement,
  useCanvasEvent,
  useVisCanvasContext,
  VisCanvas,
  XAxisZoom,
  Zoom,
} from "@h5web/lib";
import { type ReactNode, useEffect, useMemo } from "react";
import { Vector3 } from "three";
import { colourOf } from "./colours.ts";

export interface Curve {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** left out: the plot's */
  readonly x?: ArrayLike<number>;
  readonly colour?: string;
  readonly style?: "line" | "points";
  /** standard uncertainties, drawn as bars */
  readonly errors?: ArrayLike<number>;
  /** not in the legend: its ticks have the colour and the name */
  readonly isUnnamed?: boolean;
}

export interface TickRow {
  readonly name: string;
  readonly positions: readonly number[];
  readonly colour?: string;
  /** named in the legend, not drawn */
  readonly isHidden?: boolean;
}

export interface PatternPlotProps {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly Curve[];
  readonly ordinate?: "linear" | "sqrt" | "log";
  readonly ticks?: readonly TickRow[];
  /** a click on a row's name in the legend */
  readonly onTicks?: (name: string) => void;
  /** shaded, in units of x */
  readonly range?: readonly [number, number];
  /** drag over the curve */
  readonly onRange?: (range: [number, number]) => void;
  /** a vertical line */
  readonly cursor?: number;
  readonly onHover?: (x: number | undefined) => void;
  readonly onPick?: (x: number) => void;
  /** of x; left out: all */
  readonly xLimits?: readonly [number, number];
  /** left out: all */
  readonly yLimits?: readonly [number, number];
  /** share of the height that is kept free below the curves; left out: room for the ticks */
  readonly foot?: number;
  /** more of the canvas: what links two plots, more shading */
  readonly children?: ReactNode;
}

const FORWARD = {
  linear: (v: number) => v,
  sqrt: (v: number) => (v >= 0 ? Math.sqrt(v) : -Math.sqrt(-v)),
  log: (v: number) => (v > 0 ? Math.log10(v) : Number.NaN),
} as const;
const BACK = { linear: (v: number) => v, sqrt: (v: number) => v * Math.abs(v), log: (v: number) => 10 ** v } as const;

export function PatternPlot(props: PatternPlotProps) {
  const { name, x, curves, ordinate = "linear", ticks = [] } = props;
  const { foot = Math.min(0.4, 0.06 * ticks.filter(({ isHidden }) => !isHidden).length) } = props;
  const abscissas = useMemo(() => Float64Array.from(x), [x]);
  const drawn = useMemo(
    () =>
      curves.map((curve, i) => ({
        ...curve,
        colour: curve.colour ?? colourOf(i),
        abscissas: curve.x && Float64Array.from(curve.x),
        ordinates: Float64Array.from(curve.values, FORWARD[ordinate]),
        bars:
          curve.errors && ordinate === "linear" ? Float64Array.from(curve.errors, (e) => (e > 0 ? e : 0)) : undefined,
      })),
    [curves, ordinate],
  );
  const domain = useMemo(
    () =>
      rangeOf(
        drawn.map(({ ordinates }) => ordinates),
        foot,
      ),
    [drawn, foot],
  );
  const xDomain = props.xLimits ?? endsOf(abscissas);
  const yDomain = props.yLimits ? ([...props.yLimits] as [number, number]) : domain;
  return (
    <div className="plot-column">
      <div className="plot" data-plot={name}>
        <VisCanvas
          abscissaConfig={{ visDomain: [xDomain[0], xDomain[1]], showGrid: true, label: props.xLabel }}
          ordinateConfig={{
            visDomain: yDomain,
            showGrid: true,
            label: props.yLabel,
            formatTick: (v) => formatTick(BACK[ordinate](v)),
          }}
        >
          {props.onRange ? <Pan modifierKey="Shift" /> : <Pan />}
          <Zoom />
          <XAxisZoom modifierKey="Alt" />
          <ResetZoomButton />
          {drawn.map(({ name: curve, colour, abscissas: own, ordinates, style, bars }) => (
            <DataCurve
              key={curve}
              abscissas={own ?? abscissas}
              ordinates={ordinates}
              color={colour}
              curveType={style === "points" ? CurveType.GlyphsOnly : CurveType.LineOnly}
              glyphType={GlyphType.Circle}
              glyphSize={4}
              {...(bars && { errors: bars, showErrors: true })}
            />
          ))}
          {props.onRange && <RangeTool onRange={props.onRange} />}
          {props.range && <Shade range={props.range} />}
          {props.cursor !== undefined && <Shade range={[props.cursor, props.cursor]} isLine />}
          {ticks.map(
            (row, i) =>
              !row.isHidden && (
                <TickMarks key={row.name} row={row} colour={row.colour ?? colourOf(i + 1)} at={ticks.length - i} />
              ),
          )}
          <Pointer onHover={props.onHover} onPick={props.onPick} />
          {props.children}
        </VisCanvas>
      </div>
      <ul className="legend">
        {drawn.length > 1 &&
          drawn
            .filter(({ isUnnamed }) => !isUnnamed)
            .map(({ name: curve, colour }) => (
              <li key={curve}>
                <span className="swatch" style={{ background: colour }} /> {curve}
              </li>
            ))}
        {ticks.map((row, i) => (
          <li key={row.name} data-ticks={row.name}>
            <TickName row={row} colour={row.colour ?? colourOf(i + 1)} onTicks={props.onTicks} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TickName({
  row,
  colour,
  onTicks,
}: {
  row: TickRow;
  colour: string;
  onTicks: ((name: string) => void) | undefined;
}) {
  const mark = <span className="swatch swatch-tick" style={{ background: row.isHidden ? "none" : colour }} />;
  if (!onTicks) {
    return (
      <>
        {mark} {row.name}
      </>
    );
  }
  return (
    <button
      type="button"
      className={`legend-button ${row.isHidden ? "dim" : ""}`}
      title={row.isHidden ? "show these reflections" : "hide these reflections"}
      aria-pressed={!row.isHidden}
      onClick={() => onTicks(row.name)}
    >
      {mark} {row.name}
    </button>
  );
}

function formatTick(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(4)));
}

const endsOf = (x: ArrayLike<number>): [number, number] => {
  const [a, b] = [x[0] ?? 0, x[x.length - 1] ?? 1];
  return b > a ? [a, b] : [a - 0.5, a + 0.5];
};

function rangeOf(curves: readonly ArrayLike<number>[], foot: number): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of curves) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      if (value < lo) lo = value;
      if (value > hi) hi = value;
    }
  }
  if (!(hi >= lo)) return [0, 1];
  const margin = (hi - lo) * 0.04 || Math.abs(hi) * 0.05 || 0.5;
  return [lo - margin - ((hi - lo) * foot) / (1 - foot), hi + margin];
}

function RangeTool({ onRange }: { onRange: (range: [number, number]) => void }) {
  return (
    <AxialSelectionTool
      axis="x"
      validate={({ html: [a, b] }) => Math.abs(a.x - b.x) > 3}
      onValidSelection={({ data: [a, b] }) => onRange([Math.min(a.x, b.x), Math.max(a.x, b.x)])}
    >
      {({ html: [a, b] }) => (
        <SvgElement>
          <rect
            x={Math.min(a.x, b.x)}
            y={0}
            width={Math.abs(b.x - a.x)}
            height="100%"
            fill="#d1495b"
            fillOpacity={0.2}
            stroke="#d1495b"
          />
        </SvgElement>
      )}
    </AxialSelectionTool>
  );
}

function Shade({ range: [from, to], isLine }: { range: readonly [number, number]; isLine?: boolean }) {
  return (
    <DataToHtml points={[new Vector3(from, 0, 0), new Vector3(to, 0, 0)]}>
      {(a: Vector3, b: Vector3) => (
        <SvgElement>
          <rect
            {...(!isLine && { "data-range": `${from} ${to}` })}
            x={a.x}
            y={0}
            width={Math.max(1, b.x - a.x)}
            height="100%"
            fill={isLine ? "#888" : "#d1495b"}
            fillOpacity={isLine ? 0.9 : 0.18}
          />
        </SvgElement>
      )}
    </DataToHtml>
  );
}

const TICK_PX = 9;

function TickMarks({ row, colour, at }: { row: TickRow; colour: string; at: number }) {
  const { canvasSize, abscissaConfig } = useVisCanvasContext();
  const [lo, hi] = abscissaConfig.visDomain;
  const inside = row.positions.filter((x) => x >= lo && x <= hi);
  const y = canvasSize.height - at * (TICK_PX + 3);
  if (inside.length === 0) return null;
  return (
    <DataToHtml points={inside.map((x) => new Vector3(x, 0, 0))}>
      {(...html: Vector3[]) => (
        <SvgElement>
          <path
            data-tick-row={row.name}
            stroke={colour}
            strokeWidth={1.3}
            d={html.map(({ x }) => `M${x},${y}v${TICK_PX}`).join("")}
          />
        </SvgElement>
      )}
    </DataToHtml>
  );
}

function Pointer({
  onHover,
  onPick,
}: {
  onHover: ((x: number | undefined) => void) | undefined;
  onPick: ((x: number) => void) | undefined;
}) {
  const { canvasArea } = useVisCanvasContext();
  useCanvasEvent("pointermove", ({ dataPt }) => onHover?.(dataPt.x));
  useCanvasEvent("click", ({ dataPt }) => onPick?.(dataPt.x));
  useEffect(() => {
    if (!onHover) return;
    const leave = (): void => onHover(undefined);
    canvasArea.addEventListener("pointerleave", leave);
    return () => canvasArea.removeEventListener("pointerleave", leave);
  }, [canvasArea, onHover]);
  return null;
}
