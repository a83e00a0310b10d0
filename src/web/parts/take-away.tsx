/** Every view leaves the page as SVG, PNG and data. */
import { useState } from "react";
import { askBlob } from "../core/api.ts";
import { Message } from "./message.tsx";

export interface DataFile {
  /** "csv", "npy", "tif" ...: the ending */
  readonly format: string;
  readonly make: () => string | Uint8Array | Blob | Promise<string | Uint8Array | Blob>;
}

export interface TakeAwayProps {
  /** file name without ending, "cell-map-NMC532-c" */
  readonly name: string;
  /** the view as an SVG document, from the figure code that `xrdct figure` uses */
  readonly svg: () => string | Promise<string>;
  readonly data: readonly DataFile[];
}

export function save(name: string, content: string | Uint8Array | Blob, type = "application/octet-stream"): void {
  const blob = content instanceof Blob ? content : new Blob([content as BlobPart], { type });
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // the browser has taken the blob by then
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export function TakeAway({ name, svg, data }: TakeAwayProps) {
  const [error, setError] = useState<Error>();
  const file = name.replace(/[^\w.-]+/g, "-");
  const guarded = (work: () => Promise<void>) => () => {
    setError(undefined);
    work().catch(setError);
  };
  return (
    <details className="menu" data-take-away={name}>
      <summary title="Save this view">save</summary>
      <div className="menu-items">
        <button type="button" onClick={guarded(async () => save(`${file}.svg`, await svg(), "image/svg+xml"))}>
          SVG
        </button>
        <button
          type="button"
          onClick={guarded(async () =>
            save(`${file}.png`, await askBlob("png", {}, { body: { svg: await svg(), scale: 2 } })),
          )}
        >
          PNG
        </button>
        {data.map(({ format, make }) => (
          <button type="button" key={format} onClick={guarded(async () => save(`${file}.${format}`, await make()))}>
            {format.toUpperCase()}
          </button>
        ))}
        <button type="button" onClick={guarded(() => navigator.clipboard.writeText(window.location.href))}>
          link
        </button>
      </div>
      {error && <Message error={error} />}
    </details>
  );
}
