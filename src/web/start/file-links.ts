import type { FileEntry, FileKind } from "../../server/wire.ts";
import { formatRoute, type Page } from "../core/route.ts";

const PAGE_OF: Partial<Record<FileKind, Page>> = {
  result: "explore",
  scan: "run",
  frame: "frames",
  geometry: "frames",
  hdf5: "frames",
};

/** The address of the page that opens such a file; undefined where no page does. */
export function hrefOf({ path, kind }: Pick<FileEntry, "path" | "kind">): string | undefined {
  const page = kind === "result" && isStudy(path) ? "study" : PAGE_OF[kind];
  return page && formatRoute({ page, file: path, view: {} });
}

/** Several cells on one grid, as `xrdct study` and `xrdct compare` leave them. */
export const isStudy = (path: string): boolean => /(^|\/)(study|compare)\.nxs$/.test(path);

const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
/** "22 Nov 2026, 20:24" */
export const whenOf = ({ modified }: FileEntry): string => format.format(new Date(modified));
