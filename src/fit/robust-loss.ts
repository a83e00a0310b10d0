/**
 * Loss functions: what one squared residual s = r^2 costs, rho(s), and its derivative rho'(s), the weight of the
 * residual. All are s for small s, so that good data are weighted as in plain least squares.
 *
 * Source: Triggs, McLauchlan, Hartley & Fitzgibbon, Bundle Adjustment, LNCS 1883 (2000) 298, section 3.
 */
export interface Loss {
  readonly cost: (squared: number) => number;
  readonly weight: (squared: number) => number;
}

/** Plain least squares: residuals in units of sigma, squared. */
export const squaredLoss: Loss = { cost: (s) => s, weight: () => 1 };

/** Quadratic to |r| = width, linear beyond: outliers pull with a constant force. */
export function huberLoss(width: number): Loss {
  const limit = width * width;
  return {
    cost: (s) => (s <= limit ? s : 2 * width * Math.sqrt(s) - limit),
    weight: (s) => (s <= limit ? 1 : width / Math.sqrt(s)),
  };
}

/** Logarithmic beyond |r| = width: far outliers lose their pull, at the price of local minima. */
export function cauchyLoss(width: number): Loss {
  const limit = width * width;
  return {
    cost: (s) => limit * Math.log1p(s / limit),
    weight: (s) => 1 / (1 + s / limit),
  };
}
