/** The regions that are drawn: their size and what the shown image comes to inside each. */
import { useMemo } from "react";
import { voxelsOf } from "../../data/region.ts";
import type { ResultInfo } from "../../server/wire.ts";
import { formatValue } from "../core/format.ts";
import { limitsOf } from "../parts/colour-controls.tsx";
import { colourOf } from "../parts/colours.ts";
import { sourceLines } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { Message } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { drawnShapes } from "./image-panel.tsx";
import type { RegionPattern } from "./patterns.ts";
import { type RegionStatistics, regionStatistics } from "./region-statistics.ts";
import type { ShownImage } from "./shown-image.ts";
import type { ChangeOne, Frame, NamedRegion, OneState } from "./view-state.ts";

export interface RegionsProps {
  readonly frame: Frame;
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage | undefined;
  readonly patterns: readonly RegionPattern[];
}

interface Row {
  readonly region: NamedRegion;
  readonly statistics: RegionStatistics;
}

const QUANTITIES = ["mean", "sd", "median"] as const;

export function RegionsView({ info, state, change, image, patterns, frame }: RegionsProps) {
  const { regions } = state;
  const rows = useMemo(
    () =>
      regions.map((region): Row => {
        const { rows: ny = 0, cols: nx = 0, values = [], status } = image ?? {};
        return { region, statistics: regionStatistics(values, voxelsOf(region.shape, ny, nx), status) };
      }),
    [regions, image],
  );
  if (regions.length === 0 || !image) {
    const text =
      "Draw a rectangle, an ellipse or a polygon on the image: its mean pattern joins the patterns, and the map's mean, standard deviation and median inside it appear here.";
    return frame({ children: <p className="one-note">{text}</p> });
  }
  const failed = patterns.find(({ error }) => error)?.error;
  const children = (
    <div className="one-table" data-regions={regions.length}>
      <p>
        {image.label}
        <span className="dim">{image.status ? ", of voxels that converged" : ", of voxels with a value"}</span>
      </p>
      {failed && <Message error={failed} />}
      <table>
        <thead>
          <tr>
            <th>region</th>
            <th className="number">voxels</th>
            <th className="number">used</th>
            {QUANTITIES.map((name) => (
              <th className="number" key={name}>
                {name}
              </th>
            ))}
            <th aria-label="remove" />
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <RegionRow
              key={row.region.colour}
              row={row}
              onName={(name) => change({ regions: regions.with(i, { ...row.region, name }) })}
              onRemove={() => change({ regions: regions.toSpliced(i, 1) })}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
  return frame({ tools: <SaveRegions info={info} state={state} image={image} rows={rows} />, children });
}

interface RegionRowProps {
  readonly row: Row;
  readonly onName: (name: string) => void;
  readonly onRemove: () => void;
}

function RegionRow({ row: { region, statistics }, onName, onRemove }: RegionRowProps) {
  return (
    <tr data-region={region.name}>
      <td className="region-cell">
        <span className="swatch" style={{ background: colourOf(region.colour) }} />{" "}
        <input
          type="text"
          className="region-name"
          aria-label={`name of ${region.name}`}
          defaultValue={region.name}
          onBlur={({ target }) => target.value.trim() && onName(target.value.trim())}
          onKeyDown={({ key, currentTarget }) => key === "Enter" && currentTarget.blur()}
        />
      </td>
      <td className="number" data-quantity="voxels" data-value={statistics.voxels}>
        {statistics.voxels}
      </td>
      <td className="number" data-quantity="used" data-value={statistics.used}>
        {statistics.used}
      </td>
      {QUANTITIES.map((name) => (
        <td className="number" key={name} data-quantity={name} data-value={statistics[name]}>
          {formatValue(statistics[name])}
        </td>
      ))}
      <td>
        <button type="button" aria-label={`remove ${region.name}`} title="remove" onClick={onRemove}>
          ×
        </button>
      </td>
    </tr>
  );
}

interface SaveRegionsProps extends Pick<RegionsProps, "info" | "state"> {
  readonly image: ShownImage;
  readonly rows: readonly Row[];
}

function SaveRegions({ info, state, image, rows }: SaveRegionsProps) {
  const csv = async (): Promise<string> => {
    const head = await sourceLines({ file: info.file, array: image.array }, image.title);
    const unit = image.unit ? ` [${image.unit}]` : "";
    const names = ["region", "voxels", "used", ...QUANTITIES.map((name) => `${name}${unit}`), "shape"];
    const lines = rows.map(({ region, statistics }) =>
      [
        JSON.stringify(region.name),
        statistics.voxels,
        statistics.used,
        ...QUANTITIES.map((name) => (Number.isFinite(statistics[name]) ? statistics[name] : "")),
        `"${JSON.stringify(region.shape).replaceAll('"', '""')}"`,
      ].join(","),
    );
    return `${[...head.map((line) => `# ${line}`), names.join(","), ...lines].join("\n")}\n`;
  };
  const { rows: ny, cols, shown: values, label, title } = image;
  const colours = image.kind === "map" ? state.colours : state.binColours;
  return (
    <TakeAway
      name={`${info.title || "slice"}-regions-${image.array}`}
      svg={() =>
        mapSvg({
          ...{ rows: ny, cols, values, label, title },
          ...(info.voxelMm && { voxelMm: info.voxelMm }),
          limits: limitsOf(values, colours),
          transform: colours.transform,
          colourMap: colours.colourMap,
          shapes: drawnShapes(state),
        })
      }
      data={[{ format: "csv", make: csv }]}
    />
  );
}
