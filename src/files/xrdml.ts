/**
 * PANalytical .xrdml 1.x and 2.x: the first scan over two-theta.
 *
 * Counts are those of the detector, intensities are counts times the factors of the beam attenuator; where there are
 * factors, sigma is that of the counts.
 *
 * Source: the XRD measurement file schema, www.xrdml.com/XRDMeasurement/1.5 and 2.0.
 */
import { InputError, type Pattern } from "../data/index.ts";
import { attribute, element, elements } from "./xml-parts.ts";

export const isXrdml = (text: string): boolean => /<xrdMeasurements?[\s>]/.test(text.slice(0, 4096));

/** @throws InputError "xrdml-no-scan" | "xrdml-damaged" */
export function parseXrdml(text: string, name: string): Pattern {
  const points = element(text, "dataPoints");
  const positions = points && elements(points, "positions").find(({ head }) => attribute(head, "axis") === "2Theta");
  const counts = points && numbers(element(points, "counts"));
  const intensities = points && numbers(element(points, "intensities"));
  const measured = counts ?? intensities;
  if (!positions || !measured || measured.length === 0) {
    throw new InputError(
      "xrdml-no-scan",
      `${name}: no scan over two-theta with counts or intensities is in the file. Save it as .xy.`,
    );
  }
  const n = measured.length;
  const values = twoTheta(positions.body, n);
  const factors = numbers(element(points, "beamAttenuationFactors"));
  const bad = values.findIndex(
    (x, i) => !Number.isFinite(x + measured[i]!) || (i > 0 && !(x > values[i - 1]!)) || (factors && !(factors[i]! > 0)),
  );
  if (bad >= 0 || values.length !== n || (factors && factors.length !== n)) {
    throw new InputError(
      "xrdml-damaged",
      `${name}: ${values.length} positions, ${n} intensities${factors ? ` and ${factors.length} attenuation factors` : ""} do not fit each other${bad >= 0 ? `, or point ${bad + 1} is no number or not above the one before` : ""}. Save the file again.`,
    );
  }
  const axis = { unit: "two-theta" as const, values: Float64Array.from(values) };
  if (!factors) return { axis, intensity: Float64Array.from(measured) };
  const intensity = measured.map((y, i) => (counts ? y * factors[i]! : y));
  return {
    axis,
    intensity: Float64Array.from(intensity),
    sigma: Float64Array.from(intensity, (y, i) => Math.sqrt(Math.max(y, factors[i]!) * factors[i]!)),
  };
}

/** Every position, or first and last of even steps. */
function twoTheta(positions: string, n: number): number[] {
  const list = numbers(element(positions, "listPositions"));
  if (list) return list;
  const first = Number(element(positions, "startPosition") ?? Number.NaN);
  const last = Number(element(positions, "endPosition") ?? Number.NaN);
  return Array.from({ length: n }, (_, i) => (n === 1 ? first : first + (i * (last - first)) / (n - 1)));
}

const numbers = (text: string | undefined): number[] | undefined =>
  text?.trim().split(/\s+/).filter(Boolean).map(Number);
