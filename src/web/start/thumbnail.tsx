/** The first map of a result as a small picture, in the colours of the figures. */
import { useEffect, useRef } from "react";
import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import { colourPixels, percentileLimits } from "../../stages/figure/index.ts";
import { type Arrays, useArrays, useJson } from "../core/api.ts";
import { formatValue, withUnit } from "../core/format.ts";

export default function Thumbnail({ file }: { file: string }) {
  const info = useJson<ResultInfo>("result", { file });
  const first = info.data?.arrays.find(({ name }) => name === info.data.first);
  const isMap = first?.kind === "map";
  const map = useArrays("array", { file, name: first?.name }, { off: !isMap });
  const error = info.error ?? map.error;
  if (error) return <div className="start-thumbnail start-words">{error.message}</div>;
  if (first && !isMap) return <div className="start-thumbnail start-words dim">{sizeOf(first)}</div>;
  if (!first || !map.data) return <div className="start-thumbnail dim">drawing the first map</div>;
  return <Picture map={map.data} info={first} />;
}

/** "no maps yet: sinogram, 61 × 61 × 512" */
const sizeOf = ({ title, shape }: ArrayInfo): string => `no maps yet: ${title || "data"}, ${shape.join(" × ")}`;

function Picture({ map, info }: { map: Arrays; info: ArrayInfo }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const values = Object.values(map.values)[0]!;
  const [rows, cols] = info.shape as [number, number];
  const limits = percentileLimits(values);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const scale = { colourMap: "viridis", limits, transform: "linear" } as const;
    const rgb = colourPixels({ rows, cols, values }, scale, true);
    const image = context.createImageData(cols, rows);
    for (let i = 0; i < rows * cols; i++) {
      image.data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
      image.data[4 * i + 3] = Number.isFinite(values[(rows - 1 - Math.floor(i / cols)) * cols + (i % cols)]!) ? 255 : 0;
    }
    context.putImageData(image, 0, 0);
  });
  const [low, high] = limits.map((limit) => formatValue(limit, 4));
  return (
    <>
      <div className="start-thumbnail">
        <canvas ref={canvas} width={cols} height={rows} role="img" aria-label={info.title} data-thumbnail={info.name} />
      </div>
      <span className="start-map">
        {info.title}: {withUnit(`${low} to ${high}`, info.unit)}
      </span>
    </>
  );
}
