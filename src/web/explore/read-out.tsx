/** What a voxel holds, in words and with all digits for who asks. */
import { STATUS } from "../../data/index.ts";
import type { ResultInfo } from "../../server/wire.ts";
import { type Cursor, useCursor } from "../core/cursor.ts";
import { formatValue } from "../core/format.ts";
import type { ShownImage } from "./shown-image.ts";

export interface Voxel {
  readonly x: number;
  readonly y: number;
}

export const isSameVoxel = (a: Voxel, b: Voxel): boolean => a.x === b.x && a.y === b.y;

const STATUS_WORDS: Readonly<Record<keyof typeof STATUS, string>> = {
  converged: "converged",
  notFitted: "not fitted",
  noSignal: "no signal",
  atBound: "at a bound",
  notConverged: "not converged",
  undetermined: "undetermined",
};

export function statusInWords(status: number): string {
  const name = Object.entries(STATUS).find(([, value]) => value === status)?.[0];
  return name ? STATUS_WORDS[name as keyof typeof STATUS] : `status ${status}`;
}

/** Middle of a voxel from the rotation axis, "0.120 mm, −0.340 mm"; undefined where the step is not known. */
export function positionMm({ x, y }: Voxel, { rows, cols }: ShownImage, voxelMm: number | undefined) {
  if (!voxelMm) return undefined;
  return { x: (x - (cols - 1) / 2) * voxelMm, y: (y - (rows - 1) / 2) * voxelMm };
}

export function CursorReadOut({ cursor, ...props }: Omit<ReadOutProps, "voxel"> & { cursor: Cursor<Voxel> }) {
  return <ReadOut voxel={useCursor(cursor)} {...props} />;
}

export interface ReadOutProps {
  /** "cursor", "picked" */
  readonly name: string;
  readonly voxel: Voxel | undefined;
  readonly image: ShownImage;
  readonly info: ResultInfo;
}

export function ReadOut({ name, voxel, image, info }: ReadOutProps) {
  const isInside = voxel && voxel.x >= 0 && voxel.y >= 0 && voxel.x < image.cols && voxel.y < image.rows;
  if (!isInside) {
    return (
      <p className="read-out" data-read-out={name}>
        <b>{name}</b> <span className="dim">{name === "cursor" ? "not over the image" : "no voxel picked"}</span>
      </p>
    );
  }
  const i = voxel.y * image.cols + voxel.x;
  const mm = positionMm(voxel, image, info.voxelMm);
  const [value, esd, status] = [image.values[i]!, image.esd?.[i], image.status?.[i]];
  return (
    <p className="read-out" data-read-out={name} data-x={voxel.x} data-y={voxel.y}>
      <b>{name}</b>{" "}
      <span>
        x {voxel.x}, y {voxel.y}
      </span>
      {mm && (
        <span className="dim" data-mm={`${mm.x} ${mm.y}`}>
          {mm.x.toFixed(3)}, {mm.y.toFixed(3)} mm
        </span>
      )}
      <span className="read-out-value" data-value={value}>
        {formatValue(value)}
        {esd !== undefined && Number.isFinite(esd) && <span data-esd={esd}> ± {formatValue(esd, 2)}</span>}
        {Number.isFinite(value) && ` ${image.unit}`}
      </span>
      {status !== undefined && <span data-status={status}>{statusInWords(status)}</span>}
    </p>
  );
}
