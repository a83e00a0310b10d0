import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../data/index.ts";
import { applyOperation, composeOperations, formatOperation, parseOperation } from "./symmetry.ts";

describe("parseOperation", () => {
  it.each([
    ["-x+y, -x+1/3, z+0.6667", "-x+y,-x+1/3,z+2/3"],
    ["1/2+X,-Y,.25-Z", "x+1/2,-y,-z+1/4"],
    ["x-y,x,z-1/6", "x-y,x,z+5/6"],
    ["+x,y,z+1", "x,y,z"],
  ])("reads %s", (text, normal) => {
    expect(formatOperation(parseOperation(text))).toBe(normal);
  });
  it.each(["x,y", "x,y,w", "x,y,x", "", "x,y,z+", "x,,z", "x y,y,z+1/0"])("refuses %j", (text) => {
    expect(() => parseOperation(text)).toThrow(expect.objectContaining({ code: "bad-symmetry-operation" }));
  });
  it("never fails in another way", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."xyz,+-/*.0123 q"), maxLength: 20 }), (text) => {
        try {
          parseOperation(text);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

it("composing is applying one after the other", () => {
  const p = parseOperation("-y,x-y,z+1/3");
  const q = parseOperation("x+1/2,-y,-z");
  const x = [0.1, 0.23, 0.37];
  const twice = applyOperation(p, applyOperation(q, x));
  applyOperation(composeOperations(p, q), x).forEach((value, i) => {
    expect(Math.abs(value - twice[i]! - Math.round(value - twice[i]!))).toBeLessThan(1e-12);
  });
});
