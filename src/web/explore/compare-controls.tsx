/** Which maps are compared, and in which colours. */
import type { Found, ResultInfo } from "../../server/wire.ts";
import { useJson } from "../core/api.ts";
import type { CompareSettings } from "./comparison.ts";
import { fullTitle, labelled, mapsOf } from "./loaded-map.ts";

interface Props {
  readonly info: ResultInfo;
  readonly infoB: ResultInfo | undefined;
  readonly nameA: string | undefined;
  readonly nameB: string | undefined;
  readonly settings: CompareSettings;
  readonly change: (part: Partial<CompareSettings>) => void;
}

export function CompareControls({ info, infoB, nameA, nameB, settings, change }: Props) {
  const { data: found } = useJson<Found>("found");
  const { fileB } = settings;
  const others = found?.results.filter(({ path }) => path !== info.file) ?? [];
  const swap = (): void => change({ a: nameB, b: nameA });
  return (
    <div className="compare-controls">
      <MapSelect label="first" info={info} name={nameA} onName={(a) => change({ a })} />
      <button type="button" disabled={fileB !== undefined} title="the first becomes the second" onClick={swap}>
        ⇄ swap
      </button>
      <MapSelect label="second" info={infoB} name={nameB} onName={(b) => change({ b })} />
      {(others.length > 0 || fileB) && (
        <label>
          of{" "}
          <select
            aria-label="file of the second map"
            value={fileB ?? ""}
            onChange={({ target }) => change({ fileB: target.value || undefined, b: undefined })}
          >
            <option value="">the same file</option>
            {others.map(({ path }) => (
              <option key={path}>{path}</option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** The maps of a result by stage. */
export function MapSelect({
  label,
  info,
  name,
  onName,
  none,
}: {
  label: string;
  info: ResultInfo | undefined;
  name: string | undefined;
  onName: (name: string | undefined) => void;
  /** words for choosing no map; left out: one has to be chosen */
  none?: string;
}) {
  const maps = mapsOf(info);
  const stages = [...new Set(maps.map((map) => map.name.split("/")[0]!))];
  return (
    <select
      aria-label={`${label} map`}
      value={name ?? ""}
      onChange={({ target }) => onName(target.value || undefined)}
      className="map-select"
    >
      {none !== undefined && <option value="">{none}</option>}
      {stages.map((stage) => (
        <optgroup key={stage} label={stage}>
          {maps
            .filter((map) => map.name.startsWith(`${stage}/`))
            .map((map) => (
              <option key={map.name} value={map.name}>
                {labelled(fullTitle(map), map.unit)}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}
