/**
 * How large parallax is in a scan, and what it does to lattice parameters that are mapped without regard to it.
 *
 * A parcel t nearer to the detector than the rotation axis scatters onto a ring of radius (L - t) tan(2theta), so its
 * lattice parameters appear larger by t / L. Over the angles of a scan t = -x sin(omega) + y cos(omega) has a mean, which
 * is what a lone object off the axis is shifted by (2 r / pi over half a turn, nothing over a whole one), and a spread,
 * which broadens its peaks. In an object symmetric about the axis, parcels before and behind the axis share every ray,
 * and shifts cancel to first order; what is left are broader peaks and errors of smaller scale.
 *
 * Source: Vamvakeros et al., J. Appl. Cryst. 53 (2020) 1531; 2 r / pi and the cancellation from the geometry above.
 */
export interface ParallaxSize {
  /** largest apparent shift of lattice parameters to either side, relative: radius over distance */
  readonly relative: number;
  /** mm on the detector at the highest angle */
  readonly ringMm: number;
  /** the same in translation steps, in detector pixels and in radial bins, where these are known */
  readonly steps?: number;
  readonly pixels?: number;
  readonly bins?: number;
  /** shift of a lone object at the edge, at worst: conventional minus true lattice parameter, relative */
  readonly bias: number;
  /** standard deviation of its apparent lattice parameter over the angles, relative, at worst */
  readonly spread: number;
}

export interface ParallaxInput {
  /** of the slice */
  readonly radiusMm: number;
  readonly distanceMm: number;
  /** [angle] degrees */
  readonly omegaDeg: ArrayLike<number>;
  /** highest angle of interest, degrees */
  readonly twoThetaDeg: number;
  readonly stepMm?: number;
  readonly pixelMm?: number;
  /** degrees of two-theta in a bin at that angle */
  readonly binDeg?: number;
}

/** Smaller shifts of lattice parameters than this matter to nobody who maps them. */
const NEGLIGIBLE = 1e-4;

/** How large parallax is for a sample: shifts of rings and lattice parameters, relative, in mm, pixels and bins. */
export function parallaxSize(input: ParallaxInput): ParallaxSize {
  const { radiusMm, distanceMm, omegaDeg, twoThetaDeg, stepMm, pixelMm, binDeg } = input;
  const relative = radiusMm / distanceMm;
  const twoTheta = (twoThetaDeg * Math.PI) / 180;
  const ringMm = radiusMm * Math.tan(twoTheta);
  const { mean, deviation } = depthOfCircle(omegaDeg);
  return {
    relative,
    ringMm,
    bias: mean * relative,
    spread: deviation * relative,
    ...(stepMm !== undefined && { steps: ringMm / stepMm }),
    ...(pixelMm !== undefined && { pixels: ringMm / pixelMm }),
    ...(binDeg !== undefined && {
      bins: (relative * Math.sin(twoTheta) * Math.cos(twoTheta) * 180) / Math.PI / binDeg,
    }),
  };
}

/** Of t over the angles, for a point on the unit circle where it is largest: the mean, and the standard deviation. */
function depthOfCircle(omegaDeg: ArrayLike<number>): { mean: number; deviation: number } {
  const n = omegaDeg.length;
  let [c, s, cc, ss, cs] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const omega = (omegaDeg[i]! * Math.PI) / 180;
    const [cos, sin] = [Math.cos(omega), Math.sin(omega)];
    c += cos / n;
    s += sin / n;
    cc += (cos * cos) / n;
    ss += (sin * sin) / n;
    cs += (cos * sin) / n;
  }
  // variance of t = p . (-sin, cos) is p C p: the larger eigenvalue of C
  const [a, b, d] = [ss - s * s, s * c - cs, cc - c * c];
  const largest = (a + d) / 2 + Math.hypot((a - d) / 2, b);
  return { mean: Math.hypot(c, s), deviation: Math.sqrt(Math.max(0, largest)) };
}

const ppm = (x: number): string => (x * 1e6).toFixed(0);

/** How large it is, in one line. */
export function describeParallax({ relative, ringMm, steps, pixels, bins }: ParallaxSize): string {
  const alike = [
    steps !== undefined && `${steps.toFixed(1)} steps`,
    pixels !== undefined && `${pixels.toFixed(1)} pixels`,
    bins !== undefined && `${bins.toFixed(1)} bins`,
  ].filter((text) => text !== false);
  return `up to ±${ppm(relative)} ppm in lattice parameters, ±${ringMm.toFixed(3)} mm${
    alike.length > 0 ? ` (${alike.join(", ")})` : ""
  } on the detector at the highest angle`;
}

/** What it would do to conventional maps, and what to do about it; empty where it is too small to matter. */
export function parallaxEffects({ relative, bias, spread }: ParallaxSize): string[] {
  if (relative < NEGLIGIBLE) return [];
  const effect =
    bias > 0.05 * relative
      ? `An object at the edge, alone, would be off by up to ${ppm(bias)} ppm in conventional maps; over 360 degrees it would not be, but its peaks would be broader.`
      : "Over these angles conventional maps are not shifted on the whole, even far from the axis, but peaks are broader.";
  return [
    `${effect} Its peaks are spread by ${ppm(spread)} ppm (standard deviation). In an object symmetric about the axis shifts cancel to first order.`,
  ];
}

/** Which cure is for what; empty where none is needed. */
export function parallaxCures({ relative }: ParallaxSize): string[] {
  if (relative < NEGLIGIBLE) return [];
  return [
    "Cures of parallax: map.firstMoment corrects cells of conventional maps to first order, at no cost, for a quick look; reconstruct: {method: cgls, parallax: true} gives volumes free of it without any model, narrow peaks included, at several times the cost; dlsr refines cells on the sinograms themselves, the most precise where the phases are known.",
  ];
}
