/** A quantity by place in the cell: curves of all cells, and each electrode rolled out flat. */
import { useMemo } from "react";
import type { ResultInfo, StudyInfo } from "../../server/wire.ts";
import {
  curvesFigure,
  printFigure,
  profileOf,
  type Strip,
  sectorsOf,
  stripsBlock,
  unwoundMap,
  unwoundSize,
} from "../../stages/figure/index.ts";
import { useView } from "../core/route.ts";
import { shownValues } from "../explore/comparison.ts";
import { type LoadedMap, labelled } from "../explore/loaded-map.ts";
import { limitsOf } from "../parts/colour-controls.tsx";
import { colourOf } from "../parts/colours.ts";
import { columnsData } from "../parts/data-files.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { QuantitySelect } from "./quantity-select.tsx";
import { arrayOf, cellsOf, type Quantity, quantitiesOf, type StudyCellName } from "./study-arrays.ts";
import { useMaps } from "./use-study-maps.ts";

const PLACES = [
  { place: "to_casing", label: "distance to the casing (mm)", bins: 24 },
  { place: "to_core", label: "distance to the core (mm)", bins: 24 },
  { place: "to_tab", label: "distance to the tab (mm)", bins: 24 },
  { place: "depth", label: "depth (0: separator, 1: collector)", bins: 8 },
  { place: "along", label: "along the electrode (mm)", bins: 32 },
] as const;
type Place = (typeof PLACES)[number]["place"];

/** Of REGIONS. */
const ELECTRODES = { cathode: 3, anode: 4 } as const;
type Electrode = keyof typeof ELECTRODES;

interface Settings {
  readonly quantity?: string;
  readonly electrode?: Electrode;
  readonly place: Place;
  /** minus the median of the electrode in each cell, so that cells of all states can be compared */
  readonly isRelative: boolean;
}
const DEFAULTS: Settings = { place: "to_casing", isRelative: false };

