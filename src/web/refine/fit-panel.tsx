/** Observed, calculated and difference, background and phases, with a zoom that both plots share. */
import { DataToHtml, SvgElement } from "@h5web/lib";
import { useMemo, useState } from "react";
import { Vector3 } from "three";
import type { RefineReply } from "../../server/wire-refine.ts";
import { patternFigure } from "../../stages/figure/index.ts";
import { askBlob } from "../core/api.ts";
import { colourOf } from "../parts/colours.ts";
import { Panel } from "../parts/panel.tsx";
import { type Curve, PatternPlot, type TickRow } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { createAxisLink, LinkedAxis } from "./linked-axis.tsx";
import type { ChangeRefine, RefineState } from "./view-state.ts";

/** none of them a phase's */
const OBSERVED = "#8f98a8";
const CALCULATED = "#2f6fed";
const BACKGROUND = "#d4a017";
const FREE_PEAKS = "#7a8a2e";
const DIFFERENCE = "#2f6fed";
const X_LABEL = "2θ (°)";

interface Props {
  readonly reply: RefineReply;
  readonly state: RefineState;
  readonly change: ChangeRefine;
  /** in the changed model */
  readonly exclude: readonly (readonly [number, number])[];
  /** drag over the pattern leaves a range out */
  readonly onExclude: ((range: [number, number]) => void) | undefined;
}

export function FitPanel({ reply, state, change, exclude, onExclude }: Props) {
  const { pattern } = reply;
  const link = useMemo(createAxisLink, []);
  const [seen, setSeen] = useState<[number, number]>();
  const curves = useCurves(reply, state);
  const ticks = reply.phases.map(
    ({ name, reflections }, p): TickRow => ({
      name,
      positions: reflections.map(({ twoThetaDeg }) => twoThetaDeg),
      colour: colourOf(p + 1),
      isHidden: state.hidden.includes(name),
    }),
  );
  const toggle = (name: string): void =>
    change({
      hidden: state.hidden.includes(name) ? state.hidden.filter((one) => one !== name) : [...state.hidden, name],
    });
  const difference = useDifference(reply, state.isWeighted);
  return (
    <Panel
      name="fit"
      title={`Fit of ${reply.name}`}
      className="refine-fit"
      tools={<FitTools {...{ reply, state, change, seen }} />}
    >
      <PatternPlot
        name="fit"
        x={pattern.twoThetaDeg}
        xLabel={X_LABEL}
        yLabel="intensity (counts)"
        curves={curves}
        ordinate={state.ordinate}
        ticks={ticks}
        foot={Math.min(0.4, (state.tab === "model" ? 0.065 : 0.035) * ticks.length)}
        onTicks={toggle}
        {...(onExclude && { onRange: onExclude })}
      >
        <LinkedAxis link={link} onMove={setSeen} />
        <Excluded ranges={exclude} />
      </PatternPlot>
      <div className="refine-difference">
        <PatternPlot
          name="difference"
          x={pattern.twoThetaDeg}
          xLabel=""
          yLabel={state.isWeighted ? "Δ (σ)" : "Δ (counts)"}
          curves={difference}
        >
          <LinkedAxis link={link} />
          <Excluded ranges={exclude} />
        </PatternPlot>
      </div>
    </Panel>
  );
}

function useCurves({ pattern, phases }: RefineReply, { hasPhases, hidden }: RefineState): Curve[] {
  return useMemo(() => {
    const observed: Curve = { name: "observed", values: pattern.observed, colour: OBSERVED, style: "points" };
    if (pattern.calculated.length === 0) return [observed];
    const own = phases.flatMap(({ name }, p): Curve[] => {
      const values = pattern.phases[name];
      if (!hasPhases || hidden.includes(name) || !values) return [];
      return [
        {
          isUnnamed: true,
          name: `${name} + background`,
          values: values.map((v, i) => v + pattern.background[i]!),
          colour: colourOf(p + 1),
        },
      ];
    });
    const peaks = freePeaks(pattern);
    return [
      observed,
      { name: "background", values: pattern.background, colour: BACKGROUND },
      ...(hasPhases && peaks ? [{ name: "free peaks + background", values: peaks, colour: FREE_PEAKS }] : []),
      ...own,
      { name: "calculated", values: pattern.calculated, colour: CALCULATED },
    ];
  }, [pattern, phases, hasPhases, hidden]);
}

