/** What is drawn over a detector image, in the units of its axes. */
import { DataToHtml, HeatmapMesh, SvgElement, useCameraState, useVisCanvasContext, VisMesh } from "@h5web/lib";
import ndarray from "ndarray";
import { useEffect, useMemo } from "react";
import { DataTexture, NearestFilter, RGBAFormat, Vector3 } from "three";
import { beamCentre, type Poni, type Shape } from "../../geometry/index.ts";
import type { FramePart } from "../../server/wire-frames.ts";
import { useCursor } from "../core/cursor.ts";
import type { Colours } from "../parts/colour-controls.tsx";
import { H5WEB_COLOURS, H5WEB_SCALES } from "../parts/colours.ts";
import { aboveZero, safeLimits } from "../parts/map-plot.tsx";
import { type PixelUnits, RING_COLOUR } from "./frame-image-panel.tsx";
import { angleCursor } from "./links.ts";
import { namePlace, type PixelPoint, ringLines } from "./ring-lines.ts";
import type { FrameImage } from "./use-frames.ts";

const UPSIDE_DOWN: [number, number, number] = [1, -1, 1];
/** Over the image, which lies in the same plane. */
const OVER = 1;

/** Pixels that are left out, tinted. */
export function MaskMesh({ rows, cols, excluded }: { rows: number; cols: number; excluded: Uint8Array }) {
  const texture = useMemo(() => {
    const rgba = new Uint32Array(rows * cols);
    // red, green, blue, opacity: little-endian, as every machine with a browser is
    for (let i = 0; i < rgba.length; i++) if (excluded[i]) rgba[i] = 0x8060c030;
    const made = new DataTexture(new Uint8Array(rgba.buffer), cols, rows, RGBAFormat);
    made.magFilter = NearestFilter;
    made.needsUpdate = true;
    return made;
  }, [rows, cols, excluded]);
  useEffect(() => () => texture.dispose(), [texture]);
  return (
    <VisMesh scale={UPSIDE_DOWN} renderOrder={OVER + 1}>
      <meshBasicMaterial map={texture} transparent depthTest={false} toneMapped={false} />
    </VisMesh>
  );
}

/** The part that is in sight, at full resolution, over the binned whole. */
export function DetailMesh({
  detail,
  units,
  limits,
  colours,
}: {
  detail: FrameImage & { readonly part: FramePart };
  units: PixelUnits;
  limits: readonly [number, number];
  colours: Colours;
}) {
  const { dataToWorld } = useVisCanvasContext();
  const { rows, cols, values, part } = detail;
  const isLog = colours.transform === "log";
  const array = useMemo(() => ndarray(isLog ? aboveZero(values) : values, [rows, cols]), [values, rows, cols, isLog]);
  const from = dataToWorld(new Vector3(part.left * units.x, part.top * units.y, 0));
  const to = dataToWorld(new Vector3((part.left + cols) * units.x, (part.top + rows) * units.y, 0));
  const { colorMap, invert } = H5WEB_COLOURS[colours.colourMap];
  return (
    <HeatmapMesh
      values={array}
      domain={safeLimits(limits, colours.transform)}
      scaleType={H5WEB_SCALES[colours.transform]}
      colorMap={colorMap}
      invertColorMap={invert}
      badColor="#8d8d8d"
      magFilter={NearestFilter}
      size={{ width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y) }}
      position={[(from.x + to.x) / 2, (from.y + to.y) / 2, 0]}
      scale={UPSIDE_DOWN}
      renderOrder={OVER}
    />
  );
}

/** A part of more pixels than this is shown binned. */
const MOST_IN_SIGHT = 4e6;
const SETTLED_MS = 200;

