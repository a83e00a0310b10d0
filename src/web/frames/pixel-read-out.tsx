/** What lies under the pointer: the pixel, its count, its angles. */
import { useMemo } from "react";
import { beamCentre } from "../../geometry/index.ts";
import type { FrameChoice } from "../../server/wire-frames.ts";
import { useArrays } from "../core/api.ts";
import { useCursor } from "../core/cursor.ts";
import { formatValue } from "../core/format.ts";
import type { FrameParts } from "./frames-page.tsx";
import { type PixelAt, pixelCursor } from "./links.ts";
import { createPixelPlace } from "./pixel-place.ts";
import type { FrameImage } from "./use-frames.ts";

interface Props extends FrameParts {
  readonly image: FrameImage | undefined;
  readonly isBusy: boolean;
}

export function PixelReadOut({ series, poni, choice, image, isBusy }: Props) {
  const at = useCursor(pixelCursor);
  const placeOf = useMemo(() => poni && createPixelPlace(poni, series), [poni, series]);
  const inside = at && at.row < series.rows && at.col < series.cols ? at : undefined;
  const count = useCount(choice, image, inside);
  const place = inside && placeOf?.(inside.row, inside.col);
  const centre = poni && beamCentre(poni, series);
  return (
    <div className="frames-read-out" data-panel="pixel">
      {isBusy ? (
        <span className="dim">reading the frame …</span>
      ) : inside ? (
        <>
          <Value name="row" value={Math.floor(inside.row)} />
          <Value name="column" value={Math.floor(inside.col)} />
          <Value name="intensity" value={count} unit="counts" />
          {place && (
            <>
              <Value name="2θ" value={place.twoThetaDeg} unit="°" />
              {place.qInvA !== undefined && <Value name="q" value={place.qInvA} unit="Å⁻¹" />}
              {place.dA !== undefined && <Value name="d" value={place.dA} unit="Å" />}
              <Value name="χ" value={place.chiDeg} unit="°" />
            </>
          )}
        </>
      ) : (
        <span className="dim">point at the image: pixel, intensity{poni ? ", 2θ, q, d, χ" : ""}</span>
      )}
      {centre && (
        <span className="frames-centre dim">
          beam centre{" "}
          <span data-read="centre-row" data-value={centre[0]}>
            row {formatValue(centre[0])}
          </span>
          ,{" "}
          <span data-read="centre-column" data-value={centre[1]}>
            column {formatValue(centre[1])}
          </span>
        </span>
      )}
    </div>
  );
}

function Value({ name, value, unit = "" }: { name: string; value: number | undefined; unit?: string }) {
  return (
    <span>
      <span className="dim">{name}</span>{" "}
      <span data-read={name} data-value={value ?? ""}>
        {value === undefined ? "…" : formatValue(value, 6)}
        {unit === "°" ? unit : unit && ` ${unit}`}
      </span>
    </span>
  );
}

const TILE = 256;

/** The count as the file has it: of a binned image, from the tile around the pixel. */
function useCount(choice: FrameChoice, image: FrameImage | undefined, at: PixelAt | undefined): number | undefined {
  const [row, col] = at ? [Math.floor(at.row), Math.floor(at.col)] : [0, 0];
  const isBinned = image !== undefined && image.step > 1;
  const [top, left] = [row - (row % TILE), col - (col % TILE)];
  const tile = useArrays(
    "frames/image",
    { ...choice, top, left, height: TILE, width: TILE },
    { off: !at || !isBinned },
  );
  if (!at || !image) return undefined;
  if (!isBinned) return image.counts[row * image.cols + col];
  const cols = tile.data?.shapes["values"]?.[1];
  return cols === undefined ? undefined : tile.data!.values["values"]![(row - top) * cols + (col - left)];
}
