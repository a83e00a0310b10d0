import type { RefinementResult } from "./result.ts";

const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : "-");

/** 2.82205(4): the uncertainty in units of the last digits, two of them where it starts with 1. */
export function withEsd(value: number, esd: number | null): string {
  if (value === 0 && !(esd !== null && esd > 0)) return "0";
  if (esd === null || !(esd > 0))
    return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6 ? `${Number(value.toPrecision(7))}` : value.toPrecision(6);
  const size = Math.max(Math.abs(value), esd);
  // an esd in the last digits of a float64 says nothing: that of a fit without residuals
  if (!Number.isFinite(size) || esd < 1e-11 * size) return `${Number(value.toPrecision(12))}`;
  if (size < 1e-4 || size >= 1e15) {
    const power = Math.floor(Math.log10(size));
    return `${withEsd(value / 10 ** power, esd / 10 ** power)}e${power}`;
  }
  const exponent = Math.floor(Math.log10(esd));
  const digits = Math.max(0, (esd / 10 ** exponent < 1.95 ? 1 : 0) - exponent);
  const text = value.toFixed(digits).replace(/^-(?=0(\.0*)?$)/, "");
  return `${text}(${Math.round(esd * 10 ** digits)})`;
}

/** Uniform weights know no noise that a misfit could be held against. */
const againstNoise = ({ weights, statistics: { rexp, gof, reducedChi2 } }: RefinementResult): string =>
  weights === "uniform"
    ? "Rexp, GoF - (no sigma)"
    : `Rexp ${percent(rexp)}   GoF ${fixed(gof, 3)}   reduced chi2 ${fixed(reducedChi2, 3)}`;

/** For people: statistics, phases, refined parameters, and what a careful reader should know. */
export function refinementReport(result: RefinementResult): string[] {
  const { statistics: s, phases, parameters, stages } = result;
  const lines = [
    ...(result.title ? [result.title] : []),
    `${result.status}${result.reason ? ` (${result.reason})` : ""} after ${stages.reduce((n, { iterations }) => n + iterations, 0)} steps in ${stages.length} stages`,
    `Rwp ${percent(s.rwp)} (${percent(s.rwpNoBackground)} without background)   ${againstNoise(result)}   Durbin-Watson ${fixed(s.durbinWatson, 2)}`,
    `${s.points} points, ${s.parameters} parameters, weights: ${result.weights}; esds ${result.esd.kind === "plain" ? "from the covariance" : `times ${result.esd.factor.toPrecision(3)} (${result.esd.kind})`}`,
    "",
  ];
  for (const { name, kind, weightFraction, weightFractionEsd, rBragg } of phases) {
    const share =
      weightFraction === null
        ? kind
        : `${withEsd(100 * weightFraction, weightFractionEsd && 100 * weightFractionEsd)} wt%`;
    lines.push(`${name.padEnd(20)} ${share.padEnd(18)} R_Bragg ${percent(rBragg)}`);
  }
  lines.push("");
  for (const { name, value, esd, unit, status } of parameters) {
    if (status === "fixed") continue;
    lines.push(
      `${name.padEnd(28)} ${withEsd(value, esd).padEnd(20)} ${unit}${status === "refined" ? "" : `   (${status})`}`,
    );
  }
  for (const text of [...result.warnings.map((w) => `warning: ${w}`), ...result.notes.map((n) => `note: ${n}`)])
    lines.push(text);
  return lines;
}
