/** Tables of what the cycler recorded: for people, and as .csv. */
import { rateText } from "../../data/rate-text.ts";
import { withEsd } from "../../data/with-esd.ts";
import { cumulativeCharge, type HalfCycle, type Segment, type SeriesStates } from "../../stages/echem/index.ts";
import type { EchemCell } from "./read-echem.ts";

/** True rates of the steps of constant current, each once: "C/8.1, 1.2C"; of many, the slowest and the fastest. */
export function trueRatesText({ segments }: EchemCell["description"]): string {
  const rates = segments.flatMap(({ kind, trueRate }) => (kind === "CC" && trueRate ? [trueRate] : []));
  const texts = [...new Set(rates.sort((a, b) => a - b).map(rateText))];
  return texts.length > 3 ? `${texts[0]} to ${texts.at(-1)}` : texts.join(", ");
}

/** The unit in which a capacity is best read, and what an Ah is in it. */
export function capacityUnit(largestAh: number): { unit: string; perAh: number } {
  return largestAh > 0 && largestAh < 1e-4 ? { unit: "µAh", perAh: 1e6 } : { unit: "mAh", perAh: 1e3 };
}

export { rateText };

const duration = (seconds: number): string => {
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(2)} h`;
};
const fixed = (value: number | undefined, digits: number): string => (value === undefined ? "" : value.toFixed(digits));
const current = (amperes: number | undefined): string => {
  if (amperes === undefined) return "";
  const size = Math.abs(amperes);
  return size > 0 && size < 1e-4
    ? `${(amperes * 1e6).toFixed(2)} µA`
    : `${(amperes * 1e3).toFixed(size < 0.01 ? 4 : 2)} mA`;
};

/** A line for each segment. */
export function segmentLines({ name, record, description }: EchemCell): string[] {
  const { segments, capacity, cycles, net } = description;
  const most = Math.max(0, ...segments.map(({ chargeAh = 0 }) => Math.abs(chargeAh)));
  const { unit, perAh } = capacityUnit(most);
  const hasNominal = segments.some(({ nominalRate }) => nominalRate !== undefined);
  const heads = [
    "kind",
    "start",
    "length",
    "current",
    "V from",
    "V to",
    `charge (${unit})`,
    "true rate",
    ...(hasNominal ? ["nominal"] : []),
    "cycle",
  ];
  const rows = segments.map((segment) => [
    kindText(segment),
    duration(segment.startS),
    duration(segment.lengthS),
    current(segment.currentA),
    fixed(segment.voltageFromV, 4),
    fixed(segment.voltageToV, 4),
    segment.chargeAh === undefined ? "" : withEsd(segment.chargeAh * perAh, (segment.chargeEsdAh ?? 0) * perAh),
    rateText(segment.trueRate),
    ...(hasNominal ? [rateText(segment.nominalRate)] : []),
    segment.cycle === undefined ? "" : String(segment.cycle),
  ]);
  const lines = [
    `${name}: ${record.format}, ${record.timeS.length} rows${record.startedAt ? `, from ${record.startedAt.replace("T", " ")}` : ""}`,
    ...aligned([heads, ...rows]),
  ];
  if (capacity)
    lines.push(
      "",
      `capacity that true rates refer to: ${withEsd(capacity.ah * perAh, capacity.esd * perAh)} ${unit} (${capacity.from})`,
    );
  if (net)
    lines.push(
      `net charge: ${withEsd(net.ah * perAh, net.esd * perAh)} ${unit}, ${net.from}; in ${(net.chargedAh * perAh).toFixed(3)}, out ${(net.dischargedAh * perAh).toFixed(3)}`,
    );
  for (const { number, chargedAh, dischargedAh, efficiency, efficiencyEsd } of cycles) {
    if (efficiency === undefined) continue;
    lines.push(
      `cycle ${number}: charge ${(chargedAh * perAh).toFixed(3)}, discharge ${(dischargedAh * perAh).toFixed(3)} ${unit}, efficiency ${withEsd(100 * efficiency, 100 * efficiencyEsd!)} %`,
    );
  }
  return [...lines, ...description.notes.map((note) => `note: ${note}`)];
}

const kindText = ({ kind, direction }: Segment): string => {
  if (kind === "rest") return "rest";
  if (kind === "voltage") return direction > 0 ? "V rises" : "V falls";
  return `${kind} ${direction > 0 ? "charge" : direction < 0 ? "discharge" : ""}`.trim();
};

/** Columns as wide as they need, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, k) => Math.max(...rows.map((row) => row[k]!.length)));
  return rows.map((row) =>
    row
      .map((field, k) => (k === 0 ? field.padEnd(widths[k]!) : field.padStart(widths[k]!)))
      .join("  ")
      .trimEnd(),
  );
}

const number = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value) ? "" : String(Number(value.toPrecision(9)));
const quoted = (value: string): string => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
const csv = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  `${[heads, ...rows].map((row) => row.map(quoted).join(",")).join("\n")}\n`;

/** Every row of every cell. */
export function recordsCsv(cells: readonly EchemCell[]): string {
  const rows = cells.flatMap(({ name, record, description }) => {
    const charge = cumulativeCharge(record);
    const segmentOf = new Int32Array(record.timeS.length).fill(-1);
    description.segments.forEach(({ first, last }, k) => segmentOf.fill(k, first, last + 1));
    return Array.from(record.timeS, (time, i) => [
      name,
      number(time),
      number(record.voltageV[i]),
      number(record.currentA?.[i]),
      number(charge?.[i]),
      record.cycle ? String(record.cycle[i]) : "",
      String(segmentOf[i]),
    ]);
  });
  return csv(["cell", "time (s)", "voltage (V)", "current (A)", "charge (Ah)", "cycle", "segment"], rows);
}

export function segmentsCsv(cells: readonly EchemCell[]): string {
  const rows = cells.flatMap(({ name, description, config }) =>
    description.segments.map((segment, k) => [
      name,
      String(k),
      segment.kind,
      String(segment.direction),
      ...[
        segment.startS,
        segment.lengthS,
        segment.currentA,
        segment.voltageFromV,
        segment.voltageToV,
        segment.chargeAh,
        segment.chargeEsdAh,
        segment.integratedAh,
        segment.energyWh,
        segment.trueRate,
        segment.nominalRate,
        config.massG && segment.chargeAh !== undefined ? (1000 * segment.chargeAh) / config.massG : undefined,
      ].map(number),
      segment.cycle === undefined ? "" : String(segment.cycle),
      segment.step === undefined ? "" : String(segment.step),
    ]),
  );
  const heads = [
    "cell",
    "segment",
    "kind",
    "direction",
    "start (s)",
    "length (s)",
    "current (A)",
    "voltage from (V)",
    "voltage to (V)",
    "charge (Ah)",
    "charge esd (Ah)",
    "integrated charge (Ah)",
    "energy (Wh)",
    "true rate (1/h)",
    "nominal rate (1/h)",
    "charge (mAh/g)",
    "cycle",
    "step",
  ];
  return csv(heads, rows);
}

export function cyclesCsv(cells: readonly EchemCell[]): string {
  const rows = cells.flatMap(({ name, description }) =>
    description.cycles.map((cycle) => [
      name,
      String(cycle.number),
      ...[
        cycle.chargedAh,
        cycle.dischargedAh,
        cycle.chargedWh,
        cycle.dischargedWh,
        cycle.efficiency,
        cycle.efficiencyEsd,
      ].map(number),
    ]),
  );
  return csv(
    [
      "cell",
      "cycle",
      "charged (Ah)",
      "discharged (Ah)",
      "charged (Wh)",
      "discharged (Wh)",
      "efficiency",
      "efficiency esd",
    ],
    rows,
  );
}

/** The state of the cell at each pattern. */
export function statesCsv(names: readonly string[], states: SeriesStates): string {
  const rows = names.map((name, k) => [
    name,
    ...[states.timeS[k], states.voltageV[k], states.currentA?.[k], states.chargeAh?.[k]].map(number),
    String(states.segment[k]),
  ]);
  return csv(["pattern", "time (s)", "voltage (V)", "current (A)", "charge (Ah)", "segment"], rows);
}

/** Rows of the record that a half cycle covers, its start with the last row before it. */
export function rowsOf(
  { segments }: EchemCell["description"],
  { first, last }: Pick<HalfCycle, "first" | "last">,
): [number, number] {
  const before = segments[first - 1];
  return [before ? before.last : segments[first]!.first, segments[last]!.last];
}
