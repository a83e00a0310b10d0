import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { InputError } from "../data/index.ts";
import { parseYaml } from "./yaml.ts";

const Schema = z.strictObject({
  title: z.string().default("untitled"),
  input: z.strictObject({ energyKeV: z.number().positive(), list: z.array(z.number()).default([]) }),
});
const message = (text: string): string => {
  try {
    parseYaml(text, "scan.yaml", Schema);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error("was accepted");
};

describe("parseYaml", () => {
  it("gives the value with defaults", () => {
    expect(parseYaml("input:\n  energyKeV: 71\n", "scan.yaml", Schema)).toEqual({
      title: "untitled",
      input: { energyKeV: 71, list: [] },
    });
  });
  it("names the line of a misspelt key", () => {
    expect(message("title: a\ninput:\n  energyKev: 71\n")).toMatch(
      /line 3: input\.energyKev: there is no such setting/,
    );
  });
  it("says which setting was meant, also inside of a setting that may be several things", () => {
    expect(message("input:\n  energyKev: 71\n")).toContain('did you mean "energyKeV"?');
    const Part = z.strictObject({ size: z.number().optional(), cell: z.union([z.boolean(), Schema]).optional() });
    const Union = z.strictObject({ parts: z.array(z.union([z.string(), Part])) });
    const of = (text: string): string => {
      try {
        parseYaml(text, "model.yaml", Union);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(of("parts:\n  - a.cif\n  - sizee: 3\n")).toMatch(/line 3: parts\.1\.sizee: .*did you mean "size"\?/);
    expect(of("parts:\n  - cell: {d: 1}\n")).toMatch(/line 2: parts\.0\.cell\.d: .*there are title, input/);
    expect(of("parts: [3]\n")).toMatch(/line 1: parts\.0: a text or a section is needed \(found 3\)/);
  });
  it("names the line and what was found for a wrong value", () => {
    expect(message("input:\n  energyKeV: -3\n")).toMatch(/line 2: input\.energyKeV: .*found -3/);
    expect(message("input:\n  energyKeV: 3\n  list: [1, two]\n")).toMatch(/line 3: input\.list\.1/);
  });
  it("names the line of bad syntax", () => {
    expect(message("title: a\ninput: [1, 2\n")).toMatch(/scan\.yaml, line \d+, column \d+/);
  });
  it("refuses alias bombs and prototype keys", () => {
    const bomb = [
      "a: &a [1]",
      ...Array.from({ length: 12 }, (_, i) => `b${i}: &b${i} [${`*${i ? `b${i - 1}` : "a"},`.repeat(9)}]`),
    ].join("\n");
    expect(message(bomb)).toMatch(/scan\.yaml/);
    expect(message("__proto__: {x: 1}\ninput: {energyKeV: 1}\n")).toMatch(/__proto__/);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
  it("never throws anything but an InputError", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        try {
          parseYaml(text, "scan.yaml", Schema);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
