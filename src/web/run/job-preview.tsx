/** What is finished of a stage, as an image that fills and sharpens while it runs. */
import { useMemo, useState } from "react";
import type { JobInfo, JobStage, PreviewMeta } from "../../server/wire.ts";
import { percentileLimits } from "../../stages/figure/index.ts";
import { useArrays } from "../core/api.ts";
import { imageData } from "../parts/data-files.ts";
import { imageSvg } from "../parts/figures.ts";
import { MapPlot } from "../parts/map-plot.tsx";
import { Busy, Message } from "../parts/message.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { isOver } from "./use-job.ts";

const AXES = {
  "line-point": { x: "point in the line", y: "line", isSquare: false },
  "angle-translation": { x: "translation (steps)", y: "projection", isSquare: false },
  "y-x": { x: "x (voxels)", y: "y (voxels)", isSquare: true },
} as const satisfies Record<PreviewMeta["image"], unknown>;

const EVERY_MS = 1000;

export function JobPreview({ job, stage }: { job: JobInfo; stage: JobStage }) {
  const [column, setColumn] = useState<string>();
  const columns = stage.preview!.columns;
  const asked = column !== undefined && columns.includes(column) ? column : undefined;
  // once more when the stage has ended, and then no more
  const isRunning = stage.state === "running" && !isOver(job.state);
  const preview = useArrays<PreviewMeta & Record<string, unknown>>(
    `jobs/${job.id}/preview`,
    { stage: stage.name, column: asked, state: isRunning ? undefined : stage.state },
    { keep: true, ...(isRunning && { every: EVERY_MS }) },
  );
  const values = preview.data?.values["values"];
  const limits = useMemo(() => {
    const finite = values && Float64Array.from(values as Float32Array).filter(Number.isFinite);
    return finite && finite.length > 0 ? percentileLimits(finite) : ([0, 1] as const);
  }, [values]);
  // a preview of a run before this server's is not kept
  if (preview.error?.code === "job-not-found" || preview.error?.code === "preview-none") return null;
  if (preview.error) return <Message error={preview.error} />;
  if (!preview.data || !values) return <Busy what={`looking at ${stage.name}`} />;
  const { meta, shapes } = preview.data;
  const [rows, cols] = shapes["values"]!;
  const { x, y, isSquare } = AXES[meta.image];
  const name = meta.column ?? "mean intensity";
  const label = meta.unit ? `${name} (${meta.unit})` : name;
  const plot = { rows: rows!, cols: cols!, values, limits, label, xLabel: x, yLabel: y, isSquare };
  // an image that is always whole has no share
  const title = meta.share === undefined ? meta.title : `${meta.title}, ${Math.round(100 * meta.share)} %`;
  const data = imageData(plot, {
    file: job.output,
    array: `${meta.stage}, ${name}`,
    selection: `${meta.stage}: ${title}`,
  });
  return (
    <div className="run-preview" data-panel="preview" data-share={meta.share}>
      <div className="run-preview-head">
        <span>
          <b>{meta.stage}</b>: {title}
        </span>
        {columns.length > 0 && (
          <select
            aria-label="what is shown"
            value={asked ?? meta.column}
            onChange={(event) => setColumn(event.target.value)}
          >
            {columns.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <TakeAway name={`${job.output}-${meta.stage}-${name}`} svg={() => imageSvg({ ...plot, title })} data={data} />
      </div>
      <MapPlot name="preview" {...plot} />
    </div>
  );
}
