import { withEsd } from "../../data/with-esd.ts";
import type { RefinementResult } from "./result.ts";

const fixed = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : "-");

export { withEsd };

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
