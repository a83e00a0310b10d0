/** Values along the line that is drawn on the image. */
import { useMemo, useState } from "react";
import type { ResultInfo } from "../../server/wire.ts";
import { NumberField } from "../parts/colour-controls.tsx";
import { type Column, columnsData } from "../parts/data-files.ts";
import { profileSvg } from "../parts/figures.ts";
import { PatternPlot } from "../parts/pattern-plot.tsx";
import { TakeAway } from "../parts/take-away.tsx";
import { type Profile, profile } from "./profile.ts";
import type { ShownImage } from "./shown-image.ts";
import type { ChangeOne, Frame, Line, OneState } from "./view-state.ts";

export interface ProfileProps {
  readonly frame: Frame;
  readonly info: ResultInfo;
  readonly state: OneState;
  readonly change: ChangeOne;
  readonly image: ShownImage | undefined;
}

export function ProfileView({ info, state: { line }, change, image, frame }: ProfileProps) {
  const [what, setWhat] = useState<"value" | "esd">("value");
  const along = useProfile(image, line);
  if (!line || !along || !image) {
    const text = "Draw a line on the image (╱): the values along it appear here.";
    return frame({ children: <p className="one-note">{text}</p> });
  }
  const step = info.voxelMm ?? 1;
  const unit = info.voxelMm ? "mm" : "voxels";
  const x = along.distance.map((distance) => distance * step);
  const isEsd = what === "esd" && along.esd !== undefined;
  const length = x.at(-1)!;
  const plot = {
    x,
    // room for the bars of the first and the last point
    xLimits: [-0.02 * length, 1.02 * length] as const,
    xLabel: `along the line (${unit})`,
    yLabel: isEsd ? `esd of ${image.label}` : image.label,
    curves: isEsd ? [{ name: "esd", values: along.esd! }] : [{ name: "mean", values: along.values, errors: along.esd }],
  };
  const title = `${image.title} along a line, ${line.width} voxels wide`;
  const tools = (
    <>
      <LineTools
        line={line}
        change={change}
        isEsd={isEsd}
        {...(along.esd && { onEsd: () => setWhat(isEsd ? "value" : "esd") })}
      />
      <TakeAway
        name={`${info.title || "slice"}-profile-${image.array}`}
        svg={() => profileSvg({ ...plot, title })}
        data={columnsData(
          profileColumns(along, x, unit, image),
          { file: info.file, array: image.array, selection: title },
          `from voxel ${line.from.join(", ")} to ${line.to.join(", ")}${image.status ? ", converged voxels only" : ""}`,
        )}
      />
    </>
  );
  const children = (
    <div className="one-plot" data-profile={image.array}>
      <PatternPlot name="profile" {...plot} />
    </div>
  );
  return frame({ tools, children });
}

interface LineToolsProps {
  readonly line: Line;
  readonly change: ChangeOne;
  readonly isEsd: boolean;
  /** left out where there is none */
  readonly onEsd?: () => void;
}

function LineTools({ line, change, isEsd, onEsd }: LineToolsProps) {
  return (
    <>
      <span title="the mean is taken over so many voxels across the line">
        width{" "}
        <NumberField
          label="width of the line in voxels"
          value={line.width}
          onChange={(width) => change({ line: { ...line, width: Math.max(1, Math.min(999, Math.round(width))) } })}
        />{" "}
        voxels
      </span>
      {onEsd && (
        <button
          type="button"
          title="uncertainty of the mean across the line, the voxels' taken to be independent"
          aria-pressed={isEsd}
          onClick={onEsd}
        >
          esd
        </button>
      )}
      <button type="button" onClick={() => change({ line: undefined, lower: "sinogram" })}>
        remove
      </button>
    </>
  );
}

/** Of the values; voxels whose fit did not converge do not take part. */
function useProfile(image: ShownImage | undefined, line: Line | undefined): Profile | undefined {
  return useMemo(() => {
    if (!image || !line) return undefined;
    const { rows, cols, values, esd, status } = image;
    const used = status ? Float64Array.from(values, (value, i) => (status[i] ? Number.NaN : value)) : values;
    return profile({ rows, cols, values: used, ...(esd && { esd }) }, line);
  }, [image, line]);
}

function profileColumns(along: Profile, x: Float64Array, unit: string, image: ShownImage): Column[] {
  return [
    { name: "distance", unit, values: x },
    { name: image.title, unit: image.unit, values: along.values },
    ...(along.esd ? [{ name: "esd", unit: image.unit, values: along.esd }] : []),
    { name: "voxels", values: along.count },
  ];
}
