/**
 * Where the user is, all of it in the address, so that a link restores the view:
 *
 *   #/explore?file=demo/cell.nxs&view={"map":"map/NMC532/c","y":30}
 *
 * `view` holds only what differs from the page's defaults.
 */
import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";

export const PAGES = ["start", "explore", "refine", "run", "frames", "compose", "study", "live"] as const;
export type Page = (typeof PAGES)[number];

export interface Route {
  readonly page: Page;
  /** path of the file that the page is about */
  readonly file: string | undefined;
  readonly view: Readonly<Record<string, unknown>>;
}

export function parseRoute(hash: string): Route {
  const [way = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const params = new URLSearchParams(query);
  let view: Record<string, unknown> = {};
  try {
    const given: unknown = JSON.parse(params.get("view") ?? "{}");
    if (given !== null && typeof given === "object" && !Array.isArray(given)) view = given as Record<string, unknown>;
  } catch {
    // a link that was cut off still opens its page
  }
  const page = PAGES.find((one) => one === way) ?? "start";
  return { page, file: params.get("file") ?? undefined, view };
}

export function formatRoute({ page, file, view }: Route): string {
  const params = new URLSearchParams();
  if (file !== undefined) params.set("file", file);
  if (Object.keys(view).length > 0) params.set("view", JSON.stringify(view));
  // readable: these need no escape behind the #
  const query = params.toString().replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%2C", ",");
  return `#/${page}${query ? `?${query}` : ""}`;
}

/**
 * What the address is about to say. Browsers take some 200 changes of the address in 10 s and drop the rest, and a key
 * that is held or a slider that is dragged makes more.
 */
let pending: string | undefined;
/** Where it was written from: once the user is elsewhere, it is no longer meant, even before the event says so. */
let origin = "";
let writing: ReturnType<typeof setTimeout> | undefined;
const WRITE_MS = 120;
const isMeant = (): boolean => pending !== undefined && window.location.hash === origin;
const currentHash = (): string => (isMeant() ? pending! : window.location.hash);

function writeAddress(): void {
  clearTimeout(writing);
  writing = undefined;
  if (isMeant()) window.history.replaceState(null, "", pending);
  pending = undefined;
}

/** The whole address of what is shown, without the token, which is a cookie's. */
export const viewLink = (): string => `${window.location.origin}${window.location.pathname}${currentHash()}`;

const subscribe = (listener: () => void): (() => void) => {
  const onChange = (event: Event): void => {
    // the user went elsewhere: what was about to be written was about the place before
    if (event.isTrusted) pending = undefined;
    listener();
  };
  window.addEventListener("hashchange", onChange);
  return () => window.removeEventListener("hashchange", onChange);
};

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, currentHash);
  return useMemo(() => parseRoute(hash), [hash]);
}

/** Goes to a page; one step back in the browser comes back. */
export function go(page: Page, file?: string, view: Route["view"] = {}): void {
  writeAddress();
  window.location.hash = formatRoute({ page, file, view });
}

/**
 * What a page shows, kept in the address. Small changes (a cursor) replace the address, so that "back" leaves the page.
 *
 * @param defaults plain JSON, the same at every call
 */
export function useView<T extends object>(defaults: T): [T, (change: Partial<T>) => void] {
  const { view } = useRoute();
  const last = useRef<T>();
  const merged = useMemo(() => {
    const next = { ...defaults, ...view } as T;
    // what did not change stays the same object: what is made of it need not be made again
    for (const key of Object.keys(next) as (keyof T)[]) {
      if (last.current && JSON.stringify(last.current[key]) === JSON.stringify(next[key]))
        next[key] = last.current[key];
    }
    last.current = next;
    return next;
  }, [defaults, view]);
  const change = useCallback(
    (part: Partial<T>) => {
      // read anew: two changes in one event must both hold
      const now = parseRoute(currentHash());
      const next = { ...now.view, ...part } as Record<string, unknown>;
      for (const [key, value] of Object.entries(next)) {
        if (value === undefined || JSON.stringify(value) === JSON.stringify((defaults as Record<string, unknown>)[key]))
          delete next[key];
      }
      const hash = formatRoute({ ...now, view: next });
      if (hash === currentHash()) return;
      pending = hash;
      origin = window.location.hash;
      writing ??= setTimeout(writeAddress, WRITE_MS);
      window.dispatchEvent(new HashChangeEvent("hashchange"));
    },
    [defaults],
  );
  return [merged, change];
}
