/** A result as a card: its first map, drawn when the card comes into sight, and what it is. */
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { FileEntry } from "../../server/wire.ts";
import { formatBytes } from "../core/format.ts";
import { hrefOf, whenOf } from "./file-links.ts";

// the figure code is not needed to show the page
const Thumbnail = lazy(() => import("./thumbnail.tsx"));

export function ResultCard({ entry }: { entry: FileEntry }) {
  const card = useRef<HTMLLIElement>(null);
  const isSeen = useSeen(card);
  return (
    <li ref={card} data-result={entry.path}>
      <a className="start-card" href={hrefOf(entry)} title={entry.path}>
        <Suspense fallback={<div className="start-thumbnail dim">drawing the first map</div>}>
          {isSeen ? <Thumbnail file={entry.path} /> : <div className="start-thumbnail" />}
        </Suspense>
        <strong className="start-name">{entry.path}</strong>
        <span className="dim">
          {whenOf(entry)} · {formatBytes(entry.bytes)}
        </span>
      </a>
    </li>
  );
}

function useSeen(of: React.RefObject<HTMLElement | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry!.isIntersecting && setSeen(true));
    if (of.current) observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return isSeen;
}
