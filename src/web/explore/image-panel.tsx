/** The image of the slice: a map or a range of bins, with tools to draw on it and what is under the cursor. */

import { useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import type { Cursor } from "../core/cursor.ts";
import { go } from "../core/route.ts";
import { ColourControls, limitsOf } from "../parts/colour-controls.tsx";
import { colourOf } from "../parts/colours.ts";
import { imageData } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { MapPlot, type Point } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import type { DrawnShape, Shape, Tool } from "../parts/shapes.ts";
import { TakeAway } from "../parts/take-away.tsx";
import { sliceAxes } from "./loaded-map.ts";
import { MaskOverlay } from "./mask-overlay.tsx";
import { CursorReadOut, ReadOut, type Voxel } from "./read-out.tsx";
import type { Shown, ShownImage } from "./shown-image.ts";
import { type ChangeOne, type OneState, type RegionShape, rounded } from "./view-state.ts";

const TOOLS: readonly { readonly tool: Tool; readonly label: string; readonly hint: string }[] = [
  { tool: "move", label: "pick", hint: "click: pick a voxel; drag: move the image; wheel: zoom" },
  { tool: "rectangle", label: "▭", hint: "draw a rectangle: mean pattern and statistics inside it" },
  { tool: "ellipse", label: "◯", hint: "draw an ellipse: mean pattern and statistics inside it" },
  { tool: "polygon", label: "⬠", hint: "draw a polygon click by click, double click to end" },
  { tool: "line", label: "╱", hint: "draw a line: profile along it" },
];

export interface ImagePanelProps {
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly shown: Shown;
  readonly cursor: Cursor<Voxel>;
  readonly hasMaps: boolean;
  /** [y, x] 1: a voxel that is brushed or masked */
  readonly marked: Uint8Array | undefined;
}

export function ImagePanel({
  info,
  state,
  change,
  shown: { image, isLate, error },
  cursor,
  hasMaps,
  marked,
}: ImagePanelProps) {
  const [tool, setTool] = useState<Tool>("move");
  const colours = image && coloursOf(state, image);
  const limits = useMemo(
    (): [number, number] => (image && colours ? limitsOf(image.shown, colours) : [0, 1]),
    [image, colours],
  );
  const onShape = (shape: Shape): void => {
    setTool("move");
    change(shapeAdded(state, rounded(shape)));
  };
  return (
    <Panel
      name="image"
      title={image ? image.title : "Image"}
      className="one-image"
      tools={
        <>
          <ShowSwitch state={state} change={change} hasMaps={hasMaps} hasVolume={!!info.volume} />
          {info.hasModel && state.voxel && (
            <button
              type="button"
              title="the picked voxel's pattern against its model"
              onClick={() => go("refine", info.file, { target: "voxel", voxel: state.voxel })}
            >
              refine
            </button>
          )}
          {image && <SaveImage {...{ info, state, image, limits }} />}
        </>
      }
    >
      <div className="one-tools">
        <ToolButtons tool={tool} onTool={setTool} />
        {image && <ImageColours {...{ state, change, image, limits }} />}
      </div>
      {error && <Message error={error} />}
      {image ? (
        <ImagePlot {...{ info, state, change, image, limits, cursor, tool, onShape, marked }} isLate={isLate} />
      ) : (
        !error && <Waiting isMap={hasMaps && state.show === "map"} hasVolume={!!info.volume} />
      )}
      {image && (
        <div className="read-outs">
          <CursorReadOut name="cursor" cursor={cursor} image={image} info={info} />
          <ReadOut name="picked" voxel={pickedVoxel(state)} image={image} info={info} />
        </div>
      )}
    </Panel>
  );
}

/** What is not there yet, or never will be. */
function Waiting({ isMap, hasVolume }: { isMap: boolean; hasVolume: boolean }) {
  if (isMap) return <Busy what="reading the map" />;
  if (hasVolume) return <Busy what="reading the image of the chosen bins" />;
  return <p className="one-note">This file keeps neither maps nor a reconstructed volume.</p>;
}

function ToolButtons({ tool, onTool }: { tool: Tool; onTool: (tool: Tool) => void }) {
  return TOOLS.map(({ tool: one, label, hint }) => (
    <button
      type="button"
      key={one}
      title={hint}
      aria-label={one === "move" ? "pick" : `draw a${one === "ellipse" ? "n" : ""} ${one}`}
      aria-pressed={tool === one}
      onClick={() => onTool(one)}
    >
      {label}
    </button>
  ));
}

export const pickedVoxel = ({ voxel }: OneState): Voxel | undefined => voxel && { x: voxel[0], y: voxel[1] };

const coloursOf = (state: OneState, { kind }: ShownImage) => (kind === "map" ? state.colours : state.binColours);

/** Outlines of the regions and the line, in their colours. */
export function drawnShapes({ regions, line }: OneState): DrawnShape[] {
  return [
    ...regions.map(({ name, colour, shape }) => ({ shape, colour: colourOf(colour), label: name })),
    ...(line ? [{ shape: { kind: "line", from: line.from, to: line.to } as const, label: "profile" }] : []),
  ];
}

/** A line is the profile's; anything else a piece of the mask where that is being drawn, or one more region. */
function shapeAdded({ regions, line, lower, pieces }: OneState, shape: Shape): Partial<OneState> {
  if (shape.kind === "line") {
    return { line: { from: shape.from, to: shape.to, width: line?.width ?? 1 }, lower: "profile" };
  }
  if (lower === "masks") return { pieces: [...pieces, { kind: "shape", shape: shape as RegionShape }] };
  let number = regions.length + 1;
  while (regions.some(({ name }) => name === `region ${number}`)) number++;
  // the picked voxel's curve has colour 0
  let colour = 1;
  while (regions.some((region) => region.colour === colour)) colour++;
  return { regions: [...regions, { name: `region ${number}`, colour, shape: shape as RegionShape }], lower: "regions" };
}

function ShowSwitch({
  state: { show },
  change,
  hasMaps,
  hasVolume,
}: Pick<ImagePanelProps, "state" | "change" | "hasMaps"> & { hasVolume: boolean }) {
  return (
    <span className="segments">
      <button
        type="button"
        aria-pressed={show === "map" && hasMaps}
        disabled={!hasMaps}
        onClick={() => change({ show: "map" })}
      >
        map
      </button>
      <button
        type="button"
        aria-pressed={hasVolume && (show === "bins" || !hasMaps)}
        disabled={!hasVolume}
        title="mean image of the bins that are chosen on the pattern"
        onClick={() => change({ show: "bins" })}
      >
        bins
      </button>
    </span>
  );
}

interface ImageColoursProps {
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage;
  readonly limits: readonly [number, number];
}

function ImageColours({ state, change, image, limits }: ImageColoursProps) {
  const colours = coloursOf(state, image);
  return (
    <>
      <ColourControls
        colours={colours}
        limits={limits}
        unit={image.unit}
        onChange={(next) => change(image.kind === "map" ? { colours: next } : { binColours: next })}
      />
      {image.esd && (
        <button
          type="button"
          title="standard uncertainty instead of the value"
          aria-pressed={state.part === "esd"}
          onClick={() => change({ part: state.part === "esd" ? "value" : "esd" })}
        >
          esd
        </button>
      )}
      {image.status && (
        <button
          type="button"
          title="leave out voxels whose fit did not converge"
          aria-pressed={state.isStrict}
          onClick={() => change({ isStrict: !state.isStrict })}
        >
          converged
        </button>
      )}
    </>
  );
}

interface ImagePlotProps extends Pick<ImagePanelProps, "info" | "state" | "change" | "cursor" | "marked"> {
  readonly image: ShownImage;
  readonly limits: readonly [number, number];
  readonly isLate: boolean;
  readonly tool: Tool;
  readonly onShape: (shape: Shape) => void;
}

function ImagePlot({ info, state, change, image, limits, cursor, isLate, tool, onShape, marked }: ImagePlotProps) {
  const { rows, cols } = image;
  const colours = coloursOf(state, image);
  const shapes = useMemo(() => drawnShapes(state), [state]);
  const picked = pickedVoxel(state);
  const onHover = (at: Point | undefined): void => cursor.set(at && { x: Math.floor(at.x), y: Math.floor(at.y) });
  return (
    <div
      className={`one-plot ${isLate ? "is-late" : ""}`}
      data-image={image.array}
      data-kind={image.kind}
      data-late={isLate}
    >
      <MapPlot
        name="image"
        rows={rows}
        cols={cols}
        values={image.shown}
        limits={limits}
        transform={colours.transform}
        colourMap={colours.colourMap}
        label={image.label}
        {...sliceAxes(info, rows, cols)}
        {...(picked && { cursor: picked })}
        onHover={onHover}
        onPick={({ x, y }) => change({ voxel: [Math.floor(x), Math.floor(y)] })}
        tool={tool}
        onShape={onShape}
        shapes={shapes}
      >
        {marked && <MaskOverlay rows={rows} cols={cols} mask={marked} />}
      </MapPlot>
    </div>
  );
}

function SaveImage({ info, state, image, limits }: Omit<ImageColoursProps, "change"> & { readonly info: ResultInfo }) {
  const { rows, cols, shown: values, label, title } = image;
  const colours = coloursOf(state, image);
  const size = info.voxelMm ? { voxelMm: info.voxelMm } : {};
  const source = { file: info.file, array: image.array, selection: image.kind === "bins" ? title : undefined };
  return (
    <TakeAway
      name={`${info.title || "slice"}-${image.kind === "map" ? image.array : title}`}
      svg={() => {
        const picked = pickedVoxel(state);
        return mapSvg({
          ...{ rows, cols, values, label, ...size },
          title,
          limits,
          transform: colours.transform,
          colourMap: colours.colourMap,
          shapes: drawnShapes(state),
          ...(picked && { cursor: picked }),
        });
      }}
      data={imageData({ rows, cols, values, label, ...size }, source)}
    />
  );
}
