/** Patterns of several samples above each other with their fits, ticks of the phases, and indices of strong lines. */
import { scaleLinear } from "d3-scale";
import { AXIS_LABELS, type AxisUnit } from "../../data/index.ts";
import type { Block } from "./print-figure.ts";
import { cut, element, text, translate } from "./svg.ts";

export interface FittedPattern {
  readonly label: string;
  /** [bin] */
  readonly x: ArrayLike<number>;
  readonly observed: ArrayLike<number>;
  readonly calculated?: ArrayLike<number>;
  /** what the fit came to: "Rwp 2.31 %" */
  readonly note?: string;
}

export interface IndexedReflection {
  readonly position: number;
  readonly hkl: readonly [number, number, number];
  /** by which lines are chosen */
  readonly intensity: number;
}

export interface IndexedPhase {
  readonly name: string;
  readonly colour: string;
  readonly reflections: readonly IndexedReflection[];
}

export interface IndexedPatterns {
  readonly unit: AxisUnit;
  readonly patterns: readonly FittedPattern[];
  readonly phases: readonly IndexedPhase[];
  /** left out: all of the patterns */
  readonly range?: readonly [number, number];
  /** of one pattern with its difference, in units of the text of 12; left out: by how many there are */
  readonly laneHeight?: number;
}

export interface PlacedLabel {
  readonly text: string;
  readonly colour: string;
  /** of the line */
  readonly at: number;
  /** of the label */
  readonly x: number;
}

const LEFT = 30;
const RIGHT = 78;
const LABEL_SIZE = 9;
/** From one label, that stands upright, to the next. */
const LABEL_STEP = 11;
/** A label that would be farther from its line is left out. */
const FARTHEST = 26;
const LABEL_ROOM = 62;
const TICK_ROW = 13;
const CURVES = 0.76;

/** Square roots of the intensities, so that weak lines are seen, and their differences: sigma is the same everywhere. */
export const indexedPatternBlock =
  (figure: IndexedPatterns): Block =>
  (width) => {
    const { patterns, phases, unit } = figure;
    const plot = width - LEFT - RIGHT;
    const range = figure.range ?? rangeOf(patterns);
    const x = scaleLinear(range, [0, plot]);
    const lane = figure.laneHeight ?? (patterns.length === 1 ? 260 : Math.max(90, 150 - 12 * patterns.length));
    const labels = placeLabels(phases, range, plot);
    const lanes = patterns.map((pattern, i) => drawLane(pattern, x, range, plot, LABEL_ROOM + i * lane, lane));
    const below = LABEL_ROOM + patterns.length * lane;
    const ticks = phases.map((phase, i) => tickRow(phase, i, x, range, plot));
    const axisAt = below + phases.length * TICK_ROW + 6;
    const frame = element("rect", {
      y: LABEL_ROOM,
      width: plot,
      height: axisAt - LABEL_ROOM,
      fill: "none",
      stroke: "black",
    });
    const svg = element(
      "g",
      { transform: translate(LEFT, 0) },
      ...labels.map((label) => drawLabel(label)),
      ...lanes,
      element("g", { transform: translate(0, below + 2) }, ...ticks),
      frame,
      abscissa(range, unit, plot, axisAt),
      text("√ intensity (arbitrary units)", {
        transform: `translate(-12,${(LABEL_ROOM + below) / 2}) rotate(-90)`,
        "text-anchor": "middle",
      }),
    );
    return { svg, height: axisAt + 42 };
  };

function rangeOf(patterns: readonly FittedPattern[]): [number, number] {
  const ends = patterns.map(({ x }) => [x[0]!, x[x.length - 1]!] as const);
  return [Math.min(...ends.map(([from]) => from)), Math.max(...ends.map(([, to]) => to))];
}

/**
 * Indices of as many lines as find room: the strongest of each phase first, then the second of each and so on. Labels
 * stand side by side in the order of their lines, no closer than is legible, each as near to its line as that allows.
 *
 * @param plot width that `range` takes
 */
