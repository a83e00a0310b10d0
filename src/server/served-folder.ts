/** The folder that is served: every path that a page names is looked up here, and nothing outside is reached. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { InputError } from "../data/index.ts";

export interface ServedFolder {
  /** absolute, with links followed */
  readonly root: string;
  /**
   * A path from a page as an absolute one, links followed.
   *
   * @throws InputError "path-outside" | "path-not-found"
   */
  existing(path: string): string;
  /**
   * Where a new file would come: its folder must exist inside.
   *
   * @throws InputError "path-outside" | "path-not-found"
   */
  target(path: string): string;
  /** The path that a page would give for an absolute one. */
  nameOf(absolute: string): string;
  /** @throws InputError "path-outside" */
  assertInside(absolute: string): void;
}

export function serveFolder(path: string): ServedFolder {
  const root = realpathSync(resolve(path));
  const isInside = (absolute: string): boolean => {
    const way = relative(root, absolute);
    return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
  };
  const assertInside = (absolute: string): void => {
    if (isInside(absolute)) return;
    throw new InputError(
      "path-outside",
      "That path leaves the folder that is served. Start `xrdct serve` on a folder that holds all of your files.",
    );
  };
  const resolved = (given: string): string => {
    if (given.includes("\0") || isAbsolute(given)) assertInside(join(root, ".."));
    const absolute = join(root, given);
    assertInside(absolute);
    return absolute;
  };
  const followed = (absolute: string): string => {
    const real = realpathSync(absolute);
    assertInside(real);
    return real;
  };
  const missing = (given: string): InputError =>
    new InputError("path-not-found", `There is no ${given} in ${basename(root)}. It may have been moved or renamed.`);
  return {
    root,
    existing(given) {
      const absolute = resolved(given);
      if (!existsSync(absolute)) throw missing(given);
      return followed(absolute);
    },
    target(given) {
      const absolute = resolved(given);
      if (existsSync(absolute)) return followed(absolute);
      const folder = dirname(absolute);
      if (!existsSync(folder) || !statSync(folder).isDirectory()) throw missing(dirname(given));
      return join(followed(folder), basename(absolute));
    },
    nameOf: (absolute) => relative(root, absolute).split(sep).join("/"),
    assertInside,
  };
}
