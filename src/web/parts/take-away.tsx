/** Every view leaves the page as SVG, PNG and data. */
import { type RefObject, useEffect, useRef, useState } from "react";
import { askBlob } from "../core/api.ts";
import { viewLink } from "../core/route.ts";
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
  /** pixels of the PNG for one unit of the SVG; left out: 2 */
  readonly pngScale?: number;
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

export function TakeAway({ name, svg, data, pngScale = 2 }: TakeAwayProps) {
  const [error, setError] = useState<Error>();
  const [said, setSaid] = useState<string>();
  const menu = useRef<HTMLDetailsElement>(null);
  useCloseOutside(menu);
  const file = name.replace(/[^\w.-]+/g, "-");
  const guarded = (what: string, work: () => Promise<void>) => () => {
    setError(undefined);
    setSaid(`${what} …`);
    work().then(
      () => setSaid(undefined),
      (failure: Error) => {
        setSaid(undefined);
        setError(failure);
      },
    );
  };
  const drawPng = async (): Promise<Blob> => askBlob("png", {}, { body: { svg: await svg(), scale: pngScale } });
  return (
    <details className="menu" data-take-away={name} ref={menu} onToggle={() => setSaid(undefined)}>
      <summary title="Save this view as a picture or as numbers, or copy a link to it">save</summary>
      <div className="menu-items">
        <button
          type="button"
          onClick={guarded("drawing", async () => save(`${file}.svg`, await svg(), "image/svg+xml"))}
        >
          SVG
        </button>
        <button type="button" onClick={guarded("drawing", async () => save(`${file}.png`, await drawPng()))}>
          PNG
        </button>
        {data.map(({ format, make }) => (
          <button
            type="button"
            key={format}
            onClick={guarded("writing", async () => save(`${file}.${format}`, await make()))}
          >
            {format.toUpperCase()}
          </button>
        ))}
        <CopyLink />
        {said && <span role="status">{said}</span>}
        {error && <Message error={error} />}
      </div>
    </details>
  );
}

/** The address restores the view; it holds no token. Where the browser keeps the clipboard to itself, it is shown. */
function CopyLink() {
  const [state, setState] = useState<"" | "copied" | "shown">("");
  const copy = (): void => {
    navigator.clipboard.writeText(viewLink()).then(
      () => setState("copied"),
      () => setState("shown"),
    );
  };
  return (
    <>
      <button type="button" title="Copy a link that restores this view" onClick={copy}>
        {state === "copied" ? "link copied" : "copy link"}
      </button>
      {state === "shown" && (
        <input
          type="text"
          readOnly
          aria-label="link to this view"
          value={viewLink()}
          onFocus={({ target }) => target.select()}
        />
      )}
    </>
  );
}

/** A click elsewhere and the Escape key close the menu. */
function useCloseOutside(menu: RefObject<HTMLDetailsElement>): void {
  useEffect(() => {
    const close = (event: Event): void => {
      const { current } = menu;
      if (!current?.open) return;
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      const isOutside = event.type === "pointerdown" && !current.contains(event.target as Node);
      if (isEscape || isOutside) current.open = false;
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [menu]);
}
