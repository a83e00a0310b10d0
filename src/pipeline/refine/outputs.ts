/** What a refinement or a series writes besides its .json: figures and tables as text. */
import { seriesFigure } from "../../stages/figure/index.ts";
import { type RefinementResult, type SeriesEntry, seriesColumns } from "../../stages/refine/index.ts";
import type { SeriesResult } from "./refine-series.ts";

/** .csv of the curves: two_theta_deg, observed, sigma, calculated, background, difference, each phase. */
export function curvesCsv({ pattern }: Pick<RefinementResult, "pattern">): string {
  const phases = Object.entries(pattern.phases);
  const quoted = (name: string): string => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);
  const head = ["two_theta_deg", "observed", "sigma", "calculated", "background", "difference"];
  const lines = [[...head, ...phases.map(([name]) => quoted(name))].join(",")];
  pattern.twoThetaDeg.forEach((x, i) => {
    const [o, s, c, b] = [pattern.observed[i]!, pattern.sigma[i]!, pattern.calculated[i]!, pattern.background[i]!];
    lines.push(
      [x, o, s, c, b, o - c, ...phases.map(([, own]) => own[i]!)].map((v) => Number(v.toPrecision(8))).join(","),
    );
  });
  return `${lines.join("\n")}\n`;
}

/** Cells, weight fractions, sizes and Rwp against the variable. */
export function seriesPanels({ title, variable, entries }: SeriesResult): string {
  const shown = seriesColumns(entries).filter(
    ({ name, esds, values }) =>
      name === "Rwp" ||
      (/^[^/]+\/(a|b|c|alpha|beta|gamma|weightFraction|size|strain)$/.test(name) &&
        (esds.some(Number.isFinite) || values.some(Number.isFinite))),
  );
  const isLookedAt = (entry: SeriesEntry): boolean =>
    entry.flag === "" && (entry.note !== "" || entry.status !== "converged");
  return seriesFigure({
    title: `${title || "series"}: ${entries.length} patterns`,
    x: {
      label: variable.unit ? `${variable.name} (${variable.unit})` : variable.name,
      values: entries.map((entry) => entry.variable),
    },
    panels: shown.map(({ name, unit, values, esds }) => ({
      label: name === "Rwp" ? "Rwp (%)" : unit ? `${name} (${unit})` : name,
      // a width that has run to its bound is no point of a curve
      values: /\/(size|strain)$/.test(name)
        ? values.map((v, i) => (Number.isFinite(esds[i]!) ? v : Number.NaN))
        : name === "Rwp"
          ? values.map((value) => 100 * value)
          : values,
      esds,
    })),
    isDoubtful: entries.map(isLookedAt),
    isFlagged: entries.map(({ flag }) => flag !== ""),
  });
}
