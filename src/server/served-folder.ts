/** The folder that is served: every path that a page names is looked up here, and nothing outside is reached. */
import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { InputError } from "../data/index.ts";
import { assertPlain, isBelow, realPath } from "../files/confinement.ts";

export interface ServedFolder {
  /** absolute, with links followed */
  readonly root: string;
  /**
   * A path from a page as an absolute one, links followed.
   *
   * @throws InputError "path-outside" | "path-not-found" | "path-special"
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
  /** Links followed; the file need not be there. @throws InputError "path-outside" */
  assertInside(absolute: string): void;
}

export function serveFolder(path: string): ServedFolder {
  const root = realpathSync(resolve(path));
  const outside = (): InputError =>
    new InputError(
      "path-outside",
      "That path leaves the folder that is served. Start `xrdct serve` on a folder that holds all of your files.",
    );
  const assertInside = (absolute: string): void => {
    if (!isBelow(root, absolute) || !isBelow(root, realPath(absolute))) throw outside();
  };
  const resolved = (given: unknown): string => {
    // a query may hold a path twice, a body anything
    if (typeof given !== "string") throw new InputError("request-wrong", "The request needs one path, as a text.");
    if (given.includes("\0") || isAbsolute(given)) throw outside();
    const absolute = join(root, given);
    assertInside(absolute);
    return absolute;
  };
  const followed = (absolute: string): string => {
    const real = realpathSync(absolute);
    assertInside(real);
    assertPlain(real);
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
      // a link to nothing: written through, it would make a file wherever it points
      if (lstatSync(absolute, { throwIfNoEntry: false })) throw outside();
      const folder = dirname(absolute);
      if (!existsSync(folder) || !statSync(folder).isDirectory()) throw missing(dirname(given));
      return join(followed(folder), basename(absolute));
    },
    nameOf: (absolute) => relative(root, absolute).split(sep).join("/"),
    assertInside,
  };
}
