/** Cycler data as the programs of two makers write it, for data that was simulated. */

/** What is written: one technique of a cycler. */
export interface CyclerStep {
  readonly kind: "rest" | "charge" | "discharge";
  /** from the beginning of the step */
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  /** positive where the cell is charged */
  readonly currentA: Float64Array;
  /** from the beginning of the whole record */
  readonly chargeAh: Float64Array;
  /** of the step in the whole record */
  readonly startS: number;
}

const GAMRY_TAGS = {
  rest: ["CORPOT", "Open Circuit Potential"],
  charge: ["PWR800_CHARGE", "Cyclic Charge Discharge - Charge Step"],
  discharge: ["PWR800_DISCHARGE", "Cyclic Charge Discharge - Discharge Step"],
} as const;

/**
 * One step as a Gamry .DTA: a head of tags and a table CURVE; of a rest without current.
 *
 * @param startedAt when the whole record began; written as local time without zone, as Gamry does
 * @param hasComma decimal commas and a date with points, as on a German computer
 */
export function formatGamryDta(step: CyclerStep, startedAt: Date, hasComma: boolean): string {
  const { kind, timeS, voltageV, currentA } = step;
  const number = (value: number, digits = 5): string => {
    const text = value
      .toExponential(digits)
      .replace(/e([+-])(\d+)$/, (_, sign, power) => `E${sign}${power.padStart(3, "0")}`);
    return hasComma ? text.replace(".", ",") : text;
  };
  const seconds = (value: number): string => {
    const text = String(Number(value.toFixed(4)));
    return hasComma ? text.replace(".", ",") : text;
  };
  const [tag, title] = GAMRY_TAGS[kind];
  const [date, time] = stamp(startedAt, step.startS);
  const [year, month, day] = date.split("-") as [string, string, string];
  const head = [
    "EXPLAIN",
    `TAG\t${tag}`,
    `TITLE\tLABEL\t${title}\tTest &Identifier`,
    `DATE\tLABEL\t${hasComma ? `${day}.${month}.${year}` : `${Number(month)}/${Number(day)}/${year}`}\tDate`,
    `TIME\tLABEL\t${time}\tTime`,
    "NOTES\tNOTES\t1\t&Notes...",
    "\tsimulated",
    "PSTAT\tPSTAT\tsimulated\tPotentiostat",
    `SAMPLETIME\tQUANT\t${number(timeS.length > 1 ? timeS[1]! - timeS[0]! : 0)}\tSa&mple Period (s)`,
    `CURVE\tTABLE\t${timeS.length}`,
  ];
  const [titles, units] =
    kind === "rest"
      ? [
          ["Pt", "T", "Vf", "Vm", "Ach", "Over", "Temp"],
          ["#", "s", "V vs. Ref.", "V", "V", "bits", "deg C"],
        ]
      : [
          ["Pt", "T", "Vf", "Im", "Vu", "Pwr", "Sig", "Ach", "Temp", "IERange", "Over"],
          ["#", "s", "V", "A", "V", "W", "V", "V", "deg C", "#", "bits"],
        ];
  const rows = Array.from(timeS, (t, i) => {
    const v = voltageV[i]!;
    const a = currentA[i]!;
    const none = number(0);
    return kind === "rest"
      ? [i, seconds(t), number(v), number(v), none, "..........a", number(25)]
      : [i, seconds(t), number(v), number(a), none, number(v * a), none, none, number(25), 10, "..........a"];
  });
  const table = [titles, units, ...rows].map((fields) => `\t${fields.join("\t")}`);
  return `${[...head, ...table].join("\r\n")}\r\n`;
}

/**
 * All steps as one EC-Lab text file (.mpt): time, control, voltage, current in mA and charge in mA h, `Ns` of the step.
 *
 * @param startedAt when the whole record began
 */
export function formatEcLabText(steps: readonly CyclerStep[], startedAt: Date): string {
  const columns = ["mode", "ox/red", "error", "Ns", "time/s", "Ewe/V", "I/mA", "(Q-Qo)/mA.h"];
  const rows = steps.flatMap((step, n) =>
    Array.from(step.timeS, (t, i) => {
      const fields = [t + step.startS, step.voltageV[i]!, step.currentA[i]! * 1e3, step.chargeAh[i]! * 1e3];
      const isRest = step.kind === "rest";
      const numbers = fields.map((value) =>
        value
          .toExponential(9)
          .replace(/e([+-])(\d)$/, "E$10$2")
          .replace("e", "E"),
      );
      return [isRest ? 3 : 1, step.kind === "charge" ? 1 : 0, 0, n, ...numbers].join("\t");
    }),
  );
  const [date, time] = stamp(startedAt, 0);
  const [year, month, day] = date.split("-");
  const about = [
    "Galvanostatic Cycling with Potential Limitation",
    "",
    `Acquisition started on : ${month}/${day}/${year} ${time}`,
    "Comments : simulated",
    "",
  ];
  // the names of the columns are the last line of the head
  const head = ["EC-Lab ASCII FILE", `Nb header lines : ${about.length + 3}`, ...about, columns.join("\t")];
  return `${[...head, ...rows].join("\r\n")}\r\n`;
}

/** Date and time of day. */
function stamp(startedAt: Date, seconds: number): [string, string] {
  const [date, time] = new Date(startedAt.getTime() + seconds * 1e3).toISOString().split("T") as [string, string];
  return [date, time.slice(0, 8)];
}