export function StudyPlaces({ info, study }: { info: ResultInfo; study: StudyInfo | undefined }) {
  const [settings, change] = useView<Settings>(DEFAULTS);
  const cells = useMemo(() => cellsOf(info, study), [info, study]);
  const quantities = useMemo(() => quantitiesOf(info, cells).filter(({ group }) => group !== "places"), [info, cells]);
  const quantity = quantities.find(({ group, map }) => `${group}/${map}` === settings.quantity) ?? quantities[0];
  if (!quantity) return <p>This file holds no maps of cells.</p>;
  const electrode = settings.electrode ?? electrodeOf(quantity);
  return (
    <div className="study-maps">
      <div className="compare-controls">
        <QuantitySelect
          {...{ quantities, quantity }}
          onQuantity={(next) => change({ quantity: `${next.group}/${next.map}`, electrode: undefined })}
        />
        <label>
          in the{" "}
          <select
            aria-label="electrode"
            value={electrode}
            onChange={({ target }) => change({ electrode: target.value as Electrode })}
          >
            <option>cathode</option>
            <option>anode</option>
          </select>
        </label>
        <label>
          over{" "}
          <select
            aria-label="place"
            value={settings.place}
            onChange={({ target }) => change({ place: target.value as Place })}
          >
            {PLACES.map(({ place, label }) => (
              <option key={place} value={place}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          title="minus the median of the electrode in each cell: what differs inside the cells, whatever their state"
          aria-pressed={settings.isRelative}
          onClick={() => change({ isRelative: !settings.isRelative })}
        >
          − own median
        </button>
      </div>
      <ByPlace
        {...{ info, study, cells, quantity, electrode }}
        place={settings.place}
        isRelative={settings.isRelative}
      />
    </div>
  );
}

/** Numbers that need many zeros are shown without them: the power of ten goes to the unit. */
function powerOf(values: readonly ArrayLike<number>[]): number {
  let most = 0;
  for (const one of values) for (let i = 0; i < one.length; i++) if (Math.abs(one[i]!) > most) most = Math.abs(one[i]!);
  const power = Math.floor(Math.log10(most));
  return Number.isFinite(power) && (power < -2 || power > 4) ? power : 0;
}
const scaled = (values: Float64Array, power: number): Float64Array => values.map((value) => value / 10 ** power);
const unitOf = (unit: string, power: number): string => (power ? `1e${power} ${unit}`.trim() : unit);

/** What graphite holds is in the anode. */
const electrodeOf = ({ map }: Quantity): Electrode =>
  /^(anode|graphite|LiC\d+|LTO|Li)\b/i.test(map) ? "anode" : "cathode";

interface ByPlaceProps {
  readonly info: ResultInfo;
  readonly study: StudyInfo | undefined;
  readonly cells: readonly StudyCellName[];
  readonly quantity: Quantity;
  readonly electrode: Electrode;
  readonly place: Place;
  readonly isRelative: boolean;
}

function ByPlace({ info, study, cells, quantity, electrode, place, isRelative }: ByPlaceProps) {
  const names = (map: string): string[] => cells.map(({ name }) => `places/${name}/${map}`);
  const quantities = useMaps(
    info,
    cells.map(({ name }) => arrayOf(name, quantity)),
  );
  const regions = useMaps(info, names("region"));
  const places = useMaps(info, names(place));
  const layers = useMaps(info, names("layer"));
  const depths = useMaps(info, names("depth"));
  const lengths = useMaps(info, names("along"));
  const all = [quantities, regions, places, layers, depths, lengths];
  const error = all.find((one) => one.error)?.error;
  if (error) return <Message error={error} />;
  if (all.some(({ isPending }) => isPending)) return <Busy what="reading maps and places of all cells" />;
  const loaded = cells.flatMap((cell, i): LoadedCell[] => {
    const [values, region, at] = [quantities.maps[i], regions.maps[i], places.maps[i]];
    const own = study?.cells.find(({ name }) => name === cell.name);
    if (!values || !region || !at) return [];
    const sides = (own?.layers ?? []).flatMap((layer, k) =>
      layer.electrode === electrode ? [[k, layer.side] as const] : [],
    );
    return [
      {
        label: cell.label,
        values: shownIn(values, region, electrode, isRelative),
        cols: values.cols,
        rows: values.rows,
        region,
        at,
        layer: layers.maps[i],
        depth: depths.maps[i],
        along: lengths.maps[i],
        sides: new Map(sides),
        thicknessMm: Math.max(
          0,
          ...(own?.layers ?? []).flatMap((layer) => (layer.electrode === electrode ? (layer.thicknessMm ?? 0) : [])),
        ),
        lengthMm: own?.electrodes.find((one) => one.electrode === electrode)?.lengthMm,
        colour: colourOf(i),
      },
    ];
  });
  if (loaded.length === 0) return <p>This file holds no places: it was made by `xrdct compare` without them.</p>;
  const named = isRelative ? { ...quantity, title: `Δ ${quantity.title}` } : quantity;
  return (
    <div className="study-places">
      <Curves {...{ info, loaded, electrode, place }} quantity={named} />
      <Unwound {...{ info, loaded, electrode, isRelative }} quantity={named} />
    </div>
  );
}

/** Voxels of the electrode whose fit converged. */
function shownIn(map: LoadedMap, region: LoadedMap, electrode: Electrode, isRelative: boolean): Float64Array {
  const label = ELECTRODES[electrode];
  const values = Float64Array.from(shownValues(map, true), (value, i) =>
    region.values[i] === label ? value : Number.NaN,
  );
  if (!isRelative) return values;
  const sorted = values.filter(Number.isFinite).sort();
  const median = sorted[sorted.length >> 1] ?? Number.NaN;
  return values.map((value) => value - median);
}

interface LoadedCell {
  readonly label: string;
  /** [y, x] of the electrode; NaN elsewhere */
  readonly values: Float64Array;
  readonly rows: number;
  readonly cols: number;
  readonly region: LoadedMap;
  readonly at: LoadedMap;
  readonly layer: LoadedMap | undefined;
  readonly depth: LoadedMap | undefined;
  readonly along: LoadedMap | undefined;
  readonly sides: ReadonlyMap<number, "inner" | "outer">;
  readonly thicknessMm: number;
  readonly lengthMm: number | undefined;
  readonly colour: string;
}

interface ViewProps {
  readonly info: ResultInfo;
  readonly loaded: readonly LoadedCell[];
  readonly quantity: Quantity;
  readonly electrode: Electrode;
}

function Curves({ info, loaded, quantity, electrode, place }: ViewProps & { readonly place: Place }) {
  const { label: xLabel, bins } = PLACES.find((one) => one.place === place)!;
  const profiles = profilesOf(loaded, electrode, place, bins);
  const power = powerOf(profiles.map(({ values }) => values));
  const unit = unitOf(quantity.unit, power);
  const curves = profiles.map((profile) => ({
    ...profile,
    values: scaled(profile.values, power),
    errors: scaled(profile.errors, power),
  }));
  const title = `${quantity.title} in the ${electrode}`;
  if (curves.length === 0) {
    return (
      <Panel name="study-curves" title={title}>
        <p className="dim compare-none">No voxel of the {electrode} has both this map and this place.</p>
      </Panel>
    );
  }
  const svg = curvesFigure({
    title,
    x: curves[0]!.x,
    xLabel,
    yLabel: labelled(quantity.title, unit),
    curves: curves.map((curve) => ({ ...curve, errorStyle: "band" })),
  });
  const columns = [
    { name: xLabel, values: curves[0]!.x },
    ...curves.flatMap(({ name, values, errors }) => [
      { name, unit, values },
      { name: `esd of ${name}`, unit, values: errors },
    ]),
  ];
  return (
    <Panel
      name="study-curves"
      title={title}
      tools={
        <TakeAway
          name={`study-${quantity.map}-${place}`}
          svg={() => svg}
          data={columnsData(columns, { file: info.file, array: `${quantity.group}/CELL/${quantity.map}` })}
        />
      }
    >
      <Svg name="curves" svg={svg} />
    </Panel>
  );
}

function profilesOf(loaded: readonly LoadedCell[], electrode: Electrode, place: Place, bins: number) {
  const isIn = ({ region }: LoadedCell, i: number): boolean => region.values[i] === ELECTRODES[electrode];
  let farthest = 0;
  for (const cell of loaded) {
    const at = cell.at.values;
    for (let i = 0; i < at.length; i++) if (at[i]! > farthest && isIn(cell, i)) farthest = at[i]!;
  }
  const range = [0, place === "depth" ? 1 : farthest] as const;
  if (!(range[1] > 0)) return [];
  const sectors = sectorsOf({ ny: loaded[0]!.rows, nx: loaded[0]!.cols });
  return loaded.flatMap((cell) => {
    const { at, mean, esd } = profileOf(cell.values, cell.at.values, (i) => isIn(cell, i), sectors, range, bins);
    return mean.some(Number.isFinite)
      ? [{ name: cell.label, x: at, values: mean, errors: esd, colour: cell.colour }]
      : [];
  });
}

function Unwound({
  info: { voxelMm },
  loaded,
  quantity,
  electrode,
  isRelative,
}: ViewProps & { readonly isRelative: boolean }) {
  const strips = loaded.flatMap(({ label, values, layer, depth, along, sides, lengthMm, thicknessMm }): Strip[] => {
    if (!layer || !depth || !along || !lengthMm || !voxelMm || sides.size === 0) return [];
    const places = { layer: layer.values, depth: depth.values, alongMm: along.values };
    const size = unwoundSize(lengthMm, thicknessMm, voxelMm);
    const image = unwoundMap(values, places, sides, size);
    return Array.from(image.values).some(Number.isFinite)
      ? [{ title: label, image, xDomain: [0, lengthMm], yDomain: [-1, 1] }]
      : [];
  });
  const title = `The ${electrode} unwound: ${quantity.title}`;
  if (strips.length === 0) {
    return (
      <Panel name="study-unwound" title={title}>
        <p className="dim compare-none">
          No roll: depth and length in the coatings are known where `xrdct study` could follow the collectors.
        </p>
      </Panel>
    );
  }
  const power = powerOf(strips.map(({ image }) => image.values));
  const drawn = strips.map((strip) => ({
    ...strip,
    image: { ...strip.image, values: scaled(Float64Array.from(strip.image.values), power) },
  }));
  const all = drawn.flatMap(({ image }) => [...image.values].filter(Number.isFinite));
  const colours = { colourMap: isRelative ? "difference" : "viridis", transform: "linear" } as const;
  const limits = limitsOf(all, { ...colours, percentiles: [1, 99], isSymmetric: isRelative });
  const block = stripsBlock({
    strips: drawn,
    label: labelled(quantity.title, unitOf(quantity.unit, power)),
    xLabel: `along the ${electrode} from its inner end (mm)`,
    yLabel: "coating",
    scale: { ...colours, limits },
  });
  const note = "Coating: 0 at the collector, −1 and 1 at the surfaces that face the axis and the casing.";
  const svg = printFigure({ widthMm: 180, fontPt: 8, note }, block);
  return (
    <Panel
      name="study-unwound"
      title={title}
      tools={<TakeAway name={`study-unwound-${quantity.map}`} svg={() => svg} data={[]} pngScale={3} />}
    >
      <Svg name="unwound" svg={svg} />
    </Panel>
  );
}

/** A figure as it will be saved. */
function Svg({ name, svg }: { name: string; svg: string }) {
  const href = useMemo(() => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, [svg]);
  return <img className="study-figure" data-figure={name} alt={name} src={href} />;
}