export function placeLabels(
  phases: readonly IndexedPhase[],
  range: readonly [number, number],
  plot: number,
): PlacedLabel[] {
  const x = scaleLinear(range, [0, plot]);
  const ranked = phases.flatMap(({ colour, reflections }) => {
    const inside = reflections.filter(({ position }) => position >= range[0] && position <= range[1]);
    const strong = inside.sort((a, b) => b.intensity - a.intensity).slice(0, MOST_OF_A_PHASE);
    const least = LEAST_SHARE * (strong[0]?.intensity ?? 0);
    return strong
      .filter(({ intensity }) => intensity > 0 && intensity >= least)
      .map(({ position, hkl }, rank) => ({ rank, at: x(position), text: hklText(hkl), colour }));
  });
  let chosen: { at: number; text: string; colour: string }[] = [];
  for (const candidate of ranked.sort((a, b) => a.rank - b.rank)) {
    if (chosen.some(({ at, colour }) => colour === candidate.colour && Math.abs(at - candidate.at) < 2)) continue;
    const next = [...chosen, candidate].sort((a, b) => a.at - b.at);
    const places = spread(
      next.map(({ at }) => at),
      LABEL_STEP,
      [LABEL_STEP / 2, plot - LABEL_STEP / 2],
    );
    if (places.every((place, i) => Math.abs(place - next[i]!.at) <= FARTHEST)) chosen = next;
  }
  const places = spread(
    chosen.map(({ at }) => at),
    LABEL_STEP,
    [LABEL_STEP / 2, plot - LABEL_STEP / 2],
  );
  return chosen.map(({ at, text: said, colour }, i) => ({ at, text: said, colour, x: places[i]! }));
}

const MOST_OF_A_PHASE = 12;
/** Of the strongest line of the same phase. */
const LEAST_SHARE = 0.04;

/**
 * Places at least `step` apart, as near to where they should be as that allows: least squares by pooling neighbours
 * (isotonic regression; Barlow et al., Statistical Inference under Order Restrictions, 1972).
 *
 * @param wanted in ascending order
 */
