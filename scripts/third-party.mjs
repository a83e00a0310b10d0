/**
 * dist/THIRD-PARTY.md: every package that ships, bundled beside the program or built into the pages, with its licence
 * and the text of it. Stops the build where one has no licence, or one under which we may not ship it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** SPDX names under which a part of an MIT program may ship unchanged, with its notice. */
export const ALLOWED = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  "Zlib",
  // weak copyleft, on its own files, which ship unchanged
  "MPL-2.0",
  // fonts, which may be bundled and not sold by themselves
  "OFL-1.1",
]);

/** Licences that a package.json names by its text alone, read by people: package -> SPDX-like name. */
const READ = { h5wasm: "LicenseRef-NIST AND BSD-3-Clause" };

const MIT = (
  holder,
  source,
) => `MIT License, as its package.json says; the package itself has no text of it. Source: ${source}

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** Texts of packages that leave theirs out, one by one, so that a new one stops the build. */
const ABSENT = {
  "@resvg/resvg-wasm": (root) =>
    `Source: https://github.com/thx/resvg-js\n\n${readFileSync(join(root, "scripts/licences/MPL-2.0.txt"), "utf8")}`,
  "abstract-logging": () => MIT("James Sumners", "https://github.com/jsumners/abstract-logging"),
  "@react-three/fiber": () => MIT("Paul Henschel", "https://github.com/pmndrs/react-three-fiber"),
};

/** Packages of the lockfile that ship: path under the root -> package.json of what is installed there. */
export function shippedPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return new Map(
    Object.entries(packages)
      .filter(([path, { dev, devOptional, optional }]) => path && !dev && !devOptional && !optional)
      .map(([path]) => [path, JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"))])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** @throws where there is none, or one that is not allowed */
export function licenceOf({ name, version, license }) {
  const licence = READ[name] ?? license;
  if (!licence) throw new Error(`${name} ${version} names no licence: it may not ship`);
  // of several that one may choose from, one is enough
  const mayShip = (one) => one.split(" OR ").some((name) => ALLOWED.has(name.replace(/[()]/g, "")));
  if (READ[name] === undefined && !String(licence).split(" AND ").every(mayShip))
    throw new Error(`${name} ${version} is under ${licence}, which is not among those that may ship`);
  return licence;
}

/** @throws where a package has none */
export function licenceText(root, path, { name, version }) {
  const files = readdirSync(join(root, path)).filter((file) => /^(licen[sc]e|copying|notice)(\.|$|-)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(root, path, file), "utf8").trim());
  if (texts.length === 0 && ABSENT[name]) texts.push(ABSENT[name](root).trim());
  if (texts.length === 0) throw new Error(`${name} ${version} ships no text of its licence: add it to ABSENT`);
  return texts.join("\n\n");
}

/** What the pages hold, as Vite lists it: "## name - version (licence)" and the text. */
export function packagesOfPages(root) {
  const path = join(root, "dist/web/licenses.md");
  if (!existsSync(path)) return [];
  const [, ...parts] = readFileSync(path, "utf8").split(/^## (?=\S+ - \S+(?: \(.*\))?$)/m);
  return parts.map((part) => {
    const [head, ...text] = part.split("\n");
    const [, name, version, license] = /^(\S+) - (\S+)(?: \((.*)\))?$/.exec(head);
    const found = text.join("\n").trim() || ABSENT[name]?.(root).trim();
    if (!found) throw new Error(`${name} ${version} in the pages ships no text of its licence: add it to ABSENT`);
    return { name, version, license, text: found };
  });
}

export function thirdPartyPage(root) {
  const bundled = [...shippedPackages(root)].map(([path, manifest]) => ({
    ...manifest,
    text: licenceText(root, path, manifest),
  }));
  const pages = packagesOfPages(root);
  const rows = (list) => list.map((one) => `| ${one.name} | ${one.version} | ${licenceOf(one)} |`);
  const texts = new Map();
  for (const one of [...bundled, ...pages]) texts.set(`${one.name} ${one.version}`, one.text.replaceAll("\r", ""));
  return [
    "# What ships with xrdct and is not part of it",
    "",
    "Made by the build. Sources of numbers and tables inside xrdct are in NOTICE.",
    "",
    "## Bundled beside the program, unchanged",
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...rows(bundled),
    "",
    "## Built into the pages of `xrdct serve`",
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...rows(pages),
    "",
    "## Texts",
    "",
    ...[...texts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, text]) => [`### ${name}`, "", ...text.split("\n").map((line) => `    ${line}`.trimEnd()), ""]),
  ].join("\n");
}
