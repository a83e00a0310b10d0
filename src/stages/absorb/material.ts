/** What matter absorbs that is no phase with a structure: by its composition and density. */
import { atomicWeight, elementMassAttenuation } from "../../crystal/index.ts";

/**
 * Linear attenuation coefficient, 1/mm, from mu/rho of the elements.
 *
 * @param composition element: atoms
 * @throws InputError "unknown-scatterer" | "no-attenuation" | "energy-out-of-range"
 */
export function attenuationOfComposition(
  composition: Readonly<Record<string, number>>,
  densityGCm3: number,
  energyKeV: number,
): number {
  let mass = 0;
  let sum = 0;
  for (const [element, atoms] of Object.entries(composition)) {
    const weight = atoms * atomicWeight(element);
    mass += weight;
    sum += weight * elementMassAttenuation(element, energyKeV);
  }
  return ((sum / mass) * densityGCm3) / 10;
}
