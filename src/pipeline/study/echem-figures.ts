/** Figures of what cyclers recorded, several cells in one: voltage over time and capacity, dQ/dV, dV/dQ. */
import {
  cumulativeCharge,
  differentialCapacity,
  differentialVoltage,
  type EchemDescription,
  type HalfCycle,
} from "../../stages/echem/index.ts";
import { type CurvesFigure, curvesFigure, type FigureCurve } from "../../stages/figure/index.ts";
import { CELL_COLOURS } from "../../stages/figure/print-figure.ts";
import { capacityUnit, rowsOf } from "./echem-tables.ts";
import type { EchemCell } from "./read-echem.ts";

/** More points than a figure has pixels only make it heavy. */
const MOST_POINTS = 4000;
/** A curve of a half cycle, however many there are. */
const LEAST_POINTS = 150;

interface Points {
  readonly x: number[];
  readonly y: number[];
}

/** [name of the file, SVG]; those that the records do not allow are left out. */
export const echemFigures = (cells: readonly EchemCell[]): [string, string][] =>
  echemCurves(cells).map(([name, figure]) => [name, curvesFigure(figure)]);

/** [name of the figure, its curves]: voltage over time and over capacity, dQ/dV, dV/dQ, as far as records allow them. */
export function echemCurves(cells: readonly EchemCell[]): [string, CurvesFigure][] {
  const capacity = capacityAxis(cells);
  const figures: [string, CurvesFigure | undefined][] = [
    ["voltage-time", overTime(cells)],
    [
      "voltage-capacity",
      ofHalves(cells, "Voltage over capacity", capacity.label, "voltage (V)", (cell, half) =>
        overCapacity(cell, half, capacity.of(cell)),
      ),
    ],
    [
      "dq-dv",
      ofHalves(
        cells,
        `dQ/dV where the voltage moved, ${smoothedBy(cells, "smoothingV")}`,
        "voltage (V)",
        `dQ/dV (${capacity.unit}/V)`,
        (cell, half) => dQdV(cell, half, capacity.of(cell)),
      ),
    ],
    [
      "dv-dq",
      withoutSteepEnds(
        ofHalves(
          cells,
          `dV/dQ, ${smoothedBy(cells, "smoothingShare")}`,
          capacity.label,
          `|dV/dQ| (V/${capacity.unit.includes("/") ? `(${capacity.unit})` : capacity.unit})`,
          (cell, half) => dVdQ(cell, half, capacity.of(cell)),
        ),
      ),
    ],
  ];
  return figures.flatMap(([name, figure]) => (figure ? [[name, figure] as [string, CurvesFigure]] : []));
}

/** Cells that were cycled alike lie on each other: the first is the widest, so that all are seen. */
const widthOf = (k: number, cells: number): number => 1.2 + 0.9 * (cells - 1 - k);

const smoothedBy = (cells: readonly EchemCell[], key: "smoothingV" | "smoothingShare"): string => {
  const { config } = cells[0]!;
  return key === "smoothingV"
    ? `smoothed with a Gaussian of ${Number((1000 * config.smoothingV).toPrecision(3))} mV FWHM`
    : `smoothed over ${Number((100 * config.smoothingShare).toPrecision(3))} % of the capacity (FWHM)`;
};

/** mAh or µAh, or mAh/g where all cells have a mass. */
function capacityAxis(cells: readonly EchemCell[]): { label: string; unit: string; of: (cell: EchemCell) => number } {
  if (cells.every(({ config }) => config.massG !== undefined)) {
    return { label: "capacity (mAh/g)", unit: "mAh/g", of: ({ config }) => 1000 / config.massG! };
  }
  const most = Math.max(
    0,
    ...cells.flatMap(({ description }) => description.halfCycles.map(({ chargeAh }) => chargeAh)),
  );
  const { unit, perAh } = capacityUnit(most);
  return { label: `capacity (${unit})`, unit, of: () => perAh };
}

function overTime(cells: readonly EchemCell[]): CurvesFigure {
  const longest = Math.max(...cells.map(({ record }) => record.timeS.at(-1)! - record.timeS[0]!));
  const [unit, seconds] = longest > 7200 ? ["h", 3600] : longest > 300 ? ["min", 60] : ["s", 1];
  const curves = cells.map(({ name, record }, k): FigureCurve => {
    const kept = thinned(record.timeS, record.voltageV);
    const start = record.timeS[0]!;
    return {
      name,
      colour: CELL_COLOURS[k % CELL_COLOURS.length]!,
      width: widthOf(k, cells.length),
      x: kept.map((i) => (record.timeS[i]! - start) / seconds),
      values: kept.map((i) => record.voltageV[i]!),
    };
  });
  return {
    title:
      cells.length > 1 ? "Voltage over time, from the start of each record" : `Voltage over time, ${cells[0]!.name}`,
    x: curves.flatMap(({ x }) => Array.from(x!)),
    xLabel: `time (${unit})`,
    yLabel: "voltage (V)",
    curves,
  };
}

