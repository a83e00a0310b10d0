/** Numbers of a TOPAS .inp: names looked up and equations evaluated, at an angle where they ask for one. */
import type { TopasEquation } from "./topas-inp-expression.ts";
import type { RawParameter } from "./topas-inp-scanner.ts";

/** A number and what the file says of it. */
export interface TopasParameter {
  readonly value: number;
  readonly isRefined: boolean;
  /** two parameters of one name are one number */
  readonly name?: string;
  readonly min?: number;
  readonly max?: number;
}

export interface TopasResolver {
  /** undefined where it follows from something that is not known */
  parameter(raw: RawParameter): TopasParameter | undefined;
  /** value of an equation at a Bragg angle; NaN where it asks for something that is not known */
  at(equation: TopasEquation, thetaDeg: number, wavelengthA: number): number;
  /** whether a refined parameter is in it, at any depth */
  isRefined(equation: TopasEquation): boolean;
  /** whether it asks for a name, at any depth */
  asksFor(equation: TopasEquation, name: string): boolean;
}

export function createTopasResolver(parameters: ReadonlyMap<string, RawParameter>): TopasResolver {
  /** names being looked up, so that a = b; b = a; ends */
  const open = new Set<string>();

  function lookup(name: string, reserved: ReadonlyMap<string, number>): number {
    const known = reserved.get(name);
    if (known !== undefined) return known;
    const found = parameters.get(name);
    if (!found || open.has(name)) return Number.NaN;
    if (!found.equation) return found.value ?? Number.NaN;
    open.add(name);
    const value = found.equation.evaluate((inner) => lookup(inner, reserved));
    open.delete(name);
    return Number.isNaN(value) ? (found.value ?? value) : value;
  }
  const none: ReadonlyMap<string, number> = new Map();

  function parameter(raw: RawParameter): TopasParameter | undefined {
    const own = raw.equation?.evaluate((name) => lookup(name, none));
    const value = own === undefined || Number.isNaN(own) ? raw.value : own;
    if (value === undefined || !Number.isFinite(value)) return undefined;
    // "= name;" alone is that parameter
    const alias = raw.equation && /^[A-Za-z_]\w*$/.test(raw.equation.text) ? raw.equation.text : undefined;
    const source = alias === undefined ? undefined : parameters.get(alias);
    return {
      value,
      isRefined: source ? source.isRefined : raw.isRefined,
      ...((alias ?? raw.name) && { name: (alias ?? raw.name)! }),
      ...(raw.min !== undefined && { min: raw.min }),
      ...(raw.max !== undefined && { max: raw.max }),
    };
  }

  function at(equation: TopasEquation, thetaDeg: number, wavelengthA: number): number {
    const reserved = new Map([
      ["Th", (thetaDeg * Math.PI) / 180],
      ["Lam", wavelengthA],
      ["Xo", 2 * thetaDeg],
      ["X", 2 * thetaDeg],
      ["D_spacing", wavelengthA / (2 * Math.sin((thetaDeg * Math.PI) / 180))],
    ]);
    return equation.evaluate((name) => lookup(name, reserved));
  }

  /** Every name an equation asks for, through the equations of others. */
  function deepNames({ names }: TopasEquation, seen = new Set<string>()): Set<string> {
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      const inner = parameters.get(name)?.equation;
      if (inner) deepNames(inner, seen);
    }
    return seen;
  }
  return {
    parameter,
    at,
    isRefined: (equation) => [...deepNames(equation)].some((name) => parameters.get(name)?.isRefined),
    asksFor: (equation, name) => deepNames(equation).has(name),
  };
}
