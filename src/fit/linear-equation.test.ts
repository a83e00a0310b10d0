import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError } from "../data/index.ts";
import { parseLinearEquation } from "./index.ts";

const NAMES = [
  "NMC_S/a",
  "NMC_P/a",
  "A/b",
  "A/b2",
  "A/c",
  "Ni1/occupancy",
  "Mn1/occupancy",
  "U-B",
  "U",
  "odd name",
  "x=y",
];
const index = (name: string): number => NAMES.indexOf(name);

/** Factors by name, and the value */
function read(text: string): Record<string, number> {
  const { terms, value } = parseLinearEquation(text, NAMES);
  return Object.fromEntries([...terms.map(({ index: j, factor }) => [NAMES[j]!, factor]), ["=", value]]);
}

describe("parseLinearEquation", () => {
  it.each<[string, Record<string, number>]>([
    ["NMC_S/a = NMC_P/a", { "NMC_S/a": 1, "NMC_P/a": -1, "=": 0 }],
    ["2*Ni1/occupancy + Mn1/occupancy - 0.5 = 0", { "Ni1/occupancy": 2, "Mn1/occupancy": 1, "=": 0.5 }],
    ["A/b = A/c + 0.01", { "A/b": 1, "A/c": -1, "=": 0.01 }],
    ["A/b*3=1.5e-2", { "A/b": 3, "=": 0.015 }],
    ["A/b2 = 2", { "A/b2": 1, "=": 2 }], // the longest name, not A/b
    ["A/b/2 = A/c / 4", { "A/b": 0.5, "A/c": -0.25, "=": 0 }],
    ["-A/b + -3 * -A/c * 2 = +.5", { "A/b": -1, "A/c": 6, "=": 0.5 }],
    ["U-B = U - 1", { "U-B": 1, U: -1, "=": -1 }],
    ["\"odd name\" = 2 'x=y'".replace(" '", " * '"), { "odd name": 1, "x=y": -2, "=": 0 }],
    ["A/c + A/c = A/b + A/c", { "A/c": 1, "A/b": -1, "=": 0 }],
    ["A/c = A/c + 1", { "=": 1 }],
    ["1 = 1", { "=": 0 }],
  ])("%s", (text, expected) => expect(read(text)).toEqual(expected));

  it.each([
    ["NMC_S/a", '"="'],
    ["A/b = ", "at its end"],
    ["A/b = A/c = 1", "one ="],
    ["A/b * A/c = 1", "constraints are linear"],
    ["A/b = 1 / 0", "other than 0"],
    ["A/b = 1 / A/c", "a number"],
    ["A/b = (A/c)", "brackets"],
    ["2 A/b = 1", '"A/b = 1"'],
    ["A/b = 'odd", "a closing"],
    ["A/b = 1e999", "within range"],
    ["", "a number or a parameter"],
  ])("%s is constraint-syntax, and says where", (text, part) => {
    expect(() => parseLinearEquation(text, NAMES)).toThrow(
      expect.objectContaining({ code: "constraint-syntax", message: expect.stringContaining(part) }),
    );
  });

  it.each([
    ["A/b3x = 1", "A/b3x", undefined],
    ["NMC_Q/a = 1", "NMC_Q/a", "NMC_"],
    ["Ni1/ocupancy = 1", "Ni1/ocupancy", "Ni1/occupancy"],
    ["A/bc = A/c", "A/bc", "A/b"],
    ["'odd nam' = 1", "odd nam", "odd name"],
    ["A/b = wavelength", "wavelength", undefined],
    ["Tt = 1", "Tt", undefined],
  ])("%s names what is unknown and what was meant", (text, word, meant) => {
    let error: unknown;
    try {
      parseLinearEquation(text, NAMES);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: "constraint-unknown-parameter",
      message: expect.stringContaining(`"${word}"`),
    });
    expect((error as Error).message).toMatch(/did you mean|There are: NMC_S/);
    if (meant) expect((error as Error).message).toContain(`did you mean "${meant}`);
  });

  it("reads back what it is given, whatever the names", () => {
    const names = fc.uniqueArray(
      fc
        .string({ unit: fc.constantFrom(..."aB1/_.+-:()' "), minLength: 1, maxLength: 8 })
        .filter((s) => s.trim() === s),
      { minLength: 1, maxLength: 6 },
    );
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => Number(value.toPrecision(6)));
    fc.assert(
      fc.property(names, fc.array(number, { minLength: 6, maxLength: 6 }), number, (all, factors, value) => {
        const sum = all.map((name, j) => `${factors[j]} * "${name}"`).join(" + ");
        const { terms, value: found } = parseLinearEquation(`${sum} = ${value}`, all);
        expect(found).toBeCloseTo(value, 12);
        all.forEach((_, j) => {
          const term = terms.find((one) => one.index === j);
          expect(term?.factor ?? 0).toBeCloseTo(factors[j]!, 12);
        });
      }),
    );
  });

  it("any text is an equation or an InputError", () => {
    const piece = fc.constantFrom(...NAMES, "=", "+", "-", "*", "/", "2", "1e3", ".", " ", '"', "'", "(", "é", "0");
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (one) => {
        try {
          for (const { index: j, factor } of parseLinearEquation(one, NAMES).terms) {
            expect(NAMES[j]).toBeDefined();
            expect(Number.isFinite(factor)).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("index is the place in the list", () =>
    expect(parseLinearEquation("U = 1", NAMES).terms[0]!.index).toBe(index("U")));
});