/** One curve for each cell, or for one cell its charges and its discharges; half cycles one after the other. */
function ofHalves(
  cells: readonly EchemCell[],
  title: string,
  xLabel: string,
  yLabel: string,
  points: (cell: EchemCell, half: HalfCycle) => Points | undefined,
): CurvesFigure | undefined {
  const only = cells.length === 1 ? cells[0]! : undefined;
  const groups: [string, EchemCell, (half: HalfCycle) => boolean][] = only
    ? [
        ["charge", only, ({ direction }) => direction === 1],
        ["discharge", only, ({ direction }) => direction === -1],
      ]
    : cells.map((cell) => [cell.name, cell, () => true]);
  const curves = groups.flatMap(([name, cell, isOf], k): FigureCurve[] => {
    const found = cell.description.halfCycles.filter(isOf).flatMap((half) => points(cell, half) ?? []);
    if (found.length === 0) return [];
    const gap = <T>(values: readonly number[]): number[] => [...values, Number.NaN] as (number & T)[];
    return [
      {
        name,
        colour: CELL_COLOURS[k % CELL_COLOURS.length]!,
        ...(!only && { width: widthOf(k, cells.length) }),
        x: found.flatMap(({ x }) => gap(x)),
        values: found.flatMap(({ y }) => gap(y)),
      },
    ];
  });
  if (curves.length === 0) return undefined;
  return {
    title: only ? `${title}, ${only.name}` : title,
    x: curves.flatMap(({ x }) => Array.from(x!)),
    xLabel,
    yLabel,
    curves,
  };
}

function overCapacity(cell: EchemCell, half: HalfCycle, perAh: number): Points {
  const { record } = cell;
  const charge = cumulativeCharge(record)!;
  const [first, last] = rowsOf(cell.description, half);
  // the row before the current was switched has another voltage
  const from = Math.min(last, first + 1);
  const x = charge.slice(from, last + 1).map((value) => Math.abs(value - charge[first]!) * perAh);
  const y = record.voltageV.slice(from, last + 1);
  const share = Math.max(LEAST_POINTS, Math.ceil((4 * MOST_POINTS) / cell.description.halfCycles.length));
  const kept = thinned(x, y, Math.min(MOST_POINTS, share));
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) };
}

/** At constant voltage charge passes without a change of voltage: there dQ/dV is no number, and is left out. */
function dQdV(cell: EchemCell, half: HalfCycle, perAh: number): Points | undefined {
  const runs = movingRuns(cell.description, half).flatMap(([first, last]) => {
    const found = differentialCapacity(cell.record, [Math.min(last, first + 1), last], cell.config.smoothingV);
    return found ? [{ x: [...found.voltageV], y: [...found.ahPerV].map((value) => value * perAh) }] : [];
  });
  if (runs.length === 0) return undefined;
  return { x: runs.flatMap(({ x }) => [...x, Number.NaN]), y: runs.flatMap(({ y }) => [...y, Number.NaN]) };
}

/** Rows of a half cycle between its steps of constant voltage. */
function movingRuns(description: EchemDescription, { first, last }: HalfCycle): [number, number][] {
  const runs: { first: number; last: number }[] = [];
  for (let k = first; k <= last; k++) {
    const { kind } = description.segments[k]!;
    if (kind === "CV" || (kind === "rest" && runs.at(-1)?.last !== k - 1)) continue;
    const before = runs.at(-1);
    if (before?.last === k - 1) before.last = k;
    else runs.push({ first: k, last: k });
  }
  return runs.map((run) => rowsOf(description, run));
}

/** Where a cell is all but full or empty its voltage rises or falls so steeply that it would hide what lies between. */
function withoutSteepEnds(figure: CurvesFigure | undefined): CurvesFigure | undefined {
  const values = figure?.curves.flatMap((curve) => Array.from(curve.values).filter(Number.isFinite)) ?? [];
  const most = values.sort((a, b) => a - b)[Math.floor(0.85 * values.length)];
  return figure && (most! > 0 ? { ...figure, yLimits: [0, 1.5 * most!] } : figure);
}

function dVdQ(cell: EchemCell, half: HalfCycle, perAh: number): Points | undefined {
  const [first, last] = rowsOf(cell.description, half);
  const found = differentialVoltage(cell.record, [Math.min(last, first + 1), last], cell.config.smoothingShare);
  return (
    found && {
      x: [...found.chargeAh].map((value) => value * perAh),
      y: [...found.vPerAh].map((value) => Math.abs(value) / perAh),
    }
  );
}

/** Rows that a figure needs: of many, those with the lowest and the highest value of each stretch. */
function thinned(x: ArrayLike<number>, y: ArrayLike<number>, most = MOST_POINTS): number[] {
  const all = Array.from({ length: x.length }, (_, i) => i);
  if (all.length <= most) return all;
  const stretch = Math.ceil((2 * all.length) / most);
  const kept = new Set([0, all.length - 1]);
  for (let start = 0; start < all.length; start += stretch) {
    let [low, high] = [start, start];
    for (let i = start; i < Math.min(all.length, start + stretch); i++) {
      if (y[i]! < y[low]!) low = i;
      if (y[i]! > y[high]!) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}
