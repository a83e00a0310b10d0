/** What every map of a result comes to inside a mask. */
import { useEffect, useMemo, useState } from "react";
import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import { askArrays } from "../core/api.ts";
import { formatValue } from "../core/format.ts";
import { sourceLines } from "../parts/data-files.ts";
import { Busy, Message } from "../parts/message.tsx";
import { save } from "../parts/take-away.tsx";
import { fullTitle, mapParams, mapsOf } from "./loaded-map.ts";
import { countOf } from "./mask-pieces.ts";
import { type RegionStatistics, regionStatistics } from "./region-statistics.ts";

interface Row {
  readonly map: ArrayInfo;
  readonly statistics: RegionStatistics;
}

/** Map after map, so that a result of many large maps is never whole in memory. */
async function statisticsOfAll(
  { file }: ResultInfo,
  maps: readonly ArrayInfo[],
  mask: Uint8Array,
  signal: AbortSignal,
  onRow: (row: Row) => void,
): Promise<void> {
  for (const map of maps) {
    const { values } = await askArrays("array", mapParams(file, { ...map, hasEsd: false }), { signal });
    onRow({ map, statistics: regionStatistics(values["values"]!, mask, values["status"]) });
  }
}

export function MaskStatistics({ info, mask }: { info: ResultInfo; mask: Uint8Array }) {
  const [isOn, setOn] = useState(false);
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [error, setError] = useState<Error>();
  const maps = useMemo(
    () => mapsOf(info).filter(({ shape }) => (shape[0] ?? 0) * (shape[1] ?? 0) === mask.length),
    [info, mask],
  );
  useEffect(() => {
    if (!isOn) return;
    const abort = new AbortController();
    const made: Row[] = [];
    setRows([]);
    setError(undefined);
    statisticsOfAll(info, maps, mask, abort.signal, (row) => {
      made.push(row);
      setRows([...made]);
    }).catch((thrown: Error) => !abort.signal.aborted && setError(thrown));
    return () => abort.abort();
  }, [isOn, info, maps, mask]);
  if (!isOn) {
    return (
      <button type="button" disabled={maps.length === 0} onClick={() => setOn(true)}>
        statistics of all {maps.length} maps inside
      </button>
    );
  }
  const isDone = rows.length === maps.length;
  return (
    <section data-statistics={isDone ? "done" : "running"} aria-label="statistics inside the mask">
      {error && <Message error={error} />}
      {!isDone && !error && (
        <Busy what={`reading map ${rows.length + 1} of ${maps.length}`} share={rows.length / maps.length} />
      )}
      {isDone && (
        <button
          type="button"
          onClick={() => void csvOf(info, mask, rows).then((csv) => save("mask-statistics.csv", csv))}
        >
          save as CSV
        </button>
      )}
      <StatisticsTable rows={rows} />
    </section>
  );
}

function StatisticsTable({ rows }: { rows: readonly Row[] }) {
  return (
    <table className="mask-table">
      <thead>
        <tr>
          <th>map</th>
          <th className="number" title="voxels with a value, converged where the map says so">
            voxels
          </th>
          <th className="number">mean</th>
          <th className="number">sd</th>
          <th className="number">median</th>
          <th>unit</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ map, statistics: { used, mean, sd, median } }) => (
          <tr key={map.name} data-map={map.name}>
            <td title={map.name}>{fullTitle(map)}</td>
            <td className="number" data-quantity="used" data-value={used}>
              {used}
            </td>
            <td className="number" data-quantity="mean" data-value={mean}>
              {formatValue(mean, 5)}
            </td>
            <td className="number" data-quantity="sd" data-value={sd}>
              {formatValue(sd, 3)}
            </td>
            <td className="number" data-quantity="median" data-value={median}>
              {formatValue(median, 5)}
            </td>
            <td>{map.unit}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function csvOf({ file }: ResultInfo, mask: Uint8Array, rows: readonly Row[]): Promise<string> {
  const head = await sourceLines({ file, selection: `mask of ${countOf(mask)} voxels` });
  const number = (value: number): string => (Number.isFinite(value) ? String(value) : "");
  const lines = rows.map(({ map, statistics: { used, mean, sd, median } }) =>
    [map.name, map.unit, used, number(mean), number(sd), number(median)].join(","),
  );
  return `${[...head.map((line) => `# ${line}`), "map,unit,voxels,mean,sd,median", ...lines].join("\n")}\n`;
}
