/** One quantity of all cells on the common grid: one scale of colours, one cursor, one zoom. */
import { useMemo } from "react";
import type { ResultInfo, StudyInfo } from "../../server/wire.ts";
import { formatValue, valueText } from "../core/format.ts";
import { formatRoute, useView } from "../core/route.ts";
import { createZoomGroup, LinkedZoom } from "../explore/compare-zoom.tsx";
import { shownValues } from "../explore/comparison.ts";
import { type LinkedVoxel, type PickedVoxel, useLinkedVoxel } from "../explore/linked-voxel.ts";
import { type LoadedMap, labelled, sliceAxes } from "../explore/loaded-map.ts";
import { ColourControls, type Colours, DEFAULT_COLOURS, limitsOf } from "../parts/colour-controls.tsx";
import { imageData } from "../parts/data-files.ts";
import { mapSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { QuantitySelect } from "./quantity-select.tsx";
import {
  arrayOf,
  cellsOf,
  hasArray,
  type Quantity,
  quantitiesOf,
  type Show,
  type StudyCellName,
} from "./study-arrays.ts";
import { useMaps } from "./use-study-maps.ts";

export interface StudyMapSettings {
  /** "compare/NMC532/c"; left out: the first */
  readonly quantity?: string;
  readonly show: Show;
  readonly studyColours: Colours;
  readonly isStrict: boolean;
  readonly voxel?: PickedVoxel;
  /** cells that are left out */
  readonly hidden: readonly string[];
}
const DEFAULTS: StudyMapSettings = { show: "value", studyColours: DEFAULT_COLOURS, isStrict: true, hidden: [] };

const SHOWS: readonly { readonly show: Show; readonly label: string; readonly hint: string }[] = [
  { show: "value", label: "values", hint: "one scale of colours for all cells" },
  { show: "difference", label: "− reference", hint: "each cell minus the reference, voxel by voxel" },
  { show: "significance", label: "difference / esd", hint: "the difference over its standard uncertainty" },
];

/** A browser keeps so many canvases at once. */
const MOST_CELLS = 8;
const group = createZoomGroup();

export function StudyMaps({ info, study }: { info: ResultInfo; study: StudyInfo | undefined }) {
  const [settings, change] = useView<StudyMapSettings>(DEFAULTS);
  const cells = useMemo(() => cellsOf(info, study), [info, study]);
  const quantities = useMemo(() => quantitiesOf(info, cells), [info, cells]);
  const quantity = quantities.find(({ group: of, map }) => `${of}/${map}` === settings.quantity) ?? quantities[0];
  if (!quantity) return <p>This file holds no maps of cells: it was not made by `xrdct study` or `xrdct compare`.</p>;
  const isThere = (show: Show): boolean => cells.some(({ name }) => hasArray(info, arrayOf(name, quantity, show)));
  const show = isThere(settings.show) ? settings.show : "value";
  const toggle = (name: string): void =>
    change({
      hidden: settings.hidden.includes(name)
        ? settings.hidden.filter((one) => one !== name)
        : [...settings.hidden, name],
    });
  const shown = cells
    .filter(({ name }) => !settings.hidden.includes(name) && hasArray(info, arrayOf(name, quantity, show)))
    .slice(0, MOST_CELLS);
  return (
    <div className="study-maps">
      <div className="compare-controls">
        <QuantitySelect
          {...{ quantities, quantity }}
          onQuantity={(next) => change({ quantity: `${next.group}/${next.map}` })}
        />
        {SHOWS.map(({ show: to, label, hint }) => (
          <button
            type="button"
            key={to}
            title={hint}
            disabled={!isThere(to)}
            aria-pressed={show === to}
            onClick={() => change({ show: to })}
          >
            {label}
          </button>
        ))}
        <span className="study-cells-shown">
          {cells.map(({ name, label }) => (
            <label key={name}>
              <input type="checkbox" checked={!settings.hidden.includes(name)} onChange={() => toggle(name)} /> {label}
            </label>
          ))}
        </span>
      </div>
      {shown.length > 0 ? (
        <LoadedMaps {...{ info, quantity, show, settings, change }} cells={shown} />
      ) : (
        <p>No cell is chosen that has this map.</p>
      )}
    </div>
  );
}

interface LoadedProps {
  readonly info: ResultInfo;
  readonly cells: readonly StudyCellName[];
  readonly quantity: Quantity;
  readonly show: Show;
  readonly settings: StudyMapSettings;
  readonly change: (part: Partial<StudyMapSettings>) => void;
}

function LoadedMaps({ info, cells, quantity, show, settings, change }: LoadedProps) {
  const { maps, isPending, error } = useMaps(
    info,
    cells.map(({ name }) => arrayOf(name, quantity, show)),
  );
  const { studyColours, isStrict } = settings;
  const values = useMemo(() => maps.map((map) => map && shownValues(map, isStrict)), [maps, isStrict]);
  const colours = useMemo(
    (): Colours =>
      show === "value"
        ? studyColours
        : { ...studyColours, colourMap: "difference", isSymmetric: true, transform: "linear" },
    [studyColours, show],
  );
  const limits = useMemo(() => limitsOf(joined(values), colours), [values, colours]);
  const first = maps.find((map) => map !== undefined);
  const [rows, cols] = [first?.rows ?? 1, first?.cols ?? 1];
  const linked = useLinkedVoxel(settings.voxel, rows, cols, change);
  if (error) return <Message error={error} />;
  if (!first || isPending) return <Busy what={`reading ${quantity.title} of ${cells.length} cells`} />;
  const unit = show === "significance" ? "" : quantity.unit;
  const what = show === "value" ? quantity.title : show === "difference" ? `Δ ${quantity.title}` : "difference / esd";
  return (
    <>
      <div className="compare-controls">
        <ColourControls
          {...{ colours, limits, unit }}
          onChange={(next) => change({ studyColours: { ...next, ...(show !== "value" && keepOf(studyColours)) } })}
        />
        <button
          type="button"
          title="leave out voxels whose fit did not converge"
          aria-pressed={isStrict}
          onClick={() => change({ isStrict: !isStrict })}
        >
          converged
        </button>
      </div>
      <div className="study-grid" data-columns={cells.length > 3 ? 3 : cells.length}>
        {cells.map((cell, i) => (
          <CellMap
            key={cell.name}
            {...{ info, cell, linked, limits, colours }}
            label={labelled(what, unit)}
            map={maps[i]}
            values={values[i]}
          />
        ))}
        <Numbers {...{ cells, maps, values, unit }} title={what} at={linked.at} isPicked={linked.isPicked} />
      </div>
    </>
  );
}

/** What differences do not change of the colours of values. */
const keepOf = ({ colourMap, isSymmetric, transform }: Colours) => ({ colourMap, isSymmetric, transform });

function joined(values: readonly (ArrayLike<number> | undefined)[]): Float64Array {
  const out = new Float64Array(values.reduce((sum, one) => sum + (one?.length ?? 0), 0));
  let at = 0;
  for (const one of values) {
    if (!one) continue;
    out.set(one, at);
    at += one.length;
  }
  return out;
}

interface CellMapProps {
  readonly info: ResultInfo;
  readonly cell: StudyCellName;
  readonly map: LoadedMap | undefined;
  readonly values: ArrayLike<number> | undefined;
  readonly label: string;
  readonly limits: readonly [number, number];
  readonly colours: Colours;
  readonly linked: LinkedVoxel;
}

function CellMap({ info, cell, map, values, label, limits, colours, linked }: CellMapProps) {
  if (!map || !values) return null;
  const { rows, cols } = map;
  const { colourMap, transform } = colours;
  const { at: cursor, onHover, onPick } = linked;
  const view = { title: `${cell.label}: ${label}`, rows, cols, values, label, limits, colourMap, transform };
  const figure = { ...view, voxelMm: info.voxelMm, ...(cursor && { cursor }) };
  return (
    <Panel
      name={`study-${cell.name}`}
      title={cell.label}
      tools={
        <>
          {cell.result && (
            <a href={formatRoute({ page: "explore", file: cell.result, view: {} })} title="this cell's own result">
              explore
            </a>
          )}
          <TakeAway
            name={`study-${cell.name}-${map.name}`}
            svg={() => mapSvg(figure)}
            data={imageData(figure, { file: info.file, array: map.name })}
          />
        </>
      }
    >
      <MapPlot
        name={`study-${cell.name}`}
        {...{ rows, cols, values, limits, colourMap, transform, label, cursor, onHover, onPick }}
        {...sliceAxes(info, rows, cols)}
      >
        <LinkedZoom group={group} />
      </MapPlot>
    </Panel>
  );
}

interface NumbersProps {
  readonly cells: readonly StudyCellName[];
  readonly maps: readonly (LoadedMap | undefined)[];
  readonly values: readonly (ArrayLike<number> | undefined)[];
  readonly title: string;
  readonly unit: string;
  readonly at: { readonly x: number; readonly y: number } | undefined;
  readonly isPicked: boolean;
}

/** At the cursor, and over the slice. */
function Numbers({ cells, maps, values, title, unit, at, isPicked }: NumbersProps) {
  const moments = useMemo(() => values.map((one) => (one ? momentsOf(one) : undefined)), [values]);
  return (
    <Panel name="study-numbers" title={labelled(title, unit)}>
      <div className="compare-numbers">
        <p className="dim">
          {at
            ? `${isPicked ? "picked" : "under the pointer"}: x ${Math.floor(at.x)}, y ${Math.floor(at.y)}`
            : "move over a map, or click"}
        </p>
        <table>
          <thead>
            <tr>
              <th>cell</th>
              <th>here</th>
              <th>mean</th>
              <th>deviation</th>
              <th>voxels</th>
            </tr>
          </thead>
          <tbody>
            {cells.map(({ name, label }, i) => {
              const map = maps[i];
              const voxel = map && at ? Math.floor(at.y) * map.cols + Math.floor(at.x) : -1;
              const here = values[i]?.[voxel];
              const esd = map?.esd?.[voxel];
              const { mean, deviation, count } = moments[i] ?? {};
              return (
                <tr key={name} data-cell={name}>
                  <td>{label}</td>
                  <td data-read="here" data-value={here}>
                    {voxel < 0 ? "" : formatValue(here)}
                    {here !== undefined && esd !== undefined && Number.isFinite(here) && esd > 0
                      ? ` ± ${formatValue(esd, 2)}`
                      : ""}
                  </td>
                  <td data-read="mean" data-value={mean}>
                    {valueText(mean, unit)}
                  </td>
                  <td data-read="deviation" data-value={deviation}>
                    {formatValue(deviation, 3)}
                  </td>
                  <td>{count}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {maps[0]?.name.startsWith("places/") && <p className="dim">{maps[0].info.title}</p>}
      </div>
    </Panel>
  );
}

function momentsOf(values: ArrayLike<number>): { mean: number; deviation: number; count: number } {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    sum += values[i]!;
    count++;
  }
  const mean = sum / count;
  let square = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]!)) square += (values[i]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(square / (count - 1)), count };
}
