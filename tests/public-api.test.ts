/** The library: the names that scripts rely on, a comment on each, and a reference that says the same. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as files from "../src/api/files.ts";
import * as physics from "../src/api/physics.ts";
import * as stages from "../src/api/stages.ts";
import * as study from "../src/api/study.ts";
import * as xrdct from "../src/index.ts";

interface Declared {
  readonly name: string;
  readonly kind: string;
  readonly doc: string;
  readonly declarations: readonly string[];
}

// a plain script without types
const { apiPages, entryPoints, namesOf } = (await import(new URL("../scripts/api-docs.mjs", import.meta.url).href)) as {
  apiPages: () => Map<string, string>;
  entryPoints: () => Map<string, string>;
  namesOf: (file: string) => Map<string, Declared>;
};

const MODULES: Record<string, object> = {
  xrdct,
  "xrdct/stages": stages,
  "xrdct/files": files,
  "xrdct/physics": physics,
  "xrdct/study": study,
};
const entries = [...entryPoints()].map(([entry, file]) => [entry, [...namesOf(file).values()]] as const);
const isType = ({ kind }: Declared): boolean => kind === "interface" || kind === "type";

describe.each(Object.entries(MODULES))("%s", (entry, module) => {
  it("the names that a script can rely on; none goes without being taken away here", () => {
    expect(Object.keys(module).sort().join(" ")).toMatchSnapshot();
  });

  it("has in its declarations what it has when it runs", () => {
    const declared = entries.find(([name]) => name === entry)![1].filter((one) => !isType(one));
    expect(declared.map(({ name }) => name).sort()).toEqual(Object.keys(module).sort());
  });
});

it("every entry point of package.json is tried here", () => {
  expect(entries.map(([entry]) => entry).sort()).toEqual(Object.keys(MODULES).sort());
});

describe("comments", () => {
  it("every value says in a sentence what it is; so does every type of xrdct itself", () => {
    const bare = entries.flatMap(([entry, names]) =>
      names
        .filter((one) => entry === "xrdct" || !isType(one))
        .filter(({ doc }) => !/^[^@\s][^@]{8}/.test(doc))
        .map(({ name }) => `${entry}: ${name}`),
    );
    expect(bare).toEqual([]);
  });

  it("every array in what xrdct itself takes and gives has its dimensions", () => {
    const ARRAY = /Float\d+Array|U?[Ii]nt\d+Array|ArrayLike<number>|FrameArray/;
    const isBytes = (text: string): boolean => !ARRAY.test(text.replaceAll("Uint8Array", ""));
    const bare = entries[0]![1].flatMap(({ name, kind, doc, declarations }) =>
      declarations.flatMap((text) => {
        if (kind === "function") return !isBytes(text) && !/\[\w/.test(doc) ? [name] : [];
        const members = text.matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*)?readonly (\w+)\??: ([^;{]*);/g);
        return [...members]
          .filter(([, comment = "", , type]) => ARRAY.test(type!) && !/\[\w/.test(comment))
          .map(([, , member]) => `${name}.${member}`);
      }),
    );
    expect(bare).toEqual([]);
  });
});

it("docs/api/ is up to date (npm run docs)", () => {
  for (const [page, text] of apiPages()) expect(readFileSync(page, "utf8"), page).toBe(text);
});

it("is found by its name from plain JavaScript, in every entry point", () => {
  const script = `
const names = ${JSON.stringify(Object.keys(MODULES))};
const found = await Promise.all(names.map((name) => import(name)));
console.log(JSON.stringify(found.map((module) => Object.keys(module).length)));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual(Object.values(MODULES).map((module) => Object.keys(module).length));
});
