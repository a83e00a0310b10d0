import { useMemo } from "react";
import type { LiveRun, LiveViewMeta } from "../../server/wire-live.ts";
import { percentileLimits } from "../../stages/figure/index.ts";
import { type Arrays, useArrays } from "../core/api.ts";
import { useView } from "../core/route.ts";
import { radialLabel } from "../explore/radial-unit.ts";
import { columnsData, imageData } from "../parts/data-files.ts";
import { imageSvg, patternSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { Panel } from "../parts/panel.tsx";
import { PatternPlot } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";

interface View {
  /** range of bins that is shown; left out: all of them */
  readonly band?: string;
}
const DEFAULTS: View = {};
const EVERY_MS = 2000;

type Found = Arrays<LiveViewMeta & Record<string, unknown>>;

/** Sinogram, coarse reconstruction and summed pattern, as they form. */
export function LiveViews({ run, isFollowing }: { run: LiveRun; isFollowing: boolean }) {
  const { output, state } = run;
  const [view, setView] = useView(DEFAULTS);
  const found = useArrays<LiveViewMeta & Record<string, unknown>>(
    "live/view",
    { output, band: view.band, at: isFollowing ? undefined : state.updatedAt },
    { keep: true, off: state.frames === 0, ...(isFollowing && { every: EVERY_MS }) },
  );
  if (found.error) return <Message error={found.error} />;
  if (state.frames === 0) return <Busy what="waiting for the first frames" />;
  if (!found.data) return <Busy what="looking at what has come" />;
  const band = found.data.meta.band;
  return (
    <div className="live-views">
      <Panel
        name="live-sinogram"
        title="Sinogram, as measured"
        tools={
          state.bands.length > 1 && (
            <select
              aria-label="range that is shown"
              value={band}
              onChange={({ target }) => setView({ band: target.value })}
            >
              {state.bands.map((name) => (
                <option key={name} value={name}>
                  {bandText(name)}
                </option>
              ))}
            </select>
          )
        }
      >
        <Picture found={found.data} output={output} name="sinogram" xLabel="point in the line" yLabel="line" />
      </Panel>
      <Panel name="live-image" title={imageTitle(run)}>
        {found.data.values["image"] ? (
          <Picture
            found={found.data}
            output={output}
            name="image"
            xLabel={`x (${voxels(state.voxelSteps)})`}
            yLabel={`y (${voxels(state.voxelSteps)})`}
            isSquare
          />
        ) : (
          <p className="dim live-none">Not yet: {state.noImage ?? "there are too few lines"}.</p>
        )}
      </Panel>
      <Panel name="live-pattern" title={`Mean pattern of ${state.frames.toLocaleString("en")} frames`}>
        <SummedPattern found={found.data} run={run} />
      </Panel>
    </div>
  );
}

const bandText = (band: string): string => (band === "all" ? "all bins" : band);

/** As wide as a translation step, or as some. */
const voxels = (steps = 1): string => (steps === 1 ? "voxels" : `voxels of ${steps} steps`);

const imageTitle = ({ state }: LiveRun): string =>
  state.projections === undefined
    ? "Coarse reconstruction"
    : `Coarse reconstruction from ${state.projections}${state.expectedLines ? ` of ${state.expectedLines}` : ""} projections`;

function Picture({
  found,
  output,
  name,
  xLabel,
  yLabel,
  isSquare = false,
}: {
  found: Found;
  output: string;
  name: "sinogram" | "image";
  xLabel: string;
  yLabel: string;
  isSquare?: boolean;
}) {
  const values = found.values[name] as Float32Array;
  const [rows, cols] = found.shapes[name]!;
  const limits = useMemo(() => {
    const finite = Float64Array.from(values).filter(Number.isFinite);
    const [low, high] = finite.length > 0 ? percentileLimits(finite) : [0, 1];
    return high > low ? ([low, high] as const) : ([low, low + 1] as const);
  }, [values]);
  const label = `mean intensity, ${bandText(found.meta.band)} (${name === "image" ? "counts a voxel" : "counts"})`;
  const plot = { rows: rows!, cols: cols!, values, limits, label, xLabel, yLabel, isSquare };
  const title = `${output}: ${name}, ${bandText(found.meta.band)}`;
  return (
    <div className="live-picture">
      <MapPlot name={`live-${name}`} {...plot} />
      <TakeAway
        name={`${output}-live-${name}`}
        svg={() => imageSvg({ ...plot, title })}
        data={imageData(plot, { file: output, array: name, selection: `live, ${found.meta.updatedAt}` })}
      />
    </div>
  );
}

function SummedPattern({ found, run: { output, state } }: { found: Found; run: LiveRun }) {
  const x = found.values["axis"]!;
  const values = found.values["pattern"]!;
  const curves = useMemo(() => [{ name: "mean", values }], [values]);
  const labels = { xLabel: radialLabel(state.axisUnit), yLabel: "mean intensity (counts)" };
  return (
    <div className="live-picture">
      <PatternPlot name="live-pattern" x={x} {...labels} curves={curves} ordinate="sqrt" />
      <TakeAway
        name={`${output}-live-pattern`}
        svg={() =>
          patternSvg({ title: `${output}: mean of ${state.frames} frames`, x, ...labels, curves, ordinate: "sqrt" })
        }
        data={columnsData(
          [
            { name: labels.xLabel, values: x },
            { name: "intensity", unit: "counts", values },
          ],
          { file: output, array: "mean pattern", selection: `live, ${found.meta.updatedAt}` },
        )}
      />
    </div>
  );
}
