/** Form factors of neutral atoms and ions: f0(s) = sum a_i exp(-b_i s^2) + c (Waasmaier & Kirfel 1995). */
import { InputError } from "../data/index.ts";
import { FORM_FACTORS } from "./tables/form-factors.ts";

export interface ScatteringFactor {
  /** the entry used: "Ni", "O2-" */
  readonly label: string;
  readonly element: string;
  /** the neutral atom stands in for an ion that has no entry */
  readonly isFallback: boolean;
  /** [11] a1 b1 ... a5 b5 c, electrons and angstrom^2 */
  readonly coefficients: readonly number[];
}

const TABLE = new Map(
  FORM_FACTORS.trim()
    .split("\n")
    .map((line) => {
      const [label, ...numbers] = line.split(" ");
      return [label!, numbers.map(Number)] as const;
    }),
);

/**
 * The factor for a CIF type symbol or a site label: "Ni", "Ni4+", "O-2", "Fe0+", "Ce1" are understood;
 * deuterium is hydrogen.
 *
 * @throws InputError "unknown-scatterer"
 */
export function scatteringFactor(symbol: string): ScatteringFactor {
  const match = /^([A-Za-z]{1,2})(.*)$/.exec(symbol.trim());
  const element = match ? findElement(match[1]!) : undefined;
  if (!match || !element) {
    throw new InputError(
      "unknown-scatterer",
      `There is no scattering factor for "${symbol.slice(0, 20)}": needed an element from H to Cf, or an ion such as Ni2+ or O2-. Check the atom type symbols.`,
    );
  }
  const charge = readCharge(symbol.trim().slice(element.length));
  const ion = charge === 0 ? element : `${element}${Math.abs(charge)}${charge > 0 ? "+" : "-"}`;
  const label = TABLE.has(ion) ? ion : element;
  return { label, element, isFallback: label !== ion, coefficients: TABLE.get(label)! };
}

function findElement(letters: string): string | undefined {
  const proper = letters[0]!.toUpperCase() + (letters[1] ?? "").toLowerCase();
  if (TABLE.has(proper)) return proper;
  const first = proper[0]!;
  if (first === "D" && proper.length === 1) return "H";
  return TABLE.has(first) ? first : undefined;
}

/** "2+", "+2", "+", "2.67+" are charges; a number without a sign is a site number. */
function readCharge(text: string): number {
  const match = /^(\d*\.?\d*)([+-])(\d*\.?\d*)/.exec(text);
  if (!match) return 0;
  const size = match[1] || match[3] ? Number(match[1] || match[3]) : 1;
  return match[2] === "+" ? size : -size;
}

/** f0 in electrons. @param s2 (sin(theta)/lambda)^2 = 1/(4 d^2), 1/angstrom^2 */
export function formFactor({ coefficients: k }: ScatteringFactor, s2: number): number {
  let f = k[10]!;
  for (let i = 0; i < 10; i += 2) f += k[i]! * Math.exp(-k[i + 1]! * s2);
  return f;
}
