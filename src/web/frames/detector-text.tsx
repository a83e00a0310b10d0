import type { FrameSeries } from "../../server/wire-frames.ts";

/** "1679 x 1475 pixels, Pilatus2M, 172 µm" */
export function DetectorText({ series: { rows, cols, detector, pixelM } }: { series: FrameSeries }) {
  const size = pixelM && `${Number((pixelM[0] * 1e6).toPrecision(6))} µm`;
  return (
    <span className="dim" data-shape={`${rows} ${cols}`}>
      {rows} × {cols} pixels{detector && `, ${detector}, ${size}`}
    </span>
  );
}
