/**
 * An image with axes, colour bar, cursor and shapes: @h5web/lib's canvas over WebGL. Everything that goes in and comes
 * out is in image elements (voxels, pixels), x to the right along columns and y along rows.
 */
import {
  DataToHtml,
  HeatmapMesh,
  Pan,
  ResetZoomButton,
  SelectionTool,
  SvgElement,
  useCanvasEvent,
  useVisCanvasContext,
  VisCanvas,
  VisMesh,
  Zoom,
} from "@h5web/lib";
import ndarray from "ndarray";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { DataTexture, NearestFilter, RGBAFormat, SRGBColorSpace, Vector3 } from "three";
import type { ColourMapName } from "../../stages/figure/index.ts";
import { ColourBar, tickText } from "./colour-bar.tsx";
import { type ColourTransform, H5WEB_COLOURS, H5WEB_SCALES } from "./colours.ts";
import type { DrawnShape, Shape, Tool } from "./shapes.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface MapPlotProps {
  /** how tests and key handlers find it */
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  /** [row, col]; left out where rgb is given */
  readonly values?: ArrayLike<number>;
  /** [row, col, 3] instead of values, 0 to 255 */
  readonly rgb?: Uint8Array;
  readonly limits?: readonly [number, number];
  readonly transform?: ColourTransform;
  readonly colourMap?: ColourMapName;
  /** on the colour bar, "c (Å)" */
  readonly label?: string;
  readonly hasColourBar?: boolean;
  /** what an element stands for, in the units of the axis labels; left out: 1 and "voxels" */
  readonly step?: { readonly x: number; readonly y: number };
  /** of the middle of element 0; left out: the axes start at 0 */
  readonly start?: { readonly x: number; readonly y: number };
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** row 0 at the top: detector images */
  readonly isUpsideDown?: boolean;
  /** elements are squares; left out: yes */
  readonly isSquare?: boolean;
  /** a cross, moved by another view too */
  readonly cursor?: Point;
  readonly onHover?: (at: Point | undefined) => void;
  /** a click */
  readonly onPick?: (at: Point) => void;
  readonly tool?: Tool;
  readonly onShape?: (shape: Shape) => void;
  readonly shapes?: readonly DrawnShape[];
  /** more SVG, drawn in elements by <At> */
  readonly children?: ReactNode;
}

export function MapPlot(props: MapPlotProps) {
  const { name, rows, cols, limits = [0, 1], transform = "linear", colourMap = "viridis" } = props;
  const { step = { x: 1, y: 1 }, start, xLabel = "voxels", yLabel = "voxels", isUpsideDown = false } = props;
  const left = start ? start.x - step.x / 2 : 0;
  const bottom = start ? start.y - step.y / 2 : 0;
  const scale = useMemo(() => createUnits(step.x, step.y, left, bottom), [step.x, step.y, left, bottom]);
  const [x0, y0] = scale.toData({ x: 0, y: 0 });
  const [x1, y1] = scale.toData({ x: cols, y: rows });
  const { colorMap, invert } = H5WEB_COLOURS[colourMap];
  const domain = safeLimits(limits, transform);
  const scaleType = H5WEB_SCALES[transform];
  const { tool = "move" } = props;
  const turn = isUpsideDown ? UPSIDE_DOWN : UPRIGHT;
  return (
    <div className="plot" data-plot={name} data-tool={tool} data-limits={limits.join(" ")}>
      <VisCanvas
        aspect={props.isSquare === false ? "auto" : "equal"}
        abscissaConfig={{
          visDomain: [x0, x1],
          showGrid: false,
          label: xLabel,
          isIndexAxis: false,
          formatTick: (v) => tickText(v, x1 - x0),
        }}
        ordinateConfig={{
          visDomain: [y0, y1],
          showGrid: false,
          label: yLabel,
          flip: isUpsideDown,
          formatTick: (v) => tickText(v, y1 - y0),
        }}
      >
        {tool === "move" && <Pan />}
        <Zoom />
        <ResetZoomButton />
        {props.rgb ? (
          <RgbMesh rows={rows} cols={cols} rgb={props.rgb} turn={turn} />
        ) : (
          <Heat {...{ rows, cols, domain, scaleType, colorMap, invert, turn }} values={props.values!} />
        )}
        <Pointer
          scale={scale}
          size={{ rows, cols }}
          onHover={props.onHover}
          onPick={tool === "move" ? props.onPick : undefined}
        />
        {(tool === "rectangle" || tool === "ellipse" || tool === "line") && props.onShape && (
          <DragTool key={tool} tool={tool} scale={scale} onShape={props.onShape} />
        )}
        {tool === "polygon" && props.onShape && <PolygonTool scale={scale} onShape={props.onShape} />}
        {props.shapes?.map((drawn, i) => (
          <ShapeMark key={`${i} ${JSON.stringify(drawn.shape)}`} drawn={drawn} scale={scale} />
        ))}
        {props.cursor && <Cross at={props.cursor} scale={scale} />}
        {props.children}
      </VisCanvas>
      {!props.rgb && props.hasColourBar !== false && (
        <ColourBar domain={domain} transform={transform} colourMap={colourMap} label={props.label} />
      )}
    </div>
  );
}

