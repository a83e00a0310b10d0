/** The two maps, their difference, and a fourth image of what the difference is worth. */
import { useMemo } from "react";
import { type ColourMapName, percentileLimits } from "../../stages/figure/index.ts";
import type { ColourTransform } from "../parts/colours.ts";
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
  shownValues,
  titlesOf,
  usedOnly,
} from "./comparison.ts";
import { labelled, sliceAxes } from "./loaded-map.ts";

/** All images of the page move together. */
const group = createZoomGroup();

interface ImageProps extends Pick<LinkedViewProps, "linked"> {
  readonly panel: string;
  readonly title: string;
  readonly label: string;
  readonly comparison: Comparison;
  readonly values: ArrayLike<number>;
  readonly limits: readonly [number, number];
  readonly colourMap: ColourMapName;
  readonly transform?: ColourTransform;
  /** what the numbers of a saved file are */
  readonly array: string;
  readonly tools?: React.ReactNode;
  readonly zoom?: ZoomGroup;
}

function ImagePanel({ panel, title, comparison, array, tools, ...image }: ImageProps) {
  const { rows, cols, file } = comparison.first;
  const { voxelMm } = comparison.info;
  const { label, values, limits, colourMap, transform = "linear" } = image;
  const { at: cursor, onHover, onPick } = image.linked;
  const view = { title, rows, cols, values, label, limits, colourMap, transform, voxelMm, ...(cursor && { cursor }) };
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
        {...{ rows, cols, values, limits, colourMap, transform, label, cursor, onHover, onPick }}
        {...sliceAxes(comparison.info, rows, cols)}
      >
        <LinkedZoom group={group} />
      </MapPlot>
    </Panel>
  );
}

export function CompareMaps({ comparison, linked }: Pick<LinkedViewProps, "comparison" | "linked">) {
  const { first, second, difference, limits, colours, isStrict } = comparison;
  const [titleA, titleB] = titlesOf(comparison);
  const valuesA = useMemo(() => shownValues(first, isStrict), [first, isStrict]);
  const valuesB = useMemo(() => shownValues(second, isStrict), [second, isStrict]);
  const shown = useMemo(() => usedOnly(difference.difference, difference.isUsed), [difference]);
  const shared = { comparison, linked };
  const { colourMap, transform } = colours;
  return (
    <>
      <ImagePanel
        {...shared}
        {...{ limits, colourMap, transform }}
        panel="compare-first"
        title={titleA}
        label={labelled(first.info.title, first.info.unit)}
        values={valuesA}
        array={first.name}
      />
      <ImagePanel
        {...shared}
        {...{ limits, colourMap, transform }}
        panel="compare-second"
        title={titleB}
        label={labelled(second.info.title, second.info.unit)}
        values={valuesB}
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

export function CompareDetail({ comparison, settings, change, linked }: LinkedViewProps) {
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
      {...{ comparison, linked }}
      panel="compare-detail"
      title={title}
      tools={choice}
      label={labelled(title, unit)}
      values={values}
      limits={isOver ? symmetric(values) : percentileLimits(values)}
      colourMap={isOver ? "difference" : comparison.colours.colourMap}
      array={`${title} of ${second.name} − ${first.name}`}
    />
  );
}

/** As far to either side as 99 % of the values reach. */
function symmetric(values: Float64Array): [number, number] {
  const [, most] = percentileLimits(values.map(Math.abs), 0, 99);
  return [-most, most];
}
