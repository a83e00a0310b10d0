/**
 * Anisotropic displacement: exp(-2 pi^2 sum_ij U_ij a*_i a*_j h_i h_j) = exp(-h beta h).
 *
 * Split into its mean, exp(-B s^2) with B = 8 pi^2 U_eq, and the rest, which has no trace: the mean then follows
 * the cell and shares its exponential with the isotropic sites.
 *
 * Sources: Trueblood et al., Acta Cryst. A52 (1996) 770; Fischer & Tillmanns, Acta Cryst. C44 (1988) 775 (U_eq).
 */
import { type ReciprocalMetric, reciprocalMetric } from "./cell.ts";
import type { Cell, Site } from "./structure.ts";
import type { SymmetryOperation } from "./symmetry.ts";

type Tensor = NonNullable<Site["uAniso"]>;

export const B_PER_U = 8 * Math.PI ** 2;

/** B = 8 pi^2 U_eq of U11 U22 U33 U12 U13 U23 in angstrom^2. @throws InputError "bad-cell" */
export const equivalentBIso = (uAniso: Tensor, cell: Cell): number =>
  B_PER_U * equivalentU(uAniso, reciprocalMetric(cell));

/**
 * The coefficients of h^2, k^2, l^2, hk, hl, kl in the exponent, less those of the equivalent isotropic displacement;
 * averaged over the operations that leave the site where it is, because a CIF's digits keep its symmetry only nearly.
 */
export function anisotropicPart(
  uAniso: Tensor,
  metric: ReciprocalMetric,
  stabiliser: readonly SymmetryOperation[],
): Float64Array {
  const [aa, bb, cc, bc, ac, ab] = metric;
  const [ra, rb, rc] = [Math.sqrt(aa), Math.sqrt(bb), Math.sqrt(cc)];
  const [u11, u22, u33, u12, u13, u23] = uAniso;
  const mean = equivalentU(uAniso, metric);
  const scale = 2 * Math.PI ** 2;
  // the metric's last three are coefficients of kl, hl, hk: twice the element
  const beta = [
    scale * (u11 * aa - mean * aa),
    scale * (u22 * bb - mean * bb),
    scale * (u33 * cc - mean * cc),
    scale * (u12 * ra * rb - (mean * ab) / 2),
    scale * (u13 * ra * rc - (mean * ac) / 2),
    scale * (u23 * rb * rc - (mean * bc) / 2),
  ];
  const full = [beta[0]!, beta[3]!, beta[4]!, beta[3]!, beta[1]!, beta[5]!, beta[4]!, beta[5]!, beta[2]!];
  const average = new Float64Array(9);
  for (const { rotation: r } of stabiliser) {
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        let value = 0;
        for (let m = 0; m < 3; m++)
          for (let n = 0; n < 3; n++) value += r[i * 3 + m]! * full[m * 3 + n]! * r[j * 3 + n]!;
        average[i * 3 + j]! += value / stabiliser.length;
      }
  }
  return Float64Array.of(average[0]!, average[4]!, average[8]!, 2 * average[1]!, 2 * average[2]!, 2 * average[5]!);
}

/** exp(-h beta h) for the six coefficients of anisotropicPart. */
export const anisotropicDamping = (b: Float64Array, h: number, k: number, l: number): number =>
  Math.exp(-(h * h * b[0]! + k * k * b[1]! + l * l * b[2]! + h * k * b[3]! + h * l * b[4]! + k * l * b[5]!));

/** U_eq = (1/3) sum_ij U_ij a*_i a*_j (a_i . a_j), angstrom^2. */
function equivalentU([u11, u22, u33, u12, u13, u23]: Tensor, metric: ReciprocalMetric): number {
  const [aa, bb, cc, bc, ac, ab] = metric;
  const [ra, rb, rc] = [Math.sqrt(aa), Math.sqrt(bb), Math.sqrt(cc)];
  // elements of G*, whose inverse G holds a_i . a_j
  const [g12, g13, g23] = [ab / 2, ac / 2, bc / 2];
  const determinant = aa * (bb * cc - g23 * g23) - g12 * (g12 * cc - g23 * g13) + g13 * (g12 * g23 - bb * g13);
  const sum =
    u11 * aa * (bb * cc - g23 * g23) +
    u22 * bb * (aa * cc - g13 * g13) +
    u33 * cc * (aa * bb - g12 * g12) +
    2 * u12 * ra * rb * (g13 * g23 - g12 * cc) +
    2 * u13 * ra * rc * (g12 * g23 - g13 * bb) +
    2 * u23 * rb * rc * (g12 * g13 - g23 * aa);
  return sum / determinant / 3;
}