/** A mesh does not follow the direction of the axes by itself. */
const UPRIGHT: Turn = [1, 1, 1];
const UPSIDE_DOWN: Turn = [1, -1, 1];
type Turn = [number, number, number];

interface Units {
  readonly toData: (at: Point) => [number, number];
  readonly toElements: (x: number, y: number) => Point;
}

const createUnits = (width: number, height: number, left: number, bottom: number): Units => ({
  toData: ({ x, y }) => [x * width + left, y * height + bottom],
  toElements: (x, y) => ({ x: (x - left) / width, y: (y - bottom) / height }),
});

/** A scale of one value, or a logarithm of nothing, would draw nothing: as the figures do it. */
export function safeLimits([lo, hi]: readonly [number, number], transform: ColourTransform): [number, number] {
  if (!(hi > lo)) return [lo - 0.5, lo + 0.5];
  if (transform === "log") return hi > 0 ? [Math.max(lo, hi * 1e-3), hi] : [1e-3, 1];
  return transform === "sqrt" ? [Math.max(0, lo), Math.max(hi, 1e-30)] : [lo, hi];
}

interface HeatProps {
  readonly rows: number;
  readonly cols: number;
  readonly values: ArrayLike<number>;
  readonly domain: [number, number];
  readonly scaleType: (typeof H5WEB_SCALES)[ColourTransform];
  readonly colorMap: (typeof H5WEB_COLOURS)[ColourMapName]["colorMap"];
  readonly invert: boolean;
  readonly turn: Turn;
}

function Heat({ rows, cols, values, domain, scaleType, colorMap, invert, turn }: HeatProps) {
  // a texture holds float32, which a map of one part in 1e6 (a lattice parameter) would lose: relative to its middle
  const middle = scaleType === "linear" ? (domain[0] + domain[1]) / 2 : 0;
  const isLog = scaleType === H5WEB_SCALES.log;
  const array = useMemo(
    () => ndarray(isLog ? aboveZero(values) : shifted(values, middle), [rows, cols]),
    [values, rows, cols, middle, isLog],
  );
  return (
    <HeatmapMesh
      values={array}
      domain={[domain[0] - middle, domain[1] - middle]}
      scaleType={scaleType}
      colorMap={colorMap}
      invertColorMap={invert}
      badColor="#8d8d8d"
      magFilter={NearestFilter}
      scale={turn}
    />
  );
}

/** A loop, as Float32Array.from with a function takes ten times as long: a frame has millions of pixels. */
function shifted(values: ArrayLike<number>, by: number): Float32Array {
  if (by === 0 && values instanceof Float32Array) return values;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i]! - by;
  return out;
}