export function spread(wanted: readonly number[], step: number, [from, to]: readonly [number, number]): number[] {
  const pools: { sum: number; count: number }[] = [];
  wanted.forEach((place, i) => {
    pools.push({ sum: place - i * step, count: 1 });
    while (pools.length > 1) {
      const [before, last] = pools.slice(-2) as [(typeof pools)[0], (typeof pools)[0]];
      if (before.sum / before.count < last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  });
  const most = to - (wanted.length - 1) * step;
  return pools
    .flatMap(({ sum, count }) => Array<number>(count).fill(sum / count))
    .map((place, i) => Math.max(from, Math.min(place, Math.max(from, most))) + i * step);
}

/** "104"; "1 0 10" and "1 1 −2" where digits would run together. */
export function hklText(hkl: readonly [number, number, number]): string {
  const plain = hkl.every((index) => index >= 0 && index < 10);
  return hkl.map((index) => String(index).replace("-", "−")).join(plain ? "" : " ");
}

function drawLabel({ text: said, colour, at, x }: PlacedLabel): string {
  const bottom = LABEL_ROOM - 20;
  return (
    element("path", {
      d: `M${at.toFixed(1)},${LABEL_ROOM}v-4L${x.toFixed(1)},${bottom + 4}v-3`,
      fill: "none",
      stroke: colour,
      "stroke-width": 0.8,
    }) +
    text(said, {
      transform: `translate(${(x + 3.2).toFixed(1)},${bottom}) rotate(-90)`,
      "font-size": LABEL_SIZE,
      fill: colour,
    })
  );
}

type Scale = (value: number) => number;

function drawLane(
  { x: at, observed, calculated, label, note }: FittedPattern,
  x: Scale,
  [from, to]: readonly [number, number],
  plot: number,
  top: number,
  height: number,
): string {
  const root = (value: number): number => (Number.isFinite(value) ? Math.sqrt(Math.max(0, value)) : Number.NaN);
  const inside = Array.from({ length: at.length }, (_, i) => i).filter((i) => at[i]! >= from && at[i]! <= to);
  const seen = inside.map((i) => root(observed[i]!));
  const fitted = calculated ? inside.map((i) => root(calculated[i]!)) : undefined;
  const finite = [...seen, ...(fitted ?? [])].filter(Number.isFinite);
  const [lo, hi] = [Math.min(...finite), Math.max(...finite)];
  const room = fitted ? height * CURVES : height - 6;
  const scale = (room - 6) / Math.max(1e-12, hi - lo);
  const y = (value: number): number => room - (value - lo) * scale;
  const places = inside.map((i) => x(at[i]!));
  const middle = room + (height - room) / 2;
  return element(
    "g",
    { transform: translate(0, top) },
    fitted ? dots(places, seen.map(y)) : line(places, seen.map(y), "black"),
    fitted ? line(places, fitted.map(y), "#b2182b") : "",
    fitted ? element("line", { x2: plot, y1: middle, y2: middle, stroke: "#bbb", "stroke-width": 0.6 }) : "",
    fitted
      ? line(
          places,
          // drawn on the scale of the curves, and never into what lies above or below
          seen.map((value, i) => middle - clip((value - fitted[i]!) * scale, (height - room) / 2 - 1)),
          "#555",
        )
      : "",
    text(cut(label, plot / 2, 11), { x: plot - 6, y: 16, "text-anchor": "end", "font-size": 11, "font-weight": 700 }),
    note ? text(note, { x: plot - 6, y: 30, "text-anchor": "end", "font-size": 10 }) : "",
  );
}

const clip = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

function line(x: readonly number[], y: readonly number[], colour: string): string {
  let path = "";
  let pen = "M";
  x.forEach((px, i) => {
    if (Number.isFinite(y[i]!)) path += `${pen}${px.toFixed(1)},${y[i]!.toFixed(1)}`;
    pen = Number.isFinite(y[i]!) ? "L" : "M";
  });
  return element("path", { d: path || "M0,0", fill: "none", stroke: colour, "stroke-width": 0.9 });
}

const dots = (x: readonly number[], y: readonly number[]): string =>
  element("path", {
    d: x.map((px, i) => (Number.isFinite(y[i]!) ? `M${px.toFixed(1)},${y[i]!.toFixed(1)}h0` : "")).join("") || "M0,0",
    stroke: "black",
    "stroke-width": 2,
    "stroke-linecap": "round",
    opacity: 0.65,
  });

function tickRow(
  { name, colour, reflections }: IndexedPhase,
  row: number,
  x: Scale,
  [from, to]: readonly [number, number],
  plot: number,
): string {
  const inside = reflections.filter(({ position }) => position >= from && position <= to);
  const d = inside.map(({ position }) => `M${x(position).toFixed(1)},${row * TICK_ROW + 1}v8`).join("");
  return (
    element("path", { d: d || "M0,0", stroke: colour, "stroke-width": 0.9 }) +
    text(cut(name, RIGHT - 6, 10), { x: plot + 6, y: row * TICK_ROW + 9, "font-size": 10, fill: colour })
  );
}

function abscissa(domain: readonly [number, number], unit: AxisUnit, plot: number, top: number): string {
  const { label, unit: symbol } = AXIS_LABELS[unit];
  const scale = scaleLinear(domain, [0, plot]);
  const count = Math.max(3, Math.floor(plot / 70));
  const format = scale.tickFormat(count);
  const ticks = scale
    .ticks(count)
    .map(
      (value) =>
        element("line", { x1: scale(value), x2: scale(value), y1: top, y2: top + 5, stroke: "black" }) +
        text(format(value), { x: scale(value), y: top + 17, "text-anchor": "middle", "font-size": 11 }),
    );
  return (
    ticks.join("") +
    text(symbol ? `${label} (${symbol})` : label, { x: plot / 2, y: top + 34, "text-anchor": "middle" })
  );
}
