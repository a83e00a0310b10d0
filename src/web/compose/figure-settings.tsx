/** What holds for the whole figure. */
import { Fragment } from "react";
import { NumberField } from "../parts/colour-controls.tsx";
import { Panel } from "../parts/panel.tsx";
import { type Composition, DEFAULTS, LIMITS, type Loaded, within } from "./composition.ts";
import { Choice, TextField } from "./fields.tsx";

const WIDTHS = { "85": "85 mm, one column", "180": "180 mm, two columns" } as const;

interface SettingsProps {
  readonly composition: Composition;
  readonly change: (part: Partial<Composition>) => void;
}

export function FigureSettings(props: SettingsProps & { loaded: readonly Loaded[] }) {
  const { composition, change } = props;
  return (
    <Panel name="layout" title="Layout">
      <div className="compose-form">
        <TextField label="title" value={composition.title} onChange={(next) => change({ title: next ?? "" })} />
        <TextField label="note" value={composition.note} onChange={(next) => change({ note: next ?? "" })} />
        <div className="compose-grid">
          <SizeFields {...props} />
          <StyleFields {...props} />
        </div>
        <CropFields {...props} />
        <button type="button" onClick={() => change({ ...DEFAULTS, panels: undefined, crop: undefined })}>
          begin anew
        </button>
      </div>
    </Panel>
  );
}

function SizeFields({ composition: { widthMm, fontPt, columns }, change }: SettingsProps) {
  return (
    <>
      <div className="compose-field">
        <span>width (mm)</span>
        <span className="compose-line">
          <NumberField
            label="width in mm"
            value={widthMm}
            onChange={(value) => change({ widthMm: within(value, LIMITS.widthMm) })}
          />
          {Object.entries(WIDTHS).map(([mm, said]) => (
            <button
              key={mm}
              type="button"
              title={said}
              aria-pressed={widthMm === Number(mm)}
              onClick={() => change({ widthMm: Number(mm) })}
            >
              {mm}
            </button>
          ))}
        </span>
      </div>
      <div className="compose-field">
        <span>text (pt)</span>
        <NumberField
          label="text size in points"
          value={fontPt}
          onChange={(value) => change({ fontPt: within(value, LIMITS.fontPt) })}
        />
      </div>
      <div className="compose-field">
        <span>columns</span>
        <NumberField
          label="columns"
          value={columns}
          onChange={(value) => change({ columns: within(Math.round(value), LIMITS.columns) })}
        />
      </div>
    </>
  );
}

function StyleFields({ composition, change }: SettingsProps) {
  const { letters, scaleBars, colourBars, background, fits } = composition;
  return (
    <>
      <Choice
        label="letters"
        value={letters}
        options={{ lower: "a b c", upper: "A B C", none: "none" }}
        onChange={(next) => change({ letters: next })}
      />
      <Choice
        label="colour bars"
        value={colourBars}
        options={{ right: "right", below: "below", shared: "shared", none: "none" }}
        onChange={(next) => change({ colourBars: next })}
      />
      <Choice
        label="scale bars"
        value={scaleBars}
        options={{ one: "one", each: "each", none: "none" }}
        hint="one: where all maps have one scale"
        onChange={(next) => change({ scaleBars: next })}
      />
      <Choice
        label="no value"
        value={background}
        options={{ white: "white", grey: "grey", transparent: "transparent" }}
        hint="air and voxels that are left out; transparent: the whole figure has no sheet (in the SVG)"
        onChange={(next) => change({ background: next })}
      />
      <Choice
        label="fits"
        hint="strong: converged, and of places, widths and cells only where the phase has 5 % of its strong voxels"
        value={fits}
        options={{ strong: "strong", converged: "converged", all: "all" }}
        onChange={(next) => change({ fits: next })}
      />
    </>
  );
}

/** In the order of reading; a crop has x0, y0, x1, y1. */
const EDGES = [
  ["left", "x"],
  ["right", "to"],
  ["bottom", "y"],
  ["top", "to"],
] as const;
const at = (i: number): number => [0, 2, 1, 3][i]!;

function CropFields({ composition: { crop }, change, loaded }: SettingsProps & { loaded: readonly Loaded[] }) {
  const first = loaded.flatMap((one) => ("image" in one ? [one.image] : "images" in one ? one.images : []))[0];
  if (!first) return null;
  const { rows, cols, voxelMm } = first;
  const shown = crop ?? ([0, 0, cols, rows] as const);
  const set = (i: number, value: number): void => {
    const next = shown.map((old, j) => (j === i ? Math.max(0, Math.min(j % 2 ? rows : cols, Math.round(value))) : old));
    if (next[2]! > next[0]! && next[3]! > next[1]!) change({ crop: next as unknown as typeof shown });
  };
  const mm =
    voxelMm &&
    `${Number(((shown[2] - shown[0]) * voxelMm).toPrecision(4))} × ${Number(((shown[3] - shown[1]) * voxelMm).toPrecision(4))} mm`;
  return (
    <div className="compose-field">
      <span>
        part shown of all maps (voxels) <span className="dim">{mm}</span>
      </span>
      <span className="compose-line">
        {EDGES.map(([edge, word], i) => (
          <Fragment key={edge}>
            {word}
            <NumberField label={`${edge} edge`} value={shown[at(i)]!} onChange={(value) => set(at(i), value)} />
          </Fragment>
        ))}
        <button type="button" disabled={!crop} onClick={() => change({ crop: undefined })}>
          all
        </button>
      </span>
    </div>
  );
}