/** What is neither background nor phase; undefined where that is nothing. */
function freePeaks({ calculated, background, phases }: RefineReply["pattern"]): number[] | undefined {
  const own = Object.values(phases);
  const rest = calculated.map((all, i) => own.reduce((left, phase) => left - phase[i]!, all));
  const most = Math.max(...calculated.map(Math.abs));
  return rest.some((value, i) => Math.abs(value - background[i]!) > 1e-6 * most) ? rest : undefined;
}

function useDifference({ pattern }: RefineReply, isWeighted: boolean): Curve[] {
  return useMemo(() => {
    const { observed, calculated, sigma } = pattern;
    const values = calculated.map((c, i) => (observed[i]! - c) / (isWeighted ? sigma[i]! : 1));
    return [{ name: "observed - calculated", values, colour: DIFFERENCE }];
  }, [pattern, isWeighted]);
}

function FitTools({
  reply,
  state,
  change,
  seen,
}: Pick<Props, "reply" | "state" | "change"> & { seen: [number, number] | undefined }) {
  const { pattern, phases, statistics, weights } = reply;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const svg = (): string =>
    patternFigure({
      title: reply.title ? `${reply.title}: ${reply.name}` : reply.name,
      axis: { unit: "two-theta", values: Float64Array.from(pattern.twoThetaDeg) },
      observed: pattern.observed,
      ...(pattern.calculated.length > 0 && { calculated: pattern.calculated, background: pattern.background }),
      ...(weights !== "uniform" && { sigma: pattern.sigma }),
      ...(seen && { range: seen }),
      notes: [`Rwp ${percent(statistics.rwp)}`, `GoF ${(statistics.gof ?? Number.NaN).toFixed(2)}`],
      ticks: phases
        .filter(({ name }) => !state.hidden.includes(name))
        .map(({ name, reflections }) => ({ name, positions: reflections.map(({ twoThetaDeg }) => twoThetaDeg) })),
      ordinate: state.ordinate,
    });
  const json = reply.result ?? reply;
  return (
    <>
      <select
        aria-label="intensity scale"
        value={state.ordinate}
        onChange={({ target }) => change({ ordinate: target.value as RefineState["ordinate"] })}
      >
        <option value="linear">linear</option>
        <option value="sqrt">square root</option>
      </select>
      <select
        aria-label="difference"
        value={state.isWeighted ? "sigma" : "counts"}
        onChange={({ target }) => change({ isWeighted: target.value === "sigma" })}
      >
        <option value="counts">difference in counts</option>
        <option value="sigma">difference over σ</option>
      </select>
      <button type="button" aria-pressed={state.hasPhases} onClick={() => change({ hasPhases: !state.hasPhases })}>
        phases
      </button>
      <TakeAway
        name={`refine-${reply.name}`}
        svg={svg}
        data={[
          { format: "csv", make: () => askBlob("refine/curves", { id: reply.id }) },
          { format: "json", make: () => `${JSON.stringify(json)}\n` },
        ]}
      />
    </>
  );
}

/** Ranges that the changed model leaves out. */
function Excluded({ ranges }: { ranges: readonly (readonly [number, number])[] }) {
  return ranges.map(([from, to]) => (
    <DataToHtml key={`${from} ${to}`} points={[new Vector3(from, 0, 0), new Vector3(to, 0, 0)]}>
      {(a: Vector3, b: Vector3) => (
        <SvgElement>
          <rect
            data-excluded={`${from} ${to}`}
            x={a.x}
            y={0}
            width={Math.max(1, b.x - a.x)}
            height="100%"
            fill="#888"
            fillOpacity={0.28}
          />
        </SvgElement>
      )}
    </DataToHtml>
  ));
}
