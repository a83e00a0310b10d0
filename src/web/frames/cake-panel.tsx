/** The frame as azimuth over radius: rings become upright lines where the geometry is right. */
import { useMemo } from "react";
import { AXIS_LABELS } from "../../data/index.ts";
import { useArrays } from "../core/api.ts";
import { encodeNpy } from "../core/npy.ts";
import { limitsOf, NumberField } from "../parts/colour-controls.tsx";
import { imageSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import type { FrameParts } from "./frames-page.tsx";
import { integrateRequest } from "./use-frames.ts";

export function CakePanel({ view, change, choice, poni }: FrameParts) {
  const { chiBins, colours } = view;
  const request = poni && integrateRequest(choice, poni, view);
  const asked = useArrays(
    "frames/integrate",
    {},
    { off: !poni, keep: true, body: request && { ...request, options: { ...request.options, chiBins } } },
  );
  const { axis = [], intensity = [], chi = [] } = asked.data?.values ?? {};
  const limits = useMemo(() => limitsOf(intensity, colours), [intensity, colours]);
  if (!poni) return <p className="frames-hint dim">Choose a geometry above to see the cake.</p>;
  if (asked.error) return <Message error={asked.error} />;
  if (!asked.data) return <Busy what="integrating the frame by azimuth" />;
  const { label, unit } = AXIS_LABELS[view.axis];
  const stepOf = (values: ArrayLike<number>): number => (values.length > 1 ? values[1]! - values[0]! : 1);
  const plot = {
    rows: chi.length,
    cols: axis.length,
    values: intensity,
    limits,
    transform: colours.transform,
    colourMap: colours.colourMap,
    label: "intensity (counts)",
    step: { x: stepOf(axis), y: stepOf(chi) },
    start: { x: axis[0] ?? 0, y: chi[0] ?? 0 },
    xLabel: unit ? `${label} (${unit})` : label,
    yLabel: "χ (°)",
    isSquare: false,
  };
  return (
    <div className="frames-cake">
      <div className="frames-row">
        <span>
          azimuthal bins{" "}
          <NumberField
            label="azimuthal bins"
            value={chiBins}
            onChange={(value) => change({ chiBins: Math.round(value) })}
          />
        </span>
        <TakeAway
          name={`${choice.file}-${choice.frame}-cake`}
          svg={() => imageSvg({ ...plot, title: `${choice.file}, frame ${choice.frame}: cake` })}
          data={[{ format: "npy", make: () => encodeNpy([chi.length, axis.length], Float32Array.from(intensity)) }]}
        />
      </div>
      <MapPlot name="cake" {...plot} />
    </div>
  );
}
