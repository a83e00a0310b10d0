/** What the cyclers recorded, to be looked at closely: any of its plots, of the cells that are wanted. */
import { useMemo, useState } from "react";
import type { StudyCycling as Cycling } from "../../server/wire.ts";
import { curvesFigure } from "../../stages/figure/index.ts";
import { useJson } from "../core/api.ts";
import { formatValue } from "../core/format.ts";
import { useView } from "../core/route.ts";
import { colourOf } from "../parts/colours.ts";
import { columnsData } from "../parts/data-files.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { type Curve, PatternPlot } from "../parts/pattern-plot.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { NearestPoint, type NearPoint } from "./nearest-point.tsx";

type Plot = Cycling["plots"][number];

const TABS: Readonly<Record<string, { readonly label: string; readonly hint: string }>> = {
  "voltage-time": { label: "V(t)", hint: "voltage over time" },
  "voltage-capacity": { label: "V(Q)", hint: "each charge and each discharge from its own beginning" },
  "dq-dv": { label: "dQ/dV", hint: "charge for each volt, where the voltage moved" },
  "dv-dq": { label: "dV/dQ", hint: "volts for each charge" },
};

interface Settings {
  readonly cycling: string;
  /** labels of the curves that are left out */
  readonly uncycled: readonly string[];
}
const DEFAULTS: Settings = { cycling: "voltage-time", uncycled: [] };

export function StudyCycling({ file }: { file: string }) {
  const { data, error } = useJson<Cycling>("study/cycling", { file });
  const [{ cycling, uncycled }, change] = useView(DEFAULTS);
  if (error) return <Message error={error} />;
  if (!data) return <Busy what="reading what the cyclers recorded" />;
  const plot = data.plots.find(({ name }) => name === cycling) ?? data.plots[0];
  if (!plot) return null;
  const labels = plot.curves.map(({ label }) => label);
  // a cell keeps its colour where another has no curve
  const all = [...new Set(data.plots.flatMap((one) => one.curves.map(({ label }) => label)))];
  const colour = (label: string): string => colourOf(all.indexOf(label));
  const toggle = (label: string): void =>
    change({ uncycled: uncycled.includes(label) ? uncycled.filter((one) => one !== label) : [...uncycled, label] });
  const curves = plot.curves
    .map((curve) => ({ ...curve, colour: colour(curve.label) }))
    .filter(({ label }) => !uncycled.includes(label));
  const columns = curves.flatMap(({ label, x, y }) => [
    { name: `${plot.xLabel} of ${label}`, values: withGaps(x) },
    { name: `${plot.yLabel} of ${label}`, values: withGaps(y) },
  ]);
  return (
    <Panel
      name="study-cycling"
      title="What the cycler measured"
      tools={
        <>
          <Tabs
            label="curves"
            className="segments"
            tabs={data.plots.map(({ name }) => ({ value: name, ...(TABS[name] ?? { label: name }) }))}
            shown={plot.name}
            onShow={(name) => change({ cycling: name })}
          />
          <TakeAway
            name={`study-${plot.name}`}
            svg={() => figureOf(plot, curves)}
            data={columnsData(columns, { file, array: "tables/cycling.json" })}
          />
        </>
      }
    >
      <span className="study-cells-shown study-help">
        {labels.map((label) => (
          <label key={label}>
            <input type="checkbox" checked={!uncycled.includes(label)} onChange={() => toggle(label)} />{" "}
            <span className="swatch" style={{ background: colour(label) }} /> {label}
          </label>
        ))}
      </span>
      {curves.length > 0 ? (
        <CyclingPlot plot={plot} curves={curves} />
      ) : (
        <p className="dim study-help">No cell is chosen.</p>
      )}
    </Panel>
  );
}

type ColouredCurve = Plot["curves"][number] & { readonly colour: string };

function CyclingPlot({ plot, curves }: { plot: Plot; curves: readonly ColouredCurve[] }) {
  const [near, setNear] = useState<NearPoint>();
  const pieces = useMemo(() => curves.flatMap(piecesOf), [curves]);
  const xLimits = useMemo(() => limitsOf(pieces.map(({ x }) => x)), [pieces]);
  const label = near && pieces[near.piece]?.cell;
  return (
    <>
      <div className="study-cycling">
        <PatternPlot
          name={`cycling-${plot.name}`}
          x={xLimits}
          {...{ xLimits, xLabel: plot.xLabel, yLabel: plot.yLabel, curves: pieces }}
          {...(plot.yLimits && { yLimits: plot.yLimits })}
        >
          <NearestPoint pieces={pieces} near={near} onNear={setNear} />
        </PatternPlot>
      </div>
      <p className="dim study-help" data-read="cycling" data-x={near?.x} data-value={near?.y}>
        {label
          ? `${label}: ${withUnit(plot.xLabel, near.x)}, ${withUnit(plot.yLabel, near.y)}`
          : "move over the curves: what the nearest point is; drag moves, the wheel zooms"}
      </p>
    </>
  );
}

/** "time (h)" and 5.32: "time 5.32 h" */
function withUnit(label: string, value: number): string {
  const [, name = label, unit = ""] = /^(.*) \(([^()]*(?:\([^()]*\))?)\)$/.exec(label) ?? [];
  return `${name} ${formatValue(value)} ${unit}`.trim();
}

interface Piece extends Curve {
  readonly cell: string;
  readonly x: Float64Array;
  readonly values: Float64Array;
}

/** A half cycle each: a line does not go from the end of one to the start of the next. */
function piecesOf({ label, x, y, colour }: ColouredCurve): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (let i = 0; i <= x.length; i++) {
    if (i < x.length && x[i] !== null && y[i] !== null) continue;
    if (i > from) {
      const part = (of: readonly (number | null)[]): Float64Array => Float64Array.from(of.slice(from, i) as number[]);
      const name = `${label} ${pieces.length + 1}`;
      pieces.push({ name, cell: label, x: part(x), values: part(y), colour, isUnnamed: true });
    }
    from = i + 1;
  }
  return pieces;
}

function limitsOf(all: readonly Float64Array[]): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of all) for (const value of values) [lo, hi] = [Math.min(lo, value), Math.max(hi, value)];
  return hi > lo ? [lo, hi] : [0, 1];
}

const withGaps = (values: readonly (number | null)[]): Float64Array =>
  Float64Array.from(values, (value) => value ?? Number.NaN);

function figureOf({ title, xLabel, yLabel, yLimits }: Plot, curves: readonly ColouredCurve[]): string {
  const drawn = curves.map(({ label: name, colour, x, y }) => ({
    ...{ name, colour, x: withGaps(x), values: withGaps(y) },
  }));
  const x = drawn.flatMap((curve) => [...curve.x]);
  return curvesFigure({ title, x, xLabel, yLabel, ...(yLimits && { yLimits }), curves: drawn });
}
