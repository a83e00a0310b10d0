/** The detector image with its mask, the rings of a standard and the beam centre, and what lies under the pointer. */
import { useMemo, useState } from "react";
import { beamCentre } from "../../geometry/index.ts";
import type { FramePart, Ring } from "../../server/wire-frames.ts";
import type { OverlayLine } from "../../stages/figure/index.ts";
import { askBlob } from "../core/api.ts";
import { useKeys } from "../core/keys.ts";
import { ColourControls, limitsOf } from "../parts/colour-controls.tsx";
import { imageSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import type { Shape } from "../parts/shapes.ts";
import { TakeAway } from "../parts/take-away.tsx";
import { AngleRing, BeamMark, DetailMesh, MaskMesh, RingLine, SightWatch } from "./frame-overlays.tsx";
import type { FrameParts } from "./frames-page.tsx";
import { pixelCursor } from "./links.ts";
import { PixelReadOut } from "./pixel-read-out.tsx";
import { namePlace, type PixelPoint, ringLines } from "./ring-lines.ts";
import { type FrameImage, type useFrameImage, useFramePart, useMask } from "./use-frames.ts";

export const RING_COLOUR = "#4dd2ff";
/** Weaker rings are drawn, but their names would be in the way. */
const LEAST_NAMED = 0.01;

interface Props extends FrameParts {
  readonly image: ReturnType<typeof useFrameImage>;
  readonly rings: readonly Ring[];
}

/** What a pixel is along the axes: 1, or its size in mm. */
export interface PixelUnits {
  readonly x: number;
  readonly y: number;
  readonly xLabel: string;
  readonly yLabel: string;
}

export function pixelUnits({ view, poni, series }: FrameParts): PixelUnits {
  const size = poni ? [poni.pixel1, poni.pixel2] : series.pixelM;
  if (view.unit === "px" || !size) return { x: 1, y: 1, xLabel: "column (pixels)", yLabel: "row (pixels)" };
  return { x: size[1]! * 1e3, y: size[0]! * 1e3, xLabel: "along columns (mm)", yLabel: "along rows (mm)" };
}

export function FrameImagePanel(props: Props) {
  const { view, change, image, series, choice } = props;
  const { colours } = view;
  const limits = useMemo(
    () => (image.image ? limitsOf(image.image.values, colours) : ([0, 1] as const)),
    [image.image, colours],
  );
  useKeys(
    useMemo(
      () => [
        { keys: ["m"], label: "show the mask", act: () => change({ hasMaskShown: !view.hasMaskShown }) },
        { keys: ["h"], label: "rings on one half", act: () => change({ hasHalfRings: !view.hasHalfRings }) },
      ],
      [change, view.hasMaskShown, view.hasHalfRings],
    ),
  );
  const hasSize = props.poni !== undefined || series.pixelM !== undefined;
  const mask = useMask(choice, series, view);
  return (
    <Panel
      name="frame-image"
      title="Image"
      tools={
        <>
          <select
            aria-label="axes in"
            value={view.unit}
            disabled={!hasSize}
            onChange={({ target }) => change({ unit: target.value as "px" | "mm" })}
          >
            <option value="px">pixels</option>
            <option value="mm">mm</option>
          </select>
          <ColourControls
            colours={colours}
            limits={limits}
            unit="counts"
            onChange={(next) => change({ colours: next })}
          />
          {image.image && <ImageTakeAway {...props} frameImage={image.image} limits={limits} mask={mask.data} />}
        </>
      }
    >
      {image.error && <Message error={image.error} />}
      {mask.error && <Message error={mask.error} />}
      {image.image ? (
        <ImagePlot {...props} frameImage={image.image} limits={limits} excluded={maskOf(mask.data, image.image)} />
      ) : (
        !image.error && <Busy what={`reading frame ${choice.frame} of ${choice.file}`} />
      )}
      <PixelReadOut {...props} image={image.image} isBusy={image.isBusy} />
    </Panel>
  );
}

type MaskReply = NonNullable<ReturnType<typeof useMask>["data"]>;

/** While another series is loading, the mask may be of the one before. */
const maskOf = (mask: MaskReply | undefined, { counts }: FrameImage): Uint8Array | undefined => {
  const excluded = mask?.values["excluded"] as Uint8Array | undefined;
  return excluded?.length === counts.length ? excluded : undefined;
};

interface PlotProps extends Props {
  readonly frameImage: FrameImage;
  readonly limits: readonly [number, number];
  readonly excluded: Uint8Array | undefined;
}

function ImagePlot(props: PlotProps) {
  const { view, change, choice, series, poni, rings, frameImage, limits, excluded, drawing } = props;
  const { rows, cols, step, values } = frameImage;
  const units = pixelUnits(props);
  const [sight, setSight] = useState<FramePart>();
  const detail = useFramePart(choice, step > 1 ? sight : undefined);
  const { colours, mask } = view;
  const stepAlong = useMemo(() => ({ x: step * units.x, y: step * units.y }), [step, units.x, units.y]);
  const shapes = useMemo(
    () =>
      (mask.shapes ?? []).map(({ region, isHole }) => ({
        shape: scaled(region as Shape, 1 / step),
        colour: isHole ? "#5fd38d" : "#ff4dd2",
      })),
    [mask.shapes, step],
  );
  const add = (shape: Shape): void => {
    if (shape.kind !== "rectangle" && shape.kind !== "ellipse" && shape.kind !== "polygon") return;
    const region = scaled(shape, step) as typeof shape;
    change({
      mask: { ...mask, shapes: [...(mask.shapes ?? []), { region, ...(drawing.isHole && { isHole: true }) }] },
    });
  };
  const labels = useMemo(() => namedRings(rings), [rings]);
  return (
    <MapPlot
      name="frame"
      {...{ rows, cols, values, limits, shapes }}
      transform={colours.transform}
      colourMap={colours.colourMap}
      label="intensity (counts)"
      step={stepAlong}
      xLabel={units.xLabel}
      yLabel={units.yLabel}
      isUpsideDown
      tool={view.tab === "mask" ? drawing.tool : "move"}
      onShape={add}
      onHover={(at) =>
        pixelCursor.set(at && { row: Math.floor(at.y * step) + 0.5, col: Math.floor(at.x * step) + 0.5 })
      }
    >
      {step > 1 && <SightWatch series={series} units={units} onSight={setSight} />}
      {detail && <DetailMesh {...{ detail, units, limits }} colours={colours} />}
      {excluded && <MaskMesh rows={rows} cols={cols} excluded={excluded} />}
      {poni &&
        rings.map((ring, i) => (
          <RingLine
            key={`${i} ${ring.twoThetaDeg}`}
            {...{ poni, units }}
            shape={series}
            twoThetaDeg={ring.twoThetaDeg}
            label={labels.has(i) ? ring.hkl : ""}
            isHalf={view.hasHalfRings}
          />
        ))}
      {poni && <AngleRing poni={poni} shape={series} units={units} />}
      {poni && <BeamMark at={beamCentre(poni, series)} units={units} />}
    </MapPlot>
  );
}

function scaled(shape: Shape, by: number): Shape {
  const at = ([x, y]: readonly [number, number]): [number, number] => [x * by, y * by];
  if (shape.kind === "polygon") return { kind: "polygon", points: shape.points.map(at) };
  if (shape.kind === "rectangle" || shape.kind === "ellipse")
    return { kind: shape.kind, from: at(shape.from), to: at(shape.to) };
  return shape;
}

/** Rings whose names have room beside each other, the strong ones first. */
function namedRings(rings: readonly Ring[]): ReadonlySet<number> {
  const outermost = rings.at(-1)?.twoThetaDeg ?? 1;
  const room = 0.055 * outermost;
  const named: number[] = [];
  const byStrength = [...rings.keys()].sort((a, b) => rings[b]!.intensity - rings[a]!.intensity);
  for (const i of byStrength) {
    const { intensity, twoThetaDeg } = rings[i]!;
    if (intensity < LEAST_NAMED) break;
    if (named.every((other) => Math.abs(rings[other]!.twoThetaDeg - twoThetaDeg) > room)) named.push(i);
  }
  return new Set(named);
}

function ImageTakeAway(
  props: Props & { frameImage: FrameImage; limits: readonly [number, number]; mask: MaskReply | undefined },
) {
  const { choice, view, poni, series, rings, frameImage, limits, mask } = props;
  const { rows, cols, step, values } = frameImage;
  const name = `${choice.file}-${choice.frame}`;
  const svg = (): string => {
    const units = pixelUnits(props);
    const excluded = maskOf(mask, frameImage);
    return imageSvg({
      title: `${choice.file}, frame ${choice.frame}${view.standard && poni ? `, rings of ${view.standard}` : ""}`,
      rows,
      cols,
      values: excluded ? values.map((value, i) => (excluded[i] ? Number.NaN : value)) : values,
      label: "intensity (counts)",
      limits,
      transform: view.colours.transform,
      colourMap: view.colours.colourMap,
      step: { x: step * units.x, y: step * units.y },
      xLabel: units.xLabel,
      yLabel: units.yLabel,
      isUpsideDown: true,
      lines: poni ? ringOverlay(rings, poni, series, view.hasHalfRings, units) : [],
    });
  };
  const exported = (format: "tif" | "edf" | "npy") => ({
    format,
    make: () => askBlob("frames/export", { ...choice, format }),
  });
  return <TakeAway name={name} svg={svg} data={(["tif", "edf", "npy"] as const).map(exported)} />;
}

/** The rings in the units of the axes, and their names as lines without length. */
function ringOverlay(
  rings: readonly Ring[],
  poni: NonNullable<FrameParts["poni"]>,
  series: FrameParts["series"],
  isHalf: boolean,
  units: PixelUnits,
): OverlayLine[] {
  const named = namedRings(rings);
  const toAxes = ([col, row]: PixelPoint): [number, number] => [col * units.x, row * units.y];
  return rings.flatMap(({ twoThetaDeg, hkl }, i) => {
    const lines = ringLines(poni, series, twoThetaDeg, 1, isHalf);
    const at = named.has(i) ? namePlace(lines, beamCentre(poni, series)) : undefined;
    return [
      ...lines.map((line) => ({ points: line.map(toAxes), colour: RING_COLOUR })),
      ...(at ? [{ points: [toAxes(at)], colour: RING_COLOUR, label: hkl }] : []),
    ];
  });
}
