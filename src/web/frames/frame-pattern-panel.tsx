/** The frame's pattern, integrated as `xrdct integrate` does it, linked with the image. */
import { useCallback, useMemo } from "react";
import { AXIS_LABELS, convertAxis } from "../../data/index.ts";
import type { Ring } from "../../server/wire-frames.ts";
import { askBlob } from "../core/api.ts";
import { useCursor } from "../core/cursor.ts";
import { NumberField } from "../parts/colour-controls.tsx";
import { patternSvg } from "../parts/figures.ts";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { PatternPlot, type PatternPlotProps } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import type { FrameParts } from "./frames-page.tsx";
import type { FramesView } from "./frames-view.ts";
import { angleCursor, pixelCursor } from "./links.ts";
import { createPixelPlace } from "./pixel-place.ts";
import { integrateRequest, usePattern } from "./use-frames.ts";

interface Props extends FrameParts {
  readonly rings: readonly Ring[];
}

export function FramePatternPanel(props: Props) {
  const { view, choice, poni, rings } = props;
  const pattern = usePattern(choice, poni, view);
  const values = poni && pattern.data?.values;
  const context = useMemo(
    () => ({
      ...(poni?.wavelength !== undefined && { wavelengthA: poni.wavelength * 1e10 }),
      ...(poni && { distanceM: poni.dist }),
    }),
    [poni],
  );
  const { label, unit } = AXIS_LABELS[view.axis];
  const ticks = useMemo(() => {
    if (rings.length === 0 || (view.axis === "q" && !context.wavelengthA)) return [];
    const angles = rings.map(({ twoThetaDeg }) => twoThetaDeg);
    return [{ name: view.standard, positions: [...convertAxis(angles, "two-theta", view.axis, context)] }];
  }, [rings, view.axis, view.standard, context]);
  const plot: PatternPlotProps = {
    name: "frame-pattern",
    x: values?.["axis"] ?? [],
    xLabel: unit ? `${label} (${unit})` : label,
    yLabel: "intensity (counts)",
    curves: useMemo(() => [{ name: "pattern", values: values?.["intensity"] ?? [] }], [values]),
    ordinate: view.ordinate,
    ticks,
  };
  // the one before stays until the next is there: it must not be taken for it
  const title = poni && pattern.isPlaceholderData ? "Pattern of before; integrating …" : "Pattern";
  return (
    <Panel name="frame-pattern" title={title} tools={<PatternTools {...props} plot={plot} />}>
      {!poni && <p className="frames-hint dim">Choose a geometry above, or calibrate below, to see the pattern.</p>}
      {poni && pattern.error && <Message error={pattern.error} />}
      {poni && !values && !pattern.error && <Busy what="integrating the frame" />}
      {values && !pattern.error && <LinkedPattern {...props} plot={plot} context={context} />}
    </Panel>
  );
}

function LinkedPattern({
  plot,
  view,
  poni,
  series,
  context,
}: Props & { plot: PatternPlotProps; context: Parameters<typeof convertAxis>[3] }) {
  const pixel = useCursor(pixelCursor);
  const angle = useCursor(angleCursor);
  const placeOf = useMemo(() => poni && createPixelPlace(poni, series), [poni, series]);
  const shown = angle ?? (pixel && placeOf?.(pixel.row, pixel.col).twoThetaDeg);
  const cursor = shown === undefined ? undefined : convertAxis([shown], "two-theta", view.axis, context)[0];
  const onHover = useCallback(
    (x: number | undefined) => angleCursor.set(x === undefined ? undefined : toAngle(x, view.axis, context)),
    [view.axis, context],
  );
  return <PatternPlot {...plot} {...(cursor !== undefined && { cursor })} onHover={onHover} />;
}

function toAngle(x: number, axis: FramesView["axis"], context: Parameters<typeof convertAxis>[3]): number | undefined {
  const angle = convertAxis([x], axis, "two-theta", context)[0]!;
  return angle > 0 ? angle : undefined;
}

const STATISTICS = ["sigma-clip", "mean", "trimmed-mean", "median"] as const;

function PatternTools(props: Props & { plot: PatternPlotProps }) {
  const { view, change, choice, poni, plot } = props;
  const { options } = view;
  const set = (part: Partial<FramesView["options"]>): void => change({ options: { ...options, ...part } });
  const text = (format: "xye" | "csv") => ({
    format,
    make: () => askBlob("frames/integrate", {}, { body: { ...integrateRequest(choice, poni!, view), format } }),
  });
  return (
    <>
      <select
        aria-label="radial axis"
        value={view.axis}
        onChange={({ target }) => change({ axis: target.value as FramesView["axis"] })}
      >
        <option value="two-theta">2θ</option>
        <option value="q">q</option>
        <option value="radius">radius</option>
        <option value="log-tan">ln tan 2θ</option>
      </select>
      <select
        aria-label="statistic"
        title="what stands for the pixels of a bin"
        value={options.statistic ?? "sigma-clip"}
        onChange={({ target }) => set({ statistic: target.value as (typeof STATISTICS)[number] })}
      >
        {STATISTICS.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        aria-label="intensity scale"
        value={view.ordinate}
        onChange={({ target }) => change({ ordinate: target.value as FramesView["ordinate"] })}
      >
        <option value="linear">linear</option>
        <option value="sqrt">square root</option>
        <option value="log">logarithmic</option>
      </select>
      <IntegrationMenu options={options} set={set} />
      {poni && (
        <TakeAway
          name={`${choice.file}-${choice.frame}-pattern`}
          svg={() => patternSvg({ title: `${choice.file}, frame ${choice.frame}`, ...plot })}
          data={[text("xye"), text("csv")]}
        />
      )}
    </>
  );
}

function IntegrationMenu({
  options,
  set,
}: {
  options: FramesView["options"];
  set: (part: Partial<FramesView["options"]>) => void;
}) {
  const { bins = 1500, trim = 0.1, polarization = 0.99, solidAngle = true, statistic, split = "none" } = options;
  return (
    <details className="menu">
      <summary title="how the frame is integrated">integration</summary>
      <div className="menu-items frames-options">
        <span>
          bins <NumberField label="bins" value={bins} onChange={(value) => set({ bins: Math.round(value) })} />
        </span>
        {statistic === "trimmed-mean" && (
          <span>
            share dropped at each end{" "}
            <NumberField label="trim" value={trim} onChange={(value) => set({ trim: value })} />
          </span>
        )}
        <label>
          pixel splitting{" "}
          <select
            aria-label="pixel splitting"
            value={split}
            onChange={({ target }) => set({ split: target.value as typeof split })}
          >
            <option>none</option>
            <option>bbox</option>
            <option>full</option>
          </select>
        </label>
        <label>
          <input
            type="checkbox"
            checked={polarization !== null}
            onChange={({ target }) => set({ polarization: target.checked ? 0.99 : null })}
          />{" "}
          polarisation corrected
        </label>
        {polarization !== null && (
          <span>
            horizontal share{" "}
            <NumberField label="polarisation" value={polarization} onChange={(value) => set({ polarization: value })} />
          </span>
        )}
        <label>
          <input type="checkbox" checked={solidAngle} onChange={({ target }) => set({ solidAngle: target.checked })} />{" "}
          solid angle corrected
        </label>
      </div>
    </details>
  );
}