/** Zero has no logarithm, but it is a value, the lowest: it is not drawn as none. */
export function aboveZero(values: ArrayLike<number>): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i]! > LEAST || Number.isNaN(values[i]!) ? values[i]! : LEAST;
  return out;
}
const LEAST = 1e-30;

function RgbMesh({ rows, cols, rgb, turn }: { rows: number; cols: number; rgb: Uint8Array; turn: Turn }) {
  const texture = useMemo(() => {
    const rgba = new Uint8Array(rows * cols * 4).fill(255);
    for (let i = 0; i < rows * cols; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
    const made = new DataTexture(rgba, cols, rows, RGBAFormat);
    made.colorSpace = SRGBColorSpace;
    made.magFilter = NearestFilter;
    made.needsUpdate = true;
    return made;
  }, [rgb, rows, cols]);
  useEffect(() => () => texture.dispose(), [texture]);
  return (
    <VisMesh scale={turn}>
      <meshBasicMaterial map={texture} toneMapped={false} />
    </VisMesh>
  );
}

/** A press that moves less than this many pixels is a click. */
const CLICK_PX = 4;

function Pointer({
  scale,
  size,
  onHover,
  onPick,
}: {
  scale: Units;
  size: { rows: number; cols: number };
  onHover: ((at: Point | undefined) => void) | undefined;
  onPick: ((at: Point) => void) | undefined;
}) {
  const pressed = useRef<{ x: number; y: number }>();
  const { canvasArea } = useVisCanvasContext();
  const inside = (x: number, y: number): Point | undefined => {
    const at = scale.toElements(x, y);
    return at.x >= 0 && at.y >= 0 && at.x < size.cols && at.y < size.rows ? at : undefined;
  };
  useCanvasEvent("pointermove", ({ dataPt }) => onHover?.(inside(dataPt.x, dataPt.y)));
  useCanvasEvent("pointerdown", ({ htmlPt }) => {
    pressed.current = { x: htmlPt.x, y: htmlPt.y };
  });
  useCanvasEvent("pointerup", ({ htmlPt, dataPt, sourceEvent }) => {
    const from = pressed.current;
    pressed.current = undefined;
    if (!from || !onPick || sourceEvent.button !== 0) return;
    if (Math.hypot(htmlPt.x - from.x, htmlPt.y - from.y) > CLICK_PX) return;
    const at = inside(dataPt.x, dataPt.y);
    if (at) onPick(at);
  });
  useEffect(() => {
    if (!onHover) return;
    const leave = (): void => onHover(undefined);
    canvasArea.addEventListener("pointerleave", leave);
    return () => canvasArea.removeEventListener("pointerleave", leave);
  }, [canvasArea, onHover]);
  return null;
}

/** The canvas draws its tools later than the page its buttons: says when the pointer would draw. */
function useDragMark(tool: Tool): void {
  const { canvasArea } = useVisCanvasContext();
  useEffect(() => {
    canvasArea.dataset["drag"] = tool;
    return () => {
      delete canvasArea.dataset["drag"];
    };
  }, [canvasArea, tool]);
}

function DragTool({
  tool,
  scale,
  onShape,
}: {
  tool: "rectangle" | "ellipse" | "line";
  scale: Units;
  onShape: (shape: Shape) => void;
}) {
  useDragMark(tool);
  const shapeOf = (from: Vector3, to: Vector3): Shape => {
    const a = scale.toElements(from.x, from.y);
    const b = scale.toElements(to.x, to.y);
    if (tool === "line") return { kind: "line", from: [a.x, a.y], to: [b.x, b.y] };
    return {
      kind: tool,
      from: [Math.min(a.x, b.x), Math.min(a.y, b.y)],
      to: [Math.max(a.x, b.x), Math.max(a.y, b.y)],
    };
  };
  return (
    <SelectionTool
      validate={({ html: [a, b] }) => a.distanceTo(b) > CLICK_PX}
      onValidSelection={({ data: [from, to] }) => onShape(shapeOf(from, to))}
    >
      {({ data: [from, to] }) => <ShapeMark drawn={{ shape: shapeOf(from, to), isDashed: true }} scale={scale} />}
    </SelectionTool>
  );
}

/** Click by click; a double click, or a click on the first point, closes it. */
function PolygonTool({ scale, onShape }: { scale: Units; onShape: (shape: Shape) => void }) {
  const [points, setPoints] = useState<readonly (readonly [number, number])[]>([]);
  // two quick clicks come before the first of them is drawn
  const drawn = useRef(points);
  useDragMark("polygon");
  const last = useRef(0);
  const set = (next: typeof points): void => {
    drawn.current = next;
    setPoints(next);
  };
  useCanvasEvent("click", ({ dataPt, sourceEvent }) => {
    const { x, y } = scale.toElements(dataPt.x, dataPt.y);
    const isDouble = sourceEvent.timeStamp - last.current < 300;
    last.current = sourceEvent.timeStamp;
    if (!isDouble) return set([...drawn.current, [x, y]]);
    if (drawn.current.length >= 3) onShape({ kind: "polygon", points: drawn.current });
    set([]);
  });
  if (points.length === 0) return null;
  return <ShapeMark drawn={{ shape: { kind: "polygon", points }, isDashed: true }} scale={scale} />;
}

function cornersOf(shape: Shape): (readonly [number, number])[] {
  if (shape.kind === "voxel")
    return [
      [shape.x, shape.y],
      [shape.x + 1, shape.y + 1],
    ];
  return shape.kind === "polygon" ? [...shape.points] : [shape.from, shape.to];
}

function ShapeMark({ drawn, scale }: { drawn: DrawnShape; scale: Units }) {
  const { shape, colour = "#ff4d6d", label, isDashed } = drawn;
  const points = cornersOf(shape).map(([x, y]) => new Vector3(...scale.toData({ x, y }), 0));
  return (
    <DataToHtml points={points}>
      {(...html: Vector3[]) => (
        <SvgElement>
          <g fill="none" stroke={colour} strokeWidth={1.8} {...(isDashed && { strokeDasharray: "5 3" })}>
            <Outline kind={shape.kind} at={html} />
            {label && (
              <text
                x={html[0]!.x + 4}
                y={html[0]!.y - 4}
                fill={colour}
                stroke="rgb(255 255 255 / 75%)"
                strokeWidth={3}
                strokeDasharray="none"
                paintOrder="stroke"
                fontSize={12}
              >
                {label}
              </text>
            )}
          </g>
        </SvgElement>
      )}
    </DataToHtml>
  );
}

function Outline({ kind, at }: { kind: Shape["kind"]; at: readonly Vector3[] }) {
  const [a, b] = [at[0]!, at.at(-1)!];
  if (kind === "polygon") return <polygon points={at.map(({ x, y }) => `${x},${y}`).join(" ")} />;
  if (kind === "line") return <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} />;
  const [x, y, width, height] = [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y)];
  if (kind === "ellipse") return <ellipse cx={x + width / 2} cy={y + height / 2} rx={width / 2} ry={height / 2} />;
  return <rect x={x} y={y} width={width} height={height} />;
}

function Cross({ at, scale }: { at: Point; scale: Units }) {
  const middle = scale.toData({ x: Math.floor(at.x) + 0.5, y: Math.floor(at.y) + 0.5 });
  return (
    <DataToHtml points={[new Vector3(...middle, 0)]}>
      {({ x, y }: Vector3) => (
        <SvgElement>
          <g data-cross stroke="#fff" strokeWidth={3} opacity={0.9}>
            <path d={`M${x - 9},${y}h6M${x + 3},${y}h6M${x},${y - 9}v6M${x},${y + 3}v6`} />
            <path
              d={`M${x - 9},${y}h6M${x + 3},${y}h6M${x},${y - 9}v6M${x},${y + 3}v6`}
              stroke="#d00"
              strokeWidth={1.4}
            />
          </g>
        </SvgElement>
      )}
    </DataToHtml>
  );
}
