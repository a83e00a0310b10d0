/** A frame with ticks and titles on the left and below. */
import { scaleLinear } from "d3-scale";
import { element, text, translate } from "./svg.ts";

export interface AxisSpec {
  readonly domain: readonly [number, number];
  readonly label: string;
  /** where the ticks are, in pixels, and what they say; left out: linear with round numbers */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[];
}

export interface Plot {
  readonly width: number;
  readonly height: number;
}

function linearTicks({ domain }: AxisSpec, length: number, count: number): { at: number; label: string }[] {
  const scale = scaleLinear(domain, [0, length]);
  const format = scale.tickFormat(count);
  return scale.ticks(count).map((value) => ({ at: scale(value), label: format(value) }));
}

export function axes(x: AxisSpec, y: AxisSpec, { width, height }: Plot): string {
  const xTicks = (x.ticks ?? linearTicks(x, width, Math.max(3, width / 90))).map(({ at, label }) =>
    element(
      "g",
      { transform: translate(at, height) },
      element("line", { y2: 5, stroke: "black" }),
      text(label, { y: 18, "text-anchor": "middle", "font-size": 11 }),
    ),
  );
  const yTicks = (
    y.ticks ?? linearTicks(y, height, Math.max(3, height / 50)).map((tick) => ({ ...tick, at: height - tick.at }))
  ).map(({ at, label }) =>
    element(
      "g",
      { transform: translate(0, at) },
      element("line", { x2: -5, stroke: "black" }),
      text(label, { x: -8, y: 4, "text-anchor": "end", "font-size": 11 }),
    ),
  );
  return element(
    "g",
    {},
    element("rect", { width, height, fill: "none", stroke: "black" }),
    ...xTicks,
    ...yTicks,
    text(x.label, { x: width / 2, y: height + 36, "text-anchor": "middle" }),
    text(y.label, { transform: `translate(-54,${height / 2}) rotate(-90)`, "text-anchor": "middle" }),
  );
}
