/** The comparison in numbers: over all voxels, and at one. */
import { useMemo } from "react";
import { STATUS } from "../../data/volume.ts";
import { formatValue, valueText, withUnit } from "../core/format.ts";
import { columnsData } from "../parts/data-files.ts";
import type { Point } from "../parts/map-plot.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { comparisonSvg } from "./compare-figure.ts";
import { correlationOf, type Statistics, statisticsOf } from "./compare-statistics.ts";
import { type Comparison, differenceUnit } from "./comparison.ts";
import { type LoadedMap, sliceAxes } from "./loaded-map.ts";

export function CompareNumbers({
  comparison,
  at,
  isPicked,
}: {
  comparison: Comparison;
  at: Point | undefined;
  isPicked: boolean;
}) {
  const table = useMemo(() => statisticsTable(comparison), [comparison]);
  const { first, second, difference } = comparison;
  const correlation = useMemo(
    () => correlationOf(first.values, second.values, difference.isUsed),
    [first, second, difference],
  );
  const total = first.rows * first.cols;
  const count = table[0]!.statistics.count;
  const data = columnsData(
    COLUMNS.map(({ key, label }) => ({ name: label, values: table.map(({ statistics }) => statistics[key]) })),
    { file: first.file, array: `${first.name}, ${second.name}`, selection: "voxels that converged in both" },
    `lines: ${table.map(({ label, unit }) => withUnit(label, unit && `[${unit}]`)).join("; ")}`,
    `correlation: ${correlation}`,
  );
  return (
    <Panel
      name="compare-numbers"
      title="in numbers"
      tools={<TakeAway name="comparison" svg={() => comparisonSvg(comparison)} data={data} />}
    >
      <div className="compare-numbers">
        <VoxelTable {...{ comparison, at, isPicked }} />
        <p className="dim">
          Over the{" "}
          <b data-read="count" data-value={count}>
            {count}
          </b>{" "}
          of {total} voxels that converged in both; correlation{" "}
          <b data-read="correlation" data-value={correlation}>
            {formatValue(correlation, 4)}
          </b>
          .
        </p>
        <StatisticsTable table={table} />
      </div>
    </Panel>
  );
}

function StatisticsTable({ table }: { table: ReturnType<typeof statisticsTable> }) {
  return (
    <table>
      <thead>
        <tr>
          <th />
          {COLUMNS.slice(1).map(({ key, label }) => (
            <th key={key} className="number">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.map(({ name, label, unit, digits, statistics }) => (
          <tr key={name}>
            <th title={name === "over-esd" ? "esd = √(esd₁² + esd₂²), as if the maps were independent" : undefined}>
              {unit ? `${label} (${unit})` : label}
            </th>
            {COLUMNS.slice(1).map(({ key }) => (
              <td key={key} className="number" data-read={`${name}-${key}`} data-value={statistics[key]}>
                {isMeant(name, key) && formatValue(statistics[key], digits)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const COLUMNS: readonly { readonly key: keyof Statistics; readonly label: string }[] = [
  { key: "count", label: "voxels" },
  { key: "mean", label: "mean" },
  { key: "median", label: "median" },
  { key: "sd", label: "sd" },
  { key: "rms", label: "rms" },
];

/** The root of the mean square of a map itself says nothing. */
const isMeant = (row: string, key: keyof Statistics): boolean => key !== "rms" || !/first|second/.test(row);

function statisticsTable(comparison: Comparison) {
  const { first, second, difference } = comparison;
  const { isUsed } = difference;
  const rows = [
    { name: "first", label: "first", unit: first.info.unit, digits: 6, values: first.values },
    { name: "second", label: "second", unit: second.info.unit, digits: 6, values: second.values },
    {
      name: "difference",
      label: "difference",
      unit: differenceUnit(comparison),
      digits: 5,
      values: difference.difference,
    },
    { name: "over-esd", label: "difference / esd", unit: "", digits: 4, values: difference.overEsd },
  ];
  return rows.map(({ values, ...row }) => ({ ...row, statistics: statisticsOf(values, isUsed) }));
}

const STATUS_WORDS = new Map<number | undefined, string>(
  Object.entries({
    converged: "converged",
    notFitted: "not fitted",
    noSignal: "no signal",
    atBound: "at a bound",
    notConverged: "not converged",
    undetermined: "undetermined",
  } satisfies Record<keyof typeof STATUS, string>).map(([name, words]) => [STATUS[name as keyof typeof STATUS], words]),
);

function VoxelTable({
  comparison,
  at,
  isPicked,
}: {
  comparison: Comparison;
  at: Point | undefined;
  isPicked: boolean;
}) {
  const { first, second, difference, info } = comparison;
  if (!at) return <p className="dim">Point at a voxel, or click one to keep it.</p>;
  const i = at.y * first.cols + at.x;
  const { start, step } = sliceAxes(info, first.rows, first.cols);
  const [xMm, yMm] = [start.x + at.x * step.x, start.y + at.y * step.y];
  const unit = differenceUnit(comparison);
  const rowOf = (name: string, label: string, map: LoadedMap) => ({
    name,
    label,
    unit: map.info.unit,
    value: map.values[i]!,
    esd: map.esd?.[i],
    words: map.status ? STATUS_WORDS.get(map.status[i]) : "",
  });
  const over = difference.overEsd[i]!;
  const rows = [
    rowOf("first", "first", first),
    rowOf("second", "second", second),
    {
      name: "difference",
      label: "difference",
      unit,
      value: difference.difference[i]!,
      esd: difference.esd[i],
      words: Number.isFinite(over) ? `${formatValue(over, 3)} esd` : "",
    },
  ];
  return (
    <table data-voxel={`${at.x} ${at.y}`}>
      <caption>
        {isPicked ? "picked" : "pointed at"}: voxel x {at.x}, y {at.y}
        {info.voxelMm !== undefined && ` (${xMm.toFixed(3)}, ${yMm.toFixed(3)} mm)`}
      </caption>
      <tbody>
        {rows.map(({ name, label, unit: of, value, esd, words }) => (
          <tr key={name}>
            <th>{label}</th>
            <td className="number" data-read={`voxel-${name}`} data-value={value}>
              {valueText(value, of, 7)}
            </td>
            <td className="number" data-read={`voxel-${name}-esd`} data-value={esd}>
              {esd !== undefined && Number.isFinite(esd) && `± ${formatValue(esd, 3)}`}
            </td>
            <td data-read={`voxel-${name}-words`}>{words}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
