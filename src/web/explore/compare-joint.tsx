/** How often pairs of values occur: voxels that agree lie on the line. */
import { useMemo } from "react";
import { columnsData } from "../parts/data-files.ts";
import { imageSvg } from "../parts/figures.ts";
import { MapPlot, type Point } from "../parts/map-plot.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { jointCounts } from "./compare-statistics.ts";
import { type Comparison, titlesOf, usedOnly } from "./comparison.ts";
import { labelled, stageWords } from "./loaded-map.ts";

const BINS = 64;
const EQUAL = [{ shape: { kind: "line", from: [0, 0], to: [BINS, BINS] }, colour: "#d1495b" }] as const;

export function CompareJoint({ comparison, at }: { comparison: Comparison; at: Point | undefined }) {
  const { first, second, difference, limits } = comparison;
  const counts = useMemo(() => {
    const all = jointCounts(first.values, second.values, difference.isUsed, limits, BINS);
    return all.map((count) => (count > 0 ? count : Number.NaN)); // none is not the same as few
  }, [first, second, difference, limits]);
  const step = (limits[1] - limits[0]) / BINS;
  const most = counts.reduce((max, count) => (count > max ? count : max), 1);
  const voxel = at && at.y * first.cols + at.x;
  const position = (value: number): number => (value - limits[0]) / step;
  const cursor =
    voxel === undefined ? undefined : pointOf(position(first.values[voxel]!), position(second.values[voxel]!));
  const [wordsA, wordsB] = [stageWords(first.name), stageWords(second.name)];
  const isSameStage = wordsA === wordsB;
  const view = {
    title: "how often pairs of values occur",
    rows: BINS,
    cols: BINS,
    values: counts,
    limits: [1, Math.max(2, most)] as const,
    transform: "log" as const,
    label: "voxels",
    step: { x: step, y: step },
    start: { x: limits[0] + step / 2, y: limits[0] + step / 2 },
    xLabel: labelled(isSameStage ? first.info.title : wordsA, first.info.unit),
    yLabel: labelled(isSameStage ? second.info.title : wordsB, second.info.unit),
    shapes: EQUAL,
  };
  const [titleA, titleB] = titlesOf(comparison);
  const data = columnsData(
    [
      { name: titleA, unit: first.info.unit, values: usedOnly(first.values, difference.isUsed) },
      { name: titleB, unit: second.info.unit, values: usedOnly(second.values, difference.isUsed) },
    ],
    { file: first.file, array: `${first.name}, ${second.name}`, selection: "voxels that converged in both" },
    "a line for each voxel, row by row from the lowest",
  );
  return (
    <Panel
      name="compare-joint"
      title="pairs of values"
      tools={<TakeAway name="pairs-of-values" svg={() => imageSvg(view)} data={data} />}
    >
      <MapPlot name="compare-joint" {...view} colourMap="viridis" cursor={cursor} />
    </Panel>
  );
}

const pointOf = (x: number, y: number): Point | undefined =>
  Number.isFinite(x) && Number.isFinite(y) ? { x, y } : undefined;