/** Tells which part of the frame is in sight once it stands still, where it is worth reading at full resolution. */
export function SightWatch({
  series: { rows, cols },
  units,
  onSight,
}: {
  series: Shape;
  units: PixelUnits;
  onSight: (part: FramePart | undefined) => void;
}) {
  const { getVisibleDomains } = useVisCanvasContext();
  const [left, right, top, bottom] = useCameraState(
    (camera) => {
      const { xVisibleDomain: x, yVisibleDomain: y } = getVisibleDomains(camera);
      return [
        Math.max(0, Math.floor(Math.min(...x) / units.x)),
        Math.min(cols, Math.ceil(Math.max(...x) / units.x)),
        Math.max(0, Math.floor(Math.min(...y) / units.y)),
        Math.min(rows, Math.ceil(Math.max(...y) / units.y)),
      ] as const;
    },
    [getVisibleDomains, units.x, units.y, rows, cols],
    (a, b) => a.every((value, i) => value === b[i]),
  );
  useEffect(() => {
    const [width, height] = [right - left, bottom - top];
    const isNear = width > 0 && height > 0 && width * height < MOST_IN_SIGHT;
    const timer = setTimeout(() => onSight(isNear ? { top, left, height, width } : undefined), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [left, right, top, bottom, onSight]);
  return null;
}

interface RingProps {
  readonly poni: Poni;
  readonly shape: Shape;
  readonly units: PixelUnits;
  readonly twoThetaDeg: number;
  readonly isHalf?: boolean;
  readonly label?: string;
  readonly colour?: string;
  readonly name?: string;
}

/** Chords of 2° are a tenth of a pixel of the screen from the arc. */
const STEP_DEG = 2;

export function RingLine(props: RingProps) {
  const { poni, shape, twoThetaDeg, units, isHalf = false, label, colour = RING_COLOUR, name = "ring" } = props;
  const { pieces, named } = useMemo(() => {
    const lines = ringLines(poni, shape, twoThetaDeg, STEP_DEG, isHalf);
    const at = namePlace(lines, beamCentre(poni, shape));
    const toData = ([col, row]: PixelPoint): Vector3 => new Vector3(col * units.x, row * units.y, 0);
    return { pieces: lines.map((line) => line.map(toData)), named: at && [toData(at)] };
  }, [poni, shape, twoThetaDeg, isHalf, units.x, units.y]);
  return (
    <>
      {pieces.map((points, i) => (
        <DataToHtml key={i} points={points}>
          {(...html: Vector3[]) => (
            <SvgElement>
              <path
                data-overlay={name}
                data-value={twoThetaDeg}
                d={html.map(({ x, y }, k) => `${k ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("")}
                fill="none"
                stroke={colour}
                strokeWidth={1}
                opacity={0.85}
              />
            </SvgElement>
          )}
        </DataToHtml>
      ))}
      {label && named && (
        <DataToHtml points={named}>
          {({ x, y }: Vector3) => (
            <SvgElement>
              <text className="frames-ring-label" x={x + 3} y={y} fill={colour}>
                {label}
              </text>
            </SvgElement>
          )}
        </DataToHtml>
      )}
    </>
  );
}

/** The ring of the two-theta under the pointer on the pattern. */
export function AngleRing(props: Omit<RingProps, "twoThetaDeg">) {
  const twoThetaDeg = useCursor(angleCursor);
  return twoThetaDeg === undefined ? null : (
    <RingLine {...props} twoThetaDeg={twoThetaDeg} colour="#ffffff" name="angle" />
  );
}

/** Where the direct beam hits. */
export function BeamMark({ at: [row, col], units }: { at: readonly [number, number]; units: PixelUnits }) {
  return (
    <DataToHtml points={[new Vector3(col * units.x, row * units.y, 0)]}>
      {({ x, y }: Vector3) => (
        <SvgElement>
          <path
            data-overlay="beam-centre"
            data-value={`${row} ${col}`}
            d={`M${x - 8},${y}h16M${x},${y - 8}v16`}
            stroke={RING_COLOUR}
            strokeWidth={1.5}
          >
            <title>beam centre</title>
          </path>
        </SvgElement>
      )}
    </DataToHtml>
  );
}
