/** Two or three maps as red, green and blue of one image. */
import { useMemo } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { percentileLimits } from "../../stages/figure/index.ts";
import { useView } from "../core/route.ts";
import { columnsData } from "../parts/data-files.ts";
import { rgbSvg } from "../parts/figures.ts";
import { MapPlot, type Point } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import "./compare.css";
import { useLinkedVoxel } from "./linked-voxel.ts";
import { fullTitle, type LoadedMap, labelled, mapsOf, sliceAxes, useMap } from "./loaded-map.ts";
import { RgbControls } from "./rgb-controls.tsx";
import { RGB_COLOURS, type RgbColour, rgbPixels } from "./rgb-mix.ts";
import { presetsOf } from "./rgb-presets.ts";
import { RgbReadOut } from "./rgb-read-out.tsx";
import { RGB_DEFAULTS, type RgbSettings, type ShownChannel, SLOTS } from "./rgb-settings.ts";

export function RgbView({ info }: { info: ResultInfo }) {
  const [settings, change] = useView<RgbSettings>(RGB_DEFAULTS);
  const presets = useMemo(() => presetsOf(info), [info]);
  const isChosen = RGB_COLOURS.some((colour) => settings[colour] !== undefined);
  const names = isChosen ? settings : (presets[0]?.maps ?? {});
  const red = useChannel(info, names.red, settings, "red");
  const green = useChannel(info, names.green, settings, "green");
  const blue = useChannel(info, names.blue, settings, "blue");
  const all = [red, green, blue];
  const channels = useMemo(
    () => [red.channel, green.channel, blue.channel],
    [red.channel, green.channel, blue.channel],
  );
  const error = all.find((one) => one.error)?.error;
  const isWaiting = all.some(({ name, channel }) => name !== undefined && !channel);
  if (mapsOf(info).length === 0) return <p>This result has no maps to mix: run it as far as the stage "map".</p>;
  return (
    <div className="rgb">
      {error && <Message error={error} />}
      <div className="rgb-grid">
        <RgbControls {...{ info, presets, names, channels, settings, change }} />
        {isWaiting && !error ? (
          <Busy what="reading the maps" />
        ) : (
          <RgbImage {...{ info, channels, settings, change }} />
        )}
      </div>
    </div>
  );
}

function useChannel(info: ResultInfo, name: string | undefined, settings: RgbSettings, colour: RgbColour) {
  const { map, error } = useMap(info, name);
  const { limits: typed, percentiles, weight } = SLOTS[colour];
  const [low, high] = settings[percentiles];
  const fixed = settings[typed];
  const factor = settings[weight];
  const channel = useMemo((): ShownChannel | undefined => {
    if (!map) return undefined;
    return { colour, map, limits: fixed ?? percentileLimits(map.values, low, high), weight: factor };
  }, [map, colour, fixed, low, high, factor]);
  return { name, channel, error };
}

interface ImageProps {
  readonly info: ResultInfo;
  readonly channels: readonly (ShownChannel | undefined)[];
  readonly settings: RgbSettings;
  readonly change: (part: Partial<RgbSettings>) => void;
}

function RgbImage({ info, channels, settings, change }: ImageProps) {
  const { gamma, voxel } = settings;
  const first = channels.find((channel) => channel)?.map;
  const linked = useLinkedVoxel(voxel, first?.rows ?? 0, first?.cols ?? 0, change);
  const isSame = channels.every(
    (channel) => !channel || (channel.map.rows === first?.rows && channel.map.cols === first.cols),
  );
  const rgb = useMemo(() => {
    if (!first || !isSame) return undefined;
    const mixed = channels.map((channel) => channel && { ...channel, values: channel.map.values });
    return rgbPixels(mixed, first.rows * first.cols, gamma);
  }, [channels, first, isSame, gamma]);
  if (!first) return <p className="dim">Choose two or three maps at the left, or one of the ready sets.</p>;
  if (!rgb) return <p role="alert">These maps have different sizes. Choose maps of the same slice.</p>;
  const { at, onHover, onPick } = linked;
  const picked = voxel && { x: voxel[0], y: voxel[1] };
  return (
    <Panel
      name="rgb"
      title="red, green, blue"
      tools={<RgbTakeAway {...{ info, channels, rgb, first, gamma, at: picked }} />}
    >
      <MapPlot
        name="rgb"
        rows={first.rows}
        cols={first.cols}
        rgb={rgb}
        {...sliceAxes(info, first.rows, first.cols)}
        cursor={at}
        onHover={onHover}
        onPick={onPick}
      />
      <RgbReadOut {...{ channels, rgb, at, cols: first.cols }} />
    </Panel>
  );
}

interface TakeProps {
  readonly info: ResultInfo;
  readonly channels: readonly (ShownChannel | undefined)[];
  readonly rgb: Uint8Array;
  readonly first: LoadedMap;
  readonly gamma: number;
  readonly at: Point | undefined;
}

function RgbTakeAway({ info, channels, rgb, first, gamma, at }: TakeProps) {
  const there = channels.filter((channel) => channel !== undefined);
  const name = `${info.file.replace(/\.\w+$/, "")}-rgb-${there.map(({ map }) => map.info.title).join("-")}`;
  const svg = (): string =>
    rgbSvg({
      title: there.map(({ colour, map }) => `${colour} ${fullTitle(map.info)}`).join("; "),
      rows: first.rows,
      cols: first.cols,
      rgb,
      channels: there.map(({ colour, map, limits, weight }) => ({
        colour,
        limits,
        weight,
        label: labelled(map.info.title, map.info.unit),
      })),
      voxelMm: info.voxelMm,
      cursor: at,
    });
  const settings = there.map(
    ({ colour, map, limits, weight }) => `${colour}: ${map.name}, ${limits.join(" to ")}, weight ${weight}`,
  );
  const data = columnsData(
    [
      ...there.map(({ colour, map }) => ({
        name: `${colour} ${map.info.title}`,
        unit: map.info.unit,
        values: map.values,
      })),
      ...RGB_COLOURS.map((colour, c) => ({
        name: `${colour} byte`,
        values: Array.from({ length: rgb.length / 3 }, (_, i) => rgb[3 * i + c]!),
      })),
    ],
    { file: info.file, array: there.map(({ map }) => map.name).join(", ") },
    ...settings,
    `gamma: ${gamma}`,
    "a line for each voxel, row by row from the lowest",
  );
  return <TakeAway name={name} svg={svg} data={data} />;
}
