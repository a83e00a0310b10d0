/**
 * Numbers that know what their uncertainty comes from: to first order, so that what two numbers share (the table, the
 * mass of the electrode) cancels where they are compared, and what they do not share adds in quadrature.
 */
export interface Uncertain {
  readonly value: number;
  /** source -> what one standard deviation of it does to the value, with its sign */
  readonly parts: ReadonlyMap<string, number>;
}

export const uncertain = (value: number, parts: Readonly<Record<string, number>> = {}): Uncertain => ({
  value,
  parts: new Map(Object.entries(parts).filter(([, part]) => part !== 0)),
});

/** Standard uncertainty: of sources that know nothing of each other. */
export const esdOf = ({ parts }: Uncertain): number => Math.hypot(...parts.values());

/** Sum of numbers, each times its factor. */
export function combine(...terms: readonly (readonly [number, Uncertain])[]): Uncertain {
  const parts = new Map<string, number>();
  let value = 0;
  for (const [factor, term] of terms) {
    value += factor * term.value;
    for (const [source, part] of term.parts) parts.set(source, (parts.get(source) ?? 0) + factor * part);
  }
  return { value, parts };
}

export const subtract = (a: Uncertain, b: Uncertain): Uncertain => combine([1, a], [-1, b]);

export const multiply = (a: Uncertain, b: Uncertain): Uncertain => ({
  value: a.value * b.value,
  parts: combine([b.value, a], [a.value, b]).parts,
});

export const divide = (a: Uncertain, b: Uncertain): Uncertain => ({
  value: a.value / b.value,
  parts: combine([1 / b.value, a], [-a.value / b.value ** 2, b]).parts,
});

/** How many standard uncertainties from 0. */
export const significance = (a: Uncertain): number => a.value / esdOf(a);
