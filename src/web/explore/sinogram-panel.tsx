/** The sinogram of the chosen bins, with the path of the picked voxel through it. */
import { DataToHtml, SvgElement } from "@h5web/lib";
import { useMemo } from "react";
import { Vector3 } from "three";
import type { ResultInfo } from "../../server/wire.ts";
import { type Cursor, createCursor, useCursor, useLast } from "../core/cursor.ts";
import { formatValue, valueText } from "../core/format.ts";
import { limitsOf } from "../parts/colour-controls.tsx";
import { imageData } from "../parts/data-files.ts";
import { type ImageView, sinogramSvg } from "../parts/figures.ts";
import { MapPlot, type Point } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { type ShownImage, useBinImage } from "./shown-image.ts";
import { type SinogramRows, sinogramRows, sortRows, voxelTrace } from "./sinogram-rows.ts";
import type { Frame, OneState } from "./view-state.ts";

const TRACE_COLOUR = "#3ddc84";

export interface SinogramProps {
  readonly frame: Frame;
  readonly info: ResultInfo;
  readonly state: OneState;
}

export function SinogramView({ info, state, frame }: SinogramProps) {
  const { image, error } = useBinImage(info, info.sinogram, state, true);
  const last = useLast(image);
  const view = useSinogram(info, state, last);
  const cursor = useMemo(() => createCursor<Point>(), []);
  const note = (text: string) => frame({ children: <p className="one-note">{text}</p> });
  if (!info.sinogram) return note("This file keeps no sinogram.");
  if (error) return frame({ children: <Message error={error} /> });
  if (!state.bins) return note("Drag over the pattern to choose the bins.");
  if (!last || !view) return frame({ children: <Busy what="reading the sinogram of the chosen bins" /> });
  const { trace, omegaDeg: _, ...plot } = view;
  const children = (
    <div className={`one-plot ${image ? "" : "is-late"}`} data-sinogram={last.array} data-late={!image}>
      <MapPlot name="sinogram" isSquare={false} {...plot} onHover={cursor.set}>
        {trace && <Trace points={trace} />}
      </MapPlot>
      <RayReadOut cursor={cursor} view={view} info={info} unit={last.unit} />
    </div>
  );
  const tools = (
    <TakeAway
      name={`${info.title || "scan"}-sinogram-${last.title}`}
      svg={() => sinogramSvg({ ...plot, title: `sinogram, ${last.title}`, lines: traceLines(trace) })}
      data={imageData(
        { ...plot, isUpsideDown: false },
        { file: info.file, array: last.array, selection: `${last.title}, rows by rising angle` },
      )}
    />
  );
  return frame({ tools, children });
}

type Points = readonly (readonly [number, number])[];

const traceLines = (trace: Points | undefined): ImageView["lines"] =>
  trace ? [{ points: trace, colour: TRACE_COLOUR, width: 1.5 }] : [];

/** What MapPlot is given, and the picked voxel's path in units of the axes. */
function useSinogram(info: ResultInfo, { binColours, voxel }: OneState, image: ShownImage | undefined) {
  const rows = useMemo(() => info.rays && sinogramRows(info.rays.omegaDeg), [info.rays]);
  const values = useMemo(() => image && rows && sortRows(image.values, image.cols, rows), [image, rows]);
  const limits = useMemo(() => values && limitsOf(values, { ...binColours, limits: undefined }), [values, binColours]);
  const grid = info.arrays.find(({ name }) => name === info.volume) ?? info.arrays.find(({ kind }) => kind === "map");
  const trace = useMemo((): Points | undefined => {
    const [ny, nx] = grid?.shape ?? [];
    if (!rows || !voxel || !ny || !nx) return undefined;
    const path = voxelTrace(voxel, [ny, nx], rows.omegaDeg);
    return rows.omegaDeg.map((deg, row) => [path[row]! * (info.voxelMm ?? 1), heightOf(rows, deg, row)]);
  }, [rows, voxel, grid, info.voxelMm]);
  if (!image || !rows || !values || !limits) return undefined;
  const step = info.voxelMm ?? 1;
  return {
    rows: image.rows,
    cols: image.cols,
    values,
    limits,
    transform: binColours.transform,
    colourMap: binColours.colourMap,
    label: image.label,
    step: { x: step, y: rows.stepDeg ?? 1 },
    start: { x: info.rays!.translations[0]! * step, y: heightOf(rows, rows.omegaDeg[0]!, 0) },
    xLabel: `translation (${info.voxelMm ? "mm" : "steps"})`,
    yLabel: rows.stepDeg ? "ω (°)" : "projections, by rising ω",
    trace,
    omegaDeg: rows.omegaDeg,
  };
}

/** On the axis: the angle where the rows are evenly spaced, else the row. */
const heightOf = ({ stepDeg }: SinogramRows, deg: number, row: number): number => (stepDeg ? deg : row);

interface RayReadOutProps {
  readonly cursor: Cursor<Point>;
  readonly view: NonNullable<ReturnType<typeof useSinogram>>;
  readonly info: ResultInfo;
  readonly unit: string;
}

/** The ray under the cursor: its angle, its distance from the axis and what it holds. */
function RayReadOut({ cursor, view: { values, cols, omegaDeg, step, trace }, info, unit }: RayReadOutProps) {
  const at = useCursor(cursor);
  if (!at) return <p className="read-out dim">{trace && "the green line is the path of the picked voxel"}</p>;
  const [row, col] = [Math.floor(at.y), Math.floor(at.x)];
  const value = values[row * cols + col];
  return (
    <p className="read-out" data-read-out="ray" data-row={row} data-col={col}>
      <span>ω {formatValue(omegaDeg[row])}°</span>
      <span>translation {valueText(info.rays!.translations[col]! * step.x, info.voxelMm ? "mm" : "steps", 4)}</span>
      <span className="read-out-value" data-value={value}>
        {valueText(value, unit)}
      </span>
    </p>
  );
}

function Trace({ points }: { points: Points }) {
  return (
    <DataToHtml points={points.map(([x, y]) => new Vector3(x, y, 0))}>
      {(...html: Vector3[]) => (
        <SvgElement>
          <polyline
            data-trace={points.map(([s, omega]) => `${s},${omega}`).join(" ")}
            points={html.map(({ x, y }) => `${x},${y}`).join(" ")}
            fill="none"
            stroke={TRACE_COLOUR}
            strokeWidth={1.6}
          />
        </SvgElement>
      )}
    </DataToHtml>
  );
}
