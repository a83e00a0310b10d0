/** What the colours of a voxel stand for. */
import { valueText } from "../core/format.ts";
import type { Point } from "../parts/map-plot.tsx";
import { fullTitle } from "./loaded-map.ts";
import type { ShownChannel } from "./rgb-settings.ts";

interface Props {
  readonly channels: readonly (ShownChannel | undefined)[];
  readonly rgb: Uint8Array;
  readonly at: Point | undefined;
  readonly cols: number;
}

export function RgbReadOut({ channels, rgb, at, cols }: Props) {
  if (!at) return <p className="rgb-read-out dim">Point at a voxel, or click one to keep it.</p>;
  const i = at.y * cols + at.x;
  const bytes = [...rgb.subarray(3 * i, 3 * i + 3)];
  return (
    <div className="rgb-read-out" data-voxel={`${at.x} ${at.y}`}>
      <span>
        voxel x {at.x}, y {at.y}
      </span>
      {channels.map(
        (channel) =>
          channel && (
            <span key={channel.colour}>
              <span className={`rgb-swatch rgb-${channel.colour}`} /> {fullTitle(channel.map.info)}{" "}
              <b data-read={`voxel-${channel.colour}`} data-value={channel.map.values[i]}>
                {valueText(channel.map.values[i], channel.map.info.unit)}
              </b>
            </span>
          ),
      )}
      <span className="dim" data-read="voxel-rgb" data-value={bytes.join(" ")}>
        <span className="rgb-shown" style={{ background: `rgb(${bytes.join(" ")})` }} /> shown {bytes.join(", ")}
      </span>
    </div>
  );
}
