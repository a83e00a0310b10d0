import { type CyclerRecord, InputError } from "../../data/index.ts";

/** Clocks of programs on one machine agree to this; more is an overlap. */
const CLOCK_S = 60;

/**
 * Records of one cell, one after the other: in the order of their start where all say it, else as given. Between the
 * end of one and the start of the next no current is assumed to flow.
 *
 * @throws InputError "echem-overlap" | "echem-no-current"
 */
export function joinRecords(given: readonly CyclerRecord[]): CyclerRecord {
  if (given.length === 1) return given[0]!;
  // files of one sequence may all have the date of its start
  const isDated = new Set(given.flatMap(({ startedAt }) => startedAt ?? [])).size === given.length;
  const records = isDated ? given.toSorted((a, b) => secondsOf(a) - secondsOf(b)) : given;
  const without = records.filter(({ currentA }) => !currentA);
  if (without.length > 0 && without.length < records.length) {
    throw new InputError(
      "echem-no-current",
      `${without[0]!.source} has no current, and others of its cell have: they cannot be joined. Export it with its current, or give it as a cell of its own.`,
    );
  }
  const notes: string[] = [];
  if (!isDated) notes.push("the files do not all say when they began: they follow one another as given, without gaps");
  const starts = startsOf(records, isDated, notes);
  return assemble(records, starts, notes);
}

const secondsOf = ({ startedAt }: CyclerRecord): number =>
  Date.parse(/Z$|[+-]\d\d:\d\d$/.test(startedAt!) ? startedAt! : `${startedAt}Z`) / 1000;

/** Seconds to add to the times of each record. */
function startsOf(records: readonly CyclerRecord[], isDated: boolean, notes: string[]): number[] {
  const starts: number[] = [];
  let end = 0;
  records.forEach((record, k) => {
    const first = record.timeS[0]!;
    const wanted = isDated ? secondsOf(record) - secondsOf(records[0]!) : end - (k > 0 ? first : 0);
    const gap = wanted + first - end;
    if (k > 0 && gap < -CLOCK_S) {
      throw new InputError(
        "echem-overlap",
        `${record.source} begins ${Math.round(-gap)} s before ${records[k - 1]!.source} ends: they cannot be of one cell. Give each cell its own files, or put the dates right.`,
      );
    }
    const start = k > 0 ? Math.max(wanted, end - first) : wanted;
    if (k > 0 && gap > 0) notes.push(`${nameOf(record.source)} follows after ${describeGap(gap)} without a record`);
    starts.push(start);
    end = start + record.timeS.at(-1)!;
  });
  return starts;
}

const describeGap = (seconds: number): string =>
  seconds < 120
    ? `${seconds.toFixed(0)} s`
    : seconds < 7200
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(1)} h`;

function assemble(records: readonly CyclerRecord[], starts: readonly number[], notes: readonly string[]): CyclerRecord {
  const hasCurrent = records.every(({ currentA }) => currentA);
  const hasCharge = records.every(({ chargeAh }) => chargeAh);
  const hasCycle = records.every(({ cycle }) => cycle);
  const [timeS, voltageV, currentA, chargeAh, step, cycle]: number[][] = [[], [], [], [], [], []];
  let [charge, steps, cycles] = [0, 0, 0];
  records.forEach((record, k) => {
    const start = starts[k]!;
    const first = start + record.timeS[0]!;
    if (k > 0 && first > timeS!.at(-1)!) {
      // two rows at rest hold the current at 0 in the gap
      timeS!.push(timeS!.at(-1)!, first);
      voltageV!.push(voltageV!.at(-1)!, record.voltageV[0]!);
      currentA!.push(0, 0);
      chargeAh!.push(charge, charge);
      step!.push(steps + 1, steps + 1);
      cycle!.push(cycles, cycles);
      steps += 1;
    }
    record.timeS.forEach((time, i) => {
      timeS!.push(start + time);
      voltageV!.push(record.voltageV[i]!);
      currentA!.push(record.currentA?.[i] ?? 0);
      chargeAh!.push(charge + (record.chargeAh?.[i] ?? 0));
      step!.push(steps + 1 + (record.step?.[i] ?? 0));
      cycle!.push(cycles + (record.cycle?.[i] ?? 0));
    });
    [charge, steps, cycles] = [
      chargeAh!.at(-1)!,
      Math.max(
        steps,
        step!.reduce((a, b) => Math.max(a, b), 0),
      ),
      cycle!.at(-1)!,
    ];
  });
  const { startedAt } = records[0]!;
  return {
    source: records.map(({ source }) => source).join(" + "),
    format: [...new Set(records.map(({ format }) => format))].join(", "),
    ...(startedAt !== undefined && { startedAt }),
    timeS: Float64Array.from(timeS!),
    voltageV: Float64Array.from(voltageV!),
    ...(hasCurrent && { currentA: Float64Array.from(currentA!) }),
    ...(hasCharge && { chargeAh: Float64Array.from(chargeAh!) }),
    ...(hasCycle && { cycle: Int32Array.from(cycle!) }),
    step: Int32Array.from(step!),
    notes: [...notes, ...sharedNotes(records)],
  };
}

/** What several files have to say alike is said once. */
function sharedNotes(records: readonly CyclerRecord[]): string[] {
  const sources = new Map<string, string[]>();
  for (const { source, notes } of records) {
    for (const note of notes) sources.set(note, [...(sources.get(note) ?? []), nameOf(source)]);
  }
  return [...sources].map(
    ([note, names]) => `${names.length > 2 ? `${names.length} files` : names.join(", ")}: ${note}`,
  );
}

const nameOf = (source: string): string => source.split(/[\\/]/).at(-1)!;
