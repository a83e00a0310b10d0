import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ScanConfig } from "../../src/pipeline/scan-config.ts";
import { type Schema, shapeOf, startOf, variantOf } from "../../src/web/run/json-schema.ts";
import { edit, pathBeside, readDocument } from "../../src/web/run/scan-document.ts";

const SCHEMA = z.toJSONSchema(ScanConfig, { io: "input", unrepresentable: "any", reused: "inline" }) as Schema;
const TEXT = `# the cell of May
title: cell 7 # not 6
input:
  kind: p07
  folder: .
energyKeV: 103.5 # as calibrated

reconstruct:
  method: fbp
`;
const part = (...path: string[]): Schema => path.reduce((at, key) => at.properties![key]!, SCHEMA);

describe("edit", () => {
  it("changes a value and leaves comments and order alone", () => {
    const text = edit(TEXT, ["energyKeV"], 71, SCHEMA);
    expect(text).toBe(TEXT.replace("103.5", "71"));
  });
  it("adds sections that are not there yet", () => {
    const text = edit(TEXT, ["map", "rietveld", "model"], "model.yaml", SCHEMA);
    expect(text).toBe(`${TEXT}map:\n  rietveld:\n    model: model.yaml\n`);
  });
  it("takes a section away with its last value where that means the same", () => {
    expect(edit(TEXT, ["reconstruct", "method"], undefined, SCHEMA)).not.toContain("reconstruct");
  });
  it("keeps an empty section that means something", () => {
    const text = edit(`${TEXT}dlsr:\n  terms: 16\n`, ["dlsr", "terms"], undefined, SCHEMA);
    expect(readDocument(text).value).toHaveProperty("dlsr", {});
  });
  it("puts a section in the place of a word", () => {
    const text = edit("map: yes please\n", ["map", "rietveld", "model"], "m.yaml", SCHEMA);
    expect(readDocument(text).value).toEqual({ map: { rietveld: { model: "m.yaml" } } });
  });
  it("adds to lists, within too", () => {
    const text = edit("map:\n  regions:\n    - name: A\n", ["map", "regions", 1], { name: "B" }, SCHEMA);
    expect(readDocument(edit(text, ["map", "regions", 1, "range"], [3, 4], SCHEMA)).value).toEqual({
      map: { regions: [{ name: "A" }, { name: "B", range: [3, 4] }] },
    });
  });
  it("says what is no YAML", () => {
    expect(readDocument("a: [1, 2\nb: 3").value).toBeUndefined();
    expect(readDocument("a: [1, 2\nb: 3").problem).toMatch(/line|flow/i);
  });
});

describe("pathBeside", () => {
  it.each([
    ["cell/scan.yaml", "model.yaml", "cell/model.yaml"],
    ["cell/scan.yaml", "./sub//model.yaml", "cell/sub/model.yaml"],
    ["cell/scan.yaml", "../model.yaml", "model.yaml"],
    ["scan.yaml", "../model.yaml", undefined],
    ["scan.yaml", "/etc/model.yaml", undefined],
  ])("%s names %s", (file, named, path) => {
    expect(pathBeside(file, named)).toBe(path);
  });
});

describe("the controls of scan.yaml", () => {
  it.each([
    [["energyKeV"], { kind: "scalar", words: [], isNumber: true, isText: false }],
    [["sinogram", "rotationAxis"], { kind: "scalar", words: ["auto"], isNumber: true, isText: false }],
    [["reconstruct", "method"], { kind: "choice", options: ["fbp", "sirt", "cgls", "mlem"] }],
    [["reconstruct", "parallax"], { kind: "choice", options: [true, false] }],
    [["reconstruct", "depthSign"], { kind: "choice", options: [1, -1] }],
    [["integrate", "range"], { kind: "line", mayBeOne: false }],
    [["integrate", "polarization"], { kind: "scalar", words: [], isNumber: true, isText: false }],
    [["map", "rietveld", "refine"], { kind: "line", mayBeOne: false }],
  ])("%j", (path, shape) => {
    expect(shapeOf(part(...path))).toEqual(shape);
  });
  it("finds the kind of input that a text has", () => {
    const shape = shapeOf(part("input"));
    const variants = shape.kind === "union" ? shape.variants : [];
    expect(variants).toHaveLength(6);
    const at = variantOf(variants, { kind: "raster", rows: 3 });
    expect(startOf(variants[at]!)).toEqual({ kind: "raster" });
  });
  it("has one for every setting: none falls back to YAML", () => {
    const odd: string[] = [];
    const visit = (schema: Schema, path: string): void => {
      const shape = shapeOf(schema);
      if (shape.kind === "other") odd.push(path);
      if (shape.kind === "section")
        for (const [key, one] of Object.entries(shape.properties)) visit(one, `${path}.${key}`);
      if (shape.kind === "union") shape.variants.forEach((one, i) => visit(one, `${path}|${i}`));
      if (shape.kind === "list" || shape.kind === "record") visit(shape.of, `${path}[]`);
    };
    visit(SCHEMA, "");
    expect(odd).toEqual([]);
  });
});
