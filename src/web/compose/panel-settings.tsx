/** How one panel looks; colours are those of its group. */
import type { ComposedMap } from "../../stages/figure/index.ts";
import { ColourControls, DEFAULT_COLOURS, NumberField } from "../parts/colour-controls.tsx";
import { Panel } from "../parts/panel.tsx";
import {
  groupOf,
  LIMITS,
  type Loaded,
  labelOf,
  type MapSpec,
  type PanelSpec,
  type PatternSpec,
} from "./composition.ts";
import { TextField } from "./fields.tsx";
import { namesOf } from "./use-panels.ts";

export interface PanelSettingsProps {
  readonly panels: readonly PanelSpec[];
  readonly loaded: readonly Loaded[];
  readonly selected: number;
  readonly setPanels: (panels: readonly PanelSpec[]) => void;
  /** as drawn; undefined where a panel is no map */
  readonly scales: readonly (ComposedMap | undefined)[];
}

export function PanelSettings(props: PanelSettingsProps) {
  const { panels, loaded, selected, setPanels } = props;
  const panel = panels[selected]!;
  const change = (part: Partial<PanelSpec>): void =>
    setPanels(panels.map((one, i) => (i === selected ? without({ ...one, ...part } as PanelSpec) : one)));
  const one = loaded.find(({ spec }) => spec === panel);
  const title = one && ("image" in one ? one.image.title : "pattern" in one ? one.pattern.title : "");
  return (
    <Panel name="panel" title={`Panel ${selected + 1}`}>
      <div className="compose-form">
        <span className="dim compose-name">{[panel.file, ...namesOf(panel)].filter(Boolean).join(" · ")}</span>
        <TextField label="title" value={panel.title} hint={title ?? ""} onChange={(next) => change({ title: next })} />
        <div className="compose-field">
          <span>columns that it takes</span>
          <NumberField
            label="columns of the panel"
            value={panel.span ?? 1}
            onChange={(value) =>
              change({ span: value > 1 ? Math.min(LIMITS.columns[1], Math.round(value)) : undefined })
            }
          />
        </div>
        {panel.kind === "map" && <MapFields {...props} panel={panel} change={change} />}
        {panel.kind === "pattern" && <PatternFields panel={panel} change={change} />}
      </div>
    </Panel>
  );
}

/** Only what is said: undefined members would make the address long. */
const without = (panel: PanelSpec): PanelSpec =>
  Object.fromEntries(Object.entries(panel).filter(([, value]) => value !== undefined)) as unknown as PanelSpec;

interface FieldsProps<Spec> {
  readonly panel: Spec;
  readonly change: (part: Partial<PanelSpec>) => void;
}

function MapFields({
  panel,
  change,
  panels,
  selected,
  setPanels,
  loaded,
  scales,
}: FieldsProps<MapSpec> & PanelSettingsProps) {
  const one = loaded.find(({ spec }) => spec === panel);
  const drawn = scales[loaded.findIndex(({ spec }) => spec === panel)];
  const group = groupOf(panel, selected);
  const members = panels.filter((other, i) => other.kind === "map" && groupOf(other, i) === group).length;
  const { colourMap, transform, percentiles, limits, isSymmetric } = panel;
  const colours = defaulted({ colourMap, transform, percentiles, limits, isSymmetric });
  return (
    <>
      <TextField
        label="quantity"
        value={panel.label}
        hint={one && "image" in one ? labelOf(one.image) : ""}
        onChange={(label) => change({ label })}
      />
      <label>
        colour scale
        <select value={panel.group ?? ""} onChange={({ target }) => change({ group: target.value || undefined })}>
          <option value="">of the same quantity</option>
          <option value="own">its own</option>
          {["A", "B", "C", "D"].map((letter) => (
            <option key={letter} value={letter}>{`of group ${letter}`}</option>
          ))}
        </select>
      </label>
      {drawn && (
        <>
          <span className="dim">
            {members > 1 ? `colours of ${members} panels` : "colours of this panel"}:{" "}
            <output data-value={drawn.scale.limits.join(" ")} data-limits={selected}>
              {drawn.scale.limits.map((limit) => Number(limit.toPrecision(6))).join(" to ")} of {drawn.label}
            </output>
          </span>
          <ColourControls
            colours={colours}
            limits={drawn.scale.limits}
            unit={/\(([^)]*)\)$/.exec(drawn.label)?.[1] ?? ""}
            onChange={(next) =>
              setPanels(
                panels.map((other, i) =>
                  other.kind === "map" && groupOf(other, i) === group ? without({ ...other, ...spared(next) }) : other,
                ),
              )
            }
          />
        </>
      )}
    </>
  );
}

type Colours = Parameters<typeof ColourControls>[0]["colours"];
const defaulted = (given: { [K in keyof Colours]?: Colours[K] | undefined }): Colours =>
  ({ ...DEFAULT_COLOURS, ...Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)) }) as Colours;

/** What is as by default is not said. */
function spared(colours: Colours): Partial<MapSpec> {
  const { colourMap, transform, percentiles, limits, isSymmetric } = colours;
  const isUsual =
    percentiles[0] === DEFAULT_COLOURS.percentiles[0] && percentiles[1] === DEFAULT_COLOURS.percentiles[1];
  return {
    colourMap: colourMap === DEFAULT_COLOURS.colourMap ? undefined : colourMap,
    transform: transform === "linear" ? undefined : transform,
    percentiles: isUsual ? undefined : percentiles,
    limits,
    isSymmetric: isSymmetric || undefined,
  };
}

function PatternFields({ panel, change }: FieldsProps<PatternSpec>) {
  return (
    <div className="compose-line">
      <label>
        ordinate
        <select
          value={panel.ordinate ?? "linear"}
          onChange={({ target }) => change({ ordinate: target.value as NonNullable<PatternSpec["ordinate"]> })}
        >
          <option value="linear">linear</option>
          <option value="sqrt">square root</option>
          <option value="log">logarithmic</option>
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={panel.hasTicks ?? false}
          onChange={({ target }) => change({ hasTicks: target.checked || undefined })}
        />
        ticks of the phases
      </label>
    </div>
  );
}
