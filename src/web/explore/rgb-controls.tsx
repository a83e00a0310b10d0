/** Which map is which colour, from where to where and how bright; what the colours mean. */
import type { ResultInfo } from "../../server/wire.ts";
import { formatValue, withUnit } from "../core/format.ts";
import { NumberField } from "../parts/colour-controls.tsx";
import { Panel } from "../parts/panel.tsx";
import { MapSelect } from "./compare-controls.tsx";
import { labelled } from "./loaded-map.ts";
import { RGB_COLOURS, type RgbColour } from "./rgb-mix.ts";
import type { RgbPreset } from "./rgb-presets.ts";
import { type RgbSettings, type ShownChannel, SLOTS } from "./rgb-settings.ts";

interface Props {
  readonly info: ResultInfo;
  readonly presets: readonly RgbPreset[];
  readonly names: Partial<Record<RgbColour, string>>;
  readonly channels: readonly (ShownChannel | undefined)[];
  readonly settings: RgbSettings;
  readonly change: (part: Partial<RgbSettings>) => void;
}

export function RgbControls({ info, presets, names, channels, settings, change }: Props) {
  const { gamma } = settings;
  const choose = (maps: RgbPreset["maps"]): void =>
    change(
      Object.fromEntries(
        RGB_COLOURS.flatMap((colour) => [
          [colour, maps[colour]],
          [SLOTS[colour].limits, undefined],
        ]),
      ),
    );
  return (
    <Panel name="rgb-controls" title="what the colours are" tools={<TurnButton {...{ names, settings, change }} />}>
      <div className="rgb-controls">
        <select aria-label="ready sets" value="" onChange={({ target }) => choose(presets[Number(target.value)]!.maps)}>
          <option value="">ready sets …</option>
          {presets.map(({ label }, i) => (
            <option key={label} value={i}>
              {label}
            </option>
          ))}
        </select>
        {RGB_COLOURS.map((colour, i) => (
          <ChannelControls
            key={colour}
            {...{ info, colour, settings, change }}
            name={names[colour]}
            channel={channels[i]}
            onName={(name) => change({ ...names, [colour]: name, [SLOTS[colour].limits]: undefined })}
          />
        ))}
        <label className="rgb-slider">
          <span>gamma {gamma.toFixed(2)}</span>
          <input
            type="range"
            aria-label="gamma"
            min={0.2}
            max={2}
            step={0.05}
            value={gamma}
            onChange={({ target }) => change({ gamma: Number(target.value) })}
          />
        </label>
        <p className="dim">
          Below 1 brightens what is faint, 0.5 is the square root. Voxels without a value in any map are grey; where one
          map has none, its colour is dark.
        </p>
      </div>
    </Panel>
  );
}

/** Every map moves on to the next colour, with its limits and weight. */
function TurnButton({ names, settings, change }: Pick<Props, "names" | "settings" | "change">) {
  const turn = (): void => {
    const parts = RGB_COLOURS.map((to, i) => {
      const from = RGB_COLOURS[(i + 2) % 3]!;
      const [given, taken] = [SLOTS[from], SLOTS[to]];
      return {
        [to]: names[from],
        [taken.weight]: settings[given.weight],
        [taken.percentiles]: settings[given.percentiles],
        [taken.limits]: settings[given.limits],
      };
    });
    change(Object.assign({}, ...parts));
  };
  return (
    <button type="button" title="red becomes green, green blue, blue red" onClick={turn}>
      turn colours
    </button>
  );
}

interface ChannelProps {
  readonly info: ResultInfo;
  readonly colour: RgbColour;
  readonly name: string | undefined;
  readonly channel: ShownChannel | undefined;
  readonly settings: RgbSettings;
  readonly change: Props["change"];
  readonly onName: (name: string | undefined) => void;
}

function ChannelControls({ info, colour, name, channel, settings, change, onName }: ChannelProps) {
  const { weight, percentiles, limits } = SLOTS[colour];
  const unit = channel?.map.info.unit ?? "";
  return (
    <fieldset className="rgb-channel" data-channel={colour}>
      <legend>
        <span className={`rgb-swatch rgb-${colour}`} /> {colour}
      </legend>
      <MapSelect label={colour} info={info} name={name} onName={onName} none="none" />
      {channel && (
        <>
          <div className="rgb-legend" title={labelled(channel.map.info.title, unit)}>
            <span data-read={`${colour}-low`} data-value={channel.limits[0]}>
              {withUnit(formatValue(channel.limits[0], 4), unit)}
            </span>
            <span className={`rgb-ramp rgb-${colour}`} />
            <span data-read={`${colour}-high`} data-value={channel.limits[1]}>
              {withUnit(formatValue(channel.limits[1], 4), unit)}
            </span>
          </div>
          <label className="rgb-slider">
            <span>weight {settings[weight].toFixed(2)}</span>
            <input
              type="range"
              aria-label={`${colour} weight`}
              min={0}
              max={3}
              step={0.05}
              value={settings[weight]}
              onChange={({ target }) => change({ [weight]: Number(target.value) })}
            />
          </label>
          <RangeInputs
            label={`${colour} percentiles`}
            words="percentiles"
            unit="%"
            value={settings[percentiles]}
            onValue={(value) => change({ [percentiles]: value, [limits]: undefined })}
          />
          <RangeInputs
            label={`${colour} limits`}
            words="or fixed"
            unit={unit}
            value={channel.limits}
            onValue={(value) => change({ [limits]: value })}
          />
        </>
      )}
    </fieldset>
  );
}

/** Two numbers, taken when both are numbers and the second is the larger one. */
function RangeInputs({
  label,
  words,
  unit,
  value: [lo, hi],
  onValue,
}: {
  label: string;
  words: string;
  unit: string;
  value: readonly [number, number];
  onValue: (value: [number, number]) => void;
}) {
  const take = (low: number, high: number): void => {
    if (high > low) onValue([low, high]);
  };
  return (
    <div className="rgb-range">
      <span>{withUnit(words, unit && `(${unit})`)}</span>
      <NumberField label={`${label}, low`} value={lo} onChange={(low) => take(low, hi)} />
      <NumberField label={`${label}, high`} value={hi} onChange={(high) => take(lo, high)} />
    </div>
  );
}
