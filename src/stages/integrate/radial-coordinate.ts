import { type AxisUnit, InputError } from "../../data/index.ts";
import type { Coordinate, Poni } from "../../geometry/index.ts";

const DEG = 180 / Math.PI;

/**
 * The radial coordinate in the units of data/axis.ts, from a place [t1, t2, t3] in metres around the sample.
 *
 * @throws InputError "axis-needs-wavelength"
 */
export function radialCoordinate(unit: AxisUnit, poni: Poni): Coordinate {
  // sqrt, not Math.hypot: several times faster, and lengths in metres cannot overflow
  const twoTheta: Coordinate = (t) => Math.atan2(Math.sqrt(t[0]! * t[0]! + t[1]! * t[1]!), t[2]!);
  if (unit === "two-theta") return (t) => twoTheta(t) * DEG;
  if (unit === "radius") return (t) => poni.dist * 1e3 * Math.tan(twoTheta(t));
  if (unit === "log-tan") return (t) => Math.log(Math.tan(twoTheta(t)));
  if (!(poni.wavelength! > 0)) {
    throw new InputError(
      "axis-needs-wavelength",
      "The q axis needs the wavelength, and the calibration has none: add a Wavelength line (metres) to the .poni, or give the energy.",
    );
  }
  const scale = (4 * Math.PI) / (poni.wavelength! * 1e10);
  return (t) => scale * Math.sin(twoTheta(t) / 2);
}
