/** A series as rows: what was refined against what it ran over. */
import type { SurfaceResult } from "./refine-surface.ts";
import { withEsd } from "./report.ts";
import type { SeriesEntry } from "./series-entry.ts";

export interface SeriesColumn {
  readonly name: string;
  readonly unit: string;
  /** [entry] NaN where there is none */
  readonly values: readonly number[];
  readonly esds: readonly number[];
}

/** Every parameter that moved in some pattern, the weight fractions, and how well each fit is. */
export function seriesColumns(entries: readonly SeriesEntry[]): SeriesColumn[] {
  const columns: SeriesColumn[] = [];
  const statistic = (name: string, of: (entry: SeriesEntry) => number | undefined): void => {
    const values = entries.map((entry) => of(entry) ?? Number.NaN);
    columns.push({ name, unit: "", values, esds: values.map(() => Number.NaN) });
  };
  statistic("Rwp", ({ statistics }) => statistics?.rwp);
  statistic("GoF", ({ statistics }) => statistics?.gof);
  const names = new Map<string, string>();
  for (const { parameters } of entries) {
    for (const { name, unit, status } of parameters) if (status !== "fixed") names.set(name, unit);
  }
  const phases = new Set(entries.flatMap((entry) => entry.phases.map(({ name }) => name)));
  if (phases.size > 1) {
    for (const name of phases) {
      const own = entries.map((entry) => entry.phases.find((phase) => phase.name === name));
      const values = own.map((phase) => phase?.weightFraction ?? Number.NaN);
      if (!values.some(Number.isFinite)) continue;
      columns.push({
        name: `${name}/weightFraction`,
        unit: "",
        values,
        esds: own.map((phase) => phase?.weightFractionEsd ?? Number.NaN),
      });
    }
  }
  const lookup = entries.map(({ parameters }) => new Map(parameters.map((one) => [one.name, one])));
  for (const [name, unit] of names) {
    const own = lookup.map((map) => map.get(name));
    columns.push({
      name,
      unit,
      values: own.map((one) => one?.value ?? Number.NaN),
      esds: own.map((one) => one?.esd ?? Number.NaN),
    });
  }
  return columns;
}

/** .csv: a line for each pattern, each quantity followed by its esd; empty where there is none. */
export function seriesCsv(entries: readonly SeriesEntry[], variable: string): string {
  const columns = seriesColumns(entries);
  const head = [
    "index",
    "pattern",
    variable,
    "flag",
    "status",
    "start",
    ...columns.flatMap(({ name, unit, esds }) => [
      unit ? `${name} (${unit})` : name,
      ...(esds.some(Number.isFinite) ? [`${name} esd`] : []),
    ]),
    "note",
  ];
  const number = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(9))) : "");
  const lines = entries.map((entry, i) =>
    [
      String(entry.index),
      entry.name,
      number(entry.variable),
      entry.flag,
      entry.status ?? "",
      entry.start ?? "",
      ...columns.flatMap(({ values, esds }) => [
        number(values[i]!),
        ...(esds.some(Number.isFinite) ? [number(esds[i]!)] : []),
      ]),
      entry.note,
    ].map(field),
  );
  return `${[head.map(field), ...lines].map((line) => line.join(",")).join("\n")}\n`;
}

const field = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** For people: cells, weight fractions and fit of each pattern. */
export function seriesReport(entries: readonly SeriesEntry[], variable: string, surface?: SurfaceResult): string[] {
  const columns = seriesColumns(entries).filter(
    ({ name }) => name === "Rwp" || name === "GoF" || /^[^/]+\/(a|b|c|alpha|beta|gamma|weightFraction)$/.test(name),
  );
  const cells = columns.map(({ name, unit, values, esds }) => {
    const rows = values.map((value, i) => {
      if (!Number.isFinite(value)) return "-";
      if (name === "Rwp") return `${(100 * value).toFixed(2)} %`;
      return name === "GoF" ? value.toFixed(2) : withEsd(value, Number.isFinite(esds[i]!) ? esds[i]! : null);
    });
    return [unit ? `${name} (${unit})` : name, ...rows];
  });
  const table = [
    ["", ...entries.map(({ name }) => name.split("/").at(-1)!)],
    [variable, ...entries.map((entry) => String(Number(entry.variable.toPrecision(7))))],
    ...cells,
    ["", ...entries.map(({ flag, start, status }) => remark(flag, start, status))],
  ];
  const widths = table.map((column) => Math.max(...column.map((text) => text.length)));
  const lines = table[0]!.map((_, row) =>
    table
      .map((column, k) => column[row]!.padEnd(widths[k]!))
      .join("  ")
      .trimEnd(),
  );
  const bad = entries.filter(({ flag }) => flag !== "");
  const again = entries.filter(({ note, flag }) => note !== "" && flag === "");
  const few = (list: readonly SeriesEntry[]): string[] => [
    ...list.slice(0, 12).map(({ name, flag, note }) => `  ${name}: ${[flag, note].filter(Boolean).join(", ")}`),
    ...(list.length > 12 ? [`  and ${list.length - 12} more; the table has all`] : []),
  ];
  if (bad.length > 0)
    lines.push("", `${bad.length} of ${entries.length} patterns are flagged and not fitted:`, ...few(bad));
  if (again.length > 0) lines.push("", `${again.length} fits were looked at again:`, ...few(again));
  if (surface) lines.push("", ...surfaceReport(surface));
  return lines;
}

function surfaceReport(surface: SurfaceResult): string[] {
  const { status, iterations, chi2, chi2Free, reducedChi2, points, parameters, polynomials } = surface;
  return [
    `surface refinement ${status} after ${iterations} steps: chi2 ${chi2.toPrecision(6)} of ${points} points and ${parameters} parameters (reduced ${reducedChi2.toFixed(3)}); ${chi2Free.toPrecision(6)} with all parameters free in each pattern`,
    ...polynomials.map(({ parameter, unit, origin, coefficients, esds }) => {
      const terms = coefficients.map((value, j) => {
        const power = j === 0 ? "" : j === 1 ? " t" : ` t^${j}`;
        const sign = j === 0 ? (value < 0 ? "-" : "") : value < 0 ? " - " : " + ";
        return `${sign}${withEsd(Math.abs(value), esds[j]!)}${power}`;
      });
      return `${parameter} = ${terms.join("")} ${unit}, t counted from ${Number(origin.toPrecision(7))}`;
    }),
  ];
}

function remark(flag: SeriesEntry["flag"], start: SeriesEntry["start"], status: SeriesEntry["status"]): string {
  if (flag !== "") return flag;
  const words = [...(start === "restarted" ? ["restarted"] : []), ...(status === "converged" ? [] : [status ?? ""])];
  return words.join(", ");
}
