/** The two maps, their difference, and a fourth image of what the difference is worth. */
import { useMemo } from "react";
import { type ColourMapName, percentileLimits } from "../../stages/figure/index.ts";
import { imageData } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { createZoomGroup, LinkedZoom, type ZoomGroup } from "./compare-zoom.tsx";
import {
  type Comparison,
  type Detail,
  differenceUnit,
  type LinkedViewProps,
  titlesOf,
  usedOnly,
} from "./comparison.ts";
import { labelled } from "./loaded-map.ts";

/** All images of the page move together. */
const group = createZoomGroup();

interface ImageProps extends Pick<LinkedViewProps, "cursor" | "onHover" | "onPick"> {
  readonly panel: string;
  readonly title: string;
  readonly label: string;
  readonly comparison: Comparison;
  readonly values: ArrayLike<number>;
  readonly limits: readonly [number, number];
  readonly colourMap: ColourMapName;
  /** what the numbers of a saved file are */
  readonly array: string;
  readonly tools?: React.ReactNode;
  readonly zoom?: ZoomGroup;
}

function ImagePanel({ panel, title, comparison, array, tools, ...image }: ImageProps) {
  const { rows, cols, file } = comparison.first;
  const { voxelMm } = comparison.info;
  const { label, values, limits, colourMap, cursor } = image;
  const view = { title, rows, cols, values, label, limits, colourMap, voxelMm, ...(cursor && { cursor }) };
  return (
    <Panel
      name={panel}
      title={title}
      tools={
        <>
          {tools}
          <TakeAway
            name={`${file.replace(/\.\w+$/, "")}-${panel}`}
            svg={() => mapSvg(view)}
            data={imageData(view, { file, array })}
          />
        </>
      }
    >
      <MapPlot
        name={panel}
        {...{ rows, cols, values, limits, colourMap, label, cursor }}
        step={voxelMm === undefined ? undefined : { x: voxelMm, y: voxelMm }}
        xLabel={voxelMm === undefined ? "x (voxels)" : "x (mm)"}
        yLabel={voxelMm === undefined ? "y (voxels)" : "y (mm)"}
        onHover={image.onHover}
        onPick={image.onPick}
      >
        <LinkedZoom group={group} />
      </MapPlot>
    </Panel>
  );
}

export function CompareMaps({ comparison, settings, ...link }: LinkedViewProps) {
  const { first, second, difference, limits } = comparison;
  const [titleA, titleB] = titlesOf(comparison);
  const { colourMap } = settings;
  const shown = useMemo(() => usedOnly(difference.difference, difference.isUsed), [difference]);
  const shared = { comparison, ...link };
  return (
    <>
      <ImagePanel
        {...shared}
        {...{ limits, colourMap }}
        panel="compare-first"
        title={titleA}
        label={labelled(first.info.title, first.info.unit)}
        values={first.values}
        array={first.name}
      />
      <ImagePanel
        {...shared}
        {...{ limits, colourMap }}
        panel="compare-second"
        title={titleB}
        label={labelled(second.info.title, second.info.unit)}
        values={second.values}
        array={second.file === first.file ? second.name : `${second.name} of ${second.file}`}
      />
      <ImagePanel
        {...shared}
        panel="compare-difference"
        title="second − first"
        label={labelled("difference", differenceUnit(comparison))}
        values={shown}
        limits={symmetric(shown)}
        colourMap="difference"
        array={`${second.name} − ${first.name}`}
      />
    </>
  );
}

const DETAILS: readonly { readonly detail: Detail; readonly title: string; readonly hint: string }[] = [
  { detail: "over-esd", title: "difference / esd", hint: "the difference over its combined standard uncertainty" },
  { detail: "esd-first", title: "esd of the first", hint: "standard uncertainty of the first map" },
  { detail: "esd-second", title: "esd of the second", hint: "standard uncertainty of the second map" },
  { detail: "esd-both", title: "esd of the difference", hint: "√(esd₁² + esd₂²): as if they were independent" },
];

export function CompareDetail({ comparison, settings, change, ...link }: LinkedViewProps) {
  const { first, second, difference } = comparison;
  const { title } = DETAILS.find(({ detail }) => detail === settings.detail) ?? DETAILS[0]!;
  const values = useMemo(() => {
    const all = {
      "over-esd": difference.overEsd,
      "esd-first": first.esd,
      "esd-second": second.esd,
      "esd-both": difference.esd,
    }[settings.detail];
    return all && usedOnly(all, difference.isUsed);
  }, [settings.detail, first, second, difference]);
  const isOver = settings.detail === "over-esd";
  const unit = isOver ? "" : differenceUnit(comparison);
  const choice = (
    <select
      aria-label="image below"
      value={settings.detail}
      onChange={({ target }) => change({ detail: target.value as Detail })}
    >
      {DETAILS.map(({ detail, title: words, hint }) => (
        <option key={detail} value={detail} title={hint}>
          {words}
        </option>
      ))}
    </select>
  );
  if (!values?.some(Number.isFinite)) {
    return (
      <Panel name="compare-detail" title={title} tools={choice}>
        <p className="dim compare-none">No standard uncertainties: the maps that are chosen come without esd.</p>
      </Panel>
    );
  }
  return (
    <ImagePanel
      {...link}
      comparison={comparison}
      panel="compare-detail"
      title={title}
      tools={choice}
      label={labelled(title, unit)}
      values={values}
      limits={isOver ? symmetric(values) : percentileLimits(values)}
      colourMap={isOver ? "difference" : settings.colourMap}
      array={`${title} of ${second.name} − ${first.name}`}
    />
  );
}

/** As far to either side as 99 % of the values reach. */
function symmetric(values: Float64Array): [number, number] {
  const [, most] = percentileLimits(values.map(Math.abs), 0, 99);
  return [-most, most];
}
