/** The figure itself, as it will be saved; dragging over a map chooses the part that all maps show. */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import type { Composition, Crop } from "./composition.ts";
import { zippedNumbers } from "./figure-files.ts";
import type { PanelsState } from "./use-panels.ts";

export interface PreviewProps {
  readonly file: string;
  readonly composition: Composition;
  readonly change: (part: Partial<Composition>) => void;
  readonly state: PanelsState;
  readonly svg?: string;
  readonly error?: Error;
  readonly select: (i: number) => void;
}

/** CSS pixels in an inch: what resvg takes mm for. */
const PIXELS_PER_INCH = 96;

export function Preview(props: PreviewProps) {
  const { state, svg, error, composition } = props;
  const [isPrintSize, setPrintSize] = useState(false);
  const tools = <Tools {...props} isPrintSize={isPrintSize} setPrintSize={setPrintSize} />;
  return (
    <Panel name="preview" title="Figure" className="compose-preview" tools={tools}>
      {state.errors.map((one) => (
        <Message key={one.message} error={one} />
      ))}
      {error && <Message error={Object.assign(error, { code: "figure-too-narrow" })} />}
      {state.waiting > 0 && <Busy what={`reading the numbers of ${state.waiting} panels`} />}
      {svg && <Sheet {...props} svg={svg} isPrintSize={isPrintSize} crop={composition.crop} />}
    </Panel>
  );
}

interface ToolsProps extends PreviewProps {
  readonly isPrintSize: boolean;
  readonly setPrintSize: (is: boolean) => void;
}

function Tools({ file, composition, change, state, svg, isPrintSize, setPrintSize }: ToolsProps) {
  const { dpi, crop } = composition;
  const [width, height] = sizeOf(svg);
  const stem = file
    .split("/")
    .at(-1)!
    .replace(/\.\w+$/, "");
  return (
    <>
      {svg && (
        <span className="dim" data-size={`${width} ${height}`}>
          {width} × {height} mm
        </span>
      )}
      <button type="button" aria-pressed={isPrintSize} onClick={() => setPrintSize(!isPrintSize)}>
        printed size
      </button>
      <button type="button" disabled={!crop} onClick={() => change({ crop: undefined })}>
        whole maps
      </button>
      <label>
        PNG{" "}
        <select
          aria-label="resolution of the PNG"
          value={dpi}
          onChange={({ target }) => change({ dpi: Number(target.value) })}
        >
          {[...new Set([150, 300, 600, dpi])].map((value) => (
            <option key={value} value={value}>{`${value} dpi`}</option>
          ))}
        </select>
      </label>
      {svg && (
        <TakeAway
          name={`${stem}-figure`}
          svg={() => svg}
          pngScale={dpi / PIXELS_PER_INCH}
          data={[{ format: "zip", make: () => zippedNumbers(file, composition, state.loaded, svg) }]}
        />
      )}
    </>
  );
}

function sizeOf(svg: string | undefined): [number, number] {
  const [, width, height] = /width="([\d.]+)mm" height="([\d.]+)mm"/.exec(svg ?? "") ?? [];
  return [Number(Number(width).toFixed(1)), Number(Number(height).toFixed(1))];
}

interface Drag {
  readonly rect: DOMRect;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

function Sheet({
  svg,
  isPrintSize,
  crop,
  state,
  change,
  select,
}: Pick<PreviewProps, "state" | "change" | "select"> & { svg: string; isPrintSize: boolean; crop: Crop | undefined }) {
  const sheet = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<Drag>();
  useEffect(() => {
    // parsed, not set as HTML: what is shown is the document that is saved
    const parsed = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    sheet.current?.replaceChildren(document.importNode(parsed, true));
  }, [svg]);
  const first = state.loaded.flatMap((one) => ("image" in one ? [one.image] : "images" in one ? one.images : []))[0];
  const onDown = (event: PointerEvent): void => {
    const cell = (event.target as Element).closest("[data-cell]")?.getAttribute("data-cell");
    if (cell) select(Number(cell));
    const frame = [...(sheet.current?.querySelectorAll("[data-image]") ?? [])]
      .map((one) => one.getBoundingClientRect())
      .find((r) => inside(r, event.clientX, event.clientY));
    if (!frame || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ rect: frame, from: [event.clientX, event.clientY], to: [event.clientX, event.clientY] });
  };
  const onUp = (): void => {
    setDrag(undefined);
    if (!drag || !first) return;
    const next = cropOf(drag, crop ?? [0, 0, first.cols, first.rows]);
    if (next) change({ crop: next });
  };
  return (
    <div
      className={`compose-sheet${isPrintSize ? " is-print-size" : ""}`}
      data-plot="composed"
      title="Drag over a map to choose the part that all maps show"
      onPointerDown={onDown}
      onPointerMove={({ clientX, clientY }) => drag && setDrag({ ...drag, to: [clientX, clientY] })}
      onPointerUp={onUp}
      onPointerCancel={() => setDrag(undefined)}
    >
      <div className="compose-paper" ref={sheet} />
      {drag && <Rubber drag={drag} />}
    </div>
  );
}

const inside = ({ left, right, top, bottom }: DOMRect, x: number, y: number): boolean =>
  x >= left && x <= right && y >= top && y <= bottom;

/** Whole voxels of what is shown now; undefined for a click. */
export function cropOf({ rect, from, to }: Drag, [x0, y0, x1, y1]: Crop): Crop | undefined {
  const share = (value: number, low: number, size: number): number => Math.max(0, Math.min(1, (value - low) / size));
  if (Math.abs(from[0] - to[0]) < 6 || Math.abs(from[1] - to[1]) < 6) return undefined;
  const xs = [from[0], to[0]].map((x) => x0 + share(x, rect.left, rect.width) * (x1 - x0)).sort((a, b) => a - b);
  // y of the maps points up
  const ys = [from[1], to[1]].map((y) => y1 - share(y, rect.top, rect.height) * (y1 - y0)).sort((a, b) => a - b);
  const next = [Math.floor(xs[0]!), Math.floor(ys[0]!), Math.ceil(xs[1]!), Math.ceil(ys[1]!)] as const;
  return next[2] - next[0] >= 2 && next[3] - next[1] >= 2 ? next : undefined;
}

function Rubber({ drag: { from, to } }: { drag: Drag }) {
  const style = {
    left: Math.min(from[0], to[0]),
    top: Math.min(from[1], to[1]),
    width: Math.abs(to[0] - from[0]),
    height: Math.abs(to[1] - from[1]),
  };
  return <div className="compose-rubber" style={style} />;
}
